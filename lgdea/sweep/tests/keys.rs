//! A plan names the very keys that runs, trials and searches give, whatever files an experiment names and wherever it names
//! them.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use lgdea_inputs::{Loaded, Loader};
use lgdea_spec::sweep::Sweep;
use lgdea_spec::{Experiment, Resolved};
use lgdea_sweep::{Earlier, Plan};
use proptest::prelude::*;

/// Whether an experiment names a file of its own, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    No,
    /// In the experiment.
    Fixed,
    /// As the second value of an axis of the sweep.
    Varied,
}

/// The files that an experiment may name.
#[derive(Debug, Clone, Copy)]
struct Files {
    manifest: Own,
    prompts: Own,
    ontology: Own,
    image_weights: Own,
    bert: Own,
}

/// Every file that is written, and a change of it that must change what a key is made of.
const CHANGES: [(&str, &str); 6] = [
    ("studies.csv", "s9,p9,No edema.,Edema,train\n"),
    ("other.csv", "s9,p9,No edema.,Edema,train\n"),
    ("prompts.toml", "\n[[class]]\nname = 'edema'\nprompts = ['edema']\n"),
    ("ontology.toml", "\n[[finding]]\nname = 'zebra'\nlabel = 'zebra'\nsite = 'lung'\nsynonyms = ['zebra sign']\n"),
    ("weights.safetensors", "changed"),
    ("bert/vocab.txt", "changed\n"),
];

fn write_files(folder: &Path) {
    let csv = "study,patient,report,labels,split\ns0,p0,There is edema.,Edema,train\ns1,p1,No edema.,No Finding,\n";
    fs::create_dir(folder.join("bert")).unwrap();
    fs::create_dir(folder.join("bert2")).unwrap();
    for (name, text) in [
        ("studies.csv", csv),
        ("other.csv", &csv.replace("edema", "effusion")),
        (
            "prompts.toml",
            "version = 1\ndescription = ''\n[[class]]\nname = 'cardiomegaly'\nprompts = ['large heart']\n",
        ),
        ("ontology.toml", "extends = 'chest'\nname = 'own'\nversion = 1\n"),
        ("weights.safetensors", "\u{2}\0\0\0\0\0\0\0{}"),
        ("weights2.safetensors", "\u{3}\0\0\0\0\0\0\0{ }"),
        ("bert/vocab.txt", "[PAD]\n"),
        ("bert2/vocab.txt", "[UNK]\n"),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// The experiment and the sweep over it.
fn texts(files: Files) -> (String, String) {
    let mut experiment = String::from("name = 'e'\n");
    let mut grid = String::from("experiment = 'e.toml'\nseeds.count = 2\n[grid]\n");
    let mut add = |own: Own, without: &str, fixed: &str, axis: &str| {
        experiment.push_str(if own == Own::No { without } else { fixed });
        if own == Own::Varied {
            grid.push_str(axis);
        }
    };
    add(
        files.manifest,
        "[data.phantom]\nstudies = 4\nvalidation = 0\ntest = 0\n",
        "[data.manifest]\nroot = '.'\nstudies = ['studies.csv']\ncolumns.image = ''\n",
        "data.manifest.studies = [['studies.csv'], ['other.csv']]\n",
    );
    add(
        files.prompts,
        "",
        "[eval]\nzero-shot.prompts = 'prompts.toml'\n",
        "eval.zero-shot.prompts = ['chexpert', 'prompts.toml']\n",
    );
    add(
        files.ontology,
        "",
        "[evidence.rules]\nontology = 'ontology.toml'\n",
        "evidence.rules.ontology = ['chest', 'ontology.toml']\n",
    );
    add(
        files.image_weights,
        "",
        "[encoder.image.resnet]\nweights = 'weights.safetensors'\n",
        "encoder.image.resnet.weights = ['weights2.safetensors', 'weights.safetensors']\n",
    );
    add(files.bert, "", "[encoder.text.bert]\nmodel = './bert'\n", "encoder.text.bert.model = ['./bert2', './bert']\n");
    (experiment, grid)
}

fn plan(folder: &Path) -> Plan {
    let sweep = Sweep::from_file(&folder.join("s.toml")).unwrap();
    Plan::new(sweep, &Earlier::default(), None, &|_, _| ()).unwrap()
}

fn planned(folder: &Path) -> Vec<String> {
    plan(folder).planned.into_iter().map(|planned| planned.run_key.unwrap()).collect()
}

/// The key as `lgdea run` gives it.
fn run_key(experiment: &Experiment) -> String {
    let Loaded { digests, .. } = Loader::default().load(&experiment.inputs(), &|_, _| ()).unwrap();
    digests.run_key(experiment)
}

fn own() -> impl Strategy<Value = Own> {
    prop_oneof![Just(Own::No), Just(Own::Fixed), Just(Own::Varied)]
}

fn files() -> impl Strategy<Value = Files> {
    let all = (own(), own(), own(), own(), own());
    all.prop_map(|(manifest, prompts, ontology, image_weights, bert)| Files {
        manifest,
        prompts,
        ontology,
        image_weights,
        bert,
    })
}

/// Whether some trial reads a file of [`CHANGES`].
fn is_read(file: &str, files: Files) -> bool {
    match file {
        "studies.csv" => files.manifest != Own::No,
        "other.csv" => files.manifest == Own::Varied,
        "prompts.toml" => files.prompts != Own::No,
        "ontology.toml" => files.ontology != Own::No,
        "weights.safetensors" => files.image_weights != Own::No,
        _ => files.bert != Own::No,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_has_the_keys_of_its_runs_and_trials(files in files()) {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        write_files(folder);
        let (experiment, sweep) = texts(files);
        fs::write(folder.join("e.toml"), experiment).unwrap();
        fs::write(folder.join("s.toml"), sweep).unwrap();
        let plan = plan(folder);
        let file_of_trial = folder.join("trial.toml");
        for (trial, planned) in plan.expansion.trials.iter().zip(&plan.planned) {
            let resolved = plan.sweep.resolve(trial).unwrap();
            let planned = planned.run_key.clone().unwrap();
            prop_assert_eq!(&planned, &run_key(&resolved.experiment), "as a run");
            fs::write(&file_of_trial, resolved.to_toml()).unwrap();
            let again = Resolved::from_file(&file_of_trial, &[]).unwrap();
            prop_assert_eq!(&planned, &run_key(&again.experiment), "as a trial");
        }

        // What is read determines the keys, and nothing else that lies there.
        let before = planned(folder);
        for (file, more) in CHANGES {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, format!("{text}{more}")).unwrap();
            prop_assert_eq!(before != planned(folder), is_read(file, files), "{} was changed", file);
            fs::write(&path, text).unwrap();
        }
    }
}
