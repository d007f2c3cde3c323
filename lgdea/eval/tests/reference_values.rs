//! The metrics against numpy, scikit-learn and torch: `fixtures/make_metrics.py` made `fixtures/metrics.json`.
#![allow(clippy::unwrap_used, missing_docs)]

use lgdea_data::StudyLabels;
use lgdea_eval::metric::auroc::{Case, RankedCases, auroc};
use lgdea_eval::metric::grounding::{cnr, miou, pointing, region};
use lgdea_eval::metric::heat_map::upsample;
use lgdea_eval::{Bootstrap, task};
use lgdea_spec::{Resolved, Seed};
use ndarray::Array2;
use serde_json::Value;

fn fixture(name: &str) -> Vec<Value> {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/metrics.json")).unwrap();
    fixture[name].as_array().unwrap().clone()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

fn integers(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|value| usize::try_from(value.as_u64().unwrap()).unwrap()).collect()
}

fn assert_close(what: &str, found: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance, "{what}: {found}, expected {expected}");
}

#[test]
fn auroc_equals_scikit_learn_with_and_without_ties_and_on_a_resample() {
    for case in fixture("auroc") {
        let scores = floats(&case["scores"]);
        let positive: Vec<bool> =
            case["positive"].as_array().unwrap().iter().map(|value| value.as_bool().unwrap()).collect();
        assert_close("auroc", auroc(&scores, &positive).unwrap(), &case["auroc"], 1e-12);

        let cases = scores.iter().zip(&positive).enumerate();
        let ranked =
            RankedCases::new(cases.map(|(unit, (&score, &positive))| Case { unit, score: f64::from(score), positive }));
        let multiplicity: Vec<u32> = integers(&case["multiplicity"]).into_iter().map(|count| count as u32).collect();
        assert_close("resampled", ranked.unwrap().auroc(&multiplicity).unwrap(), &case["resampled"], 1e-12);
    }
}

#[test]
fn retrieval_equals_a_full_sort_in_numpy() {
    for case in fixture("retrieval") {
        let classes = integers(&case["class"]);
        let similarity = Array2::from_shape_vec((classes.len(), classes.len()), floats(&case["similarity"])).unwrap();
        // Class 0 is normal: half of its studies say so, half bear no label.
        let sets: Vec<StudyLabels> = classes
            .iter()
            .enumerate()
            .map(|(study, &class)| match (class, study % 2) {
                (0, 0) => StudyLabels::default(),
                (0, _) => StudyLabels::from_iter(["no_finding"]),
                _ => StudyLabels::from_iter([format!("finding_{class}")]),
            })
            .collect();
        let cases: Vec<task::Case<'_>> =
            sets.iter().enumerate().map(|(patient, labels)| task::Case { patient, labels: Some(labels) }).collect();
        let settings = Resolved::from_overrides(&[]).unwrap().experiment.eval.retrieval;
        let bootstrap = Bootstrap { resamples: 0, seed: Seed(0) };
        let scores = task::retrieval::evaluate(&settings, similarity.view(), &cases, None, bootstrap).unwrap().scores;
        let expected: Vec<_> = case
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.starts_with("i2t_") || name.starts_with("t2i_"))
            .collect();
        assert_eq!(expected.len(), 20);
        for (name, expected) in expected {
            assert_close(name, scores[&format!("retrieval/{name}")].value, expected, 1e-12);
        }
    }
}

#[test]
fn grounding_equals_the_prototype_on_pytorch_upsampling() {
    for case in fixture("grounding") {
        let (patches, size) = (case["patches"].as_u64().unwrap() as usize, case["size"].as_u64().unwrap() as usize);
        let map = Array2::from_shape_vec((patches, patches), floats(&case["map"])).unwrap();
        let up = upsample(map.view(), size);
        for (found, expected) in up.row(0).iter().zip(case["upsampled_first_row"].as_array().unwrap()) {
            assert_close("upsampled", f64::from(*found), expected, 1e-6);
        }
        let sum: f64 = up.iter().map(|&value| f64::from(value)).sum();
        assert_close("sum", sum, &case["upsampled_sum"], 1e-2);

        let target = floats(&case["target"]).try_into().unwrap();
        let region = region(&[target], size).unwrap();
        assert_close("cnr", cnr(up.view(), &region).unwrap(), &case["cnr_signed"], 1e-5);
        let thresholds = [0.1, 0.2, 0.3, 0.4, 0.5];
        assert_close("miou", miou(up.view(), &region, &thresholds).unwrap(), &case["miou"], 1e-3);
        assert_close("pointing", pointing(up.view(), &region), &case["pointing"], 0.0);
    }
}
