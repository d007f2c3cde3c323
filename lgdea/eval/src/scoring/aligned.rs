//! Scores of classes beside their reference: the same cases, the same classes.

use std::collections::BTreeMap;

use lgdea_data::normalise_label;
use lgdea_data::table::shown;
use lgdea_predictions::{Label, Reference, Rows, Scores};
use ndarray::{Array2, Array3, Axis};

use crate::EvalError;
use crate::protocol::{Ensemble, Labelling, Standardise, ZeroShotProtocol};
use crate::task::zero_shot::standardise_columns;

/// What is said of scores without the names of their classes.
const NAMELESS: &str =
    "nothing in the predictions names their classes (`classes`): they are taken in the reference's order";

/// Scores and truth, both `[cases, classes]`.
pub(super) struct Aligned {
    /// Names of the classes, in snake case.
    pub(super) classes: Vec<String>,
    /// The cases.
    pub(super) ids: Vec<String>,
    pub(super) scores: Array2<f64>,
    /// None where the case does not count for the class.
    pub(super) truth: Array2<Option<bool>>,
    pub(super) warnings: Vec<String>,
}

impl Aligned {
    pub(super) fn new(rules: &ZeroShotProtocol, scores: &Scores, reference: &Reference) -> Result<Self, EvalError> {
        let refused = |problem: String| EvalError::Outputs { what: scores.path.display().to_string(), problem };
        let in_reference = |problem: String| EvalError::Outputs { what: reference.path.display().to_string(), problem };
        let of_reference = columns(&reference.classes).map_err(in_reference)?;
        if of_reference.is_empty() {
            return Err(in_reference("it names no class; add a column each, or a column `label`".to_owned()));
        }
        let mut warnings = Vec::new();
        let rows = scores.rows(reference)?;
        warnings.extend(told(&[&rows], "rows that are of no case of the reference"));
        let of_scores = match &scores.classes {
            Some(names) => columns(names),
            None => unnamed(scores, reference),
        };
        let of_scores = of_scores.map_err(refused)?;
        if scores.classes.is_none() {
            warnings.push(NAMELESS.to_owned());
        }
        let only = |these: &BTreeMap<String, usize>, those: &BTreeMap<String, usize>| -> Vec<String> {
            these
                .keys()
                .filter(|name| !those.contains_key(*name))
                .map(|name| format!("`{}`", shown_class(name)))
                .collect()
        };
        let (unscored, unknown) = (only(&of_reference, &of_scores), only(&of_scores, &of_reference));
        let differ = !(unscored.is_empty() && unknown.is_empty());
        if unscored.len() == of_reference.len() || (rules.labels == Labelling::MultiClass && differ) {
            return Err(refused(format!(
                "its classes are not those of {}: it lacks {}, and has besides {}; give both the same ones",
                reference.path.display(),
                listed(&unscored),
                listed(&unknown)
            )));
        }
        for (names, what) in
            [(unscored, "have no scores"), (unknown, "are not among those of the reference that are scored")]
        {
            if !names.is_empty() {
                warnings.push(format!("classes that {what} are left out: {}", names.join(", ")));
            }
        }
        let common = of_reference.iter().filter_map(|(name, &at)| Some((name.clone(), (*of_scores.get(name)?, at))));
        let (classes, columns): (Vec<String>, Vec<(usize, usize)>) = common.unzip();
        let (of_scores, of_labels): (Vec<usize>, Vec<usize>) = columns.into_iter().unzip();
        let values = scores.values.select(Axis(0), &rows.rows).select(Axis(1), &of_scores);
        let values =
            of_prompts(rules, values).ok_or_else(|| refused("it has no prompt; save scores of one".to_owned()))?;
        let truth = reference.labels.select(Axis(1), &of_labels).mapv(|label| truth(rules, label));
        Ok(Self { classes, ids: reference.ids.clone(), scores: values, truth, warnings })
    }

    /// Some of the cases.
    pub(super) fn select(&self, cases: &[usize]) -> Self {
        Self {
            classes: self.classes.clone(),
            ids: cases.iter().map(|&case| self.ids[case].clone()).collect(),
            scores: self.scores.select(Axis(0), cases),
            truth: self.truth.select(Axis(0), cases),
            warnings: Vec::new(),
        }
    }
}

/// What is to be said of the rows of files: whose order they are in, and which are left out, which `what` names.
pub(super) fn told(rows: &[&Rows], what: &str) -> Vec<String> {
    let left_out: usize = rows.iter().map(|rows| rows.left_out).sum();
    let mut told = Vec::new();
    if rows.iter().any(|rows| rows.by_order) {
        told.push(
            "nothing in the predictions says whose their rows are (`ids`): they are taken in the reference's order"
                .to_owned(),
        );
    }
    if left_out > 0 {
        told.push(format!("{what} are left out: {left_out}"));
    }
    told
}

/// The name of a class, as tables have it; of what is too long for one how long it is.
fn shown_class(name: &str) -> String {
    const CHARACTERS: usize = 40;
    const WORDS: usize = 5;
    let is_name = name.chars().count() <= CHARACTERS && normalise_label(name).split('_').count() <= WORDS;
    if is_name { name.to_owned() } else { shown(name) }
}

/// One score a case and class, from those of several prompts; none without a prompt.
fn of_prompts(rules: &ZeroShotProtocol, scores: Array3<f64>) -> Option<Array2<f64>> {
    let scores = match rules.ensemble {
        _ if scores.len_of(Axis(2)) == 0 => return None,
        Ensemble::Mean => scores.mean_axis(Axis(2))?,
        Ensemble::Max => scores.fold_axis(Axis(2), f64::NEG_INFINITY, |greatest, &score| greatest.max(score)),
    };
    Some(match rules.standardise {
        Standardise::None => scores,
        Standardise::PerClass => standardise_columns(scores),
    })
}

/// What the reference says of a class, by the protocol; none where the case does not count.
pub(super) fn truth(rules: &ZeroShotProtocol, label: Label) -> Option<bool> {
    match label {
        Label::Positive => Some(true),
        Label::Negative => Some(false),
        Label::Uncertain => rules.uncertain.truth(),
        Label::Blank => rules.blank.truth(),
        Label::Excluded => None,
    }
}

/// Columns by the names of their classes in snake case; or what is wrong with the names.
pub(super) fn columns(names: &[String]) -> Result<BTreeMap<String, usize>, String> {
    let mut columns = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        let label = normalise_label(name);
        if label.is_empty() {
            return Err(format!("the class `{name}` has neither a letter nor a digit; rename it"));
        }
        if columns.insert(label.clone(), at).is_some() {
            return Err(format!("two classes are called `{label}`; rename one"));
        }
    }
    Ok(columns)
}

/// The columns of scores without names, in the order of the reference.
fn unnamed(scores: &Scores, reference: &Reference) -> Result<BTreeMap<String, usize>, String> {
    let shape = &scores.values.shape()[..2];
    if shape[1] != reference.classes.len() {
        return Err(format!(
            "`scores` has the shape {shape:?}, but {} has [{}, {}] cases and classes, and nothing says which is which; add \
             the names (`classes`)",
            reference.path.display(),
            reference.ids.len(),
            reference.classes.len()
        ));
    }
    columns(&reference.classes)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Names of classes, so many as can be read.
pub(super) fn named(classes: &[String]) -> String {
    const SHOWN: usize = 20;
    let names: Vec<String> = classes.iter().take(SHOWN).map(|class| format!("`{}`", shown_class(class))).collect();
    let more = if classes.len() > SHOWN { format!(" and {} more", classes.len() - SHOWN) } else { String::new() };
    names.join(", ") + &more
}
