//! What `lgdea evidence` reads, and where it does not write.

use std::fs;

use lgdea_harness::{Said, Workspace};

use super::{extract, lgdea, refused};

const JSONL: &str =
    "{\"report_id\":\"r1\",\"report\":\"No pneumothorax.\"}\n{\"report_id\":\"r2\",\"report\":\"Edema.\"}\n";

#[test]
fn an_output_that_is_an_input_is_refused_by_any_name() {
    let place = Workspace::new().with("r.jsonl", JSONL).with("folder/a.txt", "Edema.").with("folder/notes.md", "x");
    let input = place.at("r.jsonl");
    fs::hard_link(&input, place.at("hard.jsonl")).unwrap();
    std::os::unix::fs::symlink(&input, place.at("soft.jsonl")).unwrap();
    std::os::unix::fs::symlink(place.at("folder"), place.at("other-name")).unwrap();
    place.write("kept.sqlite", "x");
    let cache = place.at("kept.sqlite");
    for (input, out) in [
        ("r.jsonl", "r.jsonl"),
        ("r.jsonl", "./folder/../r.jsonl"),
        ("r.jsonl", "hard.jsonl"),
        ("r.jsonl", "soft.jsonl"),
        ("hard.jsonl", "soft.jsonl"),
        ("folder/a.txt", "folder/a.txt"),
        ("folder", "folder/a.txt"),
        ("folder", "folder/new.txt"),
        ("other-name", "folder/a.txt"),
        ("folder", "other-name/a.TXT"),
    ] {
        let said = refused(&["extract", "--input", &place.at(input), "--out", &place.at(out)]);
        assert!(said.contains("name another one") || said.contains("end its name in .jsonl"), "{input} {out}: {said}");
    }
    let said = refused(&["extract", "--input", &input, "--out", &cache, "--cache", &cache]);
    assert!(said.contains("would be lost"), "{said}");
    let said = refused(&["extract", "--input", &input, "--out", "-", "--cache", &input]);
    assert!(said.contains("would be lost"), "{said}");
    assert_eq!(fs::read_to_string(&input).unwrap(), JSONL);
    assert_eq!(fs::read_to_string(place.at("folder/a.txt")).unwrap(), "Edema.");
    extract(&place, "folder", "folder/evidence.jsonl");
    extract(&place, "r.jsonl", "folder/evidence.jsonl");
}

#[test]
fn an_output_that_tells_how_to_read_is_refused() {
    let ontology = "name = \"mine\"\nversion = 1\nextends = \"chest\"\n";
    let place = Workspace::new()
        .with("r.jsonl", JSONL)
        .with("base.toml", "[evidence.rules]\nontology = \"mine.toml\"\n")
        .with("e.toml", "extends = \"base.toml\"\n")
        .with("mine.toml", ontology)
        .with("part.j2", "{{ report }}")
        .with(
            "mine.j2",
            "{% block system %}x{% endblock %}{% block user %}{% include \"part.j2\" %}{% endblock %}{% block repair %}x{% endblock %}",
        )
        .with("llm.toml", "[evidence.openai]\nmodel = \"m\"\nprompt = \"mine.j2\"\n");
    let input = place.at("r.jsonl");
    for (experiment, written) in [
        ("e.toml", "e.toml"),
        ("e.toml", "base.toml"),
        ("e.toml", "mine.toml"),
        ("llm.toml", "llm.toml"),
        ("llm.toml", "mine.j2"),
        ("llm.toml", "part.j2"),
    ] {
        let (before, experiment) = (place.read(written), place.at(experiment));
        let extract = ["extract", "--input", &input, "--experiment", &experiment];
        let out = place.at(written);
        let said = refused(&[&extract[..], &["--out", &out]].concat());
        assert!(said.contains("would be lost"), "{written}: {said}");
        let said = refused(&[&extract[..], &["--out", "-", "--cache", &out]].concat());
        assert!(said.contains("would be lost"), "{written}: {said}");
        assert_eq!(place.read(written), before);
    }
    let by_flag = format!("evidence.rules.ontology={}", place.at("mine.toml"));
    let said = refused(&["extract", "--input", &input, "--out", &place.at("mine.toml"), "--set", &by_flag]);
    assert!(said.contains("would be lost"), "{said}");
    assert_eq!(place.read("mine.toml"), ontology);
}

#[test]
fn folders_within_a_folder_are_read_and_told() {
    let place =
        Workspace::new().with("all/a.txt", "Edema.").with("all/p10/b.txt", "Mass.").with("all/p10/s1/c.txt", "x");
    let input = place.at("all");
    let ran = lgdea(&["extract", "--input", &input, "--out", "-"]).assert().success();
    assert_eq!(ran.printed().lines().count(), 3);
    assert!(ran.told().contains("2 files read in folders within"), "{}", ran.told());
    for out in ["all/p10/b.txt", "all/p10/s1/new.txt", "all/p10/new.XML"] {
        let said = refused(&["extract", "--input", &input, "--out", &place.at(out)]);
        assert!(said.contains("name another one") || said.contains("end its name in .jsonl"), "{out}: {said}");
    }
    assert_eq!(place.read("all/p10/b.txt"), "Mass.");
}

#[test]
fn a_quotation_mark_that_swallows_rows_is_told() {
    let place = Workspace::new()
        .with("open.csv", "report_id,report\nr1,\"No canary.\nr2,Clear.\nr3,Edema.\n")
        .with("late.csv", "report_id,report\nr1,Clear.\nr2,\"No canary.\nr3,\"Edema.\"\n");
    for (input, line) in [("open.csv", "open.csv, line 2"), ("late.csv", "late.csv, line 3")] {
        let said = refused(&["extract", "--input", &place.at(input), "--out", "-"]);
        assert!(said.contains(line) && said.contains("quotation mark") && !said.contains("canary"), "{said}");
    }
}

#[test]
fn tables_are_read_with_columns_by_flags() {
    let place = Workspace::new()
        .with("semicolon.csv", "study;text\nr1;No pneumothorax, edema.\nr2;nan\n")
        .with("tabs.tsv", "study\ttext\nr1\tNo pneumothorax, edema.\nr2\tNone\n")
        .with(
            "bom.jsonl",
            "\u{feff}{\"study\":\"r1\",\"text\":\"No pneumothorax, edema.\"}\n{\"study\":\"r2\",\"text\":null}\n",
        );
    for input in ["semicolon.csv", "tabs.tsv", "bom.jsonl"] {
        let columns = ["--id-column", "study", "--report-column", "text"];
        let input = place.at(input);
        let ran = lgdea(&[&["extract", "--input", &input, "--out", "-"][..], &columns].concat()).assert().success();
        assert!(ran.told().contains("1 × empty report (r2)"), "{input}: {}", ran.told());
        assert_eq!(ran.printed().lines().count(), 1, "{input}");
        let shown = lgdea(&[&["show", "r1", "--input", &input][..], &columns].concat()).assert().success().printed();
        assert!(shown.contains("edema"), "{shown}");
    }
}

#[test]
fn a_file_without_header_is_told_without_its_reports() {
    let place = Workspace::new()
        .with("one.csv", "\"Patient Canary has a small left effusion.\"\n\"Clear lungs.\"\n")
        .with("short.csv", "Clear canary.\n\"Small effusion.\"\n")
        .with("word.csv", "r1,Canary\nr2,Clear\n")
        .with("two.csv", "r1,\"Canary, with effusion.\"\nr2,Clear.\n");
    for input in ["one.csv", "short.csv", "word.csv", "two.csv"] {
        let said = refused(&["extract", "--input", &place.at(input), "--out", "-"]);
        assert!(said.contains("looks like no header"), "{said}");
        assert!(!said.to_lowercase().contains("canary") && !said.contains("effusion"), "{said}");
    }
}
