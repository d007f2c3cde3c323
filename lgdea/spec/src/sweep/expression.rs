//! Conditions over an experiment's keys, in the Common Expression Language (CEL).
//!
//! A key is written with its tables (`train.steps`), `-` within a name as `_` (`train.learning_rate`), because CEL would
//! read it as a subtraction. `arm` is the arm's name. What a condition may read is known before it is evaluated, so a
//! misspelt key is an error of the file and not of the four hundredth trial.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cel::common::ast::{Expr, operators};
use cel::objects::{Key, Map};
use cel::{Context, ExecutionError, IdedExpr, Program, Value as CelValue};
use toml::{Spanned, Value};

use crate::error::{Problem, ProblemKind};
use crate::schema::{Schema, join};
use crate::source::{Place, Source};
use crate::suggest;
use crate::tree::{Content, Node};

/// Longest expression, in bytes: the parser recurses.
const LONGEST: usize = 2000;

/// A condition, checked against the experiment's keys.
#[derive(Debug)]
pub(crate) struct Expression {
    program: Program,
    pub(crate) place: Place,
    /// What it reads.
    reads: Vec<Read>,
}

/// A key that an expression reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Read {
    /// The names as the expression writes them.
    written: Vec<String>,
    /// The key's names.
    key: Vec<String>,
}

impl Expression {
    /// Reads an expression that stands in a source; notes its problems.
    pub(crate) fn new(text: &Spanned<String>, source: &Arc<Source>, problems: &mut Vec<Problem>) -> Option<Expression> {
        let place = Place { source: Arc::clone(source), key: text.span(), value: text.span() };
        let inside = Inside::new(text, source);
        let text = text.get_ref();
        if text.len() > LONGEST {
            let reason = format!("this condition has more than {LONGEST} bytes");
            problems.push(refused(reason, "split it into several", &place, text_range(&place)));
            return None;
        }
        let program = match Program::compile(text) {
            Ok(program) => program,
            Err(errors) => {
                let first = errors.errors.first();
                let at = first.map_or(0..text.len(), |error| inside.line_and_column(error.pos));
                let said = first.map_or("", |error| error.msg.split(" expecting {").next().unwrap_or_default());
                let reason = format!("this is no condition in CEL: {said}");
                problems.push(refused(reason, EXAMPLE, &place, inside.bytes(at)));
                return None;
            }
        };
        let before = problems.len();
        let mut walk =
            Walk { program: &program, inside: &inside, place: &place, reads: BTreeSet::new(), problems, before };
        walk.expression(program.expression(), &mut Vec::new());
        let reads = walk.reads.into_iter().collect();
        (problems.len() == before).then_some(Expression { program, place, reads })
    }

    /// The keys that it reads.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.reads.iter().map(|read| read.key.join("."))
    }

    /// The top-level keys that it reads; `arm` is none.
    pub(crate) fn tables(&self) -> BTreeSet<&str> {
        self.reads.iter().map(|read| read.key[0].as_str()).filter(|table| *table != ARM).collect()
    }

    /// Whether it holds where `table` gives the top-level keys.
    pub(crate) fn holds<'n>(&self, arm: &str, table: impl Fn(&str) -> Option<&'n Node>) -> Result<bool, Box<Problem>> {
        let mut roots: BTreeMap<&str, Branch> = BTreeMap::new();
        for Read { written, key } in &self.reads {
            if key[0] == ARM {
                continue;
            }
            if let Some(node) = table(&key[0]) {
                roots.entry(&written[0]).or_default().insert(&written[1..], &key[1..], node);
            }
        }
        let mut context = Context::default();
        context.add_variable_from_value(ARM, arm.to_owned());
        for (name, branch) in roots {
            if let Some(value) = branch.value() {
                context.add_variable_from_value(name, value);
            }
        }
        let place = &self.place;
        match self.program.execute(&context) {
            Ok(CelValue::Bool(holds)) => Ok(holds),
            Ok(other) => {
                let reason = format!("this is {}, but must be true or false", other.type_of());
                Err(refused(reason, EXAMPLE, place, text_range(place)).into())
            }
            Err(error) => {
                let remedy = match &error {
                    ExecutionError::NoSuchKey(_) => "ask first whether it is there: `has(data.openi) && …`",
                    _ => EXAMPLE,
                };
                let reason = format!("this condition cannot be decided for arm `{arm}`: {}", lower(&error.to_string()));
                Err(refused(reason, remedy, place, text_range(place)).into())
            }
        }
    }
}

impl fmt::Display for Expression {
    /// As the file writes it, quotes included.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.place.source.text.get(text_range(&self.place)).unwrap_or_default())
    }
}

/// The name of the arm's variable.
const ARM: &str = "arm";
const EXAMPLE: &str = "for example `pairing.ratio < 0.1 && arm != \"clip\"`";

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn text_range(place: &Place) -> Range<usize> {
    place.value.clone()
}

fn refused(reason: String, remedy: &str, place: &Place, bytes: Range<usize>) -> Problem {
    Problem::at(ProblemKind::Inconsistent { reason, remedy: remedy.to_owned() }, &place.source, bytes)
}

/// Finds the keys of an expression.
struct Walk<'a> {
    program: &'a Program,
    inside: &'a Inside<'a>,
    place: &'a Place,
    reads: BTreeSet<Read>,
    problems: &'a mut Vec<Problem>,
    /// Problems of other expressions.
    before: usize,
}

impl<'e> Walk<'e> {
    /// `bound` holds the variables of macros such as `exists`.
    fn expression(&mut self, expression: &'e IdedExpr, bound: &mut Vec<&'e str>) {
        if self.problems.len() > self.before {
            // One misspelt name makes others look wrong.
            return;
        }
        if let Some(chain) = chain(expression) {
            if !bound.contains(&chain[0].0) {
                self.key(&chain);
            }
            return;
        }
        match &expression.expr {
            Expr::Call(call) => {
                for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                    self.expression(part, bound);
                }
            }
            Expr::Select(select) => self.expression(&select.operand, bound),
            Expr::List(list) => list.elements.iter().for_each(|element| self.expression(element, bound)),
            Expr::Comprehension(_) if !bound.is_empty() => {
                // A few lines of these, one within the other, would not end in a lifetime.
                let reason = "`all`, `exists`, `map` and `filter` cannot stand within each other here".to_owned();
                self.problems.push(refused(reason, "use one of them", self.place, text_range(self.place)));
            }
            Expr::Comprehension(inner) => {
                self.expression(&inner.iter_range, bound);
                let before = bound.len();
                bound.extend([inner.iter_var.as_str(), inner.accu_var.as_str()]);
                bound.extend(inner.iter_var2.as_deref());
                for part in [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result] {
                    self.expression(part, bound);
                }
                bound.truncate(before);
            }
            _ => {}
        }
    }

    /// Notes a key, or that there is no such key.
    fn key(&mut self, chain: &[(&str, u64)]) {
        let mut schema = Schema::root();
        let mut path = String::new();
        let mut read = Read { written: Vec::new(), key: Vec::new() };
        for (position, &(name, id)) in chain.iter().enumerate() {
            let kebab = name.replace('_', "-");
            let found = match schema.child(name) {
                Some(child) => Some((name, child)),
                None => schema.child(&kebab).map(|child| (kebab.as_str(), child)),
            };
            let found = found.filter(|(name, _)| !matches!((position, *name), (0, "extends" | "seed")));
            read.written.push(name.to_owned());
            if position == 0 && name == ARM && chain.len() == 1 {
                read.key.push(name.to_owned());
                break;
            }
            let Some((name, child)) = found else {
                let at = self.inside.name(self.program.source_info().offset_for(id), name);
                let (reason, remedy) = match (position, name) {
                    (0, "seed") => (
                        "a condition cannot read `seed`: all arms get the same seeds".to_owned(),
                        "compare the arms' settings instead".to_owned(),
                    ),
                    _ => (format!("there is no key `{}`", join(&path, name)), meant(schema, &kebab)),
                };
                self.problems.push(refused(reason, &remedy, self.place, self.inside.bytes(at)));
                return;
            };
            schema = child;
            path = join(&path, name);
            read.key.push(name.to_owned());
        }
        self.reads.insert(read);
    }
}

/// What a name may have been meant to be, as a condition writes it.
fn meant(schema: Schema, name: &str) -> String {
    let written = |name: &str| format!("`{}`", name.replace('-', "_"));
    let names: Vec<&str> = schema.names().filter(|name| *name != "extends").collect();
    let known = names.iter().map(|name| written(name)).collect::<Vec<_>>().join(", ");
    let dashes = "a condition writes `_` for the `-` of a key";
    match suggest::nearest(name, names.iter().copied()) {
        Some(nearest) => format!("did you mean {}? keys here: {known}; {dashes}", written(nearest)),
        None => format!("keys here: {known}; {dashes}"),
    }
}

/// The names of `a.b["c"]`, each with the node that ends with it.
fn chain(expression: &IdedExpr) -> Option<Vec<(&str, u64)>> {
    match &expression.expr {
        Expr::Ident(name) => Some(vec![(name, expression.id)]),
        Expr::Select(select) => {
            let mut names = chain(&select.operand)?;
            names.push((&select.field, expression.id));
            Some(names)
        }
        Expr::Call(call) if call.func_name == operators::INDEX && call.target.is_none() => {
            let [table, key] = call.args.as_slice() else { return None };
            let Expr::Literal(cel::common::ast::LiteralValue::String(name)) = &key.expr else { return None };
            let mut names = chain(table)?;
            names.push((name.inner(), key.id));
            Some(names)
        }
        _ => None,
    }
}

/// Where the bytes of an expression stand in its file.
struct Inside<'a> {
    text: &'a str,
    /// First byte of the text in the file, where the file has it as it is; otherwise the bytes of the whole string.
    start: Result<usize, Range<usize>>,
}

impl<'a> Inside<'a> {
    fn new(text: &'a Spanned<String>, source: &Source) -> Inside<'a> {
        let span = text.span();
        let text = text.get_ref().as_str();
        let written = source.text.get(span.clone()).unwrap_or_default();
        Inside { text, start: written.find(text).map(|quotes| span.start + quotes).ok_or(span) }
    }

    /// Bytes of the file.
    fn bytes(&self, inside: Range<usize>) -> Range<usize> {
        match &self.start {
            Ok(start) => start + inside.start..start + inside.end,
            Err(whole) => whole.clone(),
        }
    }

    /// The bytes from a place that the parser names, to the end of the word there.
    fn line_and_column(&self, (line, column): (isize, isize)) -> Range<usize> {
        let lines = self.text.split_inclusive('\n').take((line - 1).max(0) as usize).map(str::len);
        let start = lines.sum::<usize>() + column.max(1) as usize - 1;
        let start = self.text.char_indices().map(|(at, _)| at).find(|at| *at >= start).unwrap_or(self.text.len());
        let rest = &self.text[start..];
        start..start + rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len())
    }

    /// The bytes of a name within a node.
    fn name(&self, node: Option<(u32, u32)>, name: &str) -> Range<usize> {
        let start = node.map_or(0, |(start, _)| start as usize);
        let found = self.text.get(start..).and_then(|rest| rest.find(name));
        found.map_or(0..self.text.len(), |at| start + at..start + at + name.len())
    }
}

/// The part of a table that an expression reads.
#[derive(Default)]
struct Branch {
    value: Option<CelValue>,
    below: BTreeMap<String, Branch>,
}

impl Branch {
    /// Adds what lies at a key below a node; of what is not there, the tables that are.
    fn insert(&mut self, written: &[String], key: &[String], node: &Node) {
        match (written, key) {
            ([written, below @ ..], [name, key @ ..]) => {
                if let Some(node) = node.get(name) {
                    self.below.entry(written.clone()).or_default().insert(below, key, node);
                }
            }
            _ => self.value = Some(cel_value(node)),
        }
    }

    fn value(self) -> Option<CelValue> {
        if self.value.is_some() && self.below.is_empty() {
            return self.value;
        }
        let mut map: HashMap<Key, CelValue> = match self.value {
            Some(CelValue::Map(map)) => (*map.map).clone(),
            _ => HashMap::new(),
        };
        map.extend(self.below.into_iter().filter_map(|(name, branch)| Some((Key::from(name), branch.value()?))));
        Some(CelValue::Map(Map { map: Arc::new(map) }))
    }
}

fn cel_value(node: &Node) -> CelValue {
    match &node.content {
        Content::Value(value) => of_toml(value),
        Content::Table(table) => {
            let entries = table.iter().map(|(name, node)| (Key::from(name.clone()), cel_value(node)));
            CelValue::Map(Map { map: Arc::new(entries.collect()) })
        }
    }
}

fn of_toml(value: &Value) -> CelValue {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(text) => text.clone().into(),
        Value::Datetime(date) => date.to_string().into(),
        Value::Array(values) => values.iter().map(of_toml).collect::<Vec<_>>().into(),
        Value::Table(table) => {
            let entries = table.iter().map(|(name, value)| (Key::from(name.clone()), of_toml(value)));
            CelValue::Map(Map { map: Arc::new(entries.collect()) })
        }
    }
}
