//! Labels that are no class of the prompts, and classes of the prompts that cannot be scored.

use std::collections::{BTreeMap, BTreeSet};

use lgdea_data::table::Vocabulary;
use lgdea_data::{Diagnosis, NO_FINDING, Severity, StudyLabels};

use super::doubtful;
use crate::prompts::{PromptClass, PromptSet};

/// Labels that a finding names.
const LISTED: usize = 20;

/// What the labels of the scored studies and the classes of the prompts say of each other; `None` is an unlabelled study.
pub fn labels<'a>(
    prompts: &PromptSet,
    studies: impl IntoIterator<Item = Option<&'a StudyLabels>>,
    are_labels: bool,
) -> Vec<Diagnosis> {
    let all: Vec<Option<&StudyLabels>> = studies.into_iter().collect();
    let scored = Scored::new(prompts, all.iter().flatten().copied().collect(), are_labels);
    if scored.studies.is_empty() {
        return unlabelled(all.len()).into_iter().collect();
    }
    [scored.absent(), scored.without_negatives(), scored.unasked()].into_iter().flatten().collect()
}

fn unlabelled(studies: usize) -> Option<Diagnosis> {
    (studies > 0).then(|| Diagnosis {
        severity: Severity::Doubtful,
        what: "scored study without labels, as all are: zero-shot classification scores nothing".to_owned(),
        count: studies,
        of: studies,
        examples: Vec::new(),
        remedy: "name the columns of the labels, or set `eval.zero-shot.enabled = false`",
    })
}

/// The labelled studies that are scored.
struct Scored<'a> {
    prompts: &'a PromptSet,
    studies: Vec<&'a StudyLabels>,
    /// Studies by label.
    labels: BTreeMap<&'a str, usize>,
    /// Labels that the prompts name.
    asked: BTreeSet<&'a str>,
    vocabulary: Vocabulary,
}

impl<'a> Scored<'a> {
    fn new(prompts: &'a PromptSet, studies: Vec<&'a StudyLabels>, are_labels: bool) -> Self {
        let mut labels: BTreeMap<&str, usize> = BTreeMap::new();
        for label in studies.iter().flat_map(|labels| &labels.present) {
            *labels.entry(label).or_default() += 1;
        }
        let named = |class: &'a PromptClass| class.against.iter().chain([&class.name]).map(String::as_str);
        let asked = prompts.classes.iter().flat_map(named).collect();
        // Texts that were taken for labels are not repeated.
        let counts = labels.iter().map(|(label, count)| (*label, *count));
        let vocabulary = if are_labels { Vocabulary::Closed } else { counts.collect() };
        Self { prompts, studies, labels, asked, vocabulary }
    }

    /// Classes that no study bears.
    fn absent(&self) -> Option<Diagnosis> {
        let absent = self.classes(|class| !self.labels.contains_key(class.name.as_str()));
        doubtful(
            absent.iter().map(|class| self.with_meant(&class.name, self.unasked_labels())).collect(),
            LISTED,
            self.prompts.classes.len(),
            "class of the prompts that no scored study bears: it is not scored",
            "write the class as the data write it, or take it out of the prompts",
        )
    }

    /// Classes that studies bear, of which none is a negative.
    fn without_negatives(&self) -> Option<Diagnosis> {
        let has = |class: &PromptClass, wanted| self.studies.iter().any(|labels| class.truth(labels) == Some(wanted));
        let lacking = self.classes(|class| has(class, true) && !has(class, false));
        let told = |class: &&PromptClass| {
            let against: Vec<String> =
                class.against.iter().map(|label| self.with_meant(label, self.labels.keys().copied())).collect();
            let against = if against.is_empty() { String::new() } else { format!(", against {}", against.join(", ")) };
            format!("`{}`{against}", class.name)
        };
        doubtful(
            lacking.iter().map(told).collect(),
            LISTED,
            self.prompts.classes.len(),
            "class of the prompts without a negative among the scored studies: it is not scored",
            "write the labels of `against` as the data write them, or add studies without the class",
        )
    }

    /// Labels that are no class of the prompts, the most frequent first.
    fn unasked(&self) -> Option<Diagnosis> {
        let mut unasked: Vec<(&str, usize)> = self
            .unasked_labels()
            .filter(|label| *label != NO_FINDING)
            .map(|label| (label, self.labels[label]))
            .collect();
        unasked.sort_by_key(|&(label, count)| (std::cmp::Reverse(count), label));
        let absent: Vec<&str> = self.asked.iter().copied().filter(|label| !self.labels.contains_key(label)).collect();
        let told = |&(label, count): &(&str, usize)| {
            let shown = self.vocabulary.shown(label);
            let meant = lgdea_spec::nearest(label, absent.iter().copied()).filter(|_| shown == label);
            let meant = meant.map(|meant| format!(", in the prompts `{meant}`?")).unwrap_or_default();
            format!("`{shown}` ({count}{meant})")
        };
        doubtful(
            unasked.iter().map(told).collect(),
            LISTED,
            self.labels.len(),
            "label of the scored studies that is no class of the prompts: it is not scored",
            "nothing where this is meant; otherwise add a class to `eval.zero-shot.prompts`",
        )
    }

    fn unasked_labels(&self) -> impl Iterator<Item = &'a str> {
        self.labels.keys().copied().filter(|label| !self.asked.contains(label))
    }

    fn classes(&self, is_wanted: impl Fn(&PromptClass) -> bool) -> Vec<&'a PromptClass> {
        self.prompts.classes.iter().filter(|class| is_wanted(class)).collect()
    }

    /// A label that is asked for, with the one of the data that was probably meant where no study bears it.
    fn with_meant<'l>(&self, label: &str, known: impl Iterator<Item = &'l str>) -> String {
        let shown = known.filter(|known| self.vocabulary.shown(known) == *known);
        match lgdea_spec::nearest(label, shown).filter(|_| !self.labels.contains_key(label)) {
            Some(meant) => format!("`{label}` (did you mean `{meant}`, which {} bear?)", self.labels[meant]),
            None => format!("`{label}`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(classes: &[(&str, &[&str])], studies: &[&str]) -> Vec<(String, usize, usize, String)> {
        let class = |&(name, against): &(&str, &[&str])| PromptClass {
            name: name.to_owned(),
            prompts: vec!["p".to_owned()],
            against: against.iter().map(|&label| label.to_owned()).collect(),
            negative: Vec::new(),
        };
        let prompts =
            PromptSet { version: 1, description: String::new(), classes: classes.iter().map(class).collect() };
        let set =
            |labels: &&str| -> Option<StudyLabels> { (*labels != "-").then(|| labels.split_whitespace().collect()) };
        let studies: Vec<Option<StudyLabels>> = studies.iter().map(set).collect();
        let short = |told: Diagnosis| {
            let examples: Vec<String> = told.examples.into_iter().map(|example| example.text).collect();
            let what = told.what.split(':').next().unwrap_or_default().to_owned();
            (what, told.count, told.of, examples.join("; "))
        };
        labels(&prompts, studies.iter().map(Option::as_ref), false).into_iter().map(short).collect()
    }

    const ABSENT: &str = "class of the prompts that no scored study bears";
    const NO_NEGATIVE: &str = "class of the prompts without a negative among the scored studies";
    const UNASKED: &str = "label of the scored studies that is no class of the prompts";

    #[test]
    fn what_fits_is_not_told() {
        let studies = ["pneumonia", "edema", "no_finding", "", "-"];
        assert_eq!(told(&[("pneumonia", &[]), ("edema", &["no_finding"])], &studies), []);
        assert_eq!(told(&[("pneumonia", &["edema"])], &studies), [], "a label to be told from is asked for, too");
    }

    #[test]
    fn labels_that_are_no_class_are_told_with_their_number_and_classes_that_no_study_bears() {
        let studies = ["mass", "mass zebra", "mass", "edema", "no_finding"];
        let said = told(&[("edema", &[]), ("quokka", &[])], &studies);
        let expected = [(ABSENT, 1, 2, "`quokka`"), (UNASKED, 2, 4, "`mass` (3); `zebra` (1)")];
        assert_eq!(said, expected.map(|(what, count, of, examples)| (what.to_owned(), count, of, examples.to_owned())));
    }

    #[test]
    fn labels_that_are_spelled_alike_are_proposed_from_both_sides() {
        for (class, label) in [
            ("pnuemonia", "pneumonia"),
            ("pneumonja", "pneumonia"),
            ("covid19", "covid_19"),
            ("covid_2019", "covid_19"),
            ("pneumothorx", "pneumothorax"),
            ("cardiomegalia", "cardiomegaly"),
            ("atelectasis", "atelectases"),
            ("effusions", "effusion"),
            ("oedema", "edema"),
            ("nodules", "nodule"),
        ] {
            let said = told(&[(class, &[])], &[label, label, "normal"]);
            assert_eq!(said[0].3, format!("`{class}` (did you mean `{label}`, which 2 bear?)"));
            assert!(said[1].3.contains(&format!("`{label}` (2, in the prompts `{class}`?)")), "{said:?}");
        }
        assert!(!told(&[("zebra", &[])], &["edema", "normal"])[0].3.contains("did you mean"));
    }

    #[test]
    fn a_class_without_negatives_is_told_with_what_it_is_told_from() {
        let said = told(&[("edema", &["no_findng"])], &["edema", "edema", "no_finding"]);
        assert_eq!((said[0].0.as_str(), said.len()), (NO_NEGATIVE, 1));
        assert_eq!(said[0].3, "`edema`, against `no_findng` (did you mean `no_finding`, which 1 bear?)");
        assert_eq!(told(&[("edema", &[])], &["edema"])[0].3, "`edema`");
    }

    #[test]
    fn unlabelled_studies_are_told_as_that() {
        let said = told(&[("edema", &[])], &["-", "-"]);
        assert_eq!((said.len(), said[0].1, said[0].3.as_str()), (1, 2, ""));
        assert_eq!(told(&[("edema", &[])], &[]), []);
    }

    #[test]
    fn texts_that_were_taken_for_labels_are_not_repeated_and_lists_are_cut() {
        let report = "there_is_a_small_left_pleural_effusion_and_no_pneumothorax";
        let said = told(&[("zebra", &[])], &[report, report]);
        assert!(said.iter().all(|(.., examples)| !examples.contains("effusion")), "{said:?}");
        let many: Vec<String> = (0..30).map(|number| format!("label_{number:02}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let unasked = told(&[("label_00", &[])], &many);
        assert_eq!((unasked[0].1, unasked[0].3.split("; ").count()), (29, LISTED));
    }
}
