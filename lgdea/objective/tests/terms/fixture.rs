//! The fixture: inputs of a step, and what `PyTorch` says of each term on them.

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};
use lgdea_objective::{
    CrossAttended, Forward, Labels, PhraseForward, PhraseTargets, Targets, TextForward, Tokens, UnpairedTargets,
};
use serde::Deserialize;

/// The step of the fixture, counted from 0.
pub(crate) const STEP: usize = 1;

/// The inputs that have gradients, by the names of the fixture.
pub(crate) const DIFFERENTIABLE: [&str; 14] = [
    "images",
    "patches",
    "image_evidence",
    "reports",
    "tokens",
    "phrases",
    "phrase_evidence",
    "prototypes",
    "scale",
    "attended_words",
    "attended_regions",
    "clusters",
    "classes",
    "matched",
];

#[derive(Deserialize)]
pub(crate) struct Fixture {
    pub(crate) inputs: BTreeMap<String, Values>,
    pairs: usize,
    terms: BTreeMap<String, Expected>,
}

/// What `PyTorch` says of a term.
#[derive(Deserialize)]
pub(crate) struct Expected {
    /// Its settings that are not the defaults.
    pub(crate) settings: BTreeMap<String, serde_json::Value>,
    /// Inputs that it also makes constant targets of.
    pub(crate) constant: Vec<String>,
    pub(crate) value: f32,
    pub(crate) gradients: BTreeMap<String, Values>,
}

#[derive(Clone, Deserialize)]
pub(crate) struct Values {
    shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// The fixture's inputs on a device that tracks gradients.
pub(crate) struct Inputs {
    pub(crate) leaves: BTreeMap<String, Tensor<1>>,
    shapes: BTreeMap<String, Vec<usize>>,
    pairs: usize,
}

impl Fixture {
    pub(crate) fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/objective/terms.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// What `PyTorch` says of a term; every term has to be in the fixture.
    pub(crate) fn of(&self, term: &str) -> &Expected {
        self.terms.get(term).unwrap_or_else(|| {
            panic!(
                "the term `{term}` has no value of PyTorch's to be compared with: write it in PyTorch in \
                 tests/fixtures/objective/make.py, as the terms there are, and run that file with python3"
            )
        })
    }
}

impl Inputs {
    pub(crate) fn new(fixture: &Fixture) -> Self {
        let device = Device::flex().autodiff();
        let leaf = |(name, input): (&String, &Values)| {
            let leaf = Tensor::<1>::from_data(TensorData::new(input.values.clone(), [input.values.len()]), &device);
            let tracked = DIFFERENTIABLE.contains(&name.as_str());
            (name.clone(), if tracked { leaf.require_grad() } else { leaf })
        };
        Self {
            leaves: fixture.inputs.iter().map(leaf).collect(),
            shapes: fixture.inputs.iter().map(|(name, input)| (name.clone(), input.shape.clone())).collect(),
            pairs: fixture.pairs,
        }
    }

    fn get<const N: usize>(&self, name: &str) -> Tensor<N> {
        let shape: [usize; N] = self.shapes[name].clone().try_into().unwrap();
        self.leaves[name].clone().reshape(shape)
    }

    pub(crate) fn forward(&self) -> Forward {
        Forward {
            pairs: self.pairs,
            images: self.get("images"),
            patches: self.get("patches"),
            image_evidence: self.get("image_evidence"),
            attended: Some(CrossAttended { words: self.get("attended_words"), regions: self.get("attended_regions") }),
            clusters: Some(self.get("clusters")),
            classes: Some(self.get("classes")),
            texts: TextForward {
                reports: self.get("reports"),
                tokens: Some(Tokens {
                    embeddings: self.get("tokens"),
                    padding: self.get::<2>("padding").greater_elem(0.5),
                }),
                matched: Some(self.get("matched")),
                phrases: Some(PhraseForward {
                    embeddings: self.get("phrases"),
                    evidence: self.get("phrase_evidence"),
                    of_reports: self.get("report_evidence"),
                }),
                prototypes: self.get("prototypes"),
                scale: self.get("scale"),
            },
        }
    }

    pub(crate) fn targets(&self) -> Targets {
        Targets {
            membership: self.get("membership"),
            same_evidence: self.get("same_evidence"),
            unpaired: Some(UnpairedTargets {
                evidence: self.get("unpaired_evidence"),
                confidence: self.get("confidence"),
                phrases: Some(PhraseTargets {
                    shares: self.get("unpaired_phrases"),
                    known: self.get("unpaired_phrases_known"),
                }),
                similarity: Some(self.get("teacher_similarity")),
            }),
            matched: vec![0, 2],
            labels: Some(Labels { present: self.get("labels_present"), known: self.get("labels_known") }),
        }
    }
}
