//! What somebody with a CSV of their own meets first: labels, prompts, columns, and `check` of all of it.

use std::fmt::Write;

use lgdea_harness::{PNG, Said, Workspace};

const DATA: &str = "[data.manifest]\nroot = \".\"\nstudies = [\"studies.csv\"]\n";

/// Twelve studies, labelled as people write labels, and prompts for some classes.
fn place(experiment: &str, prompts: &[(&str, &str)]) -> Workspace {
    let mut studies = "study,patient,image,report,labels,split\n".to_owned();
    for (number, label) in ["Pneumonia", "No Finding", "COVID-19"].iter().cycle().take(12).enumerate() {
        let split = ["train", "validation", "test"][number / 3 % 3];
        writeln!(studies, "s{number},p{number},a.png,Report number {number} of canary.,{label},{split}").unwrap();
    }
    let mut classes = "version = 1\ndescription = \"mine\"\n".to_owned();
    for (name, against) in prompts {
        writeln!(classes, "[[class]]\nname = \"{name}\"\nprompts = [\"{name}\"]\nagainst = [{against}]").unwrap();
    }
    let place = Workspace::new().with("studies.csv", studies).with("prompts.toml", classes).with("a.png", PNG);
    place.with("e.toml", format!("{experiment}{DATA}[eval]\nzero-shot.prompts = \"prompts.toml\"\n"))
}

#[test]
fn labels_in_prompts_are_those_of_the_data_however_they_are_written() {
    let place = place("", &[("Pneumonia", "\"No Finding\""), ("COVID-19", "\"no_finding\""), ("No Finding", "")]);
    let said = place.output(&["check", "e.toml"]);
    assert!(said.contains("e.toml: fine") && !said.contains("note: no study"), "{said}");
}

#[test]
fn a_class_that_no_study_bears_is_told_with_the_labels_that_there_are() {
    let place = place("", &[("Pneumonia", ""), ("COVID19", "")]);
    let said = place.output(&["check", "e.toml"]);
    for part in
        ["no study bears the label `covid19`", "did you mean `covid_19`?", "1 of the 2 classes", "`pneumonia` (2)"]
    {
        assert!(said.contains(part), "{part} is missing in:\n{said}");
    }
    let place = self::place("", &[("Pnuemonia", ""), ("Zebra", "")]);
    for command in ["check", "run"] {
        let said = place.ended(2, &[command, "e.toml"]);
        assert!(said.contains("`pnuemonia` (did you mean `pneumonia`?)"), "{said}");
        assert!(said.contains("`covid_19` (2)") && !said.contains("canary"), "{said}");
    }
}

#[test]
fn all_problems_are_told_at_once_and_where_they_are() {
    let place = place("[device]\nname = \"tpu\"\n[tracker]\nuri = \"sqlite:///x\"\n", &[("--", ""), ("a", "\"A\"")]);
    place.write("studies.csv", "study_id,path,text\ns1,a.png,A report with a canary.\n");
    for command in ["check", "run"] {
        let said = place.ended(2, &[command, "e.toml"]);
        for part in [
            "unknown device `tpu`",
            "e.toml:2:",
            "names the label `--`",
            "is against itself",
            "e.toml:9:",
            "`study` (study)",
            "study = \"study_id\"",
            "image = \"path\"",
            "report = \"text\"",
        ] {
            assert!(said.contains(part), "{command}: {part} is missing in:\n{said}");
        }
        assert!(said.contains("http") && !said.contains("canary"), "{said}");
    }
}

#[test]
fn what_is_not_there_is_told_by_check_as_by_run() {
    let place = place("", &[("Pneumonia", "")]);
    for (flag, part) in [
        ("data.manifest.root=nowhere", "nowhere"),
        ("data.manifest.root=${LGDEA_NO_SUCH_VARIABLE}/x", "LGDEA_NO_SUCH_VARIABLE"),
        ("data.manifest.root=$LGDEA_NO_SUCH_VARIABLE", "LGDEA_NO_SUCH_VARIABLE"),
        ("data.manifest.root=~nobody/x", "another user"),
        ("data.manifest.studies=[nowhere.csv]", "nowhere.csv"),
        ("data.manifest.boxes=nowhere.csv", "nowhere.csv"),
        ("data.manifest.columns.image=picture", "`picture` (image)"),
        ("eval.zero-shot.prompts=nowhere.toml", "nowhere.toml"),
        ("eval.zero-shot.prompts=chexprt", "did you mean `chexpert`?"),
        ("evidence.rules.ontology=brain", "brain"),
        ("evidence.rules.ontology=~/nowhere.toml", "nowhere.toml"),
        ("device.name=gpu", "unknown device `gpu`"),
        ("encoder.image.resnet.weights=./nowhere.pth", "nowhere.pth"),
        ("encoder.text.bert.model=nobody/nothing", "hf download nobody/nothing"),
    ] {
        for command in ["check", "run"] {
            let said = place.ended(2, &[command, "e.toml", "--set", flag]);
            assert!(said.contains(part) && !said.contains("canary"), "{command} {flag}: {part} is missing in:\n{said}");
        }
    }
}

#[test]
fn a_sweep_is_checked_arm_by_arm() {
    let place = place("", &[("Pneumonia", "")]);
    let sweep = "experiment = \"e.toml\"\n[[case]]\nname = \"good\"\n[[case]]\nname = \"bad\"\n";
    place.write("fine.toml", "experiment = \"e.toml\"\n[grid]\ntrain.steps = [1, 2]\n");
    place.write("one.toml", format!("{sweep}set.evidence.rules.ontology = \"brain\"\n"));
    place.write(
        "both.toml",
        format!("{sweep}set.train.steps = 7\n[grid]\ndata.manifest.boxes = [\"\", \"nowhere.csv\"]\n"),
    );
    place.write("broken.toml", "experiment = \"e.toml\"\n[grid]\nlr = [1]\n");
    let said = place.output(&["check", "fine.toml", "e.toml"]);
    assert!(said.contains("fine.toml: fine (1 arm, 2 trials)") && said.contains("e.toml: fine"), "{said}");
    let search = "[search]\nobjective = \"validation/retrieval/i2t_median_rank\"\ngoal = \"minimise\"\n[search.space]\n\
                  train.learning-rate = { low = 1e-4, high = 1e-2, log = true }\n[budget]\ntrials = 5\n[seeds]\ncount = 2\n";
    place.write("search.toml", format!("experiment = \"e.toml\"\n{search}"));
    let said = place.output(&["check", "--file-only", "search.toml"]);
    assert!(said.contains("search.toml: fine (1 arm, 10 trials)"), "{said}");
    let said = place.ended(2, &["check", "one.toml"]);
    assert!(said.contains("arm `bad`: ") && said.contains("brain") && !said.contains("`good`"), "{said}");
    let said = place.ended(2, &["check", "both.toml"]);
    assert!(said.contains("nowhere.csv") && !said.contains("arm `"), "{said}");
    let said = place.ended(2, &["check", "broken.toml"]);
    assert!(said.contains("train.learning-rate"), "{said}");
    let out = place.lgdea(&["check", "fine.toml", "one.toml", "e.toml"]).assert().code(2).printed();
    assert!(out.contains("fine.toml: fine") && out.contains("e.toml: fine"), "{out}");
    assert!(place.ended(2, &["check", "fine.toml", "--set", "seed=1"]).contains("is a sweep"));
    place.output(&["check", "--file-only", "one.toml"]);
}

/// Each seed splits the studies otherwise, so that the same is said of each with other numbers.
#[test]
fn what_is_wrong_with_every_seed_is_told_once() {
    let place = place("", &[("Zebra", "")]);
    let studies = place.read("studies.csv");
    let without_split: Vec<&str> = studies.lines().filter_map(|line| Some(line.rsplit_once(',')?.0)).collect();
    place.write("studies.csv", without_split.join("\n"));
    place.write("s.toml", "experiment = \"e.toml\"\nseeds.count = 4\n");
    let said = place.ended(2, &["check", "s.toml"]);
    assert_eq!(said.matches("no study bears the label").count(), 1, "{said}");
    assert!(!said.contains("there are 4 problems"), "{said}");
}

#[test]
fn what_is_no_header_is_never_shown() {
    let place = place("", &[("Pneumonia", "")]);
    for line in ["s1,p1,a.png,A canary was seen in the left lung.", "r1,no canary", "\"CANARY SEEN, AND MORE\",x"] {
        place.write("studies.csv", format!("{line}\n"));
        let said = place.ended(2, &["check", "e.toml"]);
        assert!(said.contains("no header") && !said.to_lowercase().contains("canary"), "{said}");
    }
}
