//! Reports that say nothing, end too early, or stand there again and again.

use std::collections::HashMap;

use super::{Diagnosis, Example, Severity, both, named};
use crate::leaks::{SameWords, count, equal_reports, words};
use crate::{Split, Study};

/// A report of fewer words says hardly anything.
const FEW: usize = 3;
/// Reports of the same, greatest length that are hardly chance: they were cut there.
const CUT: usize = 5;
/// A report of so many words is not written twice by chance.
pub(super) const MANY: usize = 25;
/// Share of the reports that one text may be.
const SHARE: f64 = 0.2;

/// What is looked at of a study's report.
struct Told<'a> {
    study: &'a Study,
    /// Its words, however they are written.
    words: String,
    /// Its length in characters.
    length: usize,
    /// Whether it ends as a sentence does.
    is_ended: bool,
}

impl Told<'_> {
    fn of(study: &Study) -> Option<Told<'_>> {
        let text = study.report.as_ref()?.text();
        let is_ended = text.trim_end().ends_with(['.', '!', '?', ')', ':']);
        Some(Told { study, words: words(study)?, length: text.chars().count(), is_ended })
    }
}

pub(super) fn diagnose(studies: &[Study]) -> Vec<Diagnosis> {
    let reports: Vec<Told<'_>> =
        studies.iter().filter(|study| study.examination == study.id).filter_map(Told::of).collect();
    let all = reports.len();
    let few =
        reports.iter().filter(|told| count(&told.words) < FEW).map(|told| Example::text(named(told.study))).collect();
    let mut same: HashMap<&str, usize> = HashMap::new();
    for Told { words, .. } in &reports {
        *same.entry(words).or_default() += 1;
    }
    let most = same.into_values().max().unwrap_or_default();
    let leaks = leaks(studies);
    let cut = cut(&reports);
    let mut found: Vec<Diagnosis> = [
        Diagnosis::of(
            Severity::Doubtful,
            "report of fewer than three words",
            few,
            all,
            "look at the first; name the right column or sections",
        ),
        Diagnosis::of(
            Severity::Wrong,
            "report that ends at the same length as the longest others: it was cut",
            cut,
            all,
            "write the reports again without a limit of characters",
        ),
        Diagnosis::of(
            Severity::Doubtful,
            "long report that is word for word in two splits",
            leaks,
            all,
            "look at them; where they are copies, give both the same patient",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    found.extend(most_frequent(most, all));
    found
}

/// One text that many reports are.
fn most_frequent(count: usize, of: usize) -> Option<Diagnosis> {
    (count as f64 > SHARE * of as f64 && count >= CUT).then(|| Diagnosis {
        severity: Severity::Doubtful,
        what: "one and the same report: retrieval cannot tell its studies apart".to_owned(),
        count,
        of,
        examples: Vec::new(),
        remedy: "nothing, where it is the usual text of a normal study; otherwise look at the column of the report",
    })
}

/// Long reports that stand in a later split, too.
fn leaks(studies: &[Study]) -> Vec<Example> {
    let of = |is_wanted: &dyn Fn(&Study) -> bool| -> Vec<(usize, &Study)> {
        studies.iter().enumerate().filter(|(_, study)| study.examination == study.id && is_wanted(study)).collect()
    };
    let equal = Split::ALL
        .into_iter()
        .flat_map(|split| equal_reports(of(&|study| study.split == split), of(&|study| study.split > split)));
    let long = equal.filter(|pair| pair.words >= MANY);
    long.map(|SameWords { one, other, .. }| Example::text(both(&studies[one], &studies[other]))).collect()
}

/// The reports that were cut at a length, where several have exactly the greatest one and do not end with a sentence.
fn cut(reports: &[Told<'_>]) -> Vec<Example> {
    let longest = reports.iter().map(|told| told.length).max().unwrap_or_default();
    let is_cut = |told: &&Told<'_>| told.length == longest && !told.is_ended;
    let cut: Vec<Example> = reports.iter().filter(is_cut).map(|told| Example::text(named(told.study))).collect();
    if cut.len() >= CUT { cut } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Report, Split};

    fn found(texts: &[(&str, Split)]) -> Vec<Diagnosis> {
        let study = |(number, (text, split)): (usize, &(&str, Split))| Study {
            report: Report::parse(text),
            ..Study::new(format!("s{number}"), format!("p{number}"), *split)
        };
        diagnose(&texts.iter().enumerate().map(study).collect::<Vec<_>>())
    }

    const LONG: &str = "The heart is enlarged and there is a small effusion on the left side with an adjacent opacity that may be \
        atelectasis or pneumonia in the right clinical setting today.";

    #[test]
    fn reports_that_were_cut_are_known_by_their_length() {
        let cut: Vec<(String, Split)> = (0..6).map(|n| (format!("{n} {}", &LONG[..80]), Split::Train)).collect();
        let cut: Vec<(&str, Split)> = cut.iter().map(|(text, split)| (text.as_str(), *split)).collect();
        let diagnoses = found(&cut);
        assert_eq!((diagnoses.len(), diagnoses[0].severity, diagnoses[0].count), (1, Severity::Wrong, 6));
        let whole: Vec<(&str, Split)> = vec![("No acute disease of the chest.", Split::Train); 4];
        assert!(found(&whole).is_empty());
    }

    #[test]
    fn copies_and_empty_words_are_told_without_their_text() {
        let diagnoses = found(&[
            (LONG, Split::Train),
            (LONG, Split::Test),
            ("Normal.", Split::Train),
            ("Clear lungs are seen.", Split::Train),
        ]);
        let what: Vec<&str> = diagnoses.iter().map(|diagnosis| diagnosis.what.as_str()).collect();
        assert_eq!(what, ["report of fewer than three words", "long report that is word for word in two splits"]);
        assert_eq!(diagnoses[1].examples, [Example::text("s0 (train) and s1 (test)")]);
        assert!(!format!("{diagnoses:?}").contains("enlarged"));
    }

    #[test]
    fn a_text_that_is_everywhere_is_told() {
        let same = vec![("No acute disease.", Split::Train); 9];
        assert_eq!(found(&same)[0].count, 9);
    }
}
