//! What a score may be of: a direction of retrieval, a rank, a heat map, a share of training cases, a class.

use std::fmt;

/// A direction of retrieval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// An image looks for its report.
    ImageToReport,
    /// A report looks for its image.
    ReportToImage,
}

impl Way {
    /// Both.
    pub const ALL: [Way; 2] = [Way::ImageToReport, Way::ReportToImage];

    /// Name, as it stands in those of scores.
    pub fn name(self) -> &'static str {
        match self {
            Way::ImageToReport => "i2t",
            Way::ReportToImage => "t2i",
        }
    }

    /// Name for readers.
    pub fn label(self) -> &'static str {
        match self {
            Way::ImageToReport => "image → report",
            Way::ReportToImage => "report → image",
        }
    }
}

/// The single heat maps that a method may have of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeatMap {
    /// `W h_p · t`.
    Similarity,
    /// `log Σ_k p_c(k) softmax_k(φ(W_v h_p) · µ / τ_p)`.
    Evidence,
    /// `log Σ_l w_l A_lp` with `w_l ∝ p_c · Q_I(l)`.
    LesionAttention,
    /// `mean_t softmax_p(w_t · h_p / τ1)`, over the words `t` of the phrase.
    WordAttention,
}

impl HeatMap {
    /// All of them.
    pub const ALL: [HeatMap; 4] =
        [HeatMap::Similarity, HeatMap::Evidence, HeatMap::LesionAttention, HeatMap::WordAttention];

    /// Name, as it stands in those of scores.
    pub fn name(self) -> &'static str {
        match self {
            HeatMap::Similarity => "similarity",
            HeatMap::Evidence => "evidence",
            HeatMap::LesionAttention => "lesion_attention",
            HeatMap::WordAttention => "word_attention",
        }
    }
}

impl fmt::Display for HeatMap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a score is of, as far as its declaration has such parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parameters<'a> {
    /// `{way}`: the direction of retrieval.
    pub way: Option<Way>,
    /// `{k}`: the rank K, from 1.
    pub k: Option<usize>,
    /// `{map}`: the heat map; none for the one that the experiment chose.
    pub map: Option<HeatMap>,
    /// `{share}`: the share of the training cases that a probe saw, as Rust writes it: `0.01`, `0.1`, `1`.
    pub share: Option<&'a str>,
    /// `{class}`: the class, without `/`.
    pub class: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    /// None at all.
    pub const NONE: Parameters<'static> = Parameters { way: None, k: None, map: None, share: None, class: None };

    /// Of a direction of retrieval.
    pub const fn way(way: Way) -> Self {
        Parameters { way: Some(way), ..Self::NONE }
    }

    /// Of a direction of retrieval at a rank.
    pub const fn at(way: Way, k: usize) -> Self {
        Parameters { k: Some(k), ..Self::way(way) }
    }

    /// Of a heat map; none for the one that the experiment chose.
    pub const fn map(map: Option<HeatMap>) -> Self {
        Parameters { map, ..Self::NONE }
    }

    /// Of a class.
    pub const fn class(class: &'a str) -> Self {
        Parameters { class: Some(class), ..Self::NONE }
    }
}
