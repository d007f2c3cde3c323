//! Protocols: how outputs of a model become numbers, with every switch written out.
//!
//! In this field a number moves more with its protocol than with the method. So a protocol has a name and a version, and what
//! is scored by it carries both and a digest. A protocol is a TOML file; the shipped ones are in `templates/protocols/` and
//! embedded in the binary. No switch has a default: a file that leaves one out is refused.

mod files;
mod grounding;
mod probe;
mod retrieval;
mod switch;
mod zero_shot;

use std::fs;

use serde::{Deserialize, Serialize};

pub use files::digest_of_files;
pub use grounding::{
    Boxes, Frame, GroundingMetric, GroundingProtocol, Maxima, MeanOver, NamedFrame, Normalise, Upsampling,
};
pub use probe::{
    CBy, Classifier, Draw, KnnRule, LogisticRule, ProbeProtocol, Scale, Strata, Weights, WithoutValidation,
};
pub use retrieval::{
    Average, Candidates, Direction, EqualTexts, RetrievalMetric, RetrievalProtocol, Same, Similarity, Ties,
};
pub use switch::{Absent, Interval, Kind, Method, Policy, Unit};
pub use zero_shot::{
    ChosenBy, ChosenOn, Ensemble, Labelling, Standardise, ThresholdRule, ZeroShotMetric, ZeroShotProtocol,
};

use crate::EvalError;

/// A file that is embedded, by its name.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../../templates/protocols/", $name, ".toml")))),*]
    };
}

/// The shipped protocols by name.
static SHIPPED: [(&str, &str); 24] = shipped![
    "zero-shot/lgdea-v1",
    "zero-shot/lgdea-run-v1",
    "zero-shot/chexzero-v1",
    "zero-shot/carzero-v1",
    "zero-shot/biovil-v1",
    "cxr-lt-2026/v1",
    "chexpert-5x200/gloria-v1",
    "chexpert-5x200/medclip-v1",
    "chexpert-5x200/cxr-clip-v1",
    "retrieval/lgdea-v1",
    "retrieval/lgdea-run-v1",
    "retrieval/cxr-clip-v1",
    "retrieval-5x200/gloria-v1",
    "grounding/lgdea-v1",
    "ms-cxr/biovil-v1",
    "ms-cxr/maco-v1",
    "ms-cxr/radzero-v1",
    "chestx-det10/radzero-v1",
    "rsna/medklip-v1",
    "padchest-gr/v1",
    "probe/lgdea-v1",
    "probe/knn-v1",
    "rsna/gloria-v1",
    "rsna/mgca-v1",
];

/// The name of a protocol of zero-shot classification where nobody says which.
pub const DEFAULT_ZERO_SHOT: &str = "zero-shot/lgdea-v1";
/// The same of retrieval.
pub const DEFAULT_RETRIEVAL: &str = "retrieval/lgdea-v1";
/// The same of grounding.
pub const DEFAULT_GROUNDING: &str = "grounding/lgdea-v1";

/// The same of probes.
pub const DEFAULT_PROBE: &str = "probe/lgdea-v1";

/// The tasks, a line each: the variant, which is that of [`Kind`], too; the switches; and the name. All that depends on the task
/// follows from these lines.
macro_rules! tasks {
    ($($(#[$doc:meta])* $task:ident($switches:ty) = $name:literal,)*) => {
        /// How outputs of one task become numbers.
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Rules {
            $($(#[$doc])* $task($switches),)*
        }

        impl Rules {
            fn read(task: Kind, text: &str) -> Result<Self, toml::de::Error> {
                match task {
                    $(Kind::$task => toml::from_str(text).map(Rules::$task),)*
                }
            }

            /// The JSON Schemas of the switches, each with the task's name.
            pub fn schemas() -> Vec<(&'static str, schemars::Schema)> {
                let settings = schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
                vec![$(($name, settings.clone().into_generator().into_root_schema_for::<$switches>())),*]
            }

            /// The task, as `lgdea score` calls it.
            pub fn task(&self) -> &'static str {
                match self {
                    $(Rules::$task(_) => $name,)*
                }
            }

            /// What it is for.
            pub fn description(&self) -> &str {
                match self {
                    $(Rules::$task(rules) => &rules.description,)*
                }
            }

            fn interval(&self) -> Interval {
                match self {
                    $(Rules::$task(rules) => rules.interval,)*
                }
            }

            fn problem(&self) -> Option<String> {
                match self {
                    $(Rules::$task(rules) => rules.interval.problem(&rules.metrics).or_else(|| rules.problem()),)*
                }
            }
        }
    };
}

tasks! {
    /// Scores of classes.
    ZeroShot(ZeroShotProtocol) = "zero-shot",
    /// Images that look for texts, and texts for images.
    Retrieval(RetrievalProtocol) = "retrieval",
    /// Heat maps of phrases.
    Grounding(GroundingProtocol) = "grounding",
    /// Features that a probe is fitted on.
    Probe(ProbeProtocol) = "probe",
}

/// A protocol.
#[derive(Debug, Clone, PartialEq)]
pub struct Protocol {
    /// Name of a shipped one, or the path of its file.
    pub name: String,
    /// Digest of all its switches, whatever the file's comments and layout; of the description and version, too.
    pub digest: String,
    /// Its switches.
    pub rules: Rules,
}

/// What every file has, read first: of which task it is.
#[derive(Deserialize)]
struct Head {
    task: Kind,
}

impl Protocol {
    /// The shipped protocol called `choice`, or the one in the TOML file at the path `choice`, in which `${NAME}` stands for
    /// an environment variable.
    pub fn named_or_path(choice: &str) -> Result<Self, EvalError> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == choice) {
            return Self::parse(text, name);
        }
        if !choice.to_ascii_lowercase().ends_with(".toml") {
            return Err(unknown(choice));
        }
        let path = lgdea_spec::expand_env(choice)?;
        let text =
            fs::read_to_string(&path).map_err(|source| EvalError::ReadProtocol { path: path.clone(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// The file of a shipped one, with its comments.
    pub fn file(name: &str) -> Result<&'static str, EvalError> {
        SHIPPED.iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text).ok_or_else(|| unknown(name))
    }

    /// Names of the shipped ones.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The first digits of the digest, which tell protocols apart.
    pub fn mark(&self) -> &str {
        &self.digest[..self.digest.len().min(12)]
    }

    /// Name and mark, as they stand beside a score.
    pub fn named(&self) -> String {
        format!("{} ({})", self.name, self.mark())
    }

    /// How its intervals are made.
    pub fn interval(&self) -> Interval {
        self.rules.interval()
    }

    fn parse(text: &str, name: &str) -> Result<Self, EvalError> {
        let unreadable = |source: toml::de::Error| EvalError::ParseProtocol {
            origin: name.to_owned(),
            // The reader names Rust's types.
            problem: source
                .to_string()
                .replace("expected usize", "expected a whole number from 0 on")
                .replace("expected u64", "expected a whole number from 0 on")
                .replace("expected u32", "expected a whole number from 0 on")
                .replace("expected f64", "expected a number"),
        };
        let head: Head = toml::from_str(text).map_err(unreadable)?;
        let rules = Rules::read(head.task, text).map_err(unreadable)?;
        if let Some(problem) = rules.problem() {
            return Err(EvalError::InvalidProtocol { origin: name.to_owned(), problem });
        }
        let digest = digest(&rules);
        Ok(Self { name: name.to_owned(), digest, rules })
    }
}

/// BLAKE3 of the switches as JSON in the order in which they are declared.
fn digest(rules: &Rules) -> String {
    let canonical = serde_json::to_string(rules).unwrap_or_default();
    blake3::hash(canonical.as_bytes()).to_hex().to_string()
}

fn unknown(name: &str) -> EvalError {
    let nearest = lgdea_spec::nearest(name, Protocol::shipped());
    EvalError::UnknownProtocol {
        name: name.to_owned(),
        known: Protocol::shipped().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        suggestion: nearest.map_or_else(String::new, |shipped| format!(" (did you mean `{shipped}`?)")),
    }
}
