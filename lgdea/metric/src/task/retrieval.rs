//! Scores of image–report retrieval, in both directions.

use super::within;
use crate::{Better, Declaration, Parameters, Task, Way};

const TEN: [Parameters<'static>; 2] = [Parameters::at(Way::ImageToReport, 10), Parameters::at(Way::ReportToImage, 10)];

/// Share of queries whose own candidate is among the first K.
pub static RECALL: Declaration = Declaration {
    label: Some("{way} R@{k}"),
    row: Some("{way} R@{k}"),
    headlines: &TEN,
    within: Some(&within::RECALL),
    ..Declaration::new(Task::Retrieval, "retrieval/{way}_r_at_{k}")
};
/// Share of the first K that have the query's findings.
pub static PRECISION: Declaration = Declaration {
    label: Some("{way} P@{k}"),
    row: Some("{way} P@{k}"),
    within: Some(&within::PRECISION),
    ..Declaration::new(Task::Retrieval, "retrieval/{way}_p_at_{k}")
};
/// The same of queries with a finding.
pub static PRECISION_ABNORMAL: Declaration = Declaration {
    label: Some("{way} P@{k}, abnormal"),
    row: Some("{way} P@{k}, abnormal"),
    within: Some(&within::PRECISION_ABNORMAL),
    ..Declaration::new(Task::Retrieval, "retrieval/{way}_p_at_{k}_abnormal")
};
/// Median rank of the query's own candidate, 1 at best.
pub static MEDIAN_RANK: Declaration = Declaration {
    label: Some("{way} median rank"),
    row: Some("{way} median rank"),
    better: Better::Lower,
    decimals: 1,
    within: Some(&within::MEDIAN_RANK),
    ..Declaration::new(Task::Retrieval, "retrieval/{way}_median_rank")
};

/// All scores of the task.
pub(super) static ALL: &[&Declaration] = &[
    // In the order of the table that a run ends with.
    &RECALL,
    &PRECISION,
    &PRECISION_ABNORMAL,
    &MEDIAN_RANK,
];
