//! Zero-shot classification: AUROC per class and its mean over classes.
//!
//! The scores of a method have different scales, so each column is standardised over the evaluated studies before they are
//! added. That is *transductive* (a study's score depends on the others, as in the protocol of `GLoRIA`); within one column
//! it does not change the AUROC, it only fixes the weights of the sum.

mod within;

use std::collections::BTreeMap;

use lgdea_data::StudyLabels;
use lgdea_metric::Parameters;
use lgdea_metric::task::zero_shot::{
    AUROC, AUROC_MACRO, AUROC_MACRO_EVIDENCE, AUROC_MACRO_LOCAL, AUROC_MACRO_SIMILARITY,
};
use lgdea_spec::ZeroShot;
use ndarray::{Array2, Axis};

use within::Stratified;

use super::{Case, Strata, renumbered};
use crate::metric::auroc::{self, RankedCases};
use crate::metric::average::mean_of_defined;
use crate::metric::bootstrap::Statistic;
use crate::metric::stratified::StratifiedCases;
use crate::prompts::PromptClass;
use crate::{Bootstrap, EvalError, Evaluation, check};

/// What a method has to say of studies and classes, each `[studies, classes]`.
#[derive(Debug, Clone)]
pub struct Scores {
    /// `g · t_c`.
    pub similarity: Array2<f32>,
    /// `log(Q̄_I · p_c)`, if the method teaches images evidence.
    pub evidence: Option<Array2<f32>>,
    /// How well the class's best prompt fits the image's regions, if the method aligns phrases and regions.
    pub local: Option<Array2<f32>>,
}

/// Scores `zero_shot/auroc/<class>` and `zero_shot/auroc_macro` of the sum, `zero_shot/auroc_macro_similarity`, and with
/// evidence or local scores `zero_shot/auroc_macro_evidence` and `zero_shot/auroc_macro_local`. The share of a score that
/// the method lacks goes to the similarity. With strata, `zero_shot/within/auroc/<class>` and `zero_shot/within/auroc_macro` of
/// the sum, too (see [`crate::metric::stratified`]).
///
/// - `cases`: one per study; unlabelled studies are left out, and of the others those whose label is uncertain, class by
///   class.
/// - `strata`: those of the same studies.
///
/// Positives of a class are the studies that bear its name as a label; negatives are the other labelled studies, or,
/// where the class names labels it is told `against`, those of the others that bear one of them. A class that lacks
/// either is left out of the mean and named in a warning; one that lacks either in a resample is left out of that
/// resample's mean.
pub fn evaluate(
    settings: &ZeroShot,
    classes: &[PromptClass],
    scores: Scores,
    cases: &[Case<'_>],
    strata: Option<&Strata>,
    bootstrap: Bootstrap,
) -> Result<Evaluation, EvalError> {
    scores.check([cases.len(), classes.len()])?;
    let labelled: Vec<usize> = (0..cases.len()).filter(|&study| cases[study].labels.is_some()).collect();
    let (unit_of, units) = renumbered(labelled.iter().map(|&study| cases[study].patient));
    let all: Vec<usize> = (0..labelled.len()).collect();
    let Standardised { similarity, evidence, local } = scores.select(&labelled).standardised(&all);
    let combined = sum(settings, &similarity, evidence.as_ref(), local.as_ref());
    let truths: Vec<Option<Truth>> =
        classes.iter().map(|class| truth(class, labelled.iter().filter_map(|&study| cases[study].labels))).collect();
    let task = Task { classes, truths, unit_of };
    let within = strata.map(|strata| task.stratified(&combined, strata.select(&labelled)));
    let (combined, similarity) = (task.ranked(&combined), task.ranked(&similarity));
    let [evidence, local] = [evidence, local].map(|scores| scores.map(|scores| task.ranked(&scores)));

    let mut statistics: Vec<(String, Statistic<'_>)> = Vec::new();
    for (class, cases) in classes.iter().zip(&combined) {
        if let Some(cases) = cases {
            let name = AUROC.name(Parameters::class(&class.name));
            statistics.push((name, Box::new(|counts| cases.auroc(counts))));
        }
    }
    let means = [
        (&AUROC_MACRO, Some(&combined)),
        (&AUROC_MACRO_SIMILARITY, Some(&similarity)),
        (&AUROC_MACRO_EVIDENCE, evidence.as_ref()),
        (&AUROC_MACRO_LOCAL, local.as_ref()),
    ];
    for (score, cases) in means {
        if let Some(cases) = cases {
            statistics.push((score.name(Parameters::NONE), Box::new(|counts| macro_mean(cases, counts))));
        }
    }
    statistics.extend(within.iter().flat_map(Stratified::statistics));
    let scores = bootstrap.scores(units, statistics);
    let mut warnings = warnings(classes, &task.truths);
    warnings.extend(within.iter().flat_map(|within| within.warnings(&scores)));
    Ok(Evaluation { scores, warnings, ..Evaluation::default() })
}

/// Positives and negatives of a class, by the rows of their scores.
type Truth = Vec<(usize, bool)>;

/// What is true of the labelled studies.
struct Task<'a> {
    classes: &'a [PromptClass],
    /// None of a class that lacks positives or negatives.
    truths: Vec<Option<Truth>>,
    /// The patient of each row.
    unit_of: Vec<usize>,
}

impl<'a> Task<'a> {
    /// Cases of the class in a column.
    fn cases(&self, scores: &Array2<f64>, column: usize, truth: &[(usize, bool)]) -> Vec<auroc::Case> {
        let case = |&(row, positive): &(usize, bool)| auroc::Case {
            unit: self.unit_of[row],
            score: scores[[row, column]],
            positive,
        };
        truth.iter().map(case).collect()
    }

    fn ranked(&self, scores: &Array2<f64>) -> Vec<Option<RankedCases>> {
        let of_class =
            |(column, truth): (usize, &Option<Truth>)| RankedCases::new(self.cases(scores, column, truth.as_ref()?));
        self.truths.iter().enumerate().map(of_class).collect()
    }

    /// The same within strata of the rows.
    fn stratified(&self, scores: &Array2<f64>, strata: Strata) -> Stratified<'a> {
        let members = strata.members();
        let of_class = |(column, truth): (usize, &Option<Truth>)| {
            let truth: BTreeMap<usize, bool> = truth.as_ref()?.iter().copied().collect();
            let of_stratum = |rows: &Vec<usize>| {
                let known: Truth = rows.iter().filter_map(|&row| Some((row, *truth.get(&row)?))).collect();
                self.cases(scores, column, &known)
            };
            StratifiedCases::new(members.iter().map(of_stratum))
        };
        let cases = self.truths.iter().enumerate().map(of_class).collect();
        Stratified { classes: self.classes, cases, strata }
    }
}

/// Scores of which each column has mean 0 and standard deviation 1 over some studies.
struct Standardised {
    similarity: Array2<f64>,
    evidence: Option<Array2<f64>>,
    local: Option<Array2<f64>>,
}

/// The sum, by the shares. The share of a score that the method lacks goes to the similarity.
fn sum(
    settings: &ZeroShot,
    similarity: &Array2<f64>,
    evidence: Option<&Array2<f64>>,
    local: Option<&Array2<f64>>,
) -> Array2<f64> {
    let shares = [(evidence, settings.evidence_share), (local, settings.local_share)];
    let taken: f64 = shares.iter().filter(|(scores, _)| scores.is_some()).map(|(_, share)| share).sum();
    let mut combined = similarity * (1.0 - taken);
    for (scores, share) in shares {
        if let Some(scores) = scores {
            combined.scaled_add(share, scores);
        }
    }
    combined
}

impl Scores {
    /// What [`evaluate`] measures of each study and class, `[studies, classes]`: the similarity where nothing else has a share, and
    /// else the sum of scores that are standardised as those of the studies `over` are.
    pub fn combined(&self, settings: &ZeroShot, over: &[usize]) -> Result<Array2<f64>, EvalError> {
        self.check([self.similarity.nrows(), self.similarity.ncols()])?;
        if !self.is_sum(settings) {
            return Ok(self.similarity.mapv(f64::from));
        }
        let Standardised { similarity, evidence, local } = self.standardised(over);
        Ok(sum(settings, &similarity, evidence.as_ref(), local.as_ref()))
    }

    /// Whether more than the similarity has a share.
    pub fn is_sum(&self, settings: &ZeroShot) -> bool {
        self.evidence.is_some() && settings.evidence_share > 0.0 || self.local.is_some() && settings.local_share > 0.0
    }

    fn standardised(&self, over: &[usize]) -> Standardised {
        let standardised = |scores: &Array2<f32>| {
            let scores = scores.mapv(f64::from);
            let over = scores.select(Axis(0), over);
            standardise_columns_over(scores, &over)
        };
        Standardised {
            similarity: standardised(&self.similarity),
            evidence: self.evidence.as_ref().map(standardised),
            local: self.local.as_ref().map(standardised),
        }
    }

    /// Those of some studies.
    fn select(&self, studies: &[usize]) -> Self {
        let of = |scores: &Array2<f32>| scores.select(Axis(0), studies);
        let Self { similarity, evidence, local } = self;
        Self { similarity: of(similarity), evidence: evidence.as_ref().map(of), local: local.as_ref().map(of) }
    }

    /// Refuses scores of another shape, and such that are no numbers.
    fn check(&self, shape: [usize; 2]) -> Result<(), EvalError> {
        let Scores { similarity, evidence, local } = self;
        for (what, scores) in
            [("similarity", Some(similarity)), ("evidence", evidence.as_ref()), ("local", local.as_ref())]
        {
            if let Some(scores) = scores {
                check::shape(what, scores.shape(), &shape)?;
                check::finite(what, scores.view())?;
            }
        }
        Ok(())
    }
}

/// Positives and negatives of a class among the labelled studies; None if one of the two is missing.
fn truth<'a>(class: &PromptClass, labels: impl Iterator<Item = &'a StudyLabels>) -> Option<Truth> {
    let cases: Truth = labels.enumerate().filter_map(|(row, labels)| Some((row, class.truth(labels)?))).collect();
    let positives = cases.iter().filter(|(_, positive)| *positive).count();
    (positives > 0 && positives < cases.len()).then_some(cases)
}

/// Each column with mean 0 and standard deviation 1 over the rows; a constant column becomes 0.
pub(crate) fn standardise_columns(scores: Array2<f64>) -> Array2<f64> {
    let over = scores.clone();
    standardise_columns_over(scores, &over)
}

/// Each column less the mean that it has over other rows, by its standard deviation there.
fn standardise_columns_over(mut scores: Array2<f64>, over: &Array2<f64>) -> Array2<f64> {
    for (mut column, over) in scores.columns_mut().into_iter().zip(over.columns()) {
        let mean = over.mean().unwrap_or_default();
        let deviation = over.std(0.0);
        column.mapv_inplace(|value| if deviation > 0.0 { (value - mean) / deviation } else { 0.0 });
    }
    scores
}

fn macro_mean(classes: &[Option<RankedCases>], multiplicity: &[u32]) -> Option<f64> {
    mean_of_defined(classes.iter().flatten().map(|cases| cases.auroc(multiplicity)))
}

fn warnings(classes: &[PromptClass], truths: &[Option<Truth>]) -> Vec<String> {
    let undefined: Vec<&str> =
        classes.iter().zip(truths).filter(|(_, truth)| truth.is_none()).map(|(class, _)| class.name.as_str()).collect();
    if undefined.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "zero-shot: {} of {} classes have no positive or no negative among the labelled studies and are left out: {}",
        undefined.len(),
        classes.len(),
        undefined.join(", ")
    )]
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;
    use ndarray::array;

    use super::*;

    fn class(name: &str, against: &[&str]) -> PromptClass {
        PromptClass {
            name: name.to_owned(),
            prompts: vec![name.to_owned()],
            against: against.iter().map(|&label| label.to_owned()).collect(),
            negative: Vec::new(),
        }
    }

    fn labels(sets: &[Option<&[&str]>]) -> Vec<Option<StudyLabels>> {
        sets.iter().map(|set| set.map(|names| names.iter().copied().collect())).collect()
    }

    /// Studies of a patient each.
    fn cases(labels: &[Option<StudyLabels>]) -> Vec<Case<'_>> {
        labels.iter().enumerate().map(|(patient, labels)| Case { patient, labels: labels.as_ref() }).collect()
    }

    fn settings(evidence_share: f64) -> ZeroShot {
        ZeroShot {
            enabled: true,
            protocol: String::new(),
            prompts: "phantom".to_owned(),
            evidence_share,
            local_share: 0.0,
        }
    }

    /// A method with nothing but `g · t_c`.
    fn global(similarity: &Array2<f32>) -> Scores {
        Scores { similarity: similarity.clone(), evidence: None, local: None }
    }

    const PLAIN: Bootstrap = Bootstrap { resamples: 0, seed: Seed(1) };

    fn value(evaluation: &Evaluation, name: &str) -> f64 {
        evaluation.scores[name].value
    }

    #[test]
    fn a_study_with_an_uncertain_label_counts_neither_as_positive_nor_as_negative() {
        let mut labels = labels(&[Some(&["edema"]), Some(&[]), Some(&[]), Some(&["no_finding"])]);
        let similarity = array![[0.5], [0.1], [0.9], [0.2]];
        let auroc = |labels: &[Option<StudyLabels>], against: &[&str]| {
            let labels = cases(labels);
            let classes = [class("edema", against)];
            value(
                &evaluate(&settings(0.5), &classes, global(&similarity), &labels, None, PLAIN).unwrap(),
                "zero_shot/auroc/edema",
            )
        };
        assert!((auroc(&labels, &[]) - 2.0 / 3.0).abs() < 1e-12);
        labels[2] =
            Some(StudyLabels { present: ["no_finding".to_owned()].into(), uncertain: ["edema".to_owned()].into() });
        assert!((auroc(&labels, &[]) - 1.0).abs() < 1e-12);
        assert!((auroc(&labels, &["no_finding"]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn negatives_are_all_others_or_those_named_against() {
        let labels = labels(&[Some(&["edema"]), Some(&["no_finding"]), Some(&["nodule"]), None]);
        let labels = cases(&labels);
        // The nodule scores above the edema, the normal study below; the unlabelled study counts nowhere.
        let similarity = array![[0.5], [0.1], [0.9], [0.7]];
        let evaluate = |class| evaluate(&settings(0.5), &[class], global(&similarity), &labels, None, PLAIN).unwrap();
        assert!((value(&evaluate(class("edema", &[])), "zero_shot/auroc/edema") - 0.5).abs() < 1e-12);
        assert!((value(&evaluate(class("edema", &["no_finding"])), "zero_shot/auroc/edema") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_sum_weighs_standardised_scores() {
        let labels = labels(&[Some(&["edema"]), Some(&[]), Some(&[]), Some(&["edema"])]);
        let labels = cases(&labels);
        // Similarity alone orders wrongly (AUROC 0.25), evidence, on a far larger scale, rightly (1).
        let similarity = array![[0.1], [0.3], [0.2], [0.25]];
        let evidence = array![[-10.0], [-90.0], [-80.0], [-20.0]];
        let at = |share| {
            let scores = Scores { evidence: Some(evidence.clone()), ..global(&similarity) };
            evaluate(&settings(share), &[class("edema", &[])], scores, &labels, None, PLAIN).unwrap()
        };
        let (none, all) = (at(0.0), at(1.0));
        assert!((value(&none, "zero_shot/auroc_macro") - 0.25).abs() < 1e-12);
        assert!((value(&none, "zero_shot/auroc_macro_evidence") - 1.0).abs() < 1e-12);
        assert!((value(&all, "zero_shot/auroc_macro") - 1.0).abs() < 1e-12);
        assert!((value(&all, "zero_shot/auroc_macro_similarity") - 0.25).abs() < 1e-12);
        // Half and half: z-scores −1.52 … 1.18 of similarity and ±1.1 of evidence leave one pair of four in the wrong order.
        assert!((value(&at(0.5), "zero_shot/auroc_macro") - 0.75).abs() < 1e-12);
    }

    #[test]
    fn the_share_of_a_score_that_the_method_lacks_goes_to_the_similarity() {
        let labels = labels(&[Some(&["edema"]), Some(&[]), Some(&[])]);
        let labels = cases(&labels);
        let similarity = array![[0.1], [0.2], [0.3]];
        let local = array![[3.0], [2.0], [1.0]];
        let settings = ZeroShot { local_share: 0.8, ..settings(0.2) };
        let auroc = |local: Option<Array2<f32>>| {
            let scores = Scores { local, ..global(&similarity) };
            evaluate(&settings, &[class("edema", &[])], scores, &labels, None, PLAIN).unwrap()
        };
        assert!(value(&auroc(None), "zero_shot/auroc_macro").abs() < 1e-12, "similarity alone");
        let both = auroc(Some(local));
        assert!((value(&both, "zero_shot/auroc_macro") - 1.0).abs() < 1e-12, "the local score outweighs it");
        assert!((value(&both, "zero_shot/auroc_macro_local") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_combined_is_what_the_auroc_is_of() {
        let labels = labels(&[Some(&["edema"]), None, Some(&[]), Some(&[]), Some(&["edema"])]);
        let labels = cases(&labels);
        let (similarity, local) =
            (array![[0.3], [9.0], [0.1], [0.2], [0.15]], array![[1.0], [0.0], [3.0], [2.0], [8.0]]);
        let scores = || Scores { local: Some(local.clone()), ..global(&similarity) };
        let settings = ZeroShot { local_share: 0.5, ..settings(0.0) };
        let evaluation = evaluate(&settings, &[class("edema", &[])], scores(), &labels, None, PLAIN).unwrap();
        let labelled = [0, 2, 3, 4];
        let found = scores().combined(&settings, &labelled).unwrap();
        let mean = |scores: &Array2<f32>| labelled.iter().map(|&row| f64::from(scores[[row, 0]])).sum::<f64>() / 4.0;
        let deviation = |scores: &Array2<f32>| {
            let squares = labelled.iter().map(|&row| (f64::from(scores[[row, 0]]) - mean(scores)).powi(2));
            (squares.sum::<f64>() / 4.0).sqrt()
        };
        let expected = |row: usize| {
            let part = |scores: &Array2<f32>| (f64::from(scores[[row, 0]]) - mean(scores)) / deviation(scores);
            0.5 * part(&similarity) + 0.5 * part(&local)
        };
        assert!((0..5).all(|row| (found[[row, 0]] - expected(row)).abs() < 1e-12), "{found}");
        let above = |one: usize, other: usize| f64::from(u8::from(found[[one, 0]] > found[[other, 0]]));
        let auroc = (above(0, 2) + above(0, 3) + above(4, 2) + above(4, 3)) / 4.0;
        assert!((value(&evaluation, "zero_shot/auroc_macro") - auroc).abs() < 1e-12);
        let alone = Scores { local: None, ..scores() }.combined(&settings, &labelled).unwrap();
        assert_eq!(alone, similarity.mapv(f64::from), "nothing is standardised that is not added to another");
    }

    #[test]
    fn undefined_classes_leave_the_mean_and_are_named() {
        let labels = labels(&[Some(&["edema"]), Some(&[])]);
        let labels = cases(&labels);
        let classes = [class("edema", &[]), class("nodule", &[])];
        let similarity = array![[0.9, 0.9], [0.1, 0.1]];
        let evaluation = evaluate(&settings(0.5), &classes, global(&similarity), &labels, None, PLAIN).unwrap();
        assert!((value(&evaluation, "zero_shot/auroc_macro") - 1.0).abs() < 1e-12);
        assert!(!evaluation.scores.contains_key("zero_shot/auroc/nodule"));
        assert!(!evaluation.scores.contains_key("zero_shot/auroc_macro_evidence"));
        assert!(evaluation.warnings[0].contains("1 of 2 classes") && evaluation.warnings[0].contains("nodule"));
    }

    #[test]
    fn no_labelled_study_gives_no_score() {
        let similarity = array![[0.9], [0.1]];
        let bootstrap = Bootstrap { resamples: 10, seed: Seed(1) };
        let evaluation = evaluate(
            &settings(0.5),
            &[class("edema", &[])],
            global(&similarity),
            &cases(&[None, None]),
            None,
            bootstrap,
        )
        .unwrap();
        assert!(evaluation.scores.is_empty());
        assert_eq!(evaluation.warnings.len(), 1);
    }

    #[test]
    fn resamples_draw_patients_with_all_of_their_studies() {
        let labels = labels(&[Some(&["edema"]), Some(&[]), Some(&["edema"]), Some(&[])]);
        let similarity = array![[0.9], [0.1], [0.2], [0.8]];
        let interval = |patients: [usize; 4]| {
            let mut cases = cases(&labels);
            cases.iter_mut().zip(patients).for_each(|(case, patient)| case.patient = patient);
            let bootstrap = Bootstrap { resamples: 200, seed: Seed(1) };
            let scores =
                evaluate(&settings(0.5), &[class("edema", &[])], global(&similarity), &cases, None, bootstrap).unwrap();
            scores.scores["zero_shot/auroc/edema"].interval
        };
        // Each patient has a positive and a negative: the first is ranked rightly, the second wrongly.
        assert_eq!(interval([7, 7, 3, 3]), Some([0.0, 1.0]));
        // Studies alone leave some resamples without a positive or a negative: too many for an interval.
        assert_eq!(interval([0, 1, 2, 3]), None);
    }

    #[test]
    fn wrong_shapes_and_nan_are_errors() {
        let labels = labels(&[Some(&["edema"]), Some(&[])]);
        let labels = cases(&labels);
        let classes = [class("edema", &[])];
        let run = |scores: Array2<f32>| evaluate(&settings(0.5), &classes, global(&scores), &labels, None, PLAIN);
        let error = run(array![[0.1, 0.2], [0.3, 0.4]]).unwrap_err();
        assert_eq!(error.to_string(), "similarity has shape [2, 2], but [2, 1] is needed");
        let error = run(array![[0.1], [f32::NAN]]).unwrap_err();
        assert!(matches!(error, EvalError::NotFinite { row: 1, .. }), "{error}");
    }
}
