//! The distinct texts among the reports.

use std::collections::HashMap;

use super::outcome::Outcome;
use crate::extraction::ReportText;

/// The texts of reports, each once: a text is asked about once, however many reports have it.
pub(super) struct Texts<'a> {
    /// In the order in which they first occur.
    pub(super) distinct: Vec<&'a str>,
    /// For each report, the index of its text.
    pub(super) of_report: Vec<usize>,
    /// For each text, how many reports have it.
    pub(super) copies: Vec<usize>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(reports: &'a [ReportText]) -> Self {
        let mut texts = Self { distinct: Vec::new(), of_report: Vec::new(), copies: Vec::new() };
        let mut indices = HashMap::new();
        for report in reports {
            let index = *indices.entry(report.text.as_str()).or_insert_with(|| {
                texts.distinct.push(&report.text);
                texts.copies.push(0);
                texts.distinct.len() - 1
            });
            texts.of_report.push(index);
            texts.copies[index] += 1;
        }
        texts
    }

    /// Number of reports whose text has an outcome.
    pub(super) fn reports_with(&self, outcomes: &[Option<Outcome>]) -> usize {
        self.of_report.iter().filter(|&&text| outcomes[text].is_some()).count()
    }
}
