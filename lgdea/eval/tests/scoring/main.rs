//! Outputs of anyone's model by the shipped protocols, against NumPy and scikit-learn: `scoring.py` and `probes.py` made the folder `files`.
#![allow(clippy::unwrap_used, clippy::float_cmp, missing_docs)]

mod delong;
mod grounding;
mod of_run;
mod probes;
mod protocols;
mod refused;
mod subgroups;
mod switches;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring::{self, Compared, Models, Scored, tables};
use lgdea_eval::{EvalError, Evaluation};
use lgdea_metric::task::zero_shot::{AUROC, AUROC_MACRO};
use lgdea_metric::{Declaration, Task};
use lgdea_predictions::{Features, Reference, Retrieval, Scores, SplitReference};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scoring/files").join(name)
}

/// Files of a folder of their own.
struct Written(tempfile::TempDir);

impl Written {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// Scores by a protocol; `validation` are predictions and reference.
fn scored(
    protocol: &str,
    predictions: &Path,
    reference: &Path,
    validation: Option<[&Path; 2]>,
) -> Result<Scored, EvalError> {
    match Protocol::named_or_path(protocol)?.rules {
        Rules::Probe(rules) => scoring::probe(&rules, &Features::read(predictions)?, &SplitReference::read(reference)?),
        Rules::ZeroShot(rules) => {
            let reference = Reference::read(reference)?;
            let validation =
                validation.map(|[scores, truth]| (Scores::read(scores).unwrap(), Reference::read(truth).unwrap()));
            let validation = validation.as_ref().map(|(scores, truth)| (scores, truth));
            scoring::zero_shot(&rules, &Scores::read(predictions)?, &reference, validation)
        }
        Rules::Retrieval(rules) => {
            scoring::retrieval(&rules, &Retrieval::read(predictions, None)?, &Reference::read(reference)?)
        }
        Rules::Grounding(_) => panic!("grounding.rs scores maps"),
    }
}

fn of_files(protocol: &str, name: &str, validated: bool) -> Scored {
    let (scores, truth) = (file("validation.npz"), file("validation.csv"));
    let validation = validated.then_some([scores.as_path(), truth.as_path()]);
    scored(protocol, &file(&format!("{name}.npz")), &file(&format!("{name}.csv")), validation).unwrap()
}

/// Models by a protocol, called "a", "b" and so on.
fn models(protocol: &str, scored: Vec<Scored>) -> Models {
    let named = ["a", "b", "c"].map(str::to_owned).into_iter().zip(scored).collect();
    Models::new(named, Protocol::named_or_path(protocol).unwrap().interval())
}

/// The tables of scores as the terminal has them.
fn shown(models: &Models) -> String {
    tables::scores(&models.models).iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
}

fn evaluation(protocol: &str, scored: Scored) -> Evaluation {
    scored.evaluation(Protocol::named_or_path(protocol).unwrap().interval())
}

fn expected(protocol: &str) -> BTreeMap<String, f64> {
    let files = [include_str!("files/expected.json"), include_str!("files/probes.json")];
    let all = files.map(|file| serde_json::from_str::<serde_json::Value>(file).unwrap());
    let found = all.iter().find_map(|file| file.get(protocol)).unwrap();
    serde_json::from_value(found.clone()).unwrap()
}

/// All that was expected is there, and if `exactly`, nothing else.
fn check(protocol: &str, found: &Evaluation, exactly: bool) {
    let expected = expected(protocol);
    assert!(!expected.is_empty(), "{protocol}");
    for (name, expected) in &expected {
        let score = found.scores.get(name).unwrap_or_else(|| panic!("{protocol} has no {name}"));
        assert!((score.value - expected).abs() < 1e-9, "{protocol} {name}: {} is not {expected}", score.value);
        let [low, high] = score.interval.unwrap_or_else(|| panic!("{protocol} {name} has no interval"));
        assert!(
            low <= score.value + 1e-9 && score.value <= high + 1e-9 || name.contains("median"),
            "{name}: {low} {high}"
        );
    }
    if exactly {
        let names: Vec<&String> = found.scores.keys().collect();
        assert_eq!(names, expected.keys().collect::<Vec<_>>(), "{protocol}");
    }
}

#[test]
fn every_shipped_protocol_gives_what_scikit_learn_gives() {
    let mut tried = BTreeSet::new();
    for (protocol, name, validated, exactly) in [
        ("zero-shot/lgdea-v1", "test", true, true),
        ("zero-shot/lgdea-run-v1", "test", false, true),
        ("zero-shot/chexzero-v1", "test", true, false),
        ("zero-shot/carzero-v1", "test", false, true),
        ("zero-shot/biovil-v1", "binary", false, true),
        ("cxr-lt-2026/v1", "test", false, true),
        ("chexpert-5x200/gloria-v1", "single", false, true),
        ("chexpert-5x200/medclip-v1", "single", false, true),
        ("chexpert-5x200/cxr-clip-v1", "single", false, true),
        ("retrieval/lgdea-v1", "pairs", false, true),
        ("retrieval/lgdea-run-v1", "pairs", false, true),
        ("retrieval/cxr-clip-v1", "pairs", false, true),
        ("retrieval-5x200/gloria-v1", "pairs", false, true),
        ("probe/lgdea-v1", "probe", false, false),
        ("probe/knn-v1", "probe", false, false),
        ("rsna/gloria-v1", "rsna", false, false),
        ("rsna/mgca-v1", "rsna", false, false),
    ] {
        check(protocol, &evaluation(protocol, of_files(protocol, name, validated)), exactly);
        tried.insert(protocol);
    }
    tried.extend(grounding::PROTOCOLS);
    assert_eq!(tried, Protocol::shipped().collect());
}

#[test]
fn thresholds_are_those_of_the_validation_cases() {
    let found = of_files("zero-shot/chexzero-v1", "test", true);
    assert_eq!(found.thresholds, expected("thresholds"));
    assert_eq!((found.cases, found.units), (120, 120));
    let without = of_files("zero-shot/lgdea-v1", "test", false);
    assert_eq!((without.units, without.thresholds.len()), (60, 0));
    let without = evaluation("zero-shot/lgdea-v1", without);
    assert!(without.scores.contains_key("zero_shot/auroc_macro") && !without.scores.contains_key("zero_shot/f1_macro"));
    assert!(
        without.warnings.iter().any(|warning| warning.contains("--validation-predictions")),
        "{:?}",
        without.warnings
    );
}

#[test]
fn what_was_left_out_is_told() {
    let alike = "alike is what shares labels of the reference: `class 0`, `class 1`, `class 2`, `class 3`";
    let pairs = of_files("retrieval-5x200/gloria-v1", "pairs", false);
    assert_eq!(
        pairs.warnings,
        [alike, "what goes by labels (image → report) at [100] is left out: there are fewer candidates"]
    );
    let pairs = of_files("retrieval/lgdea-v1", "pairs", false);
    let other = "texts that repeat an earlier one of a case with other labels, whose labels count: 5; the order of the rows matters";
    assert_eq!(
        (&pairs.warnings[..], pairs.units),
        (&["10 of 60 texts repeat an earlier one", alike, other].map(str::to_owned)[..], 20)
    );
}

#[test]
fn a_matrix_of_similarities_gives_what_its_embeddings_give() {
    let reference = Reference::read(&file("pairs.csv")).unwrap();
    let (outputs, _) = Retrieval::read(&file("pairs.npz"), None).unwrap().of(&reference).unwrap();
    let lgdea_predictions::Outputs::Embeddings { images, texts } = outputs else { panic!("no embeddings") };
    let unit = lgdea_eval::metric::similarity::unit_rows;
    let similarity = unit(images.view()).dot(&unit(texts.view()).t());
    let header = format!("id,{}\n", reference.ids.join(","));
    let row = |(id, row): (&String, ndarray::ArrayView1<'_, f32>)| {
        let cells: Vec<String> = row.iter().map(f32::to_string).collect();
        format!("{id},{}\n", cells.join(","))
    };
    let text: String = reference.ids.iter().zip(similarity.rows()).map(row).collect();
    let written = Written::new(&[("similarity.csv", &(header + &text))]);
    let found = scored("retrieval/lgdea-v1", &written.path("similarity.csv"), &file("pairs.csv"), None).unwrap();
    check("retrieval/lgdea-v1", &evaluation("retrieval/lgdea-v1", found), true);
}

#[test]
fn a_model_does_not_differ_from_itself_and_a_better_one_does() {
    let protocol = "zero-shot/lgdea-v1";
    let interval = Protocol::named_or_path(protocol).unwrap().interval();
    let (own, same) = (of_files(protocol, "test", false), of_files(protocol, "test", false));
    let differences = own.differences(&same, interval);
    assert!(differences.len() > 10);
    for (name, found) in differences {
        assert_eq!((found.value, found.interval, found.p_value), (0.0, Some([0.0, 0.0]), Some(1.0)), "{name}");
    }
    // An oracle: the labels themselves, of which blank and uncertain ones are 0.
    let truth = std::fs::read_to_string(file("test.csv")).unwrap();
    let known = |line: &str| -> String {
        let cells: Vec<&str> = line.split(',').collect();
        let labels = cells[2..].iter().map(|&cell| if cell == "1" { "1" } else { "0" });
        [cells[0]].into_iter().chain(labels).collect::<Vec<_>>().join(",")
    };
    let header = "id,Atelectasis,Cardiomegaly,Consolidation,Edema,Pleural Effusion,Fracture".to_owned();
    let lines: Vec<String> = [header].into_iter().chain(truth.lines().skip(1).map(known)).collect();
    let written = Written::new(&[("oracle.csv", &lines.join("\n"))]);
    let oracle = scored(protocol, &written.path("oracle.csv"), &file("test.csv"), None).unwrap();
    let differences = oracle.differences(&own, interval);
    let found = differences["zero_shot/auroc_macro"];
    assert!((found.value - (1.0 - expected(protocol)["zero_shot/auroc_macro"])).abs() < 1e-9);
    assert!(found.p_value.unwrap() < 0.01 && found.interval.unwrap()[0] > 0.2, "{found:?}");
    let shown = tables::differences("own", &Compared { name: "oracle".to_owned(), differences }).to_string();
    assert!(
        shown.starts_with("oracle less own\n")
            && shown.contains("AUROC, mean of classes")
            && shown.contains("0.002")
            && !shown.contains("edema"),
        "{shown}"
    );
}

#[test]
fn the_table_has_means_with_intervals_and_a_row_a_class() {
    let of_one =
        |protocol: &str, name: &str, validated| shown(&models(protocol, vec![of_files(protocol, name, validated)]));
    let found = of_one("zero-shot/lgdea-v1", "test", true);
    for part in
        ["AUROC, mean of classes", "mAP", "95 % interval", "pleural_effusion", "average precision", "balanced accuracy"]
    {
        assert!(found.contains(part), "{part}:\n{found}");
    }
    let found = of_one("retrieval/lgdea-v1", "pairs", false);
    for part in ["image → report R@1 ", "report → image R@10", "mean reciprocal rank", "median rank", "P@5"] {
        assert!(found.contains(part), "{part}:\n{found}");
    }
}

#[test]
fn means_of_different_classes_are_not_compared() {
    let files = [
        ("a.csv", "id,edema,mass\na,0.1,0.9\nb,0.7,0.2\nc,0.4,0.6\nd,0.8,0.3\n"),
        ("b.csv", "id,edema\na,0.1\nb,0.7\nc,0.4\nd,0.8\n"),
        ("r.csv", "id,patient,edema,mass\na,p,0,1\nb,q,1,0\nc,r,0,1\nd,s,1,0\n"),
    ];
    let written = Written::new(&files);
    let of = |name: &str| scored("zero-shot/lgdea-v1", &written.path(name), &written.path("r.csv"), None).unwrap();
    let found = models("zero-shot/lgdea-v1", vec![of("a.csv"), of("b.csv")]);
    let compared: Vec<&String> = found.compared[0].differences.keys().collect();
    assert_eq!(compared, ["zero_shot/auroc/edema", "zero_shot/average_precision/edema"]);
    let told = found.warnings.join("\n");
    assert!(
        told.contains("b and a have means of different classes") && told.contains("auroc_macro (1 and 2 classes)"),
        "{told}"
    );
}

#[test]
fn several_models_stand_beside_each_other_and_are_compared_with_the_first() {
    let protocol = "zero-shot/lgdea-v1";
    let of = || of_files(protocol, "test", false);
    let found = models(protocol, vec![of(), of(), of()]);
    let names: Vec<&str> = found.compared.iter().map(|compared| compared.name.as_str()).collect();
    assert_eq!((names, found.cases, found.units), (vec!["b", "c"], 120, 60));
    assert_eq!(found.models[1].scores, evaluation(protocol, of()).scores);
    let grids = tables::scores(&found.models);
    assert_eq!(grids[0].header, ["metric (95 % interval)", "a", "b", "c"]);
    // All classes, and then AUROC and average precision of each.
    let titles: Vec<&str> = grids.iter().map(|grid| grid.title.as_str()).collect();
    assert_eq!(titles, ["", "auroc", "average precision"]);
    for grid in &grids {
        for row in &grid.rows {
            assert_eq!(row.len(), 4, "{row:?}");
            assert!(row[1].contains(" – ") && row[1] == row[2] && row[1] == row[3], "{row:?}");
        }
    }
    let warning = &found.models[0].warnings[0];
    assert_eq!(found.warnings.iter().filter(|told| told.contains(warning)).count(), 1);
}

/// A protocol that measures all there is, of classes that exclude each other.
fn all_metrics(of: &str) -> String {
    let shipped =
        std::fs::read_to_string(format!("{}/../../templates/protocols/{of}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let metrics = if of.starts_with("retrieval") {
        "[\"recall\", \"reciprocal-rank\", \"mean-rank\", \"median-rank\", \"precision\", \"hit\", \"ndcg\"]"
    } else {
        "[\"auroc\", \"average-precision\", \"auprc-trapezoid\", \"brier\", \"ece\", \"f1\", \"mcc\", \"accuracy\", \"balanced-accuracy\", \"sensitivity\", \
         \"specificity\", \"top-accuracy\", \"top-balanced-accuracy\", \"top-precision\", \"top-f1\", \"top-mcc\"]"
    };
    let line = |line: &str| {
        let line = if line.starts_with("metrics = ") { format!("metrics = {metrics}") } else { line.to_owned() };
        line.replace("\"multi-label\"", "\"multi-class\"").replace("resamples = 1000", "resamples = 100") + "\n"
    };
    shipped.lines().map(line).collect()
}

#[test]
fn what_is_declared_is_measured_and_what_is_measured_is_declared() {
    let single = |prefix: &str| -> (String, String) {
        let cases: Vec<(String, &str)> =
            (0..6).map(|case| (format!("{prefix}{case}"), ["edema", "mass"][case % 2])).collect();
        let scores = cases.iter().enumerate().map(|(at, (id, label))| {
            let score = if *label == "edema" { 0.9 - at as f64 / 10.0 } else { 0.5 - at as f64 / 20.0 };
            format!("{id},{score},{}\n", 1.0 - score)
        });
        let scores = std::iter::once("id,edema,mass\n".to_owned()).chain(scores).collect();
        let truth =
            std::iter::once("id,label\n".to_owned()).chain(cases.iter().map(|(id, label)| format!("{id},{label}\n")));
        (scores, truth.collect())
    };
    let ((scores, truth), (other_scores, other_truth)) = (single("t"), single("v"));
    let (of_classes, of_pairs) = (all_metrics("zero-shot/lgdea-v1.toml"), all_metrics("retrieval/lgdea-v1.toml"));
    let written = Written::new(&[
        ("zero-shot.toml", &of_classes),
        ("retrieval.toml", &of_pairs),
        ("p.csv", &scores),
        ("r.csv", &truth),
        ("vp.csv", &other_scores),
        ("vr.csv", &other_truth),
    ]);
    let names = |found: Scored| -> BTreeSet<String> {
        let interval = Protocol::named_or_path(written.path("retrieval.toml").to_str().unwrap()).unwrap().interval();
        found.evaluation(interval).scores.into_keys().collect()
    };
    let path = |name: &str| written.path(name).to_str().unwrap().to_owned();
    let validation = [written.path("vp.csv"), written.path("vr.csv")];
    let validation = [validation[0].as_path(), validation[1].as_path()];
    let found =
        scored(&path("zero-shot.toml"), &written.path("p.csv"), &written.path("r.csv"), Some(validation)).unwrap();
    let declared = |declarations: Vec<&'static Declaration>, at: &[usize]| -> BTreeSet<String> {
        let instances = declarations.into_iter().flat_map(|one| one.instances(at, &["edema", "mass"]));
        instances.map(|one| one.name()).collect()
    };
    let of_runs = [&AUROC, &AUROC_MACRO];
    assert_eq!(names(found), declared(Task::ZeroShotOutputs.declarations().chain(of_runs).collect(), &[]));

    let found = scored(&path("retrieval.toml"), &file("pairs.npz"), &file("pairs.csv"), None).unwrap();
    let found = names(found);
    let declared_here = declared(Task::RetrievalOutputs.declarations().collect(), &[5, 10]);
    assert!(declared_here.is_subset(&found), "{found:?}");
    let of_runs = declared(Task::Retrieval.declarations().collect(), &[1, 5, 10]);
    assert!(found.iter().all(|name| declared_here.contains(name) || of_runs.contains(name)), "{found:?}");
}
