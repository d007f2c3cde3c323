//! The prompt: a template, and the messages made of it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use minijinja::value::Object;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, context};
use regex::Regex;
use serde::Serialize;

use crate::error::EvidenceError;
use crate::ontology::Ontology;

const SHIPPED: [(&str, &str); 3] = [
    ("evidence", include_str!("../../../../templates/prompts/evidence.j2")),
    ("few-shot", include_str!("../../../../templates/prompts/few-shot.j2")),
    ("terse", include_str!("../../../../templates/prompts/terse.j2")),
];

/// Instructions that rendering one prompt may take; a long list takes thousands.
const FUEL: u64 = 5_000_000;
/// Stands for a report when a prompt is tried out.
const SAMPLE: &str = "FINDINGS: the sample of a report.";

/// The blocks of a prompt: its messages.
const BLOCKS: [&str; 3] = ["system", "user", "repair"];

/// How a model is asked: a template whose blocks `system`, `user` and `repair` are the messages.
#[derive(Debug)]
pub(super) struct Prompt {
    environment: Environment<'static>,
    /// Name of the template among those of `environment`.
    template: String,
    /// What the user calls it: a shipped name or a path.
    path: String,
    constants: Constants,
    /// The block `system`, where it is the same for every report, as it mostly is: it is long.
    system: Option<String>,
    /// Hash of all that the messages are made from, beside the report.
    pub(super) hash: String,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: String,
}

impl Prompt {
    /// The shipped prompt of this name or the template at this path. Tries it out on a sample.
    pub(super) fn named_or_path(
        path: &str,
        ontology: &Ontology,
        schema: &serde_json::Value,
    ) -> Result<Self, EvidenceError> {
        let Parts { template, sources, .. } = sources(path)?;
        let mut hasher = blake3::Hasher::new();
        for part in [&template].into_iter().chain(sources.iter().flat_map(|(name, source)| [name, source])) {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        hasher.update(ontology.digest().as_bytes()).update(schema.to_string().as_bytes());
        let environment =
            environment(&template, sources).map_err(|error| broken(path, &template, &error, Detail::Shown))?;
        let mut prompt = Self {
            environment,
            template,
            path: path.to_owned(),
            constants: Constants::new(ontology, schema),
            system: None,
            hash: hasher.finalize().to_hex().to_string(),
        };
        prompt.try_out()?;
        Ok(prompt)
    }

    /// The messages that ask about a report.
    pub(super) fn messages(&self, report: &str) -> Result<Vec<Message>, EvidenceError> {
        let system = match &self.system {
            Some(system) => system.clone(),
            None => self.block("system", report, "", Detail::Hidden)?.0,
        };
        let (user, _) = self.block("user", report, "", Detail::Hidden)?;
        Ok(vec![Message { role: "system", content: system }, Message { role: "user", content: user }])
    }

    /// The message that asks to repair an answer.
    pub(super) fn repair(&self, report: &str, problem: &str) -> Result<Message, EvidenceError> {
        let (content, _) = self.block("repair", report, problem, Detail::Hidden)?;
        Ok(Message { role: "user", content })
    }

    fn try_out(&mut self) -> Result<(), EvidenceError> {
        let try_out = |block| self.block(block, SAMPLE, "no JSON", Detail::Shown);
        let ((system, varies), (user, _)) = (try_out("system")?, try_out("user")?);
        try_out("repair")?;
        if !varies {
            self.system = Some(system);
        }
        if user.contains(SAMPLE) {
            return Ok(());
        }
        let problem = "its block `user` does not show the report; write {{ report }} there".to_owned();
        Err(EvidenceError::Prompt { path: self.path.clone(), problem })
    }

    /// A block, and whether it looked at the report or the problem.
    fn block(&self, block: &str, report: &str, problem: &str, detail: Detail) -> Result<(String, bool), EvidenceError> {
        let variables = Arc::new(Variables {
            constants: self.constants.clone(),
            report: report.into(),
            problem: problem.into(),
            looked: AtomicBool::new(false),
        });
        let render = || {
            let template = self.environment.get_template(&only(block))?;
            let mut rendered = template.render_captured_to(Value::from_dyn_object(variables.clone()), io::sink())?;
            rendered.with_state_mut(|state| state.render_block(block))
        };
        let text = render().map_err(|error| broken(&self.path, &self.template, &error, detail))?;
        Ok((text.trim().to_owned(), variables.looked.load(Ordering::Relaxed)))
    }
}

/// What a prompt says about the ontology.
#[derive(Debug, Clone)]
struct Constants {
    findings: Value,
    locations: Value,
    schema: Value,
}

impl Constants {
    fn new(ontology: &Ontology, schema: &serde_json::Value) -> Self {
        let findings = ontology.findings.iter().map(|finding| {
            context! {
                name => finding.name.as_str(), label => finding.label.as_str(), synonyms => finding.synonyms.clone(),
            }
        });
        let locations = ontology.location_names().into_iter().collect();
        Self { findings: findings.collect(), locations, schema: schema.to_string().into() }
    }
}

/// The variables of a template.
#[derive(Debug)]
struct Variables {
    constants: Constants,
    report: Value,
    problem: Value,
    /// Whether the template looked at one of those that vary.
    looked: AtomicBool,
}

impl Object for Variables {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let varying = |value: &Value| {
            self.looked.store(true, Ordering::Relaxed);
            value.clone()
        };
        match key.as_str()? {
            "findings" => Some(self.constants.findings.clone()),
            "locations" => Some(self.constants.locations.clone()),
            "schema" => Some(self.constants.schema.clone()),
            "report" => Some(varying(&self.report)),
            "problem" => Some(varying(&self.problem)),
            _ => None,
        }
    }
}

fn environment(template: &str, sources: BTreeMap<String, String>) -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    for (name, source) in sources {
        environment.add_template_owned(name, source)?;
    }
    // Rendering a block renders the whole template first: for each block, a template without the others.
    for block in BLOCKS {
        let others = BLOCKS.iter().filter(|other| **other != block);
        let emptied: Vec<String> = others.map(|other| format!("{{% block {other} %}}{{% endblock %}}")).collect();
        environment.add_template_owned(only(block), format!("{{% extends {template:?} %}}{}", emptied.concat()))?;
    }
    Ok(environment)
}

/// Name of the template with a single block; no file has it.
fn only(block: &str) -> String {
    format!("/{block}")
}

/// Whether an error may tell what minijinja says in detail, which may quote values: those of a sample, not of a report.
#[derive(Clone, Copy, PartialEq)]
enum Detail {
    Shown,
    Hidden,
}

fn broken(path: &str, template: &str, error: &minijinja::Error, detail: Detail) -> EvidenceError {
    let mut problem = match (error.name(), error.line()) {
        (Some(name), Some(line)) if name != template => format!("{name}, line {line}: "),
        (_, Some(line)) => format!("line {line}: "),
        _ => String::new(),
    };
    problem.push_str(&error.kind().to_string());
    if let Some(text) = error.detail().filter(|_| detail == Detail::Shown) {
        problem = format!("{problem}: {text}");
    }
    problem.push_str(match error.kind() {
        ErrorKind::UndefinedError => "; a prompt knows report, findings, locations, schema and problem",
        ErrorKind::UnknownBlock => "; a prompt needs the blocks system, user and repair, its own or by `extends`",
        ErrorKind::OutOfFuel => "; it goes on without end",
        ErrorKind::TemplateNotFound => {
            "; a template is named in quotes: a shipped one (evidence, few-shot, terse) or a file beside this one"
        }
        _ => "",
    });
    EvidenceError::Prompt { path: path.to_owned(), problem }
}

/// What a prompt is made of.
struct Parts {
    /// Name of the template.
    template: String,
    /// Its source, and those of all that it extends, includes or imports, by name.
    sources: BTreeMap<String, String>,
    /// Those that are files of the user's own.
    files: Vec<PathBuf>,
}

/// The files of the user's own that a prompt is made of.
pub(crate) fn files(path: &str) -> Result<Vec<PathBuf>, EvidenceError> {
    Ok(sources(path)?.files)
}

/// They are read once and together, so that the prompt's hash covers whatever a report may make it render.
fn sources(path: &str) -> Result<Parts, EvidenceError> {
    let file = &lgdea_spec::expand_env(path)?;
    let (name, source, mut files) = match (shipped(path), file.file_name()) {
        (Some(source), _) => (path.to_owned(), source.to_owned(), Vec::new()),
        (None, Some(name)) if file.is_file() => (name.to_string_lossy().into_owned(), read(file)?, vec![file.clone()]),
        _ => {
            let known = SHIPPED.map(|(name, _)| name).join(", ");
            return Err(EvidenceError::UnknownPrompt { name: path.into(), known });
        }
    };
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut open = vec![name.clone()];
    let mut sources = BTreeMap::from([(name.clone(), source)]);
    while let Some(next) = open.pop() {
        for other in named(&sources[&next]) {
            if sources.contains_key(&other) {
                continue;
            }
            let source = match (shipped(&other), beside(folder, &other).filter(|path| path.is_file())) {
                (Some(source), _) => source.to_owned(),
                (None, Some(path)) => {
                    let source = read(&path)?;
                    files.push(path);
                    source
                }
                // The template may say `ignore missing`; if not, trying it out tells.
                (None, None) => continue,
            };
            open.push(other.clone());
            sources.insert(other, source);
        }
    }
    Ok(Parts { template: name, sources, files })
}

/// The templates that a source names in its tags.
fn named(source: &str) -> Vec<String> {
    static TAG: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\{%[-+]?\s*(?:extends|include|import|from)\b(?s:(.*?))%\}").expect("a valid pattern")
    });
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#""([^"]*)"|'([^']*)'"#).expect("a valid pattern"));
    let tags = TAG.captures_iter(source).filter_map(|tag| tag.get(1));
    let quoted = tags.flat_map(|tag| QUOTED.captures_iter(tag.as_str()));
    quoted.filter_map(|quoted| quoted.get(1).or(quoted.get(2))).map(|name| name.as_str().to_owned()).collect()
}

fn shipped(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|&(_, source)| source)
}

/// A file in the folder or below it.
fn beside(folder: &Path, name: &str) -> Option<PathBuf> {
    let name = Path::new(name);
    let inside = name.components().all(|part| matches!(part, Component::Normal(_)));
    inside.then(|| folder.join(name))
}

fn read(path: &Path) -> Result<String, EvidenceError> {
    std::fs::read_to_string(path).map_err(|source| EvidenceError::Read { path: path.into(), source })
}
