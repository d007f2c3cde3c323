//! AUROC of classes within strata, beside the plain one.

use lgdea_metric::Parameters;
use lgdea_metric::task::within;
use lgdea_metric::task::zero_shot::AUROC;

use crate::Scores;
use crate::metric::average::mean_of_defined;
use crate::metric::bootstrap::Statistic;
use crate::metric::stratified::StratifiedCases;
use crate::prompts::PromptClass;
use crate::task::within::Strata;

/// What messages call the task.
const TASK: &str = "zero-shot";

/// The cases of each class, stratum by stratum.
pub(super) struct Stratified<'a> {
    pub(super) classes: &'a [PromptClass],
    /// None of a class that lacks positives or negatives at all.
    pub(super) cases: Vec<Option<StratifiedCases>>,
    /// Those of the labelled studies.
    pub(super) strata: Strata,
}

impl Stratified<'_> {
    fn of_classes(&self) -> impl Iterator<Item = (&str, &StratifiedCases)> {
        let classes = self.classes.iter().zip(&self.cases);
        classes.filter_map(|(class, cases)| Some((class.name.as_str(), cases.as_ref()?)))
    }

    /// AUROC of each class, and the mean of those that have one.
    pub(super) fn statistics(&self) -> Vec<(String, Statistic<'_>)> {
        let mut statistics: Vec<(String, Statistic<'_>)> = Vec::new();
        for (class, cases) in self.of_classes() {
            statistics.push((within::AUROC.name(Parameters::class(class)), Box::new(|counts| cases.auroc(counts))));
        }
        let mean = |counts: &[u32]| mean_of_defined(self.of_classes().map(|(_, cases)| cases.auroc(counts)));
        statistics.push((within::AUROC_MACRO.name(Parameters::NONE), Box::new(mean)));
        statistics
    }

    /// What is left out, and which scores differ from the plain ones.
    pub(super) fn warnings(&self, scores: &Scores) -> Vec<String> {
        let called = self.strata.called();
        let mut told = self.strata.told(TASK);
        if self.strata.members().is_empty() {
            return told;
        }
        let (mut partly, mut wholly) = (Vec::new(), Vec::new());
        for (class, cases) in self.of_classes() {
            let (kept, left_out) = (cases.strata(), cases.left_out.len());
            match (kept, left_out) {
                (0, _) => wholly.push(class.to_owned()),
                (_, 0) => {}
                (kept, left_out) => {
                    let studies: usize = cases.left_out.iter().sum();
                    partly.push(format!("{class} {left_out} of {} ({studies} studies)", kept + left_out));
                }
            }
        }
        if !partly.is_empty() {
            let partly = partly.join(", ");
            told.push(format!(
                "{TASK} within {called}: strata with positives or negatives alone are left out: {partly}"
            ));
        }
        if !wholly.is_empty() {
            let wholly = wholly.join(", ");
            told.push(format!(
                "{TASK} within {called}: no stratum has both positives and negatives, so that nothing tells the class from \
                 {called}: {wholly}"
            ));
        }
        let compared: Vec<_> =
            self.of_classes().map(|(class, _)| (class.to_owned(), &AUROC, Parameters::class(class))).collect();
        told.extend(self.strata.compared(TASK, ("AUROC", "the class"), scores, &compared));
        told
    }
}
