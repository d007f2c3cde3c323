//! Intervals: `intervals.py`.

use lgdea_eval::metric::auroc::Case;
use lgdea_eval::metric::bca::bca_interval;
use lgdea_eval::metric::delong::{PairedCase, delong, delong_difference};

use crate::{EXACT, assert_value, assert_values, bools, fixture, floats, numbers};

const FIXTURE: &str = include_str!("intervals.json");

#[test]
fn bca_equals_scipy_on_its_resamples() {
    for case in fixture(FIXTURE, "bca") {
        let (resampled, jackknife) = (floats(&case["resampled"]), floats(&case["jackknife"]));
        let found = bca_interval(case["value"].as_f64().unwrap(), &resampled, &jackknife).unwrap();
        assert_values("BCa", found, &case["interval"], EXACT);
    }
}

#[test]
fn delong_equals_its_definition_and_obuchowski_by_patient() {
    for case in fixture(FIXTURE, "delong") {
        let (positive, units) = (bools(&case["positive"]), numbers(&case["units"]));
        let (first, second) = (floats(&case["scores"][0]), floats(&case["scores"][1]));
        let paired: Vec<PairedCase> = (0..units.len())
            .map(|i| PairedCase { unit: units[i], scores: [first[i], second[i]], positive: positive[i] })
            .collect();
        let cases: Vec<Case> =
            (0..units.len()).map(|i| Case { unit: units[i], score: first[i], positive: positive[i] }).collect();

        let found = delong(&cases).unwrap();
        assert_value("AUROC", Some(found.value), &case["auroc"], EXACT);
        assert_value("variance", Some(found.variance), &case["variance"], EXACT);
        assert_values("interval", found.interval().unwrap(), &case["interval"], EXACT);
        let found = delong_difference(&paired).unwrap();
        assert_value("difference", Some(found.value), &case["difference"], EXACT);
        assert_value("variance of the difference", Some(found.variance), &case["variance_of_difference"], EXACT);
        assert_value("p", found.p_value(), &case["p_value"], EXACT);
    }
}
