//! `lgdea data`: counts, and pairs that are drawn once and used elsewhere.

use std::fmt::Write;
use std::path::Path;

use assert_cmd::Command;
use lgdea_harness::tiny::RESUMABLE;
use lgdea_harness::{Said, Service, Workspace};
use predicates::str::contains;
use serde_json::Value;

#[test]
fn what_the_data_hold_is_counted_by_split() {
    let place = Workspace::new().with("e.toml", RESUMABLE);
    let text = place.output(&["data", "stats", "e.toml"]);
    for part in ["train", "validation", "test", "with report", "finding", "effusion"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let json: Value = serde_json::from_str(&place.output(&["data", "stats", "e.toml", "--json"])).unwrap();
    let train = &json["summary"]["splits"]["train"];
    assert!(train["studies"].as_u64() > Some(0) && train["studies"] == train["complete"], "{json}");
    assert!(json["statistics"]["findings"].as_object().is_some_and(|findings| findings.len() > 2), "{json}");
}

#[test]
fn a_contact_sheet_shows_studies_that_are_asked_for() {
    let place = Workspace::new().with("e.toml", RESUMABLE);
    let show = |flags: &[&str]| place.lgdea(&[&["data", "show", "e.toml"], flags].concat()).assert();
    let said = show(&["--boxed", "--split", "test", "--count", "8"]).success().told();
    assert!(said.contains("8 of ") && said.contains("data.png"), "{said}");
    let sheet = image::open(place.path("data.png")).unwrap().to_rgb8();
    assert!(sheet.width() > 6 * 320 && sheet.height() > 2 * 320, "{:?}", sheet.dimensions());
    show(&["--count", "8", "--boxed", "--split", "test", "--out", "again.png"]).success();
    assert_eq!(image::open(place.path("again.png")).unwrap().to_rgb8(), sheet, "the same seed shows the same");
    show(&["--count", "2", "--reports", "--finding", "Cardiomegaly", "--out", "reports.png"]).success();
    for (flags, part) in [
        (&["--finding", "quokka"][..], "no study with an image is left by --finding"),
        (&["--out", "sheet.jpg"], "does not end in .png"),
        (&["--out", "nowhere/sheet.png"], "there is no folder nowhere"),
        (&["--count", "0"], "--count"),
        (&["--split", "tset"], "--split"),
    ] {
        let said = show(flags).code(2).told_in_a_line();
        assert!(said.contains(part) && !said.contains("quokka"), "{flags:?}: {said}");
    }
}

#[test]
fn no_image_of_the_data_is_written_upon() {
    let place = Workspace::new();
    film(1).save(place.path("film.png")).unwrap();
    let place = place
        .with("studies.csv", "study,patient,image,report\ns,p,film.png,A canary of a report.\n")
        .with("e.toml", "[data.manifest]\nroot = '.'\nstudies = ['studies.csv']\n");
    let said = place.ended(2, &["data", "show", "e.toml", "--out", "./film.png"]);
    assert!(said.contains("which is read and would be lost"), "{said}");
    assert_eq!(image::open(place.path("film.png")).unwrap().to_luma8(), film(1));
    place.lgdea(&["data", "show", "e.toml"]).assert().success();
}

#[test]
fn pairs_that_were_drawn_are_used_by_other_experiments() {
    let place = Workspace::new().with("e.toml", RESUMABLE);
    let said = place.lgdea(&["data", "pair", "e.toml", "--out", "pairs.json"]).assert().success().told();
    assert!(said.contains("complete training studies are pairs"), "{said}");
    let drawn: Value = serde_json::from_str(&place.read("pairs.json")).unwrap();

    let given = ["--set", "pairing.manifest=pairs.json", "--set", "seed=7", "--set", "train.steps=1"];
    let ran = place.run(&place.path("e.toml"), "results", &given).success();
    let folder = ran.outcome()["dir"].as_str().unwrap().to_owned();
    let used: Value = serde_json::from_str(&place.read(&format!("{folder}/pairing.json"))).unwrap();
    assert_eq!(used, drawn, "another seed does not draw other pairs");

    let said =
        place.ended(2, &["check", "e.toml", "--set", "pairing.manifest=pairs.json", "--set", "pairing.ratio=0.9"]);
    assert!(said.contains("draw them anew") && said.contains("pairs.json"), "{said}");
    let again = ["data", "pair", "e.toml", "--set", "seed=7", "--out", "pairs.json"];
    let said = place.ended(2, &again);
    assert!(said.contains("is there already") && said.contains("--force"), "{said}");
    assert_eq!(serde_json::from_str::<Value>(&place.read("pairs.json")).unwrap(), drawn);
    place.lgdea(&[&again[..], &["--force"]].concat()).assert().success();
    assert_ne!(serde_json::from_str::<Value>(&place.read("pairs.json")).unwrap(), drawn);
    let said = place.ended(2, &["data", "pair", "e.toml", "--out", "nowhere/pairs.json"]);
    assert!(said.contains("there is no folder nowhere"), "{said}");
}

/// Squares of grey that no other number has.
fn film(number: u32) -> image::GrayImage {
    let grey = |x: u32, y: u32| (x / 8 * 7 + y / 8 * 131 + number * 31_337).wrapping_mul(2_654_435_761) >> 24;
    image::GrayImage::from_fn(64, 64, |x, y| image::Luma([grey(x, y) as u8]))
}

#[test]
fn the_doctor_finds_copies_in_two_splits_and_films_that_show_nothing() {
    let place = Workspace::new();
    let mut rows = "study,patient,image,report,split\n".to_owned();
    for number in 0..8 {
        let split = ["train", "train", "validation", "test"][number % 4];
        film(number as u32).save(place.path(&format!("{number}.png"))).unwrap();
        writeln!(rows, "s{number},p{number},{number}.png,Report of study {number} canary.,{split}").unwrap();
    }
    std::fs::copy(place.path("0.png"), place.path("copy.png")).unwrap();
    image::GrayImage::new(64, 64).save(place.path("black.png")).unwrap();
    rows += "leak,p20,copy.png,Another report of canary.,test\ndark,p21,black.png,A report of canary.,train\n";
    let place =
        place.with("studies.csv", rows).with("e.toml", "[data.manifest]\nroot = '.'\nstudies = ['studies.csv']\n");
    let said = place.lgdea(&["data", "doctor", "e.toml", "--html", "doctor.html"]).assert().code(1).printed();
    for part in ["in two splits", "leak (test)", "s0 (train)", "without contrast", "dark", "100 % of the pairs"] {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    let html = place.read("doctor.html");
    for part in ["Data of e.toml", "in two splits", "leak (test)", "data:image/png;base64,", "What the pairing gives"] {
        assert!(html.contains(part), "{part} is missing in the page");
    }
    assert!(!said.contains("canary") && !html.contains("canary"), "{said}");
    if let Some(browser) = Service::Browser.find() {
        let script = Path::new(&browser).join("doctor.mjs");
        let shots = place.path("screenshots");
        Command::new("node")
            .arg(script)
            .arg(place.path("doctor.html"))
            .arg(shots)
            .assert()
            .success()
            .stdout(contains("fine"));
    }
    let said = place.ended(2, &["data", "doctor", "e.toml", "--html", "doctor.pdf"]);
    assert!(said.contains("does not end in .html"), "{said}");
}
