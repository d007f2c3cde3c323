//! Grounding: `grounding.py`.

use lgdea_eval::metric::grounding::{Target, cnr, dice, groundability, miou, pointing, pointing_within, region};
use lgdea_eval::metric::overlap::Overlap;
use lgdea_eval::metric::threshold::{Criterion, Threshold};
use lgdea_metric::Split;
use ndarray::Array2;
use serde_json::Value;

use crate::{EXACT, assert_value, bools, fixture, floats, number, rows, singles};

const FIXTURE: &str = include_str!("grounding.json");

fn whole(name: &str) -> Value {
    serde_json::from_str::<Value>(FIXTURE).unwrap()[name].clone()
}

/// The map of a phrase and the union of its boxes; without boxes, nothing.
fn phrase(case: &Value) -> (Array2<f32>, Array2<bool>) {
    let size = number(&case["size"]);
    let share = |pixels: f64| (pixels / size as f64) as f32;
    let boxes: Vec<Target> = case["boxes"]
        .as_array()
        .unwrap()
        .iter()
        .map(floats)
        .map(|at| [share(at[0]), share(at[1]), share(at[2] - at[0]), share(at[3] - at[1])])
        .collect();
    let region = region(&boxes, size).unwrap_or_else(|| Array2::from_elem((size, size), false));
    (rows(&singles(&case["map"]), size), region)
}

#[test]
fn overlaps_equal_scikit_learn_with_several_boxes_and_with_none() {
    let thresholds = floats(&whole("thresholds"));
    for case in ["phrases", "absent"].into_iter().flat_map(|name| fixture(FIXTURE, name)) {
        let (map, region) = phrase(&case);
        for (index, overlap) in Overlap::at_each(map.view(), &region, &thresholds).into_iter().enumerate() {
            assert_value("IoU", overlap.iou(), &case["iou"][index], EXACT);
            assert_value("Dice", overlap.dice(), &case["dice"][index], EXACT);
        }
    }
}

#[test]
fn scores_of_phrases_equal_numpy_and_scipy() {
    for case in fixture(FIXTURE, "phrases") {
        let (map, region) = phrase(&case);
        let steps = [0.1, 0.2, 0.3, 0.4, 0.5];
        assert_value("CNR", cnr(map.view(), &region), &case["cnr_signed"], EXACT);
        assert_value("mIoU", miou(map.view(), &region, &steps), &case["miou"], EXACT);
        assert_value("Dice", dice(map.view(), &region, &steps), &case["mean_dice"], EXACT);
        assert_value("pointing", Some(pointing(map.view(), &region)), &case["pointing"]["0"], EXACT);
        for (reach, expected) in case["pointing"].as_object().unwrap() {
            let found = pointing_within(map.view(), &region, reach.parse().unwrap());
            assert_value(reach, Some(found), expected, EXACT);
        }
    }
}

#[test]
fn the_best_threshold_of_maps_is_that_of_trying_all() {
    let (thresholds, best) = (floats(&whole("thresholds")), whole("best"));
    let phrases: Vec<(Array2<f32>, Array2<bool>)> = fixture(FIXTURE, "phrases").iter().map(phrase).collect();
    for (name, criterion) in [("iou", Criterion::Iou), ("dice", Criterion::Dice)] {
        let maps = phrases.iter().map(|(map, region)| (map.view(), region));
        let found = Threshold::of_maps(criterion, Split::Validation, "the maps", maps, &thresholds).unwrap();
        assert_value(name, Some(found.value), &best[name]["threshold"], 0.0);
        assert_value(name, Some(found.attained), &best[name]["attained"], EXACT);
    }
}

#[test]
fn groundability_is_the_auroc_of_maxima() {
    for case in fixture(FIXTURE, "groundability") {
        let maps: Vec<Array2<f32>> =
            singles(&case["maxima"]).into_iter().map(|most| ndarray::array![[-9.0, most]]).collect();
        let present = bools(&case["present"]);
        let phrases = maps.iter().zip(present).enumerate().map(|(unit, (map, present))| (unit, map.view(), present));
        let cases = groundability(phrases).unwrap();
        assert_value("groundability", cases.auroc(&vec![1; maps.len()]), &case["auroc"], EXACT);
    }
}
