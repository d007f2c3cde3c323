//! Prompt sets of zero-shot classification: which texts stand for a class, and which studies it is told from.
//!
//! A prompt set is a TOML file; the shipped ones are in `templates/zero-shot/` and embedded in the binary.
//!
//! ```toml
//! version = 1
//! description = "what the set is for"
//!
//! [[class]]
//! name = "pneumonia"                            # the label of its positives, as in the data or in snake case
//! prompts = ["pneumonia", "focal consolidation"]
//! against = ["no_finding"]                      # labels of its negatives; all other labelled studies where left out
//! negative = ["no acute abnormality"]           # texts that its prompts are compared with; none where left out
//! ```

use std::collections::BTreeSet;
use std::fs;

use lgdea_data::{StudyLabels, normalise_label};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::EvalError;

/// The shipped prompt sets by name.
const SHIPPED: [(&str, &str); 4] = [
    ("chexpert", include_str!("../../../templates/zero-shot/chexpert.toml")),
    ("nih-cxr14", include_str!("../../../templates/zero-shot/nih-cxr14.toml")),
    ("phantom", include_str!("../../../templates/zero-shot/phantom.toml")),
    ("pneumonia", include_str!("../../../templates/zero-shot/pneumonia.toml")),
];

/// Classes and their prompts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptSet {
    /// Raised whenever the set changes, so that numbers can be told apart by name and version.
    pub version: u32,
    /// What the set is for.
    pub description: String,
    /// The classes, in the order of the columns of their scores.
    #[serde(rename = "class")]
    pub classes: Vec<PromptClass>,
}

/// A class of zero-shot classification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptClass {
    /// The label of its positives; in snake case once it is read.
    pub name: String,
    /// Texts that stand for the class. Their L2-normalised mean embedding is the class embedding `t_c`, the mean of
    /// their evidence distributions is `p_c`.
    pub prompts: Vec<String>,
    /// Labels of its negatives; empty for all labelled studies that are not positive.
    #[serde(default)]
    pub against: Vec<String>,
    /// Texts that stand for its absence, as `CheXzero`'s "no pneumonia": a score is then that of the prompts less that of these. None
    /// where the prompts' own score is taken.
    #[serde(default)]
    pub negative: Vec<String>,
}

impl PromptClass {
    /// Whether a study with these labels is a positive of the class; `None` where it is neither positive nor negative, as
    /// where it is uncertain.
    pub fn truth(&self, labels: &StudyLabels) -> Option<bool> {
        let StudyLabels { present, uncertain } = labels;
        let positive = present.contains(&self.name);
        let negative = !uncertain.contains(&self.name)
            && (self.against.is_empty() || self.against.iter().any(|label| present.contains(label)));
        (positive || negative).then_some(positive)
    }
}

impl PromptSet {
    /// The shipped set called `choice`, or the one in the TOML file at the path `choice`, in which `${NAME}` stands for
    /// an environment variable.
    pub fn named_or_path(choice: &str) -> Result<Self, EvalError> {
        if let Some((name, text)) = SHIPPED.iter().find(|(name, _)| *name == choice) {
            return Self::parse(text, &format!("`{name}` (shipped)"));
        }
        if !choice.to_ascii_lowercase().ends_with(".toml") {
            return Err(unknown(choice));
        }
        let path = lgdea_spec::expand_env(choice)?;
        let text = fs::read_to_string(&path).map_err(|source| EvalError::ReadPrompts { path: path.clone(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Digest of the set in a file; empty for none.
    pub fn digest_of_file(file: Option<&str>) -> Result<String, EvalError> {
        file.map_or(Ok(String::new()), |file| Self::named_or_path(file).map(|set| set.digest()))
    }

    /// Identity of the classes and prompts, whatever the file's comments, layout, version or description.
    fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut field = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for class in &self.classes {
            field(&class.name);
            // What is not written is no part of it, so that sets keep their identity.
            let negative = Some(&class.negative).filter(|texts| !texts.is_empty());
            for texts in [&class.prompts, &class.against].into_iter().chain(negative) {
                field(&texts.len().to_string());
                for text in texts {
                    field(text);
                }
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    fn parse(text: &str, origin: &str) -> Result<Self, EvalError> {
        let unreadable = |source| EvalError::ParsePrompts { origin: origin.to_owned(), source: Box::new(source) };
        let mut set: Self = toml::from_str(text).map_err(unreadable)?;
        let places: Places = toml::from_str(text).map_err(unreadable)?;
        let lines = places.classes.iter().map(|class| 1 + text[..class.span().start].matches('\n').count());
        let problems = set.problems(&lines.collect::<Vec<_>>());
        if problems.is_empty() {
            set.normalise();
            return Ok(set);
        }
        Err(EvalError::InvalidPrompts { origin: origin.to_owned(), problem: problems.join("\n  ") })
    }

    /// Writes labels as those of the data are written.
    fn normalise(&mut self) {
        for PromptClass { name, against, .. } in &mut self.classes {
            for label in against.iter_mut().chain([name]) {
                *label = normalise_label(label);
            }
        }
    }

    /// All that makes the set unusable; each class begins in a line.
    fn problems(&self, lines: &[usize]) -> Vec<String> {
        if self.classes.is_empty() {
            return vec!["it has no class; add a `[[class]]` with `name` and `prompts`".to_owned()];
        }
        let mut names = BTreeSet::new();
        let mut problems = Vec::new();
        for (class, line) in self.classes.iter().zip(lines) {
            let PromptClass { name, .. } = class;
            let label = normalise_label(name);
            if !label.is_empty() && !names.insert(label.clone()) {
                let other = if label == *name { String::new() } else { format!(" (as `{label}`)") };
                problems.push(format!("line {line}: class `{name}` occurs twice{other}; join the two"));
            }
            problems
                .extend(class.problems().into_iter().map(|problem| format!("line {line}: class `{name}` {problem}")));
        }
        problems
    }
}

/// Where the classes of a file stand.
#[derive(Deserialize)]
struct Places {
    #[serde(rename = "class")]
    classes: Vec<Spanned<IgnoredAny>>,
}

impl PromptClass {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let labels = std::iter::once(&self.name).chain(&self.against);
        for nameless in labels.filter(|label| normalise_label(label).is_empty()) {
            problems.push(format!("names the label `{nameless}`, which has neither a letter nor a digit"));
        }
        if self.prompts.is_empty() {
            problems.push("has no prompts; give at least one text".to_owned());
        }
        if self.prompts.iter().chain(&self.negative).any(|prompt| prompt.trim().is_empty()) {
            problems.push("has an empty prompt; remove it".to_owned());
        }
        let own = normalise_label(&self.name);
        if !own.is_empty() && self.against.iter().any(|label| normalise_label(label) == own) {
            problems.push("is against itself; name other labels".to_owned());
        }
        problems
    }
}

fn unknown(name: &str) -> EvalError {
    let nearest = lgdea_spec::nearest(name, SHIPPED.iter().map(|(shipped, _)| *shipped));
    EvalError::UnknownPrompts {
        name: name.to_owned(),
        known: SHIPPED.map(|(shipped, _)| format!("`{shipped}`")).join(", "),
        suggestion: nearest.map_or_else(String::new, |shipped| format!(" (did you mean `{shipped}`?)")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem_of(text: &str) -> String {
        PromptSet::parse(text, "my.toml").unwrap_err().to_string()
    }

    #[test]
    fn shipped_sets_are_sound() {
        let phantom = PromptSet::named_or_path("phantom").unwrap();
        assert_eq!(phantom.classes.len(), 14);
        assert!(phantom.classes.iter().all(|class| class.against.is_empty()));
        let pneumonia = PromptSet::named_or_path("pneumonia").unwrap();
        assert_eq!(pneumonia.classes[0].name, "pneumonia");
        assert_eq!(pneumonia.classes[0].against, ["no_finding"]);
    }

    #[test]
    fn a_file_is_read_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        fs::write(&file, "version = 1\ndescription = \"\"\n[[class]]\nname = \"edema\"\nprompts = [\"edema\"]")
            .unwrap();
        let set = PromptSet::named_or_path(file.to_str().unwrap()).unwrap();
        assert_eq!(set.classes[0].prompts, ["edema"]);
        fs::remove_file(&file).unwrap();
        let error = PromptSet::named_or_path(file.to_str().unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("cannot read the prompt file"), "{error}");
    }

    #[test]
    fn negative_texts_are_part_of_a_set_where_there_are_some() {
        let set = |negative: &str| {
            let text = format!(
                "version = 1\ndescription = ''\n[[class]]\nname = 'a'\nprompts = ['b']\nagainst = ['c']\n{negative}"
            );
            PromptSet::parse(&text, "my.toml").unwrap().digest()
        };
        assert_eq!(set(""), set("negative = []"));
        assert_ne!(set(""), set("negative = ['d']"));
        assert!(
            problem_of("version = 1\ndescription = ''\n[[class]]\nname = 'a'\nprompts = ['b']\nnegative = ['']")
                .contains("empty prompt")
        );
    }

    #[test]
    fn misspelt_names_come_with_the_right_one() {
        for (name, meant) in [
            ("CheXpert", "chexpert"),
            ("chexprt", "chexpert"),
            ("chexpert5x200", "chexpert"),
            ("Phantom", "phantom"),
            ("fantom", "phantom"),
            ("pnuemonia", "pneumonia"),
            ("PNEUMONIA", "pneumonia"),
        ] {
            let error = PromptSet::named_or_path(name).unwrap_err().to_string();
            assert!(error.contains(&format!("did you mean `{meant}`?")), "{error}");
        }
    }

    #[test]
    fn unknown_names_come_with_the_known_ones() {
        let error = PromptSet::named_or_path("phantm").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no prompt set `phantm` (did you mean `phantom`?); shipped are `chexpert`, `nih-cxr14`, `phantom`, \
             `pneumonia`; for your own, give the path of a .toml file"
        );
        assert!(!PromptSet::named_or_path("imagenet").unwrap_err().to_string().contains("did you mean"));
    }

    #[test]
    fn unset_variables_in_paths_are_named() {
        let error = PromptSet::named_or_path("${LGDEA_NO_SUCH_VARIABLE}/p.toml").unwrap_err().to_string();
        assert!(error.contains("LGDEA_NO_SUCH_VARIABLE"), "{error}");
    }

    #[test]
    fn unusable_sets_say_why() {
        let class = |body: &str| format!("version = 1\ndescription = \"\"\n[[class]]\n{body}");
        let unknown_key = problem_of(&class("name = \"a\"\nprompt = [\"b\"]"));
        assert!(unknown_key.contains("unknown field `prompt`") && unknown_key.contains("line 5"), "{unknown_key}");
        for (body, problem) in [
            ("name = \"a\"\nprompts = []", "class `a` has no prompts"),
            ("name = \"a\"\nprompts = [\" \"]", "class `a` has an empty prompt"),
            ("name = \"--\"\nprompts = [\"b\"]", "names the label `--`"),
            ("name = \"a\"\nprompts = [\"b\"]\nagainst = [\"A\"]", "class `a` is against itself"),
            (
                "name = \"COVID-19\"\nprompts = [\"b\"]\n[[class]]\nname = \"covid_19\"\nprompts = [\"b\"]",
                "occurs twice",
            ),
            ("name = \"a\"\nprompts = [\"b\"]\nagainst = [\"a\"]", "class `a` is against itself"),
            ("name = \"a\"\nprompts = [\"b\"]\n[[class]]\nname = \"a\"\nprompts = [\"b\"]", "occurs twice"),
        ] {
            let message = problem_of(&class(body));
            assert!(message.contains(problem), "{message}");
        }
        assert!(problem_of("version = 1\ndescription = \"\"\nclass = []").contains("has no class"));
    }

    #[test]
    fn labels_are_written_as_those_of_the_data_are() {
        let class = |name: &str, against: &str| {
            let text = format!(
                "version = 1\ndescription = \"\"\n[[class]]\nname = \"{name}\"\nprompts = [\"p\"]\nagainst = [\"{against}\"]"
            );
            let set = PromptSet::parse(&text, "my.toml").unwrap();
            (set.classes[0].name.clone(), set.classes[0].against[0].clone(), set.digest())
        };
        let (.., digest) = class("covid_19", "no_finding");
        for (name, against) in [
            ("COVID-19", "No Finding"),
            ("Covid 19", "NO FINDING"),
            ("covid-19", "no-finding"),
            (" COVID_19 ", "No  Finding"),
            ("COVID.19", "No/Finding"),
        ] {
            assert_eq!(
                class(name, against),
                ("covid_19".to_owned(), "no_finding".to_owned(), digest.clone()),
                "{name}"
            );
        }
        for (name, label) in [
            ("Pneumonia", "pneumonia"),
            ("Pleural Effusion", "pleural_effusion"),
            ("Fibrose pulmonaire éteinte", "fibrose_pulmonaire_éteinte"),
            ("Épanchement", "épanchement"),
            ("Pneumothorax (left)", "pneumothorax_left"),
        ] {
            assert_eq!(class(name, "x").0, label);
            assert_eq!(class(name, "x").0, normalise_label(name));
        }
    }

    #[test]
    fn all_problems_are_told_at_once_with_their_lines() {
        let text = "version = 1\ndescription = \"\"\n[[class]]\nname = \"a\"\nprompts = []\n\n[[class]]\nname = \"--\"\n\
                    prompts = [\" \"]\n[[class]]\nname = \"A\"\nprompts = [\"p\"]\nagainst = [\"a\", \"?\"]\n";
        insta::assert_snapshot!(problem_of(text));
    }

    #[test]
    fn the_digest_follows_the_prompts_only() {
        let set = PromptSet::named_or_path("pneumonia").unwrap();
        let described = PromptSet { description: "other".to_owned(), ..set.clone() };
        assert_eq!(set.digest(), described.digest());
        let mut moved = set.clone();
        let prompt = moved.classes[0].prompts.pop().unwrap();
        moved.classes[0].against.insert(0, prompt);
        assert_ne!(set.digest(), moved.digest());
    }
}
