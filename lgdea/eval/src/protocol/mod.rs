//! Protocols: how outputs of a model become numbers, with every switch written out.
//!
//! In this field a number moves more with its protocol than with the method. So a protocol has a name and a version, and what
//! is scored by it carries both and a digest. A protocol is a TOML file; the shipped ones are in `templates/protocols/` and
//! embedded in the binary. No switch has a default: a file that leaves one out is refused.

mod retrieval;
mod switch;
mod zero_shot;

use std::fs;

use serde::{Deserialize, Serialize};

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
static SHIPPED: [(&str, &str); 8] = shipped![
    "zero-shot/lgdea-v1",
    "zero-shot/chexzero-v1",
    "chexpert-5x200/gloria-v1",
    "chexpert-5x200/medclip-v1",
    "chexpert-5x200/cxr-clip-v1",
    "retrieval/lgdea-v1",
    "retrieval/cxr-clip-v1",
    "retrieval-5x200/gloria-v1",
];

/// The name of a protocol of zero-shot classification where nobody says which.
pub const DEFAULT_ZERO_SHOT: &str = "zero-shot/lgdea-v1";
/// The same of retrieval.
pub const DEFAULT_RETRIEVAL: &str = "retrieval/lgdea-v1";

/// How outputs of one task become numbers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Rules {
    /// Scores of classes.
    ZeroShot(ZeroShotProtocol),
    /// Images that look for texts, and texts for images.
    Retrieval(RetrievalProtocol),
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

    /// Names of the shipped ones.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// How its intervals are made.
    pub fn interval(&self) -> Interval {
        match &self.rules {
            Rules::ZeroShot(rules) => rules.interval,
            Rules::Retrieval(rules) => rules.interval,
        }
    }

    fn parse(text: &str, name: &str) -> Result<Self, EvalError> {
        let unreadable = |source| EvalError::ParseProtocol { origin: name.to_owned(), source: Box::new(source) };
        let head: Head = toml::from_str(text).map_err(unreadable)?;
        let rules = match head.task {
            Kind::ZeroShot => toml::from_str(text).map(Rules::ZeroShot),
            Kind::Retrieval => toml::from_str(text).map(Rules::Retrieval),
        };
        let rules = rules.map_err(unreadable)?;
        if let Some(problem) = rules.problem() {
            return Err(EvalError::InvalidProtocol { origin: name.to_owned(), problem });
        }
        let digest = digest(&rules);
        Ok(Self { name: name.to_owned(), digest, rules })
    }
}

impl Rules {
    fn problem(&self) -> Option<String> {
        let interval = match self {
            Rules::ZeroShot(rules) => rules.interval,
            Rules::Retrieval(rules) => rules.interval,
        };
        interval.problem().or_else(|| match self {
            Rules::ZeroShot(rules) => rules.problem(),
            Rules::Retrieval(rules) => rules.problem(),
        })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn zero_shot() -> String {
        include_str!("../../../../templates/protocols/zero-shot/lgdea-v1.toml").to_owned()
    }

    fn retrieval() -> String {
        include_str!("../../../../templates/protocols/retrieval/lgdea-v1.toml").to_owned()
    }

    fn refusal(text: &str) -> String {
        let error = Protocol::parse(text, "p.toml").unwrap_err();
        assert_eq!(lgdea_fault::AtFault::fault(&error), lgdea_fault::Fault::Input);
        lgdea_fault::chain(&error)
    }

    #[test]
    fn every_shipped_protocol_is_read_and_has_a_digest_of_its_own() {
        let digests: BTreeSet<String> =
            Protocol::shipped().map(|name| Protocol::named_or_path(name).unwrap().digest).collect();
        assert_eq!(digests.len(), SHIPPED.len());
        for name in [DEFAULT_ZERO_SHOT, DEFAULT_RETRIEVAL] {
            assert!(Protocol::shipped().any(|shipped| shipped == name));
        }
    }

    #[test]
    fn every_file_of_the_folder_is_shipped() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../templates/protocols");
        let mut found = Vec::new();
        for folder in fs::read_dir(root).unwrap() {
            let folder = folder.unwrap().path();
            for file in fs::read_dir(&folder).unwrap() {
                let file = file.unwrap().path().with_extension("");
                found.push(file.strip_prefix(root).unwrap().display().to_string());
            }
        }
        found.sort();
        let mut shipped: Vec<&str> = Protocol::shipped().collect();
        shipped.sort_unstable();
        assert_eq!(found, shipped);
    }

    #[test]
    fn the_digest_is_of_the_switches_and_not_of_the_layout() {
        let digest = |text: &str| Protocol::parse(text, "p").unwrap().digest;
        let as_it_is = digest(&zero_shot());
        let bare: String = zero_shot().lines().map(|line| format!("{}\n", line.split('#').next().unwrap())).collect();
        assert_eq!(digest(&bare), as_it_is);
        for (from, to) in [
            ("uncertain = \"exclude\"", "uncertain = \"positive\""),
            ("blank = \"negative\"", "blank = \"exclude\""),
            ("ensemble = \"mean\"", "ensemble = \"max\""),
            ("standardise = \"none\"", "standardise = \"per-class\""),
            ("by = \"mcc\"", "by = \"f1\""),
            ("of = \"patient\"", "of = \"case\""),
            ("resamples = 1000", "resamples = 999"),
            ("seed = 0", "seed = 1"),
            ("mean-of = []", "mean-of = [\"edema\"]"),
            ("version = 1", "version = 2"),
        ] {
            let changed = zero_shot().replacen(from, to, 1);
            assert_ne!(changed, zero_shot(), "{from}");
            assert_ne!(digest(&changed), as_it_is, "{to}");
        }
    }

    #[test]
    fn what_is_unknown_or_missing_is_refused_with_its_line() {
        for (text, parts) in [
            (zero_shot().replace("standardise =", "standardize ="), &["line 12", "standardize"][..]),
            (zero_shot().replace("uncertain = \"exclude\"", "uncertain = \"maybe\""), &["line 9", "maybe", "exclude"]),
            (zero_shot().replace("version = 1", ""), &["version"]),
            (zero_shot().replace("task = \"zero-shot\"", ""), &["task"]),
            (zero_shot().replace("\"zero-shot\"", "\"grounding\""), &["line 5", "grounding"]),
            (zero_shot().replace("\"f1\", ", "\"f2\", "), &["f2"]),
            (zero_shot().replace("\"f1\", ", "\"auroc\", "), &["metrics", "twice"]),
            (zero_shot().replace("\"f1\", ", "\"top-f1\", "), &["top-f1", "multi-label"]),
            (zero_shot().replace("by = \"mcc\"", "by = \"none\""), &["f1", "threshold.by"]),
            (zero_shot().replace("\"validation\"", "\"test\""), &["test", "validation"]),
            (zero_shot().replace("method = \"percentile\"", "method = \"none\""), &["interval.resamples"]),
            (zero_shot().replace("resamples = 1000", "resamples = 0"), &["interval.resamples"]),
            (retrieval().replace("recall-at = [1, 5, 10]", "recall-at = []"), &["recall-at"]),
            (retrieval().replace("recall-at = [1, 5, 10]", "recall-at = [0]"), &["recall-at", "from 1"]),
            (retrieval().replace("labels-at = [5, 10]", "labels-at = [5, 5]"), &["labels-at", "twice"]),
            (retrieval().replace("labels-at = [5, 10]", "labels-at = []"), &["labels-at"]),
            (retrieval().replace("ways = [\"i2t\", \"t2i\"]", "ways = []"), &["ways"]),
            (retrieval().replace("ties = \"against\"", "ties = \"lucky\""), &["line 13", "lucky"]),
            (format!("{}\n[more]\na = 1\n", retrieval()), &["more"]),
            ("version = [".to_owned(), &["line 1"]),
        ] {
            let said = refusal(&text);
            assert!(parts.iter().all(|part| said.contains(part)), "{parts:?}: {said}");
        }
    }

    #[test]
    fn a_name_that_is_not_there_comes_with_those_that_are() {
        let said = lgdea_fault::chain(&Protocol::named_or_path("zero-shot/lgdea-v2").unwrap_err());
        assert!(
            said.contains("did you mean `zero-shot/lgdea-v1`") && said.contains("retrieval-5x200/gloria-v1"),
            "{said}"
        );
        let said = lgdea_fault::chain(&Protocol::named_or_path("nowhere/p.toml").unwrap_err());
        assert!(said.contains("nowhere/p.toml"), "{said}");
    }
}
