//! How well texts fit the regions of images: the local score of methods that learn one.

use burn::tensor::{Device, Tensor};
use lgdea_model::Lgdea;
use lgdea_objective::Tokens;
use lgdea_objective::term::evidence_local::region_fit;
use lgdea_objective::term::local::word_region_fit;
use lgdea_spec::loss::{EvidenceLocal, Local};
use lgdea_spec::{Experiment, Need};
use ndarray::Array2;

use crate::arrays::matrix;

/// What a method compares with image regions.
#[derive(Clone, Copy)]
pub(crate) enum LocalFit<'a> {
    /// Evidence phrases as a whole (`L_evi_loc`).
    Phrases(&'a EvidenceLocal),
    /// The words of a text (`GLoRIA`).
    Words(&'a Local),
}

/// Texts on the device, as a method compares them with regions.
#[expect(clippy::large_enum_variant, reason = "there is one of it for a group of texts, and it holds handles")]
pub(crate) enum LocalTexts<'a> {
    /// Unit-length embeddings, `[texts, D]`.
    Phrases(Tensor<2>, &'a EvidenceLocal),
    /// Their words.
    Words(Tokens, &'a Local),
}

impl<'a> LocalFit<'a> {
    /// That of the experiment's method; `None` where its regions learned nothing of texts.
    pub(crate) fn of_method(experiment: &'a Experiment) -> Option<Self> {
        let (needs, loss) = (experiment.needs(), &experiment.loss);
        if needs.has(Need::PhraseRegions) {
            Some(Self::Phrases(&loss.evidence_local))
        } else if needs.has(Need::WordRegions) {
            Some(Self::Words(&loss.local))
        } else {
            None
        }
    }

    /// Texts that are embedded as a whole, `[texts, D]`; none where the method compares words.
    pub(crate) fn of_phrases(self, embeddings: Tensor<2>) -> Option<LocalTexts<'a>> {
        match self {
            Self::Phrases(settings) => Some(LocalTexts::Phrases(embeddings, settings)),
            Self::Words(_) => None,
        }
    }

    /// Encodes texts given by their token ids. `model` is in validation mode.
    pub(crate) fn texts<T: AsRef<[i32]>>(self, model: &Lgdea, tokens: &[T], device: &Device) -> LocalTexts<'a> {
        let tokens = lgdea_prepared::Tokens::pad(tokens.iter().map(AsRef::as_ref)).to_tensor(device);
        match self {
            Self::Phrases(settings) => LocalTexts::Phrases(model.encode_texts(tokens), settings),
            Self::Words(settings) => {
                let features = model.text_features(tokens);
                LocalTexts::Words(Tokens { embeddings: features.tokens, padding: features.padding }, settings)
            }
        }
    }
}

impl LocalTexts<'_> {
    /// Fit of the texts to the regions of images, `[images, texts]`, from projected patches `W h_p`, `[images, patches, D]`.
    pub(crate) fn fit(&self, projected: Tensor<3>) -> Tensor<2> {
        match self {
            Self::Phrases(phrases, settings) => region_fit(projected, phrases.clone(), settings.attention_temperature),
            Self::Words(words, settings) => word_region_fit(projected, words.clone(), settings),
        }
    }

    /// Fit of the best of the texts to each image, `[images, 1]`.
    pub(crate) fn best_fit(&self, projected: Tensor<3>) -> Tensor<2> {
        self.fit(projected).max_dim(1)
    }
}

/// The best fit of each group of texts, such as a class's prompts, to each image: `[images, groups]`.
pub(crate) fn best_fits(groups: &[LocalTexts<'_>], projected: &Tensor<3>) -> Array2<f32> {
    let fits = groups.iter().map(|texts| texts.best_fit(projected.clone())).collect();
    matrix(Tensor::cat(fits, 1))
}
