//! Features by a protocol of probes: fitted on training cases, and scored on test cases as scores of classes are.

mod draw;
mod fit;

use std::collections::BTreeMap;

use lgdea_data::Split;
use lgdea_metric::task::probe;
use lgdea_metric::{Instance, Parameters, percent};
use lgdea_predictions::{Features, Reference, Scores, SplitReference};
use ndarray::{Array2, Axis};

use super::aligned::{columns, told, truth};
use super::zero_shot::zero_shot;
use super::{Fit, Scored};
use crate::EvalError;
use crate::protocol::{Absent, ProbeProtocol, ZeroShotProtocol};

/// Fits a probe at each share of the training cases, and scores it on the test cases.
///
/// Settings and thresholds are chosen on validation cases. An error where a split or a class that the protocol needs is not
/// there, or a split has one class alone.
pub fn probe(rules: &ProbeProtocol, features: &Features, reference: &SplitReference) -> Result<Scored, EvalError> {
    let mut of_scores = rules.of_scores();
    let cases = Cases::new(&of_scores, features, reference)?;
    let mut warnings = cases.warnings.clone();
    warnings.extend(without_thresholds(&mut of_scores, &cases)?);
    let mut of_shares = Vec::new();
    for &share in &rules.shares {
        let scored = of_share(rules, &of_scores, &cases, share, &mut warnings)?;
        of_shares.extend(scored.map(|scored| (share.to_string(), scored)));
    }
    if of_shares.is_empty() {
        return Err(unfitted(features, warnings.join("; ")));
    }
    Ok(joined(of_shares, warnings))
}

/// The cases of a split.
struct SplitCases {
    reference: Reference,
    /// `[cases, width]`.
    features: Array2<f32>,
    /// `[cases, classes]`, none where the case does not count for the class.
    truth: Array2<Option<bool>>,
}

/// The cases of all splits, of the same classes.
struct Cases<'a> {
    features: &'a Features,
    train: SplitCases,
    validation: Option<SplitCases>,
    test: SplitCases,
    warnings: Vec<String>,
}

impl<'a> Cases<'a> {
    fn new(
        of_scores: &ZeroShotProtocol,
        features: &'a Features,
        reference: &SplitReference,
    ) -> Result<Self, EvalError> {
        let refused = |problem: String| EvalError::Outputs { what: reference.all.path.display().to_string(), problem };
        if columns(&reference.all.classes).map_err(refused)?.is_empty() {
            return Err(refused("it names no class; add a column each, or a column `label`".to_owned()));
        }
        let (values, rows) = features.of(&reference.all)?;
        let fold = |split: Split| {
            let rows = reference.cases(split);
            (!rows.is_empty()).then(|| {
                let cases = reference.all.select(&rows);
                let truth = cases.labels.mapv(|label| truth(of_scores, label));
                SplitCases { reference: cases, features: values.select(Axis(0), &rows), truth }
            })
        };
        let needed = |split: Split| {
            fold(split).ok_or_else(|| refused(format!("no case is of the split {split}; write {split} beside some")))
        };
        let mut warnings = told(&[&rows], "rows that are of no case of the reference");
        warnings.extend(reference.all.notes.iter().cloned());
        if reference.all.patients.is_none() {
            let problem = "the reference has no column `patient`: nothing tells whether a patient is in two splits";
            warnings.push(problem.to_owned());
        }
        let (train, test) = (needed(Split::Train)?, needed(Split::Test)?);
        Ok(Self { features, train, validation: fold(Split::Validation), test, warnings })
    }
}

/// Leaves out what needs thresholds where no validation case is there, and says so.
fn without_thresholds(of_scores: &mut ZeroShotProtocol, cases: &Cases<'_>) -> Result<Option<String>, EvalError> {
    if !of_scores.decides() || cases.validation.is_some() {
        return Ok(None);
    }
    let problem = "the protocol chooses thresholds on validation cases, and no case is of the split validation; write \
                   validation beside some training cases";
    match of_scores.threshold.without_validation {
        Absent::Refuse => Err(EvalError::Outputs { what: "decisions".to_owned(), problem: problem.to_owned() }),
        Absent::LeaveOut => {
            of_scores.leave_out_decisions();
            Ok(Some(format!("no decision is scored: {problem}")))
        }
    }
}

fn unfitted(features: &Features, problem: String) -> EvalError {
    let problem = format!("{problem}; give more training cases, or take a protocol of greater shares");
    EvalError::Outputs { what: features.path.display().to_string(), problem }
}

/// What the probe of one share is worth, named as scores of zero-shot classification. None, and a warning, where no class can
/// be fitted and the protocol leaves such out.
fn of_share(
    rules: &ProbeProtocol,
    of_scores: &ZeroShotProtocol,
    cases: &Cases<'_>,
    share: f64,
    told: &mut Vec<String>,
) -> Result<Option<Scored>, EvalError> {
    let drawn = draw::cases(rules, &cases.train, share);
    let found = fit::fit(rules, cases, &drawn)?;
    let classes = &cases.test.reference.classes;
    let mut warnings = found.warnings;
    let fitted: Vec<usize> = (0..classes.len()).filter(|&class| found.unfitted[class].is_none()).collect();
    let without: Vec<String> = classes
        .iter()
        .zip(&found.unfitted)
        .filter_map(|(class, why)| Some(format!("`{class}` ({})", why.as_ref()?)))
        .collect();
    if !without.is_empty() {
        let problem = format!("with {} training cases no probe can be fitted of {}", drawn.len(), without.join(", "));
        let here = format!("at {}: {problem}", percent(&share.to_string()));
        if rules.unfitted_classes == Absent::Refuse {
            return Err(unfitted(cases.features, here));
        }
        if fitted.is_empty() {
            told.push(here);
            return Ok(None);
        }
        warnings.push(problem);
    }
    let names: Vec<String> = fitted.iter().map(|&class| classes[class].clone()).collect();
    let scores = |found: &Array2<Option<f64>>| {
        // Of a fitted class every case has a score.
        let values = found.select(Axis(1), &fitted).mapv(Option::unwrap_or_default);
        Scores::of_cases(&cases.features.path, names.clone(), values)
    };
    let chosen_on = cases.validation.as_ref().zip(found.validation.as_ref());
    let chosen_on = chosen_on.map(|(split, found)| (scores(found), &split.reference));
    let chosen_on = chosen_on.as_ref().map(|(scores, truth)| (scores, *truth));
    let mut scored = zero_shot(of_scores, &scores(&found.test), &cases.test.reference, chosen_on)?;
    warnings.append(&mut scored.warnings);
    let fits = BTreeMap::from([(share.to_string(), Fit { training_cases: drawn.len(), c: found.c })]);
    Ok(Some(Scored { warnings, fits, ..scored }))
}

/// The scores of all shares, by their names as those of probes. What is told at each share alike is told once.
fn joined(of_shares: Vec<(String, Scored)>, warnings: Vec<String>) -> Scored {
    let everywhere = |warning: &String| of_shares.iter().all(|(_, scored)| scored.warnings.contains(warning));
    let (thresholds, fits) = (BTreeMap::new(), BTreeMap::new());
    let mut all = Scored { thresholds, warnings, fits, ..Scored::default() };
    for (share, scored) in &of_shares {
        for warning in &scored.warnings {
            let told = if everywhere(warning) { warning.clone() } else { format!("at {}: {warning}", percent(share)) };
            if !all.warnings.contains(&told) {
                all.warnings.push(told);
            }
        }
    }
    for (share, scored) in of_shares {
        (all.units, all.cases) = (scored.units, scored.cases);
        all.fits.extend(scored.fits);
        all.thresholds.extend(scored.thresholds.into_iter().map(|(class, least)| (format!("{share}/{class}"), least)));
        let of_share = |name: &str| {
            let Instance { declaration, of } = Instance::find(name)?;
            Some(probe::of(declaration)?.name(Parameters { share: Some(&share), ..of }))
        };
        let (statistics, ranked) = (scored.statistics.into_iter(), scored.ranked.into_iter());
        all.means.extend(scored.means.into_iter().filter_map(|(name, classes)| Some((of_share(&name)?, classes))));
        all.statistics.extend(statistics.filter_map(|(name, statistic)| Some((of_share(&name)?, statistic))));
        all.ranked.extend(ranked.filter_map(|(name, cases)| Some((of_share(&name)?, cases))));
    }
    all
}
