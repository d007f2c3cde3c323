//! Classification: `classification.py`.

use lgdea_eval::metric::auroc::RankedCases;
use lgdea_eval::metric::average::{Average, mean_of_defined};
use lgdea_eval::metric::calibration::{Bins, brier_multiclass, top_label};
use lgdea_eval::metric::confusion::{Confusion, f1};
use lgdea_eval::metric::multiclass::{ConfusionMatrix, argmax};
use lgdea_eval::metric::multilabel::{confusions, exact_matches};
use lgdea_eval::metric::threshold::{Criterion, Threshold};
use lgdea_metric::Split;
use ndarray::Array2;
use serde_json::Value;

use crate::{EXACT, assert_value, assert_values, bools, fixture, flat, floats, number, numbers, rows};

const FIXTURE: &str = include_str!("classification.json");
const AVERAGES: [(&str, Average); 3] =
    [("f1_micro", Average::Micro), ("f1_macro", Average::Macro), ("f1_weighted", Average::Weighted)];

/// A binary problem of the fixture, and how often each case occurs.
fn binary(case: &Value) -> (RankedCases, Vec<u32>) {
    let cases = RankedCases::of(&floats(&case["scores"]), &bools(&case["positive"])).unwrap();
    (cases, numbers(&case["multiplicity"]).into_iter().map(|count| count as u32).collect())
}

/// The binary problems with both classes.
fn with_both() -> impl Iterator<Item = Value> {
    let cases = fixture(FIXTURE, "binary").into_iter().filter(|case| case.get("roc").is_some());
    assert_eq!(cases.clone().count(), 6);
    cases
}

#[test]
fn areas_equal_scikit_learn_with_ties_resampled_and_with_one_class() {
    for case in fixture(FIXTURE, "binary") {
        let (cases, counts) = binary(&case);
        assert_value("AUROC", cases.auroc(&counts), &case["auroc"], EXACT);
        assert_value("AP", cases.average_precision(&counts), &case["average_precision"], EXACT);
        assert_value("AUPRC", cases.auprc_trapezoid(&counts), &case["auprc_trapezoid"], EXACT);
        for most in ["0.05", "0.2", "0.77", "1.0"] {
            let found = cases.partial_auroc(&counts, most.parse().unwrap());
            assert_value(most, found, case.get("partial_auroc").map_or(&Value::Null, |areas| &areas[most]), EXACT);
        }
    }
}

#[test]
fn curves_equal_scikit_learn() {
    for case in with_both() {
        let (cases, counts) = binary(&case);
        let (roc, expected) = (cases.roc(&counts).unwrap(), &case["roc"]);
        assert_values("FPR", roc.iter().map(|p| p.false_positive_rate), &expected["false_positive_rate"], EXACT);
        assert_values("TPR", roc.iter().map(|p| p.sensitivity), &expected["sensitivity"], EXACT);
        assert_values("threshold", roc[1..].iter().map(|p| p.threshold), &expected["threshold"], 0.0);
        let (curve, expected) = (cases.precision_recall(&counts).unwrap(), &case["precision_recall"]);
        assert_values("precision", curve.iter().map(|p| p.precision), &expected["precision"], EXACT);
        assert_values("recall", curve.iter().map(|p| p.recall), &expected["recall"], EXACT);
        assert_values("threshold", curve[1..].iter().map(|p| p.threshold), &expected["threshold"], 0.0);
    }
}

#[test]
fn operating_points_equal_torchmetrics() {
    for case in with_both() {
        let (cases, counts) = binary(&case);
        for least in ["0.5", "0.8", "0.95", "1.0"] {
            let bound = least.parse().unwrap();
            let sensitivity = cases.sensitivity_at_specificity(&counts, bound).map(|point| point.value);
            assert_value("sensitivity", sensitivity, &case["sensitivity_at"][least], EXACT);
            let specificity = cases.specificity_at_sensitivity(&counts, bound).map(|point| point.value);
            assert_value("specificity", specificity, &case["specificity_at"][least], EXACT);
        }
    }
}

#[test]
fn the_best_thresholds_are_those_of_trying_all() {
    for case in with_both() {
        let (cases, counts) = binary(&case);
        // The fixture's are of the resampled cases: each as often as it occurs.
        let repeated = cases.cases().iter().flat_map(|&one| vec![one; counts[one.unit] as usize]);
        let cases = RankedCases::new(repeated).unwrap();
        for (name, criterion) in [("f1", Criterion::F1), ("youden", Criterion::Youden), ("mcc", Criterion::Mcc)] {
            let found = Threshold::of_scores(criterion, Split::Validation, name, &cases).unwrap();
            let expected = &case["best"][name];
            assert_value(name, Some(found.attained), &expected["attained"], EXACT);
            assert_value(name, Some(found.value), &expected["threshold"], 0.0);
        }
    }
}

#[test]
fn decisions_equal_scikit_learn_where_it_defines_them() {
    for case in fixture(FIXTURE, "binary") {
        let (cases, counts) = binary(&case);
        for (threshold, expected) in case["decisions"].as_object().unwrap() {
            let least: f64 = threshold.parse().unwrap();
            let decided = cases.cases().iter().map(|one| (one.positive, one.score >= least, counts[one.unit]));
            let found = Confusion::count(decided);
            for (name, value) in [
                ("accuracy", found.accuracy()),
                ("balanced_accuracy", found.balanced_accuracy()),
                ("sensitivity", found.sensitivity()),
                ("specificity", found.specificity()),
                ("precision", found.precision()),
                ("f1", found.f1()),
                ("mcc", found.mcc()),
                ("kappa", found.kappa()),
            ] {
                assert_value(&format!("{name} at {threshold}"), value, &expected[name], EXACT);
            }
        }
    }
}

#[test]
fn calibration_equals_scikit_learn_and_torchmetrics() {
    for case in fixture(FIXTURE, "binary") {
        let (cases, counts) = binary(&case);
        assert_value("Brier", cases.brier(&counts), &case["brier"], EXACT);
        for (name, bins) in [
            ("equal_width_5", Bins::EqualWidth(5)),
            ("equal_width_10", Bins::EqualWidth(10)),
            ("equal_mass_5", Bins::EqualMass(5)),
            ("equal_mass_10", Bins::EqualMass(10)),
        ] {
            let (found, expected) = (cases.reliability(bins, &counts).unwrap(), &case["calibration"][name]);
            assert_values(name, found.iter().map(|bin| bin.cases as f64), &expected["cases"], 0.0);
            assert_values(name, found.iter().map(|bin| bin.positives), &expected["positives"], EXACT);
            assert_values(name, found.iter().map(|bin| bin.probability), &expected["probability"], EXACT);
            assert_value(name, cases.ece(bins, &counts), &expected["ece"], EXACT);
        }
    }
}

#[test]
fn several_classes_equal_scikit_learn() {
    for case in fixture(FIXTURE, "multiclass") {
        let (classes, truth) = (number(&case["classes"]), numbers(&case["truth"]));
        let scores = rows(&flat(&case["scores"]), classes);
        let predicted = argmax(scores.view()).unwrap();
        assert_eq!(predicted, numbers(&case["predicted"]));
        let matrix = ConfusionMatrix::new(&truth, &predicted, classes, &vec![1; truth.len()]).unwrap();
        assert_value("accuracy", matrix.accuracy(), &case["accuracy"], EXACT);
        assert_value("balanced accuracy", matrix.balanced_accuracy(), &case["balanced_accuracy"], EXACT);
        assert_value("MCC", matrix.mcc(), &case["mcc"], EXACT);
        assert_value("kappa", matrix.kappa(), &case["kappa"], EXACT);
        for (name, average) in AVERAGES {
            assert_value(name, f1(&matrix.one_vs_rest(), average), &case[name], EXACT);
        }
        let of_class = |class: usize| {
            let positive: Vec<bool> = truth.iter().map(|&other| other == class).collect();
            let cases = RankedCases::of(&scores.column(class).to_vec(), &positive).unwrap();
            cases.average_precision(&vec![1; truth.len()])
        };
        let map = mean_of_defined((0..classes).map(of_class));
        assert_value("mAP", map, &case["mean_average_precision"], EXACT);
        let brier = brier_multiclass(scores.view(), &truth).unwrap();
        assert_value("Brier", mean_of_defined(brier.into_iter().map(Some)), &case["brier"], EXACT);
        let (confidence, right) = top_label(scores.view(), &truth).unwrap();
        let cases = RankedCases::of(&confidence, &right).unwrap();
        let ece = cases.ece(Bins::EqualWidth(15), &vec![1; truth.len()]);
        assert_value("ECE", ece, &case["top_label_ece"], EXACT);
    }
}

#[test]
fn several_labels_equal_scikit_learn() {
    for case in fixture(FIXTURE, "multilabel") {
        let matrix = |name: &str| -> Array2<bool> {
            let studies: Vec<Vec<bool>> = case[name].as_array().unwrap().iter().map(bools).collect();
            rows(&studies.concat(), studies[0].len())
        };
        let (truth, predicted) = (matrix("truth").mapv(Some), matrix("predicted"));
        let counts = confusions(truth.view(), predicted.view(), &vec![1; truth.nrows()]).unwrap();
        for (name, average) in AVERAGES {
            assert_value(name, f1(&counts, average), &case[name], EXACT);
        }
        let matches = mean_of_defined(exact_matches(truth.view(), predicted.view()).unwrap());
        assert_value("exact match", matches, &case["exact_match"], EXACT);
    }
}
