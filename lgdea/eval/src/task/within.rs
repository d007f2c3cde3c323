//! Strata (`eval.within`): studies that are alike in what may tell a class, or a report, without the finding.

use std::collections::HashMap;

use lgdea_data::Study;
use lgdea_metric::{Declaration, Parameters};
use lgdea_spec::Within;

use crate::{Score, Scores};

/// Least number of studies of a stratum in which one can be ranked among others.
pub(super) const LEAST: usize = 2;

/// The strata of evaluated studies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strata {
    /// What divides the studies, as messages call it.
    columns: Vec<&'static str>,
    /// The stratum of each study; where a column does not tell, that column.
    of: Vec<Result<usize, usize>>,
}

/// Scores that are compared with those within strata: what readers call one, its plain declaration, and what it is of.
pub(super) type Compared<'a> = (String, &'static Declaration, Parameters<'a>);

impl Strata {
    /// The strata that columns, crossed, divide studies into; none without a column.
    pub fn new(within: &[Within], studies: &[&Study]) -> Option<Self> {
        let mut numbers: HashMap<Vec<String>, usize> = HashMap::new();
        let mut stratum = |study: &&Study| {
            let values = within.iter().enumerate().map(|(at, column)| value(column, study).ok_or(at));
            let values = values.collect::<Result<Vec<String>, usize>>()?;
            let next = numbers.len();
            Ok(*numbers.entry(values).or_insert(next))
        };
        let of = studies.iter().map(&mut stratum).collect();
        (!within.is_empty()).then(|| Self { columns: within.iter().map(Within::column).collect(), of })
    }

    /// Whether no study is in a stratum.
    pub fn is_empty(&self) -> bool {
        self.of.iter().all(Result::is_err)
    }

    /// Hash, in hexadecimal, of which studies are in one stratum.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("lgdea strata, version 1");
        for stratum in &self.of {
            // A study that does not tell is in none, whichever column is silent.
            hasher.update(&stratum.map_or(u64::MAX, |stratum| stratum as u64).to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Those of some of the studies.
    pub(super) fn select(&self, studies: &[usize]) -> Self {
        Self { columns: self.columns.clone(), of: studies.iter().map(|&study| self.of[study]).collect() }
    }

    /// The studies of each stratum, by their positions.
    pub(super) fn members(&self) -> Vec<Vec<usize>> {
        let count = self.of.iter().flatten().max().map_or(0, |last| last + 1);
        let mut members = vec![Vec::new(); count];
        for (study, stratum) in self.of.iter().enumerate() {
            if let Ok(stratum) = *stratum {
                members[stratum].push(study);
            }
        }
        members.retain(|members| !members.is_empty());
        members
    }

    /// How many studies are divided.
    pub(super) fn studies(&self) -> usize {
        self.of.len()
    }

    /// What divides the studies: `view × source`.
    pub(super) fn called(&self) -> String {
        self.columns.join(" × ")
    }

    /// What is to be said of the division itself; `task` is called first.
    pub(super) fn told(&self, task: &str) -> Vec<String> {
        let (called, all) = (self.called(), self.studies());
        let mut told = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let silent = self.of.iter().filter(|stratum| **stratum == Err(at)).count();
            if silent > 0 {
                told.push(format!(
                    "{task} within {called}: {silent} of {all} studies do not tell their {column} and are in no stratum{}",
                    if silent == all { " (for a table of your own, `[data.manifest.columns]` names the column)" } else { "" }
                ));
            }
        }
        if all > 0 && self.members().len() == 1 && told.is_empty() {
            told.push(format!(
                "{task} within {called}: all studies are in one stratum, so the scores are the plain ones"
            ));
        }
        told
    }

    /// Names scores that differ from the plain ones by more than half of their interval; `metric` is what they are, and `clue` what
    /// the columns tell where the plain ones are better.
    pub(super) fn compared(
        &self,
        task: &str,
        (metric, clue): (&str, &str),
        scores: &Scores,
        compared: &[Compared<'_>],
    ) -> Vec<String> {
        let called = self.called();
        let (mut worse, mut better) = (Vec::new(), Vec::new());
        for (label, plain, of) in compared {
            let Some((all, within)) = pair(scores, plain, *of).filter(|(all, within)| are_apart(all, within)) else {
                continue;
            };
            let [low, high] = within.interval.unwrap_or_default();
            let words = format!("{label} {:.2} and {:.2} ({low:.2} – {high:.2})", all.value, within.value);
            let is_worse = plain.better.prefers(all.value, within.value);
            if is_worse { &mut worse } else { &mut better }.push(words);
        }
        let tells = format!("{called} tells {clue}");
        let shifts = format!("scores of different {called} are not on one scale");
        let told = [(worse, tells, format!("; take the scores within {called}")), (better, shifts, String::new())];
        let told = told.into_iter().filter(|(apart, _, _)| !apart.is_empty());
        let line = |(apart, cause, remedy): (Vec<String>, String, String)| {
            let apart = apart.join(", ");
            format!("{task}: {cause}: {metric} among all studies and within {called} is {apart}{remedy}")
        };
        told.map(line).collect()
    }
}

/// What a study has in a column; none where it does not tell.
pub(crate) fn value(column: &Within, study: &Study) -> Option<String> {
    match column {
        Within::View => study.projection.map(|view| view.to_string()),
        Within::Source => study.source.as_deref().map(str::to_owned),
        Within::Sex => study.person.sex.map(|sex| sex.to_string()),
        Within::Age(bands) => study.person.age.map(|age| bands.band_of(age.into())),
    }
}

/// A plain score, and the same within strata.
fn pair(scores: &Scores, plain: &Declaration, of: Parameters<'_>) -> Option<(Score, Score)> {
    let within = plain.within?;
    Some((*scores.get(&plain.name(of))?, *scores.get(&within.name(of))?))
}

/// Whether they differ by more than half of the interval of that within strata.
fn are_apart(all: &Score, within: &Score) -> bool {
    within.interval.is_some_and(|[low, high]| (all.value - within.value).abs() > (high - low) / 2.0)
}

#[cfg(test)]
mod tests {
    use lgdea_data::{Person, Projection, Sex, Split};
    use lgdea_metric::task::zero_shot::AUROC;

    use super::*;

    fn study(view: Option<Projection>, source: Option<&str>, sex: Option<Sex>, age: Option<f32>) -> Study {
        let person = Person { sex, age };
        Study { projection: view, source: source.map(Into::into), person, ..Study::new("s", "p", Split::Test) }
    }

    fn strata(within: &[&str], studies: &[Study]) -> Strata {
        let within: Vec<Within> = within.iter().map(|text| text.parse().unwrap()).collect();
        Strata::new(&within, &studies.iter().collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn columns_are_crossed_and_what_does_not_tell_is_in_no_stratum() {
        let (pa, ap) = (Some(Projection::Pa), Some(Projection::Ap));
        let studies = [
            study(pa, Some("a"), Some(Sex::Female), Some(39.9)),
            study(ap, Some("a"), None, Some(40.0)),
            study(pa, Some("b"), Some(Sex::Male), None),
            study(None, Some("b"), Some(Sex::Male), Some(81.0)),
            study(pa, Some("a"), Some(Sex::Female), Some(59.0)),
        ];
        let members = |within: &[&str]| strata(within, &studies).members();
        assert_eq!(members(&["view"]), [vec![0, 2, 4], vec![1]]);
        assert_eq!(members(&["source"]), [vec![0, 1, 4], vec![2, 3]]);
        assert_eq!(members(&["view", "source"]), [vec![0, 4], vec![1], vec![2]]);
        assert_eq!(members(&["sex"]), [vec![0, 4], vec![2, 3]]);
        assert_eq!(members(&["age:40,60"]), [vec![0], vec![1, 4], vec![3]]);
        assert_eq!(strata(&["view"], &studies).select(&[1, 3, 0]).members(), [vec![2], vec![0]]);
        assert_eq!(Strata::new(&[], &studies.iter().collect::<Vec<_>>()), None);
        assert_eq!(
            strata(&["view", "sex"], &studies).told("zero-shot"),
            [
                "zero-shot within view × sex: 1 of 5 studies do not tell their view and are in no stratum",
                "zero-shot within view × sex: 1 of 5 studies do not tell their sex and are in no stratum"
            ]
        );
    }

    #[test]
    fn a_division_that_divides_nothing_is_told() {
        let told = |studies: &[Study]| strata(&["source"], studies).told("retrieval");
        assert!(
            told(&[study(None, Some("a"), None, None), study(None, Some("a"), None, None)])[0].contains("one stratum")
        );
        assert!(told(&[study(None, None, None, None)])[0].contains("`[data.manifest.columns]`"));
        assert!(told(&[]).is_empty());
    }

    #[test]
    fn scores_further_apart_than_half_the_interval_are_named() {
        let score = |value: f64, half: f64| Score { value, interval: Some([value - half, value + half]) };
        let mut scores = Scores::new();
        for (class, all, within) in [
            ("pneumonia", score(0.91, 0.02), score(0.55, 0.1)),
            ("edema", score(0.8, 0.02), score(0.75, 0.1)),
            ("mass", score(0.6, 0.02), score(0.8, 0.1)),
            ("nodule", score(0.9, 0.02), Score { value: 0.2, interval: None }),
        ] {
            scores.insert(AUROC.name(Parameters::class(class)), all);
            scores.insert(AUROC.within.unwrap().name(Parameters::class(class)), within);
        }
        let compared: Vec<Compared<'_>> = ["pneumonia", "edema", "mass", "nodule", "fracture"]
            .map(|class| (class.to_owned(), &AUROC, Parameters::class(class)))
            .into();
        let strata = strata(&["view"], &[study(None, None, None, None)]);
        assert_eq!(
            strata.compared("zero-shot", ("AUROC", "the class"), &scores, &compared),
            [
                "zero-shot: view tells the class: AUROC among all studies and within view is pneumonia 0.91 and 0.55 (0.45 – 0.65); \
                 take the scores within view",
                "zero-shot: scores of different view are not on one scale: AUROC among all studies and within view is mass 0.60 and \
                 0.80 (0.70 – 0.90)"
            ]
        );
    }
}
