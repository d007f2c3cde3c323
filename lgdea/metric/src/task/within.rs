//! Scores within strata (`eval.within`): of studies among those alone that are alike in view, source, sex or age.
//!
//! Each names the plain score that it stands beside ([`Declaration::within`]): a circle of imports with the files of these.

use crate::{Better, Declaration, Task};

/// AUROC of a class within each stratum that has both positives and negatives, their mean weighted by the strata's sizes.
pub static AUROC: Declaration = Declaration::new(Task::ZeroShotWithin, "zero_shot/within/auroc/{class}");
/// The mean of the classes that have it.
pub static AUROC_MACRO: Declaration = Declaration {
    label: Some("zero-shot AUROC within strata"),
    row: Some("AUROC, mean of classes, within strata"),
    ..Declaration::new(Task::ZeroShotWithin, "zero_shot/within/auroc_macro")
};

/// Share of queries whose own candidate is among the first K of their stratum.
pub static RECALL: Declaration = Declaration {
    label: Some("{way} R@{k} within strata"),
    row: Some("{way} R@{k} within strata"),
    ..Declaration::new(Task::RetrievalWithin, "retrieval/within/{way}_r_at_{k}")
};
/// Share of the first K of the query's stratum that have the query's findings.
pub static PRECISION: Declaration = Declaration {
    label: Some("{way} P@{k} within strata"),
    row: Some("{way} P@{k} within strata"),
    ..Declaration::new(Task::RetrievalWithin, "retrieval/within/{way}_p_at_{k}")
};
/// The same of queries with a finding.
pub static PRECISION_ABNORMAL: Declaration = Declaration {
    label: Some("{way} P@{k}, abnormal, within strata"),
    row: Some("{way} P@{k}, abnormal, within strata"),
    ..Declaration::new(Task::RetrievalWithin, "retrieval/within/{way}_p_at_{k}_abnormal")
};
/// Median over queries of the rank of their own candidate in their stratum, 1 at best.
pub static MEDIAN_RANK: Declaration = Declaration {
    label: Some("{way} median rank within strata"),
    row: Some("{way} median rank within strata"),
    better: Better::Lower,
    decimals: 1,
    ..Declaration::new(Task::RetrievalWithin, "retrieval/within/{way}_median_rank")
};
/// Mean over queries of `(rank − 1) / (candidates − 1)`, the share of the wrong candidates that are not behind the own one: 0 at
/// best, 0.5 by chance whatever the number of candidates (Müller et al., Pattern Recognition Letters 22:593, 2001). So it can be
/// compared with that within strata, which recall cannot: strata have fewer candidates.
pub static NORMALISED_RANK: Declaration = Declaration {
    label: Some("{way} normalised rank"),
    row: Some("{way} normalised rank"),
    better: Better::Lower,
    within: Some(&NORMALISED_RANK_WITHIN),
    ..Declaration::new(Task::RetrievalWithin, "retrieval/{way}_normalised_rank")
};
/// The same among the candidates of the query's stratum.
pub static NORMALISED_RANK_WITHIN: Declaration = Declaration {
    label: Some("{way} normalised rank within strata"),
    row: Some("{way} normalised rank within strata"),
    better: Better::Lower,
    ..Declaration::new(Task::RetrievalWithin, "retrieval/within/{way}_normalised_rank")
};

/// Scores of zero-shot classification.
pub(super) static OF_ZERO_SHOT: &[&Declaration] = &[&AUROC_MACRO, &AUROC];
/// Scores of retrieval, and what stands beside one of them.
pub(super) static OF_RETRIEVAL: &[&Declaration] =
    &[&RECALL, &PRECISION, &PRECISION_ABNORMAL, &MEDIAN_RANK, &NORMALISED_RANK, &NORMALISED_RANK_WITHIN];
