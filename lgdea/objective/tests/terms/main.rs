//! What every declared loss term has to keep: `PyTorch`'s values and gradients, and its own declaration of what it needs.
#![allow(clippy::unwrap_used)]

mod fixture;
mod needs;

use burn::tensor::{Gradients, Tensor};
use fixture::{DIFFERENTIABLE, Expected, Fixture, Inputs, STEP};
use lgdea_objective::term::terms;
use lgdea_objective::{Forward, Pass, Targets, Term, total};
use lgdea_spec::{Experiment, Need, Resolved};

/// The names of all declared terms, as in the `[loss]` table.
fn names() -> Vec<&'static str> {
    Resolved::from_overrides(&[]).unwrap().experiment.loss.terms().map(|(name, _)| name).collect()
}

/// An experiment in which one term acts, at its full weight of 1 and with the fixture's settings.
fn only(term: &str, expected: &Expected) -> Experiment {
    let weights = names().into_iter().map(|name| format!("loss.{name}.weight={}", u8::from(name == term)));
    let schedule = [format!("loss.{term}.start=0"), format!("loss.{term}.ramp=0")];
    let settings = expected.settings.iter().map(|(key, value)| format!("loss.{term}.{key}={value}"));
    let overrides: Vec<String> = weights.chain(schedule).chain(settings).collect();
    Resolved::from_overrides(&overrides).unwrap().experiment
}

fn term<'a>(experiment: &'a Experiment, name: &str) -> &'a dyn Term {
    terms(&experiment.loss).find(|(other, _)| *other == name).unwrap().1
}

/// The term's value on the inputs after a change of them.
fn value_after(
    change: impl FnOnce(&mut Forward, &mut Targets),
    name: &str,
    experiment: &Experiment,
    inputs: &Inputs,
) -> Option<f32> {
    let (mut forward, mut targets) = (inputs.forward(), inputs.targets());
    change(&mut forward, &mut targets);
    let pass = Pass { forward: &forward, targets: &targets, experiment, step: STEP };
    term(experiment, name).value(&pass).map(Tensor::into_scalar)
}

/// The value of the one term that acts, and its gradients.
fn value_and_gradients(inputs: &Inputs, experiment: &Experiment) -> (f32, Gradients) {
    let (forward, targets) = (inputs.forward(), inputs.targets());
    let (sum, terms) = total(&Pass { forward: &forward, targets: &targets, experiment, step: STEP });
    assert_eq!(terms.len(), 1, "one term acts");
    let sum = sum.unwrap();
    (sum.clone().into_scalar(), sum.backward())
}

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn assert_value(found: f32, expected: &Expected, term: &str) {
    let expected = expected.value;
    assert!((found - expected).abs() <= 1e-5 * expected.abs(), "{term}: {found}, not {expected}");
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let fixture = Fixture::read();
    let inputs = Inputs::new(&fixture);
    for term in names() {
        let expected = fixture.of(term);
        let (value, gradients) = value_and_gradients(&inputs, &only(term, expected));
        assert_value(value, expected, term);
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

/// Along the gradient itself the difference quotient is the gradient's norm.
#[test]
fn gradients_agree_with_finite_differences() {
    let mut fixture = Fixture::read();
    let step = 2e-3;
    for term in names() {
        let (constant, experiment) = (fixture.of(term).constant.clone(), only(term, fixture.of(term)));
        let inputs = Inputs::new(&fixture);
        let (_, gradients) = value_and_gradients(&inputs, &experiment);
        let moved: Vec<(&str, Vec<f32>)> = DIFFERENTIABLE
            .iter()
            .filter_map(|&name| Some((name, numbers(inputs.leaves[name].grad(&gradients)?))))
            .collect();
        let norm = |moved: &[(&str, Vec<f32>)]| {
            moved.iter().flat_map(|(_, gradient)| gradient).map(|g| g * g).sum::<f32>().sqrt()
        };
        assert!(norm(&moved) > 1e-3, "{term} has a gradient");
        // No difference quotient sees that a target which is made of an input is a constant.
        let moved: Vec<(&str, Vec<f32>)> =
            moved.into_iter().filter(|(name, _)| !constant.iter().any(|other| other == name)).collect();
        if moved.is_empty() {
            continue;
        }
        let norm = norm(&moved);
        let mut at = |sign: f32| {
            let before = fixture.inputs.clone();
            for (name, gradient) in &moved {
                let values = &mut fixture.inputs.get_mut(*name).unwrap().values;
                values.iter_mut().zip(gradient).for_each(|(value, g)| *value += sign * step * g / norm);
            }
            let value = value_and_gradients(&Inputs::new(&fixture), &experiment).0;
            fixture.inputs = before;
            value
        };
        let slope = (at(1.0) - at(-1.0)) / (2.0 * step);
        assert!((slope - norm).abs() <= 0.02 * norm, "{term}: slope {slope}, gradient {norm}");
    }
}

#[test]
fn a_term_without_a_weight_is_absent_and_the_others_keep_their_order() {
    let inputs = Inputs::new(&Fixture::read());
    let (forward, targets) = (inputs.forward(), inputs.targets());
    for off in names() {
        let weights = names().into_iter().map(|name| format!("loss.{name}.weight={}", u8::from(name != off)));
        let starts = names().into_iter().map(|name| format!("loss.{name}.start=0"));
        let experiment = Resolved::from_overrides(&weights.chain(starts).collect::<Vec<_>>()).unwrap().experiment;
        let pass = Pass { forward: &forward, targets: &targets, experiment: &experiment, step: STEP };
        let (_, values) = total(&pass);
        let (found, mut expected) = (values.iter().map(|term| term.name).collect::<Vec<_>>(), names());
        expected.retain(|name| *name != off);
        assert_eq!(found, expected);
    }
}

#[test]
fn what_a_term_needs_is_all_that_it_reads() {
    let fixture = Fixture::read();
    let inputs = Inputs::new(&fixture);
    for name in names() {
        let expected = fixture.of(name);
        let experiment = only(name, expected);
        let declared = term(&experiment, name).needs();
        let undeclared =
            needs::OPTIONAL.into_iter().filter(|&need| !declared.iter().any(|&other| needs::alike(need, other)));
        let change = |forward: &mut Forward, targets: &mut Targets| {
            undeclared.for_each(|need| assert!(needs::take_away(need, forward, targets)));
        };
        let value = value_after(change, name, &experiment, &inputs);
        let value = value.unwrap_or_else(|| panic!("{name} has no value: it reads what its `needs` do not name"));
        assert_value(value, expected, name);
    }
}

#[test]
fn what_a_term_moves_of_the_evidence_space_it_needs() {
    let fixture = Fixture::read();
    for name in names() {
        let expected = fixture.of(name);
        let experiment = only(name, expected);
        let declared = term(&experiment, name).needs();
        let moves = |input: &str| {
            let gradient = expected.gradients.get(input);
            gradient.is_some_and(|gradient| gradient.values.iter().any(|value| *value != 0.0))
        };
        let prototypes = moves("prototypes") || moves("phrase_evidence");
        assert!(!prototypes || declared.contains(&Need::Prototypes), "{name} moves prototypes");
        assert!(!moves("image_evidence") || declared.contains(&Need::ImageEvidence), "{name} teaches lesion queries");
    }
}

#[test]
fn a_term_has_no_value_where_what_it_needs_is_missing() {
    let fixture = Fixture::read();
    let inputs = Inputs::new(&fixture);
    for name in names() {
        let experiment = only(name, fixture.of(name));
        let term = term(&experiment, name);
        for need in term.needs() {
            let mut taken = false;
            let change =
                |forward: &mut Forward, targets: &mut Targets| taken = needs::take_away(need, forward, targets);
            let value = value_after(change, name, &experiment, &inputs);
            // A term that unpaired images join later acts on the pairs alone before.
            let goes_on = term.unpaired_start().is_some() && need == Need::UnpairedTargets;
            assert_eq!(value.is_some(), !taken || goes_on, "{name} without {need:?}");
        }
    }
}
