//! `lgdea ground`.

use std::collections::BTreeSet;
use std::fmt::Write;

use lgdea_harness::{PNG, Run, Workspace, tiny};
use lgdea_spec::{Data, Phantom, Seed};
use serde_json::Value;

use crate::{baseline, finished};

/// One rule: what `ground` finds, phrase by phrase, is what the evaluation scored.
#[test]
fn phrases_point_where_the_evaluation_has_them() {
    let (place, run) = finished();
    let phantom = Phantom { studies: 60, validation: 10, test: 20, seed: Seed(1) };
    let data = Data { phantom: Some(phantom), ..Data::default() };
    let corpus = lgdea_data::load(&data, Seed(0), &|_, _| ()).unwrap();
    let mut outcomes = Vec::new();
    for study in corpus.studies.iter().filter(|study| study.split == lgdea_data::Split::Test) {
        let phrases: BTreeSet<&str> = study.boxes.iter().map(|found| found.phrase.as_str()).collect();
        if phrases.is_empty() {
            continue;
        }
        let flags: Vec<String> = phrases.iter().map(|phrase| format!("--phrase={phrase}")).collect();
        let out = place.path(&format!("{}.png", study.id));
        let mut arguments = vec!["ground", run.name(), "--image", &study.id, "--out", out.to_str().unwrap()];
        arguments.extend(flags.iter().map(String::as_str));
        let found = place.json(&arguments);
        outcomes.extend(found["phrases"].as_array().unwrap().iter().map(|phrase| phrase["pointing"] == "hit"));
    }
    let share = outcomes.iter().filter(|&&hit| hit).count() as f64 / outcomes.len() as f64;
    let scored = run.outcome["metrics"]["test/grounding/pointing"].as_f64().unwrap();
    assert!(outcomes.len() > 10 && (share - scored).abs() < 1e-9, "{share} of {} is not {scored}", outcomes.len());
}

#[test]
fn a_study_is_drawn_large_with_a_panel_a_phrase() {
    let (place, run) = finished();
    let out = place.path("study.png");
    let study = "phantom-test-00000-0";
    let arguments =
        ["ground", run.name(), "--image", study, "--phrase", "cardiomegaly", "--out", out.to_str().unwrap()];
    let text = place.output(&arguments);
    assert!(text.contains("cardiomegaly") && text.contains("study.png"), "{text}");
    let one = image::open(&out).unwrap();
    assert!(one.width() >= 2 * 512 && one.height() >= 512);
    let two = place.json(&[&arguments[..], &["--phrase", "edema", "--map", "similarity"]].concat());
    assert!(image::open(&out).unwrap().width() >= 3 * 512);
    assert_eq!((two["map"].as_str(), two["width"].as_u64()), (Some("similarity"), Some(32)));
    let maps: Vec<&Value> = two["phrases"].as_array().unwrap().iter().map(|phrase| &phrase["map"]).collect();
    assert_ne!(maps[0], maps[1]);
    for map in maps {
        let of = |name: &str| map[name].as_f64().unwrap();
        assert!(of("least") < of("mean") && of("mean") < of("greatest") && of("standard_deviation") > 0.0, "{map}");
    }
    for map in ["fused", "evidence", "lesion-attention"] {
        assert_eq!(place.json(&[&arguments[..], &["--map", map]].concat())["map"], map);
    }
}

#[test]
fn an_image_file_has_its_own_pixels() {
    let (place, run) = finished();
    let file = place.path("wide.png");
    image::GrayImage::from_fn(120, 60, |x, y| image::Luma([(x * 2 + y) as u8])).save(&file).unwrap();
    let out = place.path("wide-heat.png");
    let arguments =
        ["ground", run.name(), "--image", file.to_str().unwrap(), "--phrase", "edema", "--out", out.to_str().unwrap()];
    let found = place.json(&arguments);
    assert_eq!((found["width"].as_u64(), found["height"].as_u64()), (Some(120), Some(60)));
    let found = &found["phrases"][0];
    assert_eq!((found["boxes"].as_u64(), &found["pointing"]), (Some(0), &Value::Null));
    if let Some(peak) = found["peak"].as_array() {
        assert!(peak[0].as_u64().unwrap() < 120 && peak[1].as_u64().unwrap() < 60, "{peak:?}");
    }
    assert!(out.exists());
}

#[test]
fn what_cannot_be_grounded_is_refused_before_anything_is_written() {
    let (place, run) = finished();
    let broken = place.write("broken.png", "no image");
    let out = place.path("refused.png");
    let out = out.to_str().unwrap();
    let refused = |image: &str, phrase: &str, out: &str| {
        place.ended(2, &["ground", run.name(), "--image", image, "--phrase", phrase, "--out", out])
    };
    let study = "phantom-test-00000-0";
    let unknown = refused("phantom-test", "edema", out);
    assert!(unknown.contains("`phantom-test` is neither an image file nor one of the run's 90 studies"), "{unknown}");
    assert!(unknown.contains("such as `phantom-"), "{unknown}");
    assert!(refused(broken.to_str().unwrap(), "edema", out).contains("broken, cut off or unsupported image"));
    assert!(refused(study, " - ", out).contains("has no words"));
    assert!(refused(study, "edema", "heat.gif").contains(".png"));
    assert!(refused(study, "edema", place.path("none/heat.png").to_str().unwrap()).contains("no folder"));
    assert!(!std::path::Path::new(out).exists());
}

#[test]
fn a_study_whose_image_was_left_out_is_told_as_that() {
    let mut studies = "study,patient,image,report,split\n".to_owned();
    for number in 0..60 {
        let image = if number < 24 { "a.png" } else { "none.png" };
        let split = ["train", "train", "validation", "test"][number % 4];
        // The last has nothing that can be read.
        let report = if number == 59 { "" } else { "Report of an edema." };
        writeln!(studies, "s{number},p{number},{image},{report},{split}").unwrap();
    }
    let data = "[data.manifest]\nroot = \".\"\nstudies = [\"studies.csv\"]\ncolumns.labels = []\n";
    let place = Workspace::new().with("studies.csv", studies).with("a.png", PNG);
    let file = place.write("e.toml", format!("{data}{}", tiny::without_data(tiny::QUICK)));
    let outcome = place.outcome(&file, "results", &["--set", "pairing.ratio=1.0"]);
    let run = Run::of(&outcome);
    for (image, said) in [
        ("s24", "no image that can be looked at, only a report"),
        ("s58", "(36 image file not found"),
        ("s59", "a study that is in the data was left out of them (36 image file not found"),
        ("s99", "neither an image file nor one of the run's 59 studies"),
    ] {
        let told = place.ended(2, &["ground", run.name(), "--image", image, "--phrase", "edema", "--out", "o.png"]);
        assert!(told.contains(said), "{image}: {told}");
    }
}

#[test]
fn a_method_without_image_evidence_has_one_map() {
    let (place, run) = baseline();
    let out = place.path("clip.png");
    let arguments =
        ["ground", run.name(), "--image", "phantom-test-00000-0", "--phrase", "edema", "--out", out.to_str().unwrap()];
    assert!(place.output(&[&arguments[..], &["--map", "similarity"]].concat()).contains("edema"));
    let said = place.ended(2, &[&arguments[..], &["--map", "lesion-attention"]].concat());
    assert!(said.contains("no heat map `lesion-attention`") && said.contains("--map similarity"), "{said}");
}
