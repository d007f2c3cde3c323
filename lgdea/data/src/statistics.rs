//! What a corpus is made of: findings, views and people, split by split.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::table::Vocabulary;
use crate::{Corpus, Split, Study};

/// Counts of a corpus's findings, views and people, by split; a split without any is not there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// Studies that bear a finding, and those of which it is not known.
    pub findings: BTreeMap<String, BTreeMap<Split, FindingCount>>,
    /// Images by their view: `PA`, `AP`, `lateral`, `unknown`.
    pub views: BTreeMap<String, BTreeMap<Split, usize>>,
    /// Studies by sex: `female`, `male`, `unknown`.
    pub sexes: BTreeMap<String, BTreeMap<Split, usize>>,
    /// Studies by age in years, ten by ten: `60–69`, `unknown`.
    pub ages: BTreeMap<String, BTreeMap<Split, usize>>,
}

/// How many studies bear a finding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FindingCount {
    /// It is there.
    pub present: usize,
    /// It is not known whether it is there.
    pub uncertain: usize,
}

/// What a source does not tell.
const UNKNOWN: &str = "unknown";

/// Counts what a corpus is made of.
pub fn statistics(corpus: &Corpus) -> Statistics {
    let mut found = Statistics::default();
    for study in &corpus.studies {
        found.add(study);
    }
    found
}

impl Statistics {
    /// The findings as they are shown, the most frequent first. Where they may be texts (not `are_labels`), those that hardly repeat
    /// are not repeated.
    pub fn frequent(&self, are_labels: bool) -> Vec<(String, &BTreeMap<Split, FindingCount>)> {
        let total = |counts: &BTreeMap<Split, FindingCount>| counts.values().map(|count| count.present).sum::<usize>();
        let mut all: Vec<_> = self.findings.iter().collect();
        all.sort_by_key(|(name, counts)| (Reverse(total(counts)), name.as_str()));
        let vocabulary: Vocabulary = all.iter().map(|(name, counts)| (name.as_str(), total(counts))).collect();
        let shown = |name: &str| if are_labels { name.to_owned() } else { vocabulary.shown(name) };
        all.into_iter().map(|(name, counts)| (shown(name), counts)).collect()
    }

    fn add(&mut self, study: &Study) {
        let split = study.split;
        if let Some(labels) = &study.labels {
            for name in &labels.present {
                self.findings.entry(name.clone()).or_default().entry(split).or_default().present += 1;
            }
            for name in &labels.uncertain {
                self.findings.entry(name.clone()).or_default().entry(split).or_default().uncertain += 1;
            }
        }
        let named = |value: Option<String>| value.unwrap_or_else(|| UNKNOWN.to_owned());
        if study.image.is_some() {
            add(&mut self.views, named(study.projection.map(|view| view.to_string())), split);
        }
        add(&mut self.sexes, named(study.person.sex.map(|sex| sex.to_string())), split);
        add(&mut self.ages, named(study.person.age.map(decade)), split);
    }
}

fn add(counts: &mut BTreeMap<String, BTreeMap<Split, usize>>, name: String, split: Split) {
    *counts.entry(name).or_default().entry(split).or_default() += 1;
}

/// `60–69` for 64 years; two digits below 100, so that the names stand in order.
fn decade(age: f32) -> String {
    let first = (age / 10.0).floor() as u32 * 10;
    format!("{first:02}–{:02}", first + 9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Person, Picture, Projection, Sex, Skipped, StudyLabels};

    fn corpus(studies: Vec<Study>) -> Corpus {
        Corpus { studies, skipped: Skipped::default(), digest: String::new(), divisions: String::new() }
    }

    #[test]
    fn findings_views_and_people_are_counted_by_split() {
        let person = Person { sex: Some(Sex::Female), age: Some(64.0) };
        let mut labels = StudyLabels::from_iter(["edema"]);
        labels.uncertain.insert("mass".to_owned());
        let study = Study {
            image: Some(Picture::file_at("x.png".into())),
            labels: Some(labels),
            person,
            projection: Some(Projection::Ap),
            ..Study::new("a", "a", Split::Train)
        };
        let studies = vec![study, Study::new("b", "b", Split::Test)];
        let found = statistics(&corpus(studies));
        let edema = found.findings["edema"][&Split::Train];
        assert_eq!(
            (edema, found.findings["mass"][&Split::Train].uncertain),
            (FindingCount { present: 1, uncertain: 0 }, 1)
        );
        assert_eq!((found.views["AP"][&Split::Train], found.views.len()), (1, 1), "a study without image has no view");
        assert_eq!((found.sexes["female"][&Split::Train], found.sexes["unknown"][&Split::Test]), (1, 1));
        assert_eq!((found.ages["60–69"][&Split::Train], found.ages["unknown"][&Split::Test]), (1, 1));
        assert_eq!((decade(0.5), decade(105.0)), ("00–09".to_owned(), "100–109".to_owned()));
    }
    #[test]
    fn the_most_frequent_findings_come_first_and_texts_are_not_repeated() {
        let study =
            |label: &str| Study { labels: Some(StudyLabels::from_iter([label])), ..Study::new("a", "a", Split::Train) };
        let text = "small_left_effusion_and_no_pneumothorax";
        let studies = ["edema", "mass", "mass", text].map(study).into();
        let found = statistics(&corpus(studies));
        let names = |are_labels| found.frequent(are_labels).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(true), ["mass", "edema", text]);
        assert_eq!(names(false), ["mass", "edema", "a text of 39 characters"]);
    }
}
