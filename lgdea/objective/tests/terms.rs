//! Every loss term against `PyTorch` (values and gradients), and its gradient against finite differences.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use lgdea_objective::{CrossAttended, Forward, Labels, Targets, TextForward, Tokens, UnpairedTargets, total};
use lgdea_spec::{Experiment, Resolved};
use serde::Deserialize;

/// The inputs that have gradients, by the names of the fixture.
const DIFFERENTIABLE: [&str; 14] = [
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
struct Fixture {
    inputs: BTreeMap<String, Values>,
    pairs: usize,
    terms: BTreeMap<String, Expected>,
}

#[derive(Deserialize)]
struct Expected {
    value: f32,
    gradients: BTreeMap<String, Values>,
}

#[derive(Clone, Deserialize)]
struct Values {
    shape: Vec<usize>,
    values: Vec<f32>,
}

fn fixture() -> Fixture {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/objective/terms.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The names of all terms, as in the `[loss]` table.
fn names() -> [&'static str; 14] {
    Resolved::from_overrides(&[]).unwrap().experiment.loss.terms().map(|(name, _)| name)
}

/// An experiment in which one term acts, at its full weight of 1.
fn experiment(term: &str) -> Experiment {
    let weights = names().map(|name| format!("loss.{name}.weight={}", u8::from(name == term)));
    let start = [format!("loss.{term}.start=0"), format!("loss.{term}.ramp=0")];
    let more = ["loss.local.pairs=3".to_owned(), "loss.evidence-alignment.unpaired-start=0".to_owned()];
    // 0.4 of the unpaired images' weight at step 1, as in the fixture.
    let ramp = "loss.evidence-alignment.unpaired-ramp=4".to_owned();
    let overrides: Vec<String> = weights.into_iter().chain(start).chain(more).chain([ramp]).collect();
    Resolved::from_overrides(&overrides).unwrap().experiment
}

/// The inputs on a device that tracks gradients.
struct Inputs {
    leaves: BTreeMap<String, Tensor<1>>,
    shapes: BTreeMap<String, Vec<usize>>,
    pairs: usize,
}

impl Inputs {
    fn new(fixture: &Fixture) -> Self {
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

    fn forward(&self) -> Forward {
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
                phrases: self.get("phrases"),
                phrase_evidence: self.get("phrase_evidence"),
                report_evidence: self.get("report_evidence"),
                prototypes: self.get("prototypes"),
                scale: self.get("scale"),
            },
        }
    }

    fn targets(&self) -> Targets {
        Targets {
            membership: self.get("membership"),
            same_evidence: self.get("same_evidence"),
            unpaired: Some(UnpairedTargets {
                evidence: self.get("unpaired_evidence"),
                confidence: self.get("confidence"),
                phrases: Some(self.get("unpaired_phrases")),
            }),
            matched: vec![0, 2],
            labels: Some(Labels { present: self.get("labels_present"), known: self.get("labels_known") }),
        }
    }

    /// The term's value and, where asked, its gradients.
    fn value(&self, experiment: &Experiment) -> (f32, Gradients) {
        let (sum, terms) = total(&self.forward(), &self.targets(), experiment, 1);
        assert_eq!(terms.len(), 1, "one term acts");
        let sum = sum.unwrap();
        let value = sum.clone().into_scalar::<f32>();
        (value, sum.backward())
    }
}

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let fixture = fixture();
    let inputs = Inputs::new(&fixture);
    assert_eq!(fixture.terms.len(), 14, "every term has a fixture");
    for (term, expected) in &fixture.terms {
        let (value, gradients) = inputs.value(&experiment(term));
        assert!(
            (value - expected.value).abs() <= 1e-5 * expected.value.abs(),
            "{term}: {value}, not {}",
            expected.value
        );
        for name in DIFFERENTIABLE {
            let found = inputs.leaves[name].grad(&gradients).map(numbers);
            match (found, expected.gradients.get(name)) {
                (Some(found), Some(expected)) => {
                    let size = expected.values.iter().fold(1e-3_f32, |size, value| size.max(value.abs()));
                    let gap = found.iter().zip(&expected.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                    assert!(gap <= 1e-4 * size, "{term}: the gradient by {name} differs by {gap}");
                }
                // What a framework does not track and what is zero are the same gradient.
                (Some(found), None) => assert!(found.iter().all(|value| *value == 0.0), "{term}: {name} must not move"),
                (None, Some(expected)) => {
                    assert!(expected.values.iter().all(|value| *value == 0.0), "{term}: {name} must move");
                }
                (None, None) => {}
            }
        }
    }
}

/// Along the gradient itself the difference quotient is the gradient's squared norm.
#[test]
fn gradients_agree_with_finite_differences() {
    let mut fixture = fixture();
    let step = 2e-3;
    // All inputs of the cluster alignment make its targets, too: no difference quotient is its gradient.
    let terms: Vec<String> = fixture.terms.keys().filter(|term| *term != "cluster-alignment").cloned().collect();
    for term in terms {
        let experiment = experiment(&term);
        let inputs = Inputs::new(&fixture);
        let (_, gradients) = inputs.value(&experiment);
        let moved: Vec<(&str, Vec<f32>)> = DIFFERENTIABLE
            .iter()
            .filter(|name| !target_inputs(&term).contains(name))
            .filter_map(|&name| Some((name, numbers(inputs.leaves[name].grad(&gradients)?))))
            .collect();
        let norm = moved.iter().flat_map(|(_, gradient)| gradient).map(|g| g * g).sum::<f32>().sqrt();
        assert!(norm > 1e-3, "{term} has a gradient");
        let mut at = |sign: f32| {
            let before = fixture.inputs.clone();
            for (name, gradient) in &moved {
                let values = &mut fixture.inputs.get_mut(*name).unwrap().values;
                values.iter_mut().zip(gradient).for_each(|(value, g)| *value += sign * step * g / norm);
            }
            let value = Inputs::new(&fixture).value(&experiment).0;
            fixture.inputs = before;
            value
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * step);
        assert!((slope - norm).abs() <= 0.02 * norm, "{term}: slope {slope}, gradient {norm}");
    }
}

/// Inputs that a term also makes constant targets from: its gradient leaves that way out on purpose.
fn target_inputs(term: &str) -> &[&str] {
    match term {
        "cluster-alignment" => &["images", "reports", "clusters"],
        "pseudo-label" => &["images"],
        "reconstruction" => &["phrases"],
        _ => &[],
    }
}
