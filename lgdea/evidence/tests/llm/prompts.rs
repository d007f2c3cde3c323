//! Prompts: those shipped, a user's own, and what is wrong with one.

use std::path::Path;

use lgdea_evidence::Provider;
use lgdea_harness::language_model::{Behaviour, Server};
use lgdea_spec::{Evidence, Openai};

use crate::{Scratch, reports, settings};

fn with_prompt(prompt: &str) -> Evidence {
    Evidence::Openai(Openai { prompt: prompt.into(), ..settings("http://127.0.0.1:1/v1") })
}

fn digest(prompt: &Path) -> String {
    Provider::new(&with_prompt(prompt.to_str().unwrap())).unwrap().digest()
}

#[test]
fn every_file_of_the_folder_is_shipped_and_asks_in_its_own_way() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates/prompts");
    let mut digests = std::collections::BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        digests.insert(Provider::new(&with_prompt(&name)).unwrap().digest());
        let server = Server::start(Behaviour::default());
        let settings = Openai { prompt: name.clone(), ..settings(&server.base_url()) };
        assert_eq!(Scratch::new().extract(&settings, &reports(3)).unwrap().reports.len(), 3, "{name}");
        let system = server.bodies()[0]["messages"][0]["content"].as_str().unwrap().to_owned();
        for part in ["pleural_effusion", "lower lung", "uncertain", "\"evidence\"", "<report>"] {
            assert!(system.contains(part), "{name}: {part}");
        }
        assert_eq!(system.contains("mildly enlarged"), name == "few-shot");
    }
    assert!(digests.len() >= 3);
}

#[test]
fn a_prompt_of_ones_own_may_override_a_block_and_is_hashed_with_all_that_it_uses() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, rules) = (folder.path().join("mine.j2"), folder.path().join("rules.j2"));
    std::fs::write(&rules, "Be brief.").unwrap();
    let text = "{% extends 'evidence' %}{% block repair %}{% if problem|length > 99 %}{% include \"rules.j2\" %}{% endif %}\
        Again: {{ problem }}{% endblock %}";
    std::fs::write(&mine, text).unwrap();
    let first = digest(&mine);

    let elsewhere = tempfile::tempdir().unwrap();
    for file in [&mine, &rules] {
        std::fs::copy(file, elsewhere.path().join(file.file_name().unwrap())).unwrap();
    }
    assert_eq!(digest(&elsewhere.path().join("mine.j2")), first, "the same prompt may lie elsewhere");
    std::fs::write(&rules, "Be very brief.").unwrap();
    assert_ne!(digest(&mine), first, "what is included only sometimes counts, too");
}

#[test]
fn what_is_wrong_with_a_prompt_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.j2");
    let problem = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Provider::new(&with_prompt(path.to_str().unwrap())).unwrap_err().to_string()
    };
    let cases = [
        (
            "{% extends 'evidence' %}\n\n{% block user %}{{ report }} {{ findngs }}{% endblock %}",
            "line 3: undefined value",
        ),
        ("{% extends 'evidence' %}\n{% block user %}{{ report }", "line 2: syntax error"),
        ("{% extends 'evidense' %}", "line 1: template not found"),
        ("{% extends '../secret.j2' %}", "line 1: template not found"),
        (
            "{% extends 'evidence' %}{% block user %}Read it.{% endblock %}",
            "does not show the report; write {{ report }}",
        ),
        ("{% block user %}{{ report }}{% endblock %}", "needs the blocks system, user and repair"),
        ("{% extends 'mine.j2' %}", "mine.j2"),
        (
            "{% extends 'evidence' %}{% block user %}{% for i in range(90000) %}{% for j in range(90000) %}x{% endfor %}{% endfor %}{% endblock %}",
            "it goes on without end",
        ),
    ];
    for (text, expected) in cases {
        let problem = problem(text);
        assert!(problem.contains(expected) && problem.contains("mine.j2"), "{text}: {problem}");
    }
    let unknown = Provider::new(&with_prompt("evidense")).unwrap_err().to_string();
    assert!(unknown.contains("no prompt is called \"evidense\"") && unknown.contains("evidence, few-shot, terse"));
}
