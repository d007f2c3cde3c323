//! Probes of frozen features: what each switch does, what is refused, and what is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use lgdea_eval::EvalError;
use lgdea_eval::metric::probe::subset;
use lgdea_eval::protocol::Protocol;
use lgdea_eval::scoring::Scored;
use lgdea_fault::{AtFault, Fault, chain};
use lgdea_predictions::{Features, Reference};
use lgdea_spec::Seed;

use crate::{Written, expected, file, models, of_files, scored, shown};

const LGDEA: &str = "probe/lgdea-v1";

fn shipped(protocol: &str) -> String {
    let path = format!("{}/../../templates/protocols/{protocol}.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// A shipped protocol with texts replaced, without intervals.
fn changed(protocol: &str, switches: &[[&str; 2]]) -> String {
    let mut text = shipped(protocol);
    let none = [["method = \"percentile\"", "method = \"none\""], ["resamples = 1000", "resamples = 0"]];
    for [from, to] in none.iter().chain(switches) {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

fn of_tables(protocol: &str, [features, reference]: [&str; 2]) -> Result<Scored, EvalError> {
    let written = Written::new(&[("p.toml", protocol), ("f.csv", features), ("r.csv", reference)]);
    let protocol = written.path("p.toml");
    scored(protocol.to_str().unwrap(), &written.path("f.csv"), &written.path("r.csv"), None)
}

fn values(scored: Scored) -> BTreeMap<String, f64> {
    // The switches of intervals are not of the values.
    let interval = Protocol::named_or_path(LGDEA).unwrap().interval();
    scored.evaluation(interval).scores.into_iter().map(|(name, score)| (name, score.value)).collect()
}

fn refusal(protocol: &str, files: [&str; 2]) -> String {
    let Err(error) = of_tables(protocol, files) else { panic!("nothing is refused") };
    assert_eq!(error.fault(), Fault::Input);
    chain(&error)
}

/// One feature that tells edema, without and with noise, of eight cases a split.
fn easy() -> (String, String) {
    let (mut features, mut truth) = ("id,x,y\n".to_owned(), "id,patient,split,Edema\n".to_owned());
    for split in ["train", "val", "test"] {
        for case in 0..8 {
            let edema = case % 2;
            writeln!(features, "{split}{case},{},{}", edema * 2 - 1, case * 7 % 5).unwrap();
            writeln!(truth, "{split}{case},{split}p{},{split},{edema}", case / 2).unwrap();
        }
    }
    (features, truth)
}

const ALL: [&str; 2] = ["shares = [0.01, 0.1, 1.0]", "shares = [1.0]"];

#[test]
fn c_is_that_of_scikit_learn_and_every_share_is_scored() {
    for (protocol, name) in [(LGDEA, "probe"), ("rsna/gloria-v1", "rsna"), ("rsna/mgca-v1", "rsna")] {
        let found = of_files(protocol, name, false);
        assert_eq!(found.fits["1"].c, Some(expected("c")[protocol]), "{protocol}");
        let cases: Vec<(&str, usize)> =
            found.fits.iter().map(|(share, fit)| (share.as_str(), fit.training_cases)).collect();
        assert_eq!(cases, [("0.01", 6), ("0.1", 60), ("1", 600)], "{protocol}");
    }
}

/// The rows of a table whose split is not train, and those training rows that are named.
fn with_training_cases(reference: &Path, kept: &[String]) -> String {
    let text = std::fs::read_to_string(reference).unwrap();
    let keep = |line: &&str| !line.contains(",train,") || kept.iter().any(|id| line.split(',').next() == Some(id));
    text.lines().filter(keep).map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn a_share_scores_what_all_of_its_cases_would() {
    let reference = std::fs::read_to_string(file("rsna.csv")).unwrap();
    let ids: Vec<String> = reference
        .lines()
        .filter(|line| line.contains(",train,"))
        .map(|line| line.split(',').next().unwrap().to_owned())
        .collect();
    let drawn = subset(&vec![0; ids.len()], 0.1, Seed(42)).unwrap();
    let kept: Vec<String> = drawn.into_iter().map(|case| ids[case].clone()).collect();
    let protocol = "rsna/mgca-v1";
    let small = with_training_cases(&file("rsna.csv"), &kept);
    let switches = [ALL];
    let written = Written::new(&[("r.csv", &small), ("p.toml", &changed(protocol, &switches))]);
    let all_of_it =
        scored(written.path("p.toml").to_str().unwrap(), &file("rsna.npz"), &written.path("r.csv"), None).unwrap();
    let share = of_files(protocol, "rsna", false);
    assert_eq!(share.fits["0.1"], all_of_it.fits["1"]);
    assert_eq!(values(share)["probe/0.1/auroc/pneumonia"], values(all_of_it)["probe/1/auroc/pneumonia"]);
}

#[test]
fn patients_are_drawn_with_all_of_their_cases() {
    let (features, truth) = easy();
    let share = ["shares = [0.01, 0.1, 1.0]", "shares = [0.5]"];
    for (of, cases) in [("patient", 4), ("case", 4)] {
        let unit = ["of = \"patient\"                # with", &format!("of = \"{of}\" # with")];
        let found = of_tables(&changed(LGDEA, &[share, unit]), [&features, &truth]).unwrap();
        assert_eq!(found.fits["0.5"].training_cases, cases, "{of}");
    }
    // A single share of a patient is the patient.
    let share = ["shares = [0.01, 0.1, 1.0]", "shares = [0.01]"];
    let found = of_tables(&changed(LGDEA, &[share]), [&features, &truth]).unwrap();
    assert_eq!(found.fits["0.01"].training_cases, 2);
}

#[test]
fn classes_that_exclude_each_other_are_decided() {
    let (features, truth) = easy();
    let truth = truth.replace("Edema", "label").replace(",1\n", ",edema\n").replace(",0\n", ",mass\n");
    let switches = [
        ALL,
        ["\"multi-label\"", "\"multi-class\""],
        ["[\"auroc\", \"average-precision\", \"f1\", \"mcc\"]", "[\"top-accuracy\", \"auroc\"]"],
    ];
    for scale in ["none", "standardise", "unit-length"] {
        for by in ["auroc", "cross-entropy"] {
            let (scale, by) = (format!("scale = \"{scale}\""), format!("chosen-by = \"{by}\""));
            let more = [["scale = \"standardise\"", &scale], ["chosen-by = \"auroc\"", &by]];
            let found =
                values(of_tables(&changed(LGDEA, &[&switches[..], &more].concat()), [&features, &truth]).unwrap());
            let names: Vec<&str> = found.keys().map(String::as_str).collect();
            let all = ["probe/1/auroc/edema", "probe/1/auroc/mass", "probe/1/auroc_macro", "probe/1/top_accuracy"];
            assert_eq!(names, all);
            assert!(found.values().all(|&value| value == 1.0), "{scale} {by}: {found:?}");
        }
    }
}

#[test]
fn neighbours_weigh_as_the_protocol_says() {
    // From (1, 0) a positive at cosine 1, and two negatives at 0.6. The other test case is nearest to the negatives.
    let features = "id,x,y\na,1,0\nb,0.6,0.8\nc,0.6,0.8\nt,1,0\nu,0.8,0.6\n";
    let truth = "id,patient,split,edema\na,a,train,1\nb,b,train,0\nc,c,train,0\nt,t,test,1\nu,u,test,0\n";
    let of = |weights: &str| {
        let switches = [
            ALL,
            ["neighbours = 20", "neighbours = 3"],
            ["weights = { temperature = 0.07 }", weights],
            ["[\"auroc\", \"average-precision\"]", "[\"auroc\", \"brier\"]"],
        ];
        values(of_tables(&changed("probe/knn-v1", &switches), [features, truth]).unwrap())
    };
    let equal = of("weights = \"equal\"");
    assert_eq!(equal["probe/1/auroc/edema"], 0.5);
    assert!((equal["probe/1/brier/edema"] - f64::midpoint(4.0 / 9.0, 1.0 / 9.0)).abs() < 1e-6);
    let near = of("weights = { temperature = 0.1 }");
    assert_eq!(near["probe/1/auroc/edema"], 1.0);
    assert!(near["probe/1/brier/edema"] < equal["probe/1/brier/edema"]);
}

#[test]
fn without_validation_the_protocol_says_what_becomes_of_c() {
    let (features, truth) = easy();
    let truth = truth.replace(",val,", ",train,");
    let without = changed(
        LGDEA,
        &[["metrics = [\"auroc\", \"average-precision\", \"f1\", \"mcc\"]", "metrics = [\"auroc\"]"], ALL],
    );
    let problem = refusal(&without, [&features, &truth]);
    assert!(problem.contains("C of the logistic regression") && problem.contains("split validation"), "{problem}");
    let problem = refusal(&changed(LGDEA, &[ALL]), [&features, &truth]);
    assert!(problem.contains("cannot score decisions"), "{problem}");
    let [refuse, fixed] =
        ["without-validation = \"refuse\"\n\n[threshold]", "without-validation = { c = 0.5 }\n\n[threshold]"];
    let found = of_tables(&without.replace(refuse, fixed), [&features, &truth]).unwrap();
    assert_eq!((found.fits["1"].c, found.fits["1"].training_cases), (Some(0.5), 16));
    assert!(found.warnings.iter().any(|warning| warning.contains("C is 0.5")), "{:?}", found.warnings);
}

#[test]
fn features_may_be_called_image() {
    let reference = Reference::read(&file("pairs.csv")).unwrap();
    let (found, rows) = Features::read(&file("pairs.npz")).unwrap().of(&reference).unwrap();
    assert_eq!((found.dim(), rows.left_out), ((60, 8), 0));
    let problem = chain(&Features::read(&file("test.npz")).unwrap_err());
    assert!(problem.contains("no array `features`") && problem.contains("`scores`"), "{problem}");
}

#[test]
fn files_that_give_no_probe_are_refused() {
    let (features, truth) = easy();
    let protocol = changed(LGDEA, &[ALL]);
    let of_one_class: String =
        truth
            .lines()
            .map(|line| {
                if line.contains(",train,") {
                    line[..line.len() - 1].to_owned() + "1\n"
                } else {
                    line.to_owned() + "\n"
                }
            })
            .collect();
    let multi_class = changed(LGDEA, &[ALL, ["\"multi-label\"", "\"multi-class\""]]);
    for (protocol, features, truth, parts) in [
        (&protocol, &features, &truth.replace("testp0", "trainp0"), &["the patient `trainp0`", "train and test"][..]),
        (&protocol, &features, &truth.replace("valp3", "trainp0"), &["the patient `trainp0`", "train and validation"]),
        (&protocol, &features, &of_one_class, &["`Edema` (no negative)", "8 training cases", "at 100 %"]),
        (&multi_class, &features, &of_one_class, &["`Edema` (all are of one class)"]),
        (&multi_class, &features, &truth, &["the case `train0` has 0 classes"]),
        (&protocol, &features.replace("val3,1,", "val3,NaN,"), &truth, &["line 13", "`x`", "no number"]),
        (&protocol, &features.replace("val3,1,", "val3,1,2,"), &truth, &["line 13", "4 cells"]),
        (&protocol, &features.replace("val3,1,", "other,1,"), &truth, &["lacks 1 of the 24 cases", "`val3`"]),
        (&protocol, &features, &truth.replace(",split,", ",set,"), &["no column `split`"]),
        (&protocol, &features, &truth.replace(",val,", ",tune,"), &["line 10", "train, validation and test"]),
        (&protocol, &features, &truth.replace(",test,", ",train,"), &["no case is of the split test"]),
        (&protocol, &features, &truth.replace(",train,", ",val,"), &["no case is of the split train"]),
        (&protocol, &"id\na\n".to_owned(), &truth, &["no number"]),
    ] {
        let problem = refusal(protocol, [features, truth]);
        assert!(parts.iter().all(|part| problem.contains(part)), "{parts:?}: {problem}");
    }
    let zero_shot = refusal(&shipped("zero-shot/lgdea-v1"), [&features, &truth]);
    assert!(zero_shot.contains("column `split`") && zero_shot.contains("would be scored"), "{zero_shot}");
}

#[test]
fn protocols_that_cannot_be_followed_are_refused() {
    let grid = "c = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0]";
    let (logistic, neighbours) = (shipped(LGDEA), shipped("probe/knn-v1"));
    for (text, from, to, part) in [
        (&logistic, ALL[0], "shares = []", "`shares` is empty"),
        (&logistic, ALL[0], "shares = [0.0, 1.0]", "`shares` has 0"),
        (&logistic, ALL[0], "shares = [1.5]", "`shares` has 1.5"),
        (&logistic, ALL[0], "shares = [nan]", "`shares` has NaN"),
        (&logistic, ALL[0], "shares = [0.1, 0.1]", "0.1 twice"),
        (&logistic, grid, "c = []", "classifier.logistic.c"),
        (&logistic, grid, "c = [1.0, 0.1]", "rising"),
        (&logistic, grid, "c = [0.0, 0.1]", "above 0"),
        (&logistic, "\"f1\"", "\"top-f1\"", "exclude each other"),
        (&logistic, "seed = 0\n\n[classifier", "\n[classifier", "missing field `seed`"),
        (&logistic, "chosen-by = \"auroc\"", "chosen-on = \"test\"", "unknown field"),
        (&neighbours, "neighbours = 20", "neighbours = 0", "neighbours is 0"),
        (&neighbours, "temperature = 0.07", "temperature = 0.0", "temperature 0"),
    ] {
        let changed = text.replace(from, to);
        assert_ne!(changed, *text, "{from}");
        let written = Written::new(&[("p.toml", &changed)]);
        let problem = chain(&Protocol::named_or_path(written.path("p.toml").to_str().unwrap()).unwrap_err());
        assert!(problem.contains(part), "{part}: {problem}");
    }
}

#[test]
fn a_class_without_training_cases_is_left_out_with_its_share_told() {
    let found = of_files(LGDEA, "probe", false);
    let told: Vec<&String> =
        found.warnings.iter().filter(|warning| warning.contains("no probe can be fitted")).collect();
    assert!(told.iter().all(|warning| warning.starts_with("at 1 %: with 6 training cases")), "{told:?}");
    let shown = shown(&models(LGDEA, vec![found]));
    for part in ["AUROC, mean of classes, at 10 %", "mAP at 100 %", "class, at 100 %", "pleural_effusion"] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
}
