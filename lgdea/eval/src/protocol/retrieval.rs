//! A protocol of retrieval.

use lgdea_metric::Way;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::switch::{Absent, Interval, Kind, Policy, twice};

/// How embeddings, or similarities, of images and texts become numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetrievalProtocol {
    /// Raised whenever a switch changes.
    pub version: u32,
    /// The task: `retrieval`.
    pub task: Kind,
    /// What it is for.
    pub description: String,
    /// From two embeddings to a similarity.
    pub similarity: Similarity,
    /// Who looks for whom.
    pub ways: Vec<Direction>,
    /// Among which candidates.
    pub candidates: Candidates,
    /// In which order equally similar candidates stand.
    pub ties: Ties,
    /// What becomes of texts that occur twice.
    pub equal_texts: EqualTexts,
    /// What is measured.
    pub metrics: Vec<RetrievalMetric>,
    /// Ranks K of recall.
    pub recall_at: Vec<usize>,
    /// Ranks K of what goes by labels.
    pub labels_at: Vec<usize>,
    /// When a candidate is right by labels.
    pub same: Same,
    /// What becomes of −1 in the reference; an empty cell is negative.
    pub uncertain: Policy,
    /// What becomes of what goes by labels where the reference has none.
    pub without_labels: Absent,
    /// How what goes by labels is averaged.
    pub average: Average,
    /// Intervals.
    pub interval: Interval,
}

/// Who looks for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Direction {
    /// An image for its text.
    #[serde(rename = "i2t")]
    ImageToText,
    /// A text for its image.
    #[serde(rename = "t2i")]
    TextToImage,
}

impl Direction {
    /// As names of scores have it.
    pub fn way(self) -> Way {
        match self {
            Direction::ImageToText => Way::ImageToReport,
            Direction::TextToImage => Way::ReportToImage,
        }
    }
}

/// From two embeddings to a similarity; a matrix of similarities is taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Similarity {
    /// The cosine.
    Cosine,
    /// The inner product.
    Dot,
}

/// Among which candidates a query looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Candidates {
    /// All of the reference, never a batch.
    Reference,
}

/// In which order equally similar candidates stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ties {
    /// Wrong ones first.
    Against,
}

/// What becomes of texts that occur twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EqualTexts {
    /// Each is a candidate of its own, and right for its own image alone.
    Apart,
    /// The first stands for all: one candidate, one query, right for all their images.
    OneCandidate,
    /// Each is a candidate of its own, and right for all their images.
    Interchangeable,
}

/// When a candidate is right by labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Same {
    /// It has exactly the query's positive labels, of which `no finding` is none; none match none.
    LabelSet,
    /// It shares a positive label with the query. A query without one has no right candidate, and does not count.
    Class,
}

/// How what goes by labels is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Average {
    /// Over queries.
    Queries,
    /// Over the queries of each class, then over classes.
    Classes,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetrievalMetric {
    /// Share of queries whose own candidate is among the first K.
    Recall,
    /// Mean reciprocal rank of it.
    ReciprocalRank,
    /// Mean rank of it.
    MeanRank,
    /// Median rank of it.
    MedianRank,
    /// Share of the first K that are right by labels.
    Precision,
    /// Share of queries with a candidate that is right by labels among the first K.
    Hit,
    /// Normalised discounted cumulative gain of the first K by labels.
    Ndcg,
}

impl RetrievalMetric {
    /// Whether it goes by labels.
    pub fn is_by_labels(self) -> bool {
        self >= Self::Precision
    }
}

impl RetrievalProtocol {
    pub(super) fn problem(&self) -> Option<String> {
        for (name, is_empty) in [("ways", self.ways.is_empty()), ("metrics", self.metrics.is_empty())] {
            if is_empty {
                return Some(format!("`{name}` is empty; name at least one"));
            }
        }
        if twice(&self.ways).is_some() {
            return Some("`ways` has one twice; remove it".to_owned());
        }
        if twice(&self.metrics).is_some() {
            return Some("`metrics` has one twice; remove it".to_owned());
        }
        let by_labels = self.metrics.iter().any(|metric| metric.is_by_labels());
        let recall = self.metrics.contains(&RetrievalMetric::Recall);
        for (name, ranks, needed) in [("recall-at", &self.recall_at, recall), ("labels-at", &self.labels_at, by_labels)]
        {
            if needed == ranks.is_empty() {
                let what = if needed {
                    "is empty, but a metric needs its ranks K"
                } else {
                    "has ranks K that no metric needs"
                };
                return Some(format!("`{name}` {what}; change it or `metrics`"));
            }
            if ranks.contains(&0) {
                return Some(format!("`{name}` has the rank 0; ranks count from 1"));
            }
            if let Some(k) = twice(ranks) {
                return Some(format!("`{name}` has {k} twice; remove one"));
            }
        }
        None
    }
}
