//! What is told before anything is trained: data that are left out, data that nobody named, what one split lacks, and places.

use std::fmt::Write;

use lgdea_harness::{PNG, Said, Workspace, tiny};

const PHANTOM: &str = "no [data] table: the phantom is used";

/// Thirty studies, of which 24 name an image that is not there; the test split has no `mass`.
fn place() -> Workspace {
    let mut studies = "study,patient,image,report,labels,split\n".to_owned();
    for number in 0..30 {
        let (split, image) =
            (["train", "validation", "test"][number % 3], if number < 6 { "a.png" } else { "none.png" });
        let label = if number % 3 == 1 { "Mass" } else { "Edema" };
        let label = if (3..6).contains(&number) { "No Finding" } else { label };
        writeln!(studies, "s{number},p{number},{image},Report number {number} of canary.,{label},{split}").unwrap();
    }
    let mut prompts = "version = 1\ndescription = \"mine\"\n".to_owned();
    for name in ["Edema", "Mass"] {
        writeln!(prompts, "[[class]]\nname = \"{name}\"\nprompts = [\"{name}\"]").unwrap();
    }
    let rest = tiny::without_data(tiny::QUICK);
    let data = "[data.manifest]\nroot = \".\"\nstudies = [\"studies.csv\"]\n";
    let place = Workspace::new().with("studies.csv", studies).with("a.png", PNG).with("prompts.toml", prompts);
    place
        .with("e.toml", format!("{data}{rest}zero-shot.prompts = \"prompts.toml\"\n"))
        .with("s.toml", "experiment = \"e.toml\"\nseeds.count = 2\n")
}

#[test]
fn data_that_are_left_out_are_told_once_by_a_plan() {
    let place = place();
    let said = "30 studies are read; left out or doubtful: 24 × image file not found";
    let planned = place.output(&["plan", "s.toml"]);
    assert_eq!(planned.matches(said).count(), 1, "{planned}");
    let planned = place.lgdea(&["plan", "s.toml", "--json"]).assert().success();
    assert!(planned.told().contains(said) && !planned.told().contains("canary"), "{}", planned.told());
}

#[test]
fn what_one_split_lacks_is_told_by_check() {
    let place = place();
    let checked = place.output(&["check", "e.toml"]);
    assert!(checked.contains("in the test split 1 of the 2 classes"), "{checked}");
    assert!(checked.contains(": `mass`") && !checked.contains("canary"), "{checked}");
}

#[test]
fn the_phantom_that_nobody_named_is_told_by_every_command() {
    let place = Workspace::new().with("e.toml", "").with("s.toml", "experiment = \"e.toml\"\nseeds.count = 1\n");
    assert!(place.output(&["check", "e.toml"]).contains(PHANTOM));
    assert!(place.output(&["check", "e.toml", "--file-only"]).contains(PHANTOM));
    assert!(place.output(&["plan", "s.toml"]).contains(PHANTOM));
    let named = Workspace::new().with("e.toml", tiny::QUICK);
    assert!(!named.output(&["check", "e.toml"]).contains(PHANTOM));
}

#[test]
fn a_home_behind_an_equals_sign_is_no_folder_called_so() {
    let place = Workspace::new().with("s.toml", "experiment = []\nseeds.count = 1\n");
    std::fs::create_dir(place.path("home")).unwrap();
    for (arguments, made) in [
        (&["schema", "--out=~/schema.json"][..], "home/schema.json"),
        (&["schema", "--sweep", "--out=~/s.json"], "home/s.json"),
    ] {
        place.lgdea(arguments).env("HOME", place.path("home")).assert().success();
        assert!(place.path(made).is_file() && !place.path("~").exists(), "{arguments:?}");
    }
}
