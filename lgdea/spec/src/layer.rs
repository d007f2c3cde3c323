//! One layer of an experiment: a TOML text, checked by itself against the schema.

use std::collections::BTreeMap;
use std::path::{Path, absolute};
use std::sync::Arc;

use toml::de::{DeInteger, DeTable, DeValue};
use toml::{Spanned, Value};

use crate::constraint;
use crate::error::{Problem, ProblemKind};
use crate::schema::{Schema, join};
use crate::source::{Place, Source, SourceKind, direct};
use crate::tree::{Content, Node};
use crate::{environment, other_tools, suggest, written};

/// Parses the text of a source.
pub(crate) fn parse(source: &Source) -> Result<DeTable<'_>, Box<Problem>> {
    DeTable::parse(&source.text).map(Spanned::into_inner).map_err(|error| {
        let reason = error.message().to_owned();
        let bytes = error.span().unwrap_or_default();
        // What is shown of a file is shown to everyone who reads a log: only of files that are meant to be settings.
        if source.kind == SourceKind::File && Path::new(&source.name).extension().is_none_or(|ending| ending != "toml")
        {
            let (path, line) = (source.name.clone(), source.line(bytes.start));
            return Problem::nowhere(ProblemKind::OtherFile { path, line, reason }).into();
        }
        let remedy = written::remedy(&source.text, bytes.start);
        Problem::at(ProblemKind::Syntax { reason, remedy }, source, bytes).into()
    })
}

/// Reads a parsed source. Keys with problems are left out; relative paths start from `folder`.
pub(crate) fn read(table: DeTable<'_>, source: &Arc<Source>, folder: &Path, problems: &mut Vec<Problem>) -> Node {
    let place = Place { source: Arc::clone(source), key: 0..source.text.len(), value: 0..source.text.len() };
    if let Some((key, _)) = table.get_key_value("experiment") {
        let kind = ProblemKind::Inconsistent {
            reason: "this is a sweep and no experiment".to_owned(),
            remedy:
                "`lgdea plan` lists its trials and `lgdea sweep` runs them; what they vary is the experiment named here"
                    .to_owned(),
        };
        problems.push(Problem::at(kind, source, key.span()));
        return Node::new(place, Content::Table(BTreeMap::new()));
    }
    read_table(Schema::root(), table, place, folder, problems)
}

/// Reads a table that stands at a place, and whose keys are those of a schema.
pub(crate) fn read_table(
    schema: Schema,
    table: DeTable<'_>,
    place: Place,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Node {
    let source = Arc::clone(&place.source);
    let mut reader = Reader { source: &source, folder, problems };
    let before = reader.problems.len();
    let node = reader.table(schema, "", table, place);
    reader.problems[before..].sort_by_key(Problem::offset);
    node
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    folder: &'a Path,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn table(&mut self, schema: Schema, path: &str, table: DeTable<'_>, place: Place) -> Node {
        let mut nodes = BTreeMap::new();
        for (key, value) in table {
            let place = Place { source: Arc::clone(self.source), key: key.span(), value: value.span() };
            let name = key.into_inner().into_owned();
            let Some(schema) = schema.child(&name) else {
                let kind = unknown_key(schema, path, &name);
                self.problems.push(Problem::at_key(kind, &place));
                continue;
            };
            let node = self.node(schema, &join(path, &name), value, place);
            if let Some(node) = node {
                nodes.insert(name, node);
            }
        }
        Node::new(place, Content::Table(nodes))
    }

    fn node(&mut self, schema: Schema, path: &str, value: Spanned<DeValue<'_>>, place: Place) -> Option<Node> {
        if schema.is_table() && value.get_ref().is_table() {
            let DeValue::Table(table) = value.into_inner() else {
                return None;
            };
            return Some(self.table(schema, path, table, place));
        }
        let value = self.value(schema, path, value)?;
        Some(Node::new(place, Content::Value(value)))
    }

    /// The value, unless it has problems: these are noted.
    fn value(&mut self, schema: Schema, path: &str, value: Spanned<DeValue<'_>>) -> Option<Value> {
        let bytes = value.span();
        let schema = schema.form(value.get_ref().is_array());
        let value = match (schema.kind(), value.into_inner()) {
            ("array", DeValue::Array(elements)) => {
                let items = schema.items()?;
                let elements = elements
                    .into_iter()
                    .enumerate()
                    .map(|(index, element)| self.value(items, &format!("{path}[{index}]"), element));
                // Collected twice, so that the problems of all elements are noted.
                let elements: Vec<Option<Value>> = elements.collect();
                Ok(Value::Array(elements.into_iter().collect::<Option<_>>()?))
            }
            ("object", DeValue::Table(table)) => {
                let place = Place { source: Arc::clone(self.source), key: bytes.clone(), value: bytes.clone() };
                Ok(self.table(schema, path, table, place).to_value())
            }
            (_, value) => scalar(schema, path, value),
        };
        value
            .and_then(|value| constraint::check(schema, path, &value).map(|()| value))
            .and_then(|value| start_from(self.folder, schema, value))
            .map_err(|kind| self.problems.push(Problem::at(kind, self.source, bytes)))
            .ok()
    }
}

fn scalar(schema: Schema, path: &str, value: DeValue<'_>) -> Result<Value, ProblemKind> {
    Ok(match (schema.kind(), value) {
        ("boolean", DeValue::Boolean(value)) => Value::Boolean(value),
        ("integer", DeValue::Integer(value)) => Value::Integer(integer(path, &value)?),
        ("number", DeValue::Integer(value)) => Value::Float(integer(path, &value)? as f64),
        // TOML's floats are Rust's, and what is no number is refused as such.
        ("number", DeValue::Float(value)) => Value::Float(value.as_str().parse().unwrap_or(f64::NAN)),
        ("string", DeValue::String(value)) => Value::String(value.into_owned()),
        (expected, found) => {
            return Err(ProblemKind::WrongType {
                key: path.to_owned(),
                expected: constraint::type_name(expected),
                found: found_type(&found),
            });
        }
    })
}

fn integer(path: &str, value: &DeInteger<'_>) -> Result<i64, ProblemKind> {
    i64::from_str_radix(value.as_str(), value.radix()).map_err(|_| ProblemKind::NotAllowed {
        key: path.to_owned(),
        value: value.as_str().to_owned(),
        allowed: "a whole number of 64 bits".to_owned(),
        meaning: format!("the largest is {}", i64::MAX),
    })
}

/// Reads the value of a key that stands at a place; notes its problems.
pub(crate) fn read_value(
    schema: Schema,
    path: &str,
    value: Spanned<DeValue<'_>>,
    place: Place,
    folder: &Path,
    problems: &mut Vec<Problem>,
) -> Option<Node> {
    let source = Arc::clone(&place.source);
    Reader { source: &source, folder, problems }.node(schema, path, value, place)
}

/// Makes a path absolute that is relative to `folder`; other values are left alone, and so is what starts at the home folder
/// or with an environment variable, because only the reader on its own machine knows it.
fn start_from(folder: &Path, schema: Schema, value: Value) -> Result<Value, ProblemKind> {
    let (Some(kind), Value::String(text)) = (schema.path_kind(), &value) else {
        return Ok(value);
    };
    if !kind.is_path(text) || environment::starts_elsewhere(text) {
        return Ok(value);
    }
    let path = folder.join(text);
    let started = || -> Result<Value, String> {
        // The folder's name means itself.
        let folder = absolute(Path::new(".").join(folder)).map_err(|error| error.to_string())?;
        let folder = folder.into_os_string().into_string().map_err(|_| "its folder is not UTF-8".to_owned())?;
        let path = absolute(Path::new(&environment::escaped(&folder)).join(text)).map_err(|error| error.to_string())?;
        Ok(Value::String(direct(&path).to_string_lossy().into_owned()))
    };
    started().map_err(|reason| ProblemKind::Unreadable { path, reason })
}

/// Type of a value, with its article.
pub(crate) fn found_type(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What is wrong with a key that its table does not know.
pub(crate) fn unknown_key(schema: Schema, table: &str, key: &str) -> ProblemKind {
    let known: Vec<String> = schema.names().map(str::to_owned).collect();
    let nearest = suggest::nearest(key, schema.names());
    // A sweep, an arm and a component hold keys of the experiment in a table of their own.
    let inner = ["set", "without", "grid"].into_iter().find(|inner| schema.child(inner).is_some()).unwrap_or_default();
    let elsewhere = || -> Vec<String> {
        let below: Vec<String> = schema.paths_of(key).iter().map(|path| join(table, path)).collect();
        if !below.is_empty() {
            return below;
        }
        let found = Schema::root().paths_of(key);
        let found = if found.is_empty() { other_tools::keys_called(key) } else { found };
        found.iter().map(|path| join(inner, path)).collect()
    };
    if schema.choice().is_some() {
        let below = || schema.paths_of(key).first().map(|path| join(table, path));
        let meant = nearest.map(str::to_owned).or_else(below).or_else(|| elsewhere().into_iter().next());
        return ProblemKind::UnknownChoice { key: table.to_owned(), choice: key.to_owned(), known, meant };
    }
    if schema.at(key).is_some() {
        // Quotes make one name of a path.
        return ProblemKind::UnknownKey {
            key: join(table, &format!("\"{key}\"")),
            known,
            meant: vec![join(table, key)],
        };
    }
    let named_here = nearest.filter(|nearest| suggest::same_name(nearest, key));
    let of_other_tools = if named_here.is_none() { other_tools::keys_called(key) } else { Vec::new() };
    let meant = match nearest {
        _ if !of_other_tools.is_empty() => of_other_tools.iter().map(|path| join(inner, path)).collect(),
        Some(name) => vec![join(table, name)],
        None => elsewhere(),
    };
    ProblemKind::UnknownKey { key: join(table, key), known, meant }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::SourceKind;
    use crate::testing::{refusal, render, resolved_with};

    fn refused(text: &str) -> String {
        refusal(&[("a.toml", text)], &[])
    }

    #[test]
    fn all_problems_of_a_file_are_reported_where_they_are() {
        insta::assert_snapshot!(refused(
            "sed = 1
learning-rate = 0.1
[pairing]
ratio = '5 %'
unpaired = 'disjointed'
[train]
steps = 1.5
batch = [64]
[eval]
retrieval = { at = [1, 0, 'ten'], enabled = 1 }
grounding = true
[encoder.image.vits]
"
        ));
    }

    #[test]
    fn values_out_of_range_say_what_is_allowed() {
        insta::assert_snapshot!(refused(
            "seed = -1
name = '../escape'
pairing.ratio = 0
train.steps = 0
train.ema = 1
train.learning-rate = nan
train.weight-decay = inf
train.warmup = 99999999999999999999
graph.alignment-clip = [0.2]
evidence-space.no-finding-phrase = ''
"
        ));
        assert!(refused("pairing.ratio = 1.5\n").contains("greater than 0 and at most 1"));
    }

    #[test]
    fn a_syntax_error_points_at_its_bytes() {
        insta::assert_snapshot!(refused("[train]\nsteps = 3OO\n"));
        assert!(refused("seed = 1\nseed = 2\n").contains("duplicate key"));
    }

    #[test]
    fn a_whole_number_is_a_number_and_tables_may_be_written_in_any_form() {
        let text = "[loss]\nglobal = { weight = 2 }\nreconstruction.weight = 0b11\n[train.augment]\nshift = 0\n";
        let experiment = resolved_with(text, &[]).experiment;
        assert_eq!(experiment.loss.global.weight, 2.0);
        assert_eq!(experiment.loss.reconstruction.weight, 3.0);
        assert_eq!(experiment.train.augment.shift, 0.0);
    }

    #[test]
    fn a_byte_order_mark_and_carriage_returns_are_no_problem() {
        let experiment = resolved_with("\u{feff}[train]\r\nsteps = 7\r\n", &[]).experiment;
        assert_eq!(experiment.train.steps, 7);
        assert!(refused("\u{feff}[train]\r\nstep = 7\r\n").contains("a.toml:2:1"));
    }

    #[test]
    fn paths_start_from_the_folder_of_their_file_or_from_the_current_one() {
        let text = "[data.manifest]\nroot = 'cxr'\nstudies = ['a.csv']\n[data.openi]\nreports = '${X}/r'\nimages = ''\n
            [eval]\nzero-shot.prompts = 'mine.toml'\n";
        let experiment = resolved_with(text, &["evidence.rules.ontology=mine.toml"]).experiment;
        let manifest = experiment.data.manifest.unwrap();
        let openi = experiment.data.openi.unwrap();
        let prompts = Path::new(&experiment.eval.zero_shot.prompts);
        assert!(Path::new(&manifest.root).is_absolute());
        assert_eq!(prompts.parent(), Path::new(&manifest.root).parent());
        assert_eq!(manifest.studies, ["a.csv"]);
        assert_eq!((&*openi.reports, &*openi.images), ("${X}/r", ""));
        let crate::Evidence::Rules(rules) = experiment.evidence else { panic!("the rules were chosen") };
        let here = std::env::current_dir().unwrap();
        assert_eq!(Path::new(&rules.ontology), here.join("mine.toml"));
    }

    #[test]
    fn names_of_shipped_things_are_no_paths() {
        let experiment = resolved_with("eval.zero-shot.prompts = 'pneumonia'\n", &[]).experiment;
        assert_eq!(experiment.eval.zero_shot.prompts, "pneumonia");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(
            text in "\\PC{0,60}|((train|data|phantom|steps|seed|[a-z]{1,3})[.=\\[\\]{}\"'\n 0-9-]{1,3}){0,12}"
        ) {
            let source = Source::new(SourceKind::File, "any.toml", &text);
            let mut problems = Vec::new();
            match parse(&source) {
                Ok(table) => { read(table, &source, Path::new(""), &mut problems); }
                Err(problem) => problems.push(*problem),
            }
            for problem in &problems {
                prop_assert!(!render(problem).is_empty());
            }
        }
    }
}
