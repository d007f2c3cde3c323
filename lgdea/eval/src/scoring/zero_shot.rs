//! Scores of classes, by a protocol of zero-shot classification.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use lgdea_data::normalise_label;
use lgdea_metric::task::zero_shot::{AUROC, AUROC_MACRO};
use lgdea_metric::task::zero_shot_outputs as outputs;
use lgdea_metric::{Declaration, Parameters, Split};
use lgdea_predictions::{Reference, Scores};
use ndarray::{Array2, ArrayView1};

use super::aligned::Aligned;
use super::subgroups::{Group, divisions, only_of_all_classes};
use super::{Scored, units};
use crate::EvalError;
use crate::metric::auroc::{Case, RankedCases};
use crate::metric::average::{Average, mean_of_defined};
use crate::metric::bootstrap::Statistic;
use crate::metric::calibration::Bins;
use crate::metric::confusion::{Confusion, f1};
use crate::metric::multiclass::{ConfusionMatrix, argmax};
use crate::metric::threshold::Threshold;
use crate::protocol::{Absent, Labelling, ZeroShotMetric, ZeroShotProtocol};

/// A statistic that a class's score and the mean of classes share.
type Shared = Arc<dyn Fn(&[u32]) -> Option<f64> + Send + Sync>;

/// Bins of the calibration error.
const BINS: Bins = Bins::EqualWidth(15);

/// Scores a model's scores of classes. `validation` are scores and reference of the cases that thresholds are chosen on.
///
/// A class without a positive or without a negative is left out with a warning. An error where the files do not belong
/// together, the validation shares a case or a patient with the reference, or the protocol asks for what is not given.
pub fn zero_shot(
    rules: &ZeroShotProtocol,
    scores: &Scores,
    reference: &Reference,
    validation: Option<(&Scores, &Reference)>,
) -> Result<Scored, EvalError> {
    let (unit_of, unit_count, silent) = units(rules.interval, reference);
    let aligned = Aligned::new(rules, scores, reference)?;
    let mut task = Task::new(rules, unit_of, aligned);
    task.warnings.extend(silent);
    task.warnings.append(&mut task.aligned.warnings);
    task.warnings.extend(reference.notes.iter().cloned());
    let thresholds = task.thresholds(reference, validation)?;
    let cases = task.class_cases();
    let mean_of = task.mean_of()?;
    task.tell_of_scale(&cases, &thresholds);
    task.by_class(&cases, &thresholds, &mean_of);
    task.calibration();
    task.top(reference)?;
    let groups = task.groups(reference, &thresholds, &mean_of)?;
    let Task { statistics, means, ranked, warnings, .. } = task;
    let cases = reference.ids.len();
    Ok(Scored {
        units: unit_count,
        cases,
        thresholds,
        warnings,
        statistics,
        means,
        ranked,
        groups,
        ..Scored::default()
    })
}

struct Task<'a> {
    rules: &'a ZeroShotProtocol,
    unit_of: Vec<usize>,
    aligned: Aligned,
    statistics: Vec<(String, Statistic<'static>)>,
    /// As [`Scored`] has them.
    means: BTreeMap<String, BTreeSet<String>>,
    /// The cases of each AUROC, by the name of its score.
    ranked: BTreeMap<String, Arc<RankedCases>>,
    warnings: Vec<String>,
}

/// The cases of a class, if it has positives and negatives.
type ClassCases = Option<Arc<RankedCases>>;

fn ranked(aligned: &Aligned, column: usize, unit_of: impl Fn(usize) -> usize) -> ClassCases {
    let truth = aligned.truth.column(column);
    let case = |(row, truth): (usize, &Option<bool>)| {
        Some(Case { unit: unit_of(row), score: aligned.scores[[row, column]], positive: (*truth)? })
    };
    let cases = RankedCases::new(truth.iter().enumerate().filter_map(case))?;
    let positives = cases.cases().iter().filter(|case| case.positive).count();
    (positives > 0 && positives < cases.cases().len()).then(|| Arc::new(cases))
}

impl<'a> Task<'a> {
    fn new(rules: &'a ZeroShotProtocol, unit_of: Vec<usize>, aligned: Aligned) -> Self {
        Self {
            rules,
            unit_of,
            aligned,
            statistics: Vec::new(),
            means: BTreeMap::new(),
            ranked: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    /// The cases of each class; those that cannot be scored are named in a warning.
    fn class_cases(&mut self) -> Vec<ClassCases> {
        let classes = self.aligned.classes.len();
        let cases: Vec<ClassCases> =
            (0..classes).map(|class| ranked(&self.aligned, class, |row| self.unit_of[row])).collect();
        let undefined: Vec<&str> = self
            .aligned
            .classes
            .iter()
            .zip(&cases)
            .filter(|(_, cases)| cases.is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        if !undefined.is_empty() {
            self.warnings.push(format!(
                "{} of {classes} classes have no positive or no negative case and are left out: {}",
                undefined.len(),
                undefined.join(", ")
            ));
        }
        cases
    }

    /// The threshold of each class, chosen on the validation cases.
    fn thresholds(
        &mut self,
        reference: &Reference,
        validation: Option<(&Scores, &Reference)>,
    ) -> Result<BTreeMap<String, f64>, EvalError> {
        let Some(criterion) = self.rules.threshold.by.criterion().filter(|_| self.rules.decides()) else {
            return Ok(BTreeMap::new());
        };
        let Some((scores, truth)) = validation else {
            let problem = "the protocol chooses thresholds on validation cases, never on what is scored; give \
                           --validation-predictions and --validation-reference";
            return match self.rules.threshold.without_validation {
                Absent::Refuse => Err(EvalError::Outputs { what: "decisions".to_owned(), problem: problem.to_owned() }),
                Absent::LeaveOut => {
                    self.warnings.push(format!("no decision is scored: {problem}"));
                    Ok(BTreeMap::new())
                }
            };
        };
        apart(truth, reference)?;
        let aligned = Aligned::new(self.rules, scores, truth)?;
        let mut thresholds = BTreeMap::new();
        for class in self.aligned.classes.iter().filter(|class| !aligned.classes.contains(class)) {
            self.warnings.push(format!("`{class}` has no threshold: the validation files lack it"));
        }
        for (column, class) in aligned.classes.iter().enumerate() {
            let Some(cases) = ranked(&aligned, column, |row| row) else {
                self.warnings
                    .push(format!("`{class}` has no threshold: its validation cases have no positive or no negative"));
                continue;
            };
            match Threshold::of_scores(criterion, Split::Validation, class, &cases) {
                Ok(threshold) => drop(thresholds.insert(class.clone(), threshold.value)),
                Err(EvalError::Undetermined { problem, .. }) => {
                    self.warnings.push(format!("`{class}` has no threshold: {problem}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(thresholds)
    }

    /// Tells of thresholds that all scores lie on one side of, as where those of validation have another scale.
    fn tell_of_scale(&mut self, cases: &[ClassCases], thresholds: &BTreeMap<String, f64>) {
        let is_one_sided = |(class, cases): (&String, &ClassCases)| {
            let (cases, threshold) = (cases.as_ref()?.cases(), thresholds.get(class)?);
            let above = cases.iter().filter(|case| case.score >= *threshold).count();
            (above == 0 || above == cases.len()).then(|| class.clone())
        };
        let classes: Vec<String> = self.aligned.classes.iter().zip(cases).filter_map(is_one_sided).collect();
        if !classes.is_empty() {
            self.warnings.push(format!(
                "all cases are decided alike by the threshold of validation: {}; see that the validation scores have the same scale",
                classes.join(", ")
            ));
        }
    }

    /// What is measured class by class, and the means.
    fn by_class(&mut self, cases: &[ClassCases], thresholds: &BTreeMap<String, f64>, mean_of: &HashSet<String>) {
        let once = vec![1; self.unit_of.iter().max().map_or(0, |unit| unit + 1)];
        for &metric in &self.rules.metrics {
            let Some((of_class, mean)) = declarations(metric) else { continue };
            if metric.needs_threshold() && thresholds.is_empty() {
                continue;
            }
            let mut in_mean: Vec<Shared> = Vec::new();
            for (class, cases) in self.aligned.classes.iter().zip(cases) {
                let Some(statistic) =
                    cases.as_ref().and_then(|cases| shared(metric, cases, thresholds.get(class).copied()))
                else {
                    continue;
                };
                if mean_of.contains(class) {
                    in_mean.push(Arc::clone(&statistic));
                    if statistic(&once).is_some() {
                        self.means.entry(mean.name(Parameters::NONE)).or_default().insert(class.clone());
                    }
                }
                let name = of_class.name(Parameters::class(class));
                if let (ZeroShotMetric::Auroc, Some(cases)) = (metric, cases) {
                    self.ranked.insert(name.clone(), Arc::clone(cases));
                }
                self.statistics.push((name, Box::new(move |counts| statistic(counts))));
            }
            let of_all = move |counts: &[u32]| mean_of_defined(in_mean.iter().map(|statistic| statistic(counts)));
            self.statistics.push((mean.name(Parameters::NONE), Box::new(of_all)));
        }
    }

    /// Says why there is no calibration.
    fn calibration(&mut self) {
        let wanted =
            self.rules.metrics.iter().any(|metric| matches!(metric, ZeroShotMetric::Brier | ZeroShotMetric::Ece));
        if wanted && self.aligned.scores.iter().any(|score| !(0.0..=1.0).contains(score)) {
            self.warnings.push("classes whose scores are not all in [0, 1] have no calibration".to_owned());
        }
    }

    /// The classes of the means.
    fn mean_of(&mut self) -> Result<HashSet<String>, EvalError> {
        let classes: HashSet<String> = self.aligned.classes.iter().cloned().collect();
        if self.rules.mean_of.is_empty() {
            return Ok(classes);
        }
        let wanted: HashSet<String> = self.rules.mean_of.iter().map(|name| normalise_label(name)).collect();
        let found: HashSet<String> = wanted.intersection(&classes).cloned().collect();
        let lacking = self.rules.mean_of.iter().filter(|name| !classes.contains(&normalise_label(name)));
        let lacking: Vec<&str> = lacking.map(String::as_str).collect();
        let names = self.rules.mean_of.join(", ");
        if found.is_empty() {
            let problem = format!("the protocol takes the mean of {names}, and none of them is there; add them");
            return Err(EvalError::Outputs { what: "the mean of classes".to_owned(), problem });
        }
        if found.len() < wanted.len() {
            let (found, wanted) = (found.len(), wanted.len());
            self.warnings.push(format!(
                "means are of {found} of the protocol's {wanted} classes, without {}: not comparable",
                lacking.join(", ")
            ));
        }
        Ok(found)
    }

    /// The scores of all classes in each subgroup, and among all other cases.
    fn groups(
        &mut self,
        reference: &Reference,
        thresholds: &BTreeMap<String, f64>,
        mean_of: &HashSet<String>,
    ) -> Result<Vec<Group>, EvalError> {
        let mut groups = Vec::new();
        for division in divisions(reference, &mut self.warnings) {
            let mut parts = [self.part(&division.inside), self.part(&division.rest)];
            let [inside, rest] = parts.each_mut().map(Task::class_cases);
            // The same classes on both sides: else a difference would be that of the classes.
            let both: Vec<bool> =
                inside.iter().zip(&rest).map(|(one, other)| one.is_some() && other.is_some()).collect();
            let lacking: Vec<&str> = self
                .aligned
                .classes
                .iter()
                .zip(&both)
                .filter(|(_, both)| !**both)
                .map(|(name, _)| name.as_str())
                .collect();
            for (part, cases) in parts.iter_mut().zip([inside, rest]) {
                let cases: Vec<ClassCases> =
                    cases.into_iter().zip(&both).map(|(cases, &both)| cases.filter(|_| both)).collect();
                part.by_class(&cases, thresholds, mean_of);
                part.top(reference)?;
                if !lacking.is_empty() {
                    part.statistics.retain(|(name, _)| !is_mean_of_top(name));
                }
            }
            if !lacking.is_empty() {
                self.warnings.push(format!(
                    "{division}: without a positive or a negative case there or among the others, and not in its means: {}",
                    lacking.join(", ")
                ));
            }
            groups.push(Group::new(division, parts.map(|part| only_of_all_classes(part.statistics))));
        }
        Ok(groups)
    }

    /// The same task of some of the cases.
    fn part(&self, cases: &[usize]) -> Self {
        let unit_of = cases.iter().map(|&case| self.unit_of[case]).collect();
        Self::new(self.rules, unit_of, self.aligned.select(cases))
    }

    /// What is measured of the decision for one of the classes.
    fn top(&mut self, reference: &Reference) -> Result<(), EvalError> {
        if self.rules.labels == Labelling::MultiLabel {
            return Ok(());
        }
        let truth = one_of_each(&self.aligned.truth, reference)?;
        let predicted = argmax(self.aligned.scores.view())
            .ok_or_else(|| unusable(reference, "there is no class to choose".to_owned()))?;
        let (truth, predicted, unit_of) = (Arc::new(truth), Arc::new(predicted), Arc::new(self.unit_of.clone()));
        let classes = self.aligned.classes.len();
        for &metric in &self.rules.metrics {
            let Some((declaration, of)) = of_top(metric) else { continue };
            let (truth, predicted, unit_of) = (Arc::clone(&truth), Arc::clone(&predicted), Arc::clone(&unit_of));
            let statistic = move |counts: &[u32]| {
                let of_case: Vec<u32> = unit_of.iter().map(|&unit| counts[unit]).collect();
                of(&ConfusionMatrix::new(&truth, &predicted, classes, &of_case)?)
            };
            self.statistics.push((declaration.name(Parameters::NONE), Box::new(statistic)));
        }
        Ok(())
    }
}

/// The class of each case, of classes that exclude each other.
pub(super) fn one_of_each(truth: &Array2<Option<bool>>, reference: &Reference) -> Result<Vec<usize>, EvalError> {
    let one = |(row, id): (ArrayView1<'_, Option<bool>>, &String)| {
        let positive: Vec<usize> = (0..row.len()).filter(|&class| row[class] == Some(true)).collect();
        let [class] = positive[..] else {
            let problem = format!(
                "the case `{id}` has {} classes, but by the protocol each has exactly one; mend it or take another protocol",
                positive.len()
            );
            return Err(unusable(reference, problem));
        };
        Ok(class)
    };
    truth.rows().into_iter().zip(&reference.ids).map(one).collect()
}

fn unusable(reference: &Reference, problem: String) -> EvalError {
    EvalError::Outputs { what: reference.path.display().to_string(), problem }
}

/// Refuses validation cases that are scored, too.
fn apart(validation: &Reference, reference: &Reference) -> Result<(), EvalError> {
    let shared = |these: &[String], those: &[String]| {
        let those: HashSet<&String> = those.iter().collect();
        these.iter().find(|one| those.contains(one)).cloned()
    };
    let refused = |what: &str, which: &str| EvalError::Outputs {
        what: validation.path.display().to_string(),
        problem: format!(
            "the {what} `{which}` is in {}, too; thresholds are chosen on other {what}s than those that are scored",
            reference.path.display()
        ),
    };
    if let Some(id) = shared(&validation.ids, &reference.ids) {
        return Err(refused("case", &id));
    }
    let both = validation.patients.as_ref().zip(reference.patients.as_ref());
    match both.and_then(|(these, those)| shared(these, those)) {
        Some(patient) => Err(refused("patient", &patient)),
        None => Ok(()),
    }
}

/// The scores of a class and of their mean.
fn declarations(metric: ZeroShotMetric) -> Option<(&'static Declaration, &'static Declaration)> {
    Some(match metric {
        ZeroShotMetric::Auroc => (&AUROC, &AUROC_MACRO),
        ZeroShotMetric::AveragePrecision => (&outputs::AVERAGE_PRECISION, &outputs::AVERAGE_PRECISION_MACRO),
        ZeroShotMetric::AuprcTrapezoid => (&outputs::AUPRC_TRAPEZOID, &outputs::AUPRC_TRAPEZOID_MACRO),
        ZeroShotMetric::Brier => (&outputs::BRIER, &outputs::BRIER_MACRO),
        ZeroShotMetric::Ece => (&outputs::ECE, &outputs::ECE_MACRO),
        ZeroShotMetric::F1 => (&outputs::F1, &outputs::F1_MACRO),
        ZeroShotMetric::Mcc => (&outputs::MCC, &outputs::MCC_MACRO),
        ZeroShotMetric::Accuracy => (&outputs::ACCURACY, &outputs::ACCURACY_MACRO),
        ZeroShotMetric::BalancedAccuracy => (&outputs::BALANCED_ACCURACY, &outputs::BALANCED_ACCURACY_MACRO),
        ZeroShotMetric::Sensitivity => (&outputs::SENSITIVITY, &outputs::SENSITIVITY_MACRO),
        ZeroShotMetric::Specificity => (&outputs::SPECIFICITY, &outputs::SPECIFICITY_MACRO),
        _ => return None,
    })
}

/// A metric of a class; none without the threshold that it needs.
fn shared(metric: ZeroShotMetric, cases: &Arc<RankedCases>, threshold: Option<f64>) -> Option<Shared> {
    let of_cases = |of: fn(&RankedCases, &[u32]) -> Option<f64>| -> Option<Shared> {
        let cases = Arc::clone(cases);
        Some(Arc::new(move |counts: &[u32]| of(&cases, counts)))
    };
    let of_decision = |of: fn(Confusion) -> Option<f64>| -> Option<Shared> {
        let (cases, least) = (Arc::clone(cases), threshold?);
        Some(Arc::new(move |counts: &[u32]| {
            let decided = cases.cases().iter().map(|case| (case.positive, case.score >= least, counts[case.unit]));
            of(Confusion::count(decided))
        }))
    };
    match metric {
        ZeroShotMetric::Auroc => of_cases(RankedCases::auroc),
        ZeroShotMetric::AveragePrecision => of_cases(RankedCases::average_precision),
        ZeroShotMetric::AuprcTrapezoid => of_cases(RankedCases::auprc_trapezoid),
        ZeroShotMetric::Brier => of_cases(RankedCases::brier),
        ZeroShotMetric::Ece => of_cases(|cases, counts| cases.ece(BINS, counts)),
        ZeroShotMetric::F1 => of_decision(Confusion::f1),
        ZeroShotMetric::Mcc => of_decision(Confusion::mcc),
        ZeroShotMetric::Accuracy => of_decision(Confusion::accuracy),
        ZeroShotMetric::BalancedAccuracy => of_decision(Confusion::balanced_accuracy),
        ZeroShotMetric::Sensitivity => of_decision(Confusion::sensitivity),
        ZeroShotMetric::Specificity => of_decision(Confusion::specificity),
        _ => None,
    }
}

/// Whether it is a mean over classes that exclude each other.
fn is_mean_of_top(name: &str) -> bool {
    let means = [&outputs::TOP_BALANCED_ACCURACY, &outputs::TOP_PRECISION_MACRO, &outputs::TOP_F1_MACRO];
    means.iter().any(|mean| mean.name(Parameters::NONE) == name)
}

/// A metric of the decision for one of several classes.
type OfMatrix = fn(&ConfusionMatrix) -> Option<f64>;

fn of_top(metric: ZeroShotMetric) -> Option<(&'static Declaration, OfMatrix)> {
    Some(match metric {
        ZeroShotMetric::TopAccuracy => (&outputs::TOP_ACCURACY, ConfusionMatrix::accuracy),
        ZeroShotMetric::TopBalancedAccuracy => (&outputs::TOP_BALANCED_ACCURACY, ConfusionMatrix::balanced_accuracy),
        ZeroShotMetric::TopPrecision => (&outputs::TOP_PRECISION_MACRO, |matrix| {
            mean_of_defined(matrix.one_vs_rest().iter().map(|class| class.precision()))
        }),
        ZeroShotMetric::TopF1 => (&outputs::TOP_F1_MACRO, |matrix| f1(&matrix.one_vs_rest(), Average::Macro)),
        ZeroShotMetric::TopMcc => (&outputs::TOP_MCC, ConfusionMatrix::mcc),
        _ => return None,
    })
}
