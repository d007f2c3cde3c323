//! What the pairing gives at the shares of pairs that tables usually have.

use lgdea_spec::{Pairing, Seed};
use serde::Serialize;

use crate::{Corpus, pair};

const RATIOS: [f64; 4] = [0.01, 0.05, 0.1, 1.0];

/// What the pairing gives at a share of pairs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairsAt {
    /// The share, in (0, 1].
    pub ratio: f64,
    /// What it gives.
    #[serde(flatten)]
    pub given: Given,
}

/// What is drawn, or why nothing is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Given {
    /// Counts of training studies.
    Drawn {
        /// Pairs of an image and a report.
        paired: usize,
        /// Images without report.
        images: usize,
        /// Reports without image.
        reports: usize,
    },
    /// Nothing can be drawn.
    Nothing {
        /// Why.
        problem: String,
    },
}

/// What an experiment's pairing gives at 1, 5, 10 and 100 %; a manifest that it names is not used. `seed` is the one of pairing.
pub fn pairs_at_ratios(corpus: &Corpus, pairing: &Pairing, seed: Seed) -> Vec<PairsAt> {
    let given = |ratio| {
        let pairing = Pairing { ratio, manifest: String::new(), ..pairing.clone() };
        match pair(corpus, &pairing, seed) {
            Ok(pairs) => {
                Given::Drawn { paired: pairs.paired.len(), images: pairs.images.len(), reports: pairs.reports.len() }
            }
            Err(error) => Given::Nothing { problem: error.to_string() },
        }
    };
    RATIOS.into_iter().map(|ratio| PairsAt { ratio, given: given(ratio) }).collect()
}

#[cfg(test)]
mod tests {
    use lgdea_spec::{Data, Phantom, Unpaired};
    use serde_json::json;

    use super::*;

    const PAIRING: Pairing = Pairing::drawn(0.3, Unpaired::Shuffled);

    #[test]
    fn pairs_grow_with_their_share_and_the_rest_is_read_alone() {
        let phantom = Phantom { studies: 100, validation: 0, test: 0, seed: Seed(1) };
        let data = Data { phantom: Some(phantom), ..Data::default() };
        let mut corpus = crate::load(&data, Seed(0), &|_, _| ()).unwrap();
        let told = pairs_at_ratios(&corpus, &PAIRING, Seed(0));
        assert_eq!(json!(told[2]), json!({ "ratio": 0.1, "paired": 10, "images": 90, "reports": 90 }));
        assert_eq!(json!(told[3])["paired"], 100);
        corpus.studies.iter_mut().for_each(|study| study.report = None);
        let told = pairs_at_ratios(&corpus, &PAIRING, Seed(0));
        assert!(json!(told[0])["problem"].as_str().unwrap().contains("no training study has both"));
    }
}
