//! Scores of image–text retrieval that protocols measure, besides those that runs log without one.

use crate::{Better, Declaration, Task};

/// Share of queries with a right candidate, by labels, among the first K.
pub static HIT: Declaration = Declaration {
    label: Some("{way} Hit@{k}"),
    row: Some("{way} Hit@{k}"),
    ..Declaration::new(Task::RetrievalOutputs, "retrieval/{way}_hit_at_{k}")
};
/// Normalised discounted cumulative gain of the first K, by labels.
pub static NDCG: Declaration = Declaration {
    label: Some("{way} nDCG@{k}"),
    row: Some("{way} nDCG@{k}"),
    ..Declaration::new(Task::RetrievalOutputs, "retrieval/{way}_ndcg_at_{k}")
};
/// Mean of the reciprocal ranks of the queries' own candidates.
pub static RECIPROCAL_RANK: Declaration = Declaration {
    label: Some("{way} mean reciprocal rank"),
    row: Some("{way} mean reciprocal rank"),
    ..Declaration::new(Task::RetrievalOutputs, "retrieval/{way}_reciprocal_rank")
};
/// Mean rank of the query's own candidate, 1 at best.
pub static MEAN_RANK: Declaration = Declaration {
    label: Some("{way} mean rank"),
    row: Some("{way} mean rank"),
    better: Better::Lower,
    decimals: 1,
    ..Declaration::new(Task::RetrievalOutputs, "retrieval/{way}_mean_rank")
};

/// All scores of the task.
pub(super) static ALL: &[&Declaration] = &[&HIT, &NDCG, &RECIPROCAL_RANK, &MEAN_RANK];
