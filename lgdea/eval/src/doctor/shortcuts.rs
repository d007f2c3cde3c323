//! Shortcuts: what a model can tell from an image in the place of a finding. A label that goes with the view, the source, the sex or
//! the age of its images is scored well by whoever reads these; and they are read easily.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lgdea_data::{Diagnosis, Study};
use lgdea_spec::{GroupBy, Within};
use ndarray::{Array2, ArrayView2, Axis};

use super::doubtful;
use crate::EvalError;
use crate::metric::auroc::Case;
use crate::metric::delong::delong;
use crate::metric::probe::{Logistic, Scaling};
use crate::task::value;

/// Parts that patients are divided into: what a probe says of the cases of one it learned from the others.
const FOLDS: usize = 5;
/// Fewest cases of each kind that anything is said of.
const FEWEST: usize = 20;
/// From where on the lower end of the interval of an AUROC says that a label goes with a property.
const GOES_WITH: f64 = 0.55;
/// From where on it says that a property is read from images.
const IS_READ: f64 = 0.7;
/// Fewest cases of a value that stands for itself.
const RARE: usize = 10;
/// Most labels or properties that are named.
const SHOWN: usize = 8;
/// Ends of the bands of age.
const AGES: &str = "age:18,40,60,80";
/// The probe: strongly penalised, for features are many and cases may be few.
const PROBE: Logistic = Logistic { c: 0.01, tolerance: 1e-4, iterations: 200 };

/// A property and, for each study, which of its values it has; none where the study does not tell.
struct Property {
    name: &'static str,
    values: Vec<Option<String>>,
}

impl Property {
    /// All that a model may take for a finding.
    fn all(studies: &[&Study]) -> Vec<Self> {
        let bands: Option<GroupBy> = AGES.parse().ok();
        let age = bands.map(Within::Age);
        [Within::View, Within::Source, Within::Sex]
            .into_iter()
            .chain(age)
            .map(|within| Self {
                name: within.column(),
                values: studies.iter().map(|study| value(&within, study)).collect(),
            })
            .filter(|property| property.values.iter().flatten().collect::<BTreeSet<_>>().len() > 1)
            .collect()
    }
}

/// Which labels go with a property that is no finding: how well the share of each of its values tells them. View, sex and age are looked at within each source, for the source tells more than these.
pub fn labels_that_go_with(studies: &[Study]) -> Vec<Diagnosis> {
    let studies: Vec<&Study> = studies.iter().filter(|study| study.image.is_some() && study.labels.is_some()).collect();
    let sources: BTreeSet<&str> = studies.iter().filter_map(|study| study.source.as_deref()).collect();
    let (units, mut found) = (units(&studies), Vec::new());
    for property in Property::all(&studies) {
        let (mut told, mut tested) = (Vec::new(), 0);
        if property.name == "source" || sources.len() < 2 {
            let all: Vec<usize> = (0..studies.len()).collect();
            tested += tell((&studies, &units), &property, &all, "", &mut told);
        } else {
            for source in &sources {
                let own: Vec<usize> =
                    (0..studies.len()).filter(|&at| studies[at].source.as_deref() == Some(source)).collect();
                tested += tell((&studies, &units), &property, &own, &format!(" in {source}"), &mut told);
            }
        }
        told.sort_by(|(a, _), (b, _)| b.value.total_cmp(&a.value));
        found.extend(doubtful(
            told.into_iter().map(|(_, words)| words).collect(),
            SHOWN,
            tested,
            &format!("label that the {} alone tells", property.name),
            "a model that reads this is scored as if it read the finding: score within it (`eval.within`), and give the label \
             images of each kind",
        ));
    }
    found
}

/// Adds what a property tells of labels in some of the studies, which are `called` so; how many labels were looked at.
fn tell(
    (studies, units): (&[&Study], &[usize]),
    property: &Property,
    some: &[usize],
    called: &str,
    told: &mut Vec<(Measured, String)>,
) -> usize {
    let present = some.iter().filter_map(|&at| studies[at].labels.as_ref()).flat_map(|labels| &labels.present);
    let labels: BTreeSet<&String> = present.collect();
    let mut tested = 0;
    for label in labels {
        let truth = |at: usize| {
            let labels = studies[at].labels.as_ref()?;
            let present = labels.present.contains(label);
            (present || !labels.uncertain.contains(label)).then_some(present)
        };
        let case = |&at: &usize| Some(Known { at, value: property.values[at].as_ref()?, positive: truth(at)? });
        let cases: Vec<Known<'_>> = some.iter().filter_map(case).collect();
        let values: BTreeSet<&str> = cases.iter().map(|case| case.value).collect();
        if values.len() < 2 || !are_enough(cases.iter().map(|case| case.positive)) {
            continue;
        }
        tested += 1;
        let scored = rates(&cases).into_iter().zip(&cases);
        let scored: Vec<Case> =
            scored.map(|(score, case)| Case { unit: units[case.at], score, positive: case.positive }).collect();
        if let Some(found) = measured(&scored).filter(|found| found.low >= GOES_WITH) {
            told.push((found, format!("{label}{called} at AUROC {} ({})", found.words(), shares(&cases))));
        }
    }
    tested
}

/// Which properties that are no finding are read from images, by a linear probe of `features` `[images, width]`; `studies` are those
/// of the rows.
///
/// # Errors
/// A feature is not finite.
pub fn read_from_images(
    studies: &[&Study],
    features: ArrayView2<'_, f32>,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<Diagnosis>, EvalError> {
    let units = units(studies);
    let folds: Vec<usize> = units.iter().map(|unit| unit % FOLDS).collect();
    let mut questions: Vec<(&'static str, String, Vec<Option<bool>>)> = Vec::new();
    let properties = Property::all(studies);
    for Property { name, values } in &properties {
        let kinds: BTreeSet<&String> = values.iter().flatten().collect();
        // Of two kinds one is the other's opposite; ages are asked as older or not.
        for kind in kinds.iter().skip(usize::from(kinds.len() == 2)).filter(|_| *name != "age") {
            let truth = values.iter().map(|value| value.as_ref().map(|value| value == *kind)).collect();
            questions.push((name, (*kind).clone(), truth));
        }
    }
    questions.extend(older(studies));
    questions.retain(|(_, _, truth)| are_enough(truth.iter().flatten().copied()));
    let mut asked: BTreeMap<&str, Vec<(Measured, String)>> = BTreeMap::new();
    for (done, (name, kind, truth)) in questions.iter().enumerate() {
        progress(done, questions.len());
        let scores = out_of_fold(features, truth, &folds)?;
        let cases: Vec<Case> = truth
            .iter()
            .zip(&scores)
            .zip(&units)
            .filter_map(|((truth, score), unit)| Some(Case { unit: *unit, score: (*score)?, positive: (*truth)? }))
            .collect();
        let found = measured(&cases);
        asked.entry(name).or_default().extend(found.map(|found| (found, format!("{kind} {}", found.words()))));
    }
    progress(questions.len(), questions.len());
    let all = asked.len();
    let mut read: Vec<(f64, String)> = asked
        .into_iter()
        .filter_map(|(name, mut kinds)| {
            kinds.sort_by(|(a, _), (b, _)| b.value.total_cmp(&a.value));
            let best = kinds.first().filter(|(found, _)| found.low >= IS_READ)?.0.value;
            let words: Vec<String> = kinds.into_iter().map(|(_, words)| words).collect();
            Some((best, format!("{name} (AUROC of {})", words.join("; "))))
        })
        .collect();
    read.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Ok(doubtful(
        read.into_iter().map(|(_, words)| words).collect(),
        SHOWN,
        all,
        "property of patient or film, no finding, that the encoder reads from the image alone",
        "where a label, or the texts of a source, go with it, a model learns it in the place of the finding: score within it \
         (`eval.within`)",
    ))
}

/// A case of which a property and the truth are known.
struct Known<'a> {
    at: usize,
    value: &'a str,
    positive: bool,
}

/// How well something tells something else.
#[derive(Clone, Copy)]
struct Measured {
    value: f64,
    low: f64,
    high: f64,
}

impl Measured {
    fn words(&self) -> String {
        format!("{:.2} ({:.2} – {:.2})", self.value, self.low, self.high)
    }
}

/// AUROC with its interval; a perfect one has none but itself.
fn measured(cases: &[Case]) -> Option<Measured> {
    let estimate = delong(cases)?;
    let [low, high] = estimate.interval().unwrap_or([estimate.value; 2]);
    Some(Measured { value: estimate.value, low, high })
}

fn are_enough(truth: impl Iterator<Item = bool>) -> bool {
    let mut counts = [0; 2];
    for positive in truth {
        counts[usize::from(positive)] += 1;
    }
    counts.into_iter().all(|count| count >= FEWEST)
}

/// The number of each study's patient.
fn units(studies: &[&Study]) -> Vec<usize> {
    let mut numbers = HashMap::new();
    let number = |study: &&Study| {
        let next = numbers.len();
        *numbers.entry(study.patient.clone()).or_insert(next)
    };
    studies.iter().map(number).collect()
}

/// Of each case, how often those of its value are positive. Values that hardly any case has are one: of few cases a share says
/// little, and much of them themselves.
fn rates(cases: &[Known<'_>]) -> Vec<f64> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for case in cases {
        *counts.entry(case.value).or_default() += 1;
    }
    let kind = |case: &Known<'_>| if counts[case.value] < RARE { None } else { Some(case.value.to_owned()) };
    let mut of_kind: HashMap<Option<String>, [f64; 2]> = HashMap::new();
    for case in cases {
        let [positives, all] = of_kind.entry(kind(case)).or_default();
        *positives += f64::from(u8::from(case.positive));
        *all += 1.0;
    }
    let rate = |case: &Known<'_>| {
        let [positives, all] = of_kind[&kind(case)];
        positives / all
    };
    cases.iter().map(rate).collect()
}

/// How many of each value are positive: `AP 61 % of 435, PA 30 % of 399`.
fn shares(cases: &[Known<'_>]) -> String {
    const VALUES: usize = 3;
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for case in cases {
        let [positives, all] = counts.entry(case.value).or_default();
        *positives += usize::from(case.positive);
        *all += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, [_, all])| std::cmp::Reverse(*all));
    let more = if counts.len() > VALUES { "; …" } else { "" };
    let words = counts.iter().take(VALUES).map(|(value, [positives, all])| {
        format!("{value} {:.0} % of {all}", 100.0 * *positives as f64 / (*all).max(1) as f64)
    });
    words.collect::<Vec<_>>().join("; ") + more
}

/// Whether the persons are older than half of all.
fn older(studies: &[&Study]) -> Option<(&'static str, String, Vec<Option<bool>>)> {
    let mut ages: Vec<f32> = studies.iter().filter_map(|study| study.person.age).collect();
    ages.sort_by(f32::total_cmp);
    let middle = *ages.get(ages.len() / 2)?;
    let truth = studies.iter().map(|study| study.person.age.map(|age| age >= middle)).collect();
    Some(("age", format!("from {middle:.0} on"), truth))
}

/// The logit of each case by a probe of the cases of other parts; none where these are of one kind.
fn out_of_fold(
    features: ArrayView2<'_, f32>,
    truth: &[Option<bool>],
    folds: &[usize],
) -> Result<Vec<Option<f64>>, EvalError> {
    let mut scores = vec![None; truth.len()];
    for fold in 0..FOLDS {
        let known = |of_fold: bool| -> Vec<usize> {
            (0..truth.len()).filter(|&row| truth[row].is_some() && (folds[row] == fold) == of_fold).collect()
        };
        let (train, test) = (known(false), known(true));
        let of_train: Vec<Option<bool>> = train.iter().map(|&row| truth[row]).collect();
        let has = |positive| of_train.contains(&Some(positive));
        let rows: Array2<f32> = features.select(Axis(0), &train);
        let (Some(scaling), true, false) = (Scaling::of(rows.view()), has(true) && has(false), test.is_empty()) else {
            continue;
        };
        let probe = PROBE.binary("a property", scaling.apply(rows.view()).view(), &of_train)?;
        let logits = probe.logits(scaling.apply(features.select(Axis(0), &test).view()).view())?;
        for (row, logit) in test.into_iter().zip(logits.column(0)) {
            scores[row] = Some(*logit);
        }
    }
    Ok(scores)
}

#[cfg(test)]
mod tests {
    use lgdea_data::{Picture, Projection, Split, StudyLabels};

    use super::*;

    /// Studies whose view is AP in the even ones, and whose label is there in these shares of AP and PA.
    fn studies(count: usize, shares: [f64; 2]) -> Vec<Study> {
        let study = |at: usize| {
            let (is_pa, turn) = (at % 2, at / 2);
            let is_present = (turn as f64 * 0.37).fract() < shares[is_pa];
            let present = if is_present { ["edema".to_owned()].into() } else { BTreeSet::new() };
            Study {
                image: Some(Picture::file_at("x.png".into())),
                labels: Some(StudyLabels { present, uncertain: BTreeSet::new() }),
                projection: Some(if is_pa == 1 { Projection::Pa } else { Projection::Ap }),
                source: Some("one".into()),
                ..Study::new(format!("s{at}"), format!("p{}", at / 3), Split::Train)
            }
        };
        (0..count).map(study).collect()
    }

    #[test]
    fn a_label_that_goes_with_the_view_is_told_with_its_shares() {
        let found = labels_that_go_with(&studies(300, [0.8, 0.2]));
        assert_eq!(found.len(), 1, "one source, and no sex or age, tell nothing: {found:?}");
        let text = &found[0].examples[0].text;
        assert!(found[0].what.contains("view") && text.starts_with("edema at AUROC 0.8"), "{found:?}");
        assert!(text.contains("AP 8") && text.contains("% of 150"), "{text}");
        assert!(labels_that_go_with(&studies(300, [0.5, 0.5])).is_empty());
        // Ties count half: with 80 and 20 % of as many it is .8, whatever the order of the studies.
        let mut turned = studies(300, [0.8, 0.2]);
        turned.reverse();
        assert_eq!(labels_that_go_with(&turned)[0].examples[0].text, *text);
        assert!(labels_that_go_with(&studies(30, [0.9, 0.1])).is_empty(), "too few");
    }

    #[test]
    fn what_features_tell_is_told_and_noise_is_not() {
        let studies = studies(300, [0.5, 0.5]);
        let all: Vec<&Study> = studies.iter().collect();
        let noise = |row: usize, column: usize| ((row * 7919 + column * 104_729) as f32 * 0.618).fract();
        let told = Array2::from_shape_fn((300, 4), |(row, column)| {
            noise(row, column) + if column == 2 { (row % 2) as f32 } else { 0.0 }
        });
        let found = read_from_images(&all, told.view(), &|_, _| ()).unwrap().unwrap();
        assert!(found.examples[0].text.starts_with("view (AUROC of PA "), "{found:?}");
        let noise = Array2::from_shape_fn((300, 4), |(row, column)| noise(row, column));
        assert!(read_from_images(&all, noise.view(), &|_, _| ()).unwrap().is_none());
    }
}
