//! Which classes of a prompt set can be scored on studies, and what the others lack.

use std::collections::BTreeMap;

use lgdea_data::StudyLabels;
use lgdea_data::table::Vocabulary;

use crate::prompts::{PromptClass, PromptSet};

/// Labels that a message lists.
const LISTED: usize = 20;

/// What studies know of the classes of a prompt set.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Coverage {
    classes: usize,
    /// Labels that no study bears, but a class is named for.
    positives: Vec<String>,
    /// Classes with positives and without negatives, each with the labels that negatives would bear.
    negatives: Vec<(String, Vec<String>)>,
    /// Studies by label.
    labels: BTreeMap<String, usize>,
    labelled: usize,
}

impl Coverage {
    /// Looks through the labels of studies; `None` is an unlabelled one.
    fn new<'a>(prompts: &PromptSet, studies: impl IntoIterator<Item = Option<&'a StudyLabels>>) -> Self {
        let labelled: Vec<&StudyLabels> = studies.into_iter().flatten().collect();
        let mut labels = BTreeMap::new();
        for label in labelled.iter().flat_map(|labels| &labels.present) {
            *labels.entry(label.clone()).or_default() += 1;
        }
        let has = |class: &PromptClass, wanted: bool| labelled.iter().any(|labels| class.truth(labels) == Some(wanted));
        let (with, without): (Vec<_>, Vec<_>) = prompts.classes.iter().partition(|class| has(class, true));
        let negatives = with.into_iter().filter(|class| !has(class, false));
        Self {
            classes: prompts.classes.len(),
            positives: without.into_iter().map(|class| class.name.clone()).collect(),
            negatives: negatives.map(|class| (class.name.clone(), class.against.clone())).collect(),
            labels,
            labelled: labelled.len(),
        }
    }

    /// Whether no class can be scored.
    fn is_empty(&self) -> bool {
        self.lacking() == self.classes
    }

    /// What cannot be scored and why, with the labels that there are; `None` where everything can. `prompts` is the
    /// line of the experiment that names them.
    fn problem(&self, prompts: &str, are_labels: bool) -> Option<String> {
        if self.lacking() == 0 {
            return None;
        }
        // Texts that were taken for labels are not repeated.
        let counts = self.labels.iter().map(|(label, &count)| (label.as_str(), count));
        let vocabulary = if are_labels { Vocabulary::Closed } else { counts.collect() };
        let mut reasons = Vec::new();
        if !self.positives.is_empty() {
            let names: Vec<String> = self.positives.iter().map(|label| self.shown(label, &vocabulary)).collect();
            reasons.push(format!("no study bears the {} {}", labels(names.len()), names.join(", ")));
        }
        for (class, against) in &self.negatives {
            let against: Vec<String> = against.iter().map(|label| self.shown(label, &vocabulary)).collect();
            reasons.push(match against.as_slice() {
                [] => format!("every labelled study is a positive of `{class}`, which has no negative"),
                some => {
                    format!("`{class}` has no negative: no study bears the {} {}", labels(some.len()), some.join(", "))
                }
            });
        }
        let mut text = format!(
            "{}: zero-shot classification is without {} of the {} classes of `{prompts}`, for a \
             score needs positives and negatives; ",
            reasons.join("; "),
            self.lacking(),
            self.classes
        );
        text.push_str(&self.known(&vocabulary));
        Some(text)
    }

    fn lacking(&self) -> usize {
        self.positives.len() + self.negatives.len()
    }

    /// The classes that cannot be scored.
    fn lacking_names(&self) -> Vec<&str> {
        let negatives = self.negatives.iter().map(|(class, _)| class);
        self.positives.iter().chain(negatives).map(String::as_str).collect()
    }

    /// A label that is asked for, with the one that was probably meant.
    fn shown(&self, label: &str, vocabulary: &Vocabulary) -> String {
        let is_shown = |known: &&str| vocabulary.shown(known) == *known;
        let known = self.labels.keys().map(String::as_str).filter(|known| *known != label).filter(is_shown);
        match lgdea_spec::nearest(label, known) {
            Some(meant) if !self.labels.contains_key(label) => format!("`{label}` (did you mean `{meant}`?)"),
            _ => format!("`{label}`"),
        }
    }

    /// The labels that there are, the most frequent first.
    fn known(&self, vocabulary: &Vocabulary) -> String {
        if self.labels.is_empty() {
            return match self.labelled {
                0 => {
                    "no scored study has labels (in a CSV of your own `columns.labels` names the columns that they are in)".to_owned()
                }
                some => format!("the {some} labelled studies bear none"),
            };
        }
        let mut labels: Vec<(&String, &usize)> = self.labels.iter().collect();
        labels.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let shown = |(label, count): &(&String, &usize)| format!("`{}` ({count})", vocabulary.shown(label));
        format!("the labels that there are: {}", listed(&labels, shown))
    }
}

/// The first of many, and how many more there are.
fn listed<T>(all: &[T], shown: impl Fn(&T) -> String) -> String {
    let some: Vec<String> = all.iter().take(LISTED).map(shown).collect();
    let more = all.len() - some.len();
    if more > 0 { format!("{} and {more} more", some.join(", ")) } else { some.join(", ") }
}

fn labels(count: usize) -> &'static str {
    if count == 1 { "label" } else { "labels" }
}

/// What the studies of several splits know of the classes of a prompt set: of all of them together, and of each, which is scored
/// alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitCoverage {
    all: Coverage,
    each: Vec<(String, Coverage)>,
}

impl SplitCoverage {
    /// Looks through the labels of the studies of splits, which have names; `None` is an unlabelled one.
    pub fn new(prompts: &PromptSet, splits: &[(String, Vec<Option<&StudyLabels>>)]) -> Self {
        let all = Coverage::new(prompts, splits.iter().flat_map(|(_, studies)| studies.iter().copied()));
        let each = splits.iter().map(|(name, studies)| (name.clone(), Coverage::new(prompts, studies.iter().copied())));
        Self { all, each: each.collect() }
    }

    /// Whether no class can be scored in any split.
    pub fn is_empty(&self) -> bool {
        self.each.iter().all(|(_, coverage)| coverage.is_empty())
    }

    /// What cannot be scored and why; `None` where everything can, in every split. `prompts` is the line of the
    /// experiment that names them;
    /// `are_labels` says that what studies bear are labels for sure, and no texts of a wrong column.
    pub fn problem(&self, prompts: &str, are_labels: bool) -> Option<String> {
        let known = self.all.lacking_names();
        let of_split = |(name, coverage): &(String, Coverage)| {
            let names: Vec<&str> =
                coverage.lacking_names().into_iter().filter(|class| !known.contains(class)).collect();
            (!names.is_empty()).then(|| {
                format!(
                    "in the {name} {} of the {} classes of `{prompts}` cannot be scored, \
                     for want of positives or negatives among its {} labelled studies: {}",
                    names.len(),
                    coverage.classes,
                    coverage.labelled,
                    listed(&names, |class| format!("`{class}`")),
                )
            })
        };
        let problems: Vec<String> =
            self.all.problem(prompts, are_labels).into_iter().chain(self.each.iter().filter_map(of_split)).collect();
        (!problems.is_empty()).then(|| problems.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(classes: &[(&str, &[&str])]) -> PromptSet {
        let class = |&(name, against): &(&str, &[&str])| PromptClass {
            name: name.to_owned(),
            prompts: vec!["p".to_owned()],
            against: against.iter().map(|&label| label.to_owned()).collect(),
            negative: Vec::new(),
        };
        PromptSet { version: 1, description: String::new(), classes: classes.iter().map(class).collect() }
    }

    /// Studies, each with its labels; `-` is an unlabelled one.
    fn coverage(classes: &[(&str, &[&str])], studies: &[&str]) -> Coverage {
        let set =
            |labels: &&str| -> Option<StudyLabels> { (*labels != "-").then(|| labels.split_whitespace().collect()) };
        let studies: Vec<Option<StudyLabels>> = studies.iter().map(set).collect();
        Coverage::new(&prompts(classes), studies.iter().map(Option::as_ref))
    }

    fn problem(classes: &[(&str, &[&str])], studies: &[&str]) -> String {
        coverage(classes, studies).problem("p.toml", false).unwrap()
    }

    const STUDIES: [&str; 6] = ["pneumonia", "pneumonia covid_19", "no_finding", "no_finding", "no_finding", "-"];

    #[test]
    fn what_can_be_scored_is_no_problem() {
        let fine: [&[(&str, &[&str])]; 3] = [
            &[("pneumonia", &["no_finding"])],
            &[("pneumonia", &[]), ("covid_19", &[]), ("no_finding", &[])],
            &[("covid_19", &["pneumonia"])],
        ];
        for classes in fine {
            let coverage = coverage(classes, &STUDIES);
            assert_eq!((coverage.problem("p.toml", false), coverage.is_empty()), (None, false), "{classes:?}");
        }
    }

    #[test]
    fn a_class_that_no_study_bears_comes_with_the_labels_that_there_are() {
        insta::assert_snapshot!(problem(&[("pneumonia", &[]), ("pnuemonia", &[]), ("zebra", &[])], &STUDIES));
        assert!(coverage(&[("pnuemonia", &[]), ("zebra", &[])], &STUDIES).is_empty());
    }

    #[test]
    fn misspelt_labels_come_with_the_right_one() {
        for (wrong, right) in [
            ("pneumonja", "pneumonia"),
            ("covid19", "covid_19"),
            ("covid_2019", "covid_19"),
            ("nofinding", "no_finding"),
            ("no_findings", "no_finding"),
        ] {
            let said = problem(&[(wrong, &[])], &STUDIES);
            assert!(said.contains(&format!("`{wrong}` (did you mean `{right}`?)")), "{said}");
        }
        assert!(!problem(&[("zebra", &[])], &STUDIES).contains("did you mean"));
    }

    #[test]
    fn a_class_without_negatives_is_told() {
        insta::assert_snapshot!(problem(&[("pneumonia", &["normal"]), ("covid_19", &["no_findng"])], &STUDIES));
        let every = problem(&[("edema", &[])], &["edema", "edema"]);
        assert!(every.starts_with("every labelled study is a positive of `edema`"), "{every}");
    }

    #[test]
    fn studies_without_labels_are_told_as_that() {
        assert!(problem(&[("edema", &[])], &["-", "-"]).contains("no scored study has labels"));
        assert!(problem(&[("edema", &[])], &[]).contains("no scored study has labels"));
        assert!(problem(&[("edema", &[])], &["", ""]).contains("the 2 labelled studies bear none"));
    }

    #[test]
    fn texts_that_were_taken_for_labels_are_not_repeated() {
        let report = "there_is_a_small_left_pleural_effusion_and_no_pneumothorax";
        let said = problem(&[("zebra", &[])], &[report]);
        assert!(said.contains("`a text of 58 characters` (1)") && !said.contains("effusion"), "{said}");
    }

    #[test]
    fn what_one_split_lacks_is_told_with_its_name() {
        let told = |validation: &[&str], test: &[&str]| {
            let set = |labels: &&str| -> Option<StudyLabels> {
                (*labels != "-").then(|| labels.split_whitespace().collect())
            };
            let [validation, test]: [Vec<Option<StudyLabels>>; 2] =
                [validation, test].map(|studies| studies.iter().map(set).collect());
            let splits = [("validation split", &validation), ("test split", &test)];
            let splits = splits.map(|(name, studies)| (name.to_owned(), studies.iter().map(Option::as_ref).collect()));
            let coverage = SplitCoverage::new(&prompts(&[("edema", &[]), ("mass", &["normal"])]), &splits);
            (coverage.problem("p.toml", false).unwrap_or_default(), coverage.is_empty())
        };
        let whole = ["edema", "mass", "normal"];
        let table: [(&[_], &[_], &[_], _); 12] = [
            (&whole, &whole, &[], false),
            (
                &whole,
                &["edema", "normal"],
                &["in the test split 1 of the 2 classes", "its 2 labelled studies: `mass`"],
                false,
            ),
            (&["mass", "normal"], &whole, &["in the validation split 1 of the 2", ": `edema`"], false),
            (&whole, &["mass", "edema"], &["in the test split 1 of the 2", ": `mass`"], false),
            (&whole, &["edema", "edema"], &["in the test split 2 of the 2", "`mass`, `edema`"], false),
            (&whole, &["-", "-"], &["in the test split 2 of the 2", "its 0 labelled studies"], false),
            (&["-"], &whole, &["in the validation split 2 of the 2"], false),
            (&["normal"], &["normal"], &["no study bears the labels `edema`, `mass`"], true),
            (&["edema", "normal"], &["edema", "normal"], &["no study bears the label `mass`"], false),
            (
                &["edema"],
                &["normal"],
                &["no study bears the label `mass`", "in the validation split 1", "in the test split 1"],
                true,
            ),
            (&["edema mass"], &["normal"], &["in the validation split 2", "in the test split 2"], true),
            (&["edema mass", "normal"], &["normal"], &["in the test split 2"], false),
        ];
        for (validation, test, said, is_empty) in table {
            let (problem, empty) = told(validation, test);
            assert_eq!(empty, is_empty, "{validation:?} {test:?}: {problem}");
            assert!(said.iter().all(|part| problem.contains(part)), "{validation:?} {test:?}: {problem}");
            assert_eq!(problem.is_empty(), said.is_empty(), "{problem}");
        }
    }

    #[test]
    fn texts_of_two_to_eight_words_are_not_repeated_even_where_one_was_probably_meant() {
        let words = ["quokka", "basal", "opacity", "stable", "lines", "small", "left", "hilar"];
        for many in 2..=8 {
            let texts: Vec<String> =
                (0..8).map(|first| [&words[first..], &words[..first]].concat()[..many].join("_")).collect();
            let studies: Vec<&str> = texts.iter().map(String::as_str).collect();
            let said = problem(&[("quokka_basl", &[])], &studies);
            assert!(said.contains("a text of") && !said.contains("basal") && !said.contains("hilar"), "{said}");
        }
    }

    #[test]
    fn labels_of_several_words_are_listed_where_they_are_frequent() {
        let said =
            problem(&[("effusion", &[])], &["pleural_effusion", "pleural_effusion", "lung_opacity", "lung_opacity"]);
        assert!(said.contains("`pleural_effusion` (2)") && said.contains("`lung_opacity` (2)"), "{said}");
    }

    #[test]
    fn long_lists_are_cut() {
        let labels: Vec<String> = (0..50).map(|number| format!("label_{number:02}")).collect();
        let studies: Vec<&str> = labels.iter().map(String::as_str).collect();
        let said = problem(&[("zebra", &[])], &studies);
        assert!(said.contains("`label_19` (1) and 30 more") && !said.contains("label_20"), "{said}");
    }
}
