//! Frozen networks, whose features are made once, and adapters of low rank.

use lgdea_harness::tiny::{GRAPH, QUICK};
use lgdea_harness::{Said, Workspace};
use serde_json::Value;

/// No augmentation, which frozen images do not have either.
const PLAIN: [&str; 6] = [
    "train.augment.shift=0",
    "train.augment.gain=0",
    "train.augment.offset=0",
    "train.augment.noise=0",
    "train.augment.illumination=0",
    "train.steps=6",
];

/// What is said of a run, and its outcome.
fn run(place: &Workspace, flags: &[&str]) -> (String, Value) {
    let sets: Vec<&str> = flags.iter().chain(&PLAIN).flat_map(|flag| ["--set", flag]).collect();
    let said = place.run(&place.path("e.toml"), "results", &sets).success().told_in_a_line();
    (said, place.outcome(&place.path("e.toml"), "results", &sets))
}

#[test]
fn what_was_made_once_is_what_the_network_makes_again_and_again() {
    let place = Workspace::new().with("e.toml", QUICK);
    let features = || std::fs::read_dir(place.path("results/cache/features")).map_or(0, Iterator::count);
    let (_, again) = run(&place, &[r"train.learning-rate-factors={'^(image|text)\.backbone\.'=0.0}"]);
    assert_eq!(features(), 0);
    let (said, once) = run(&place, &["encoder.frozen=['image','text']"]);
    assert_eq!(features(), 3, "{said}");
    for (name, value) in again["metrics"].as_object().unwrap() {
        let (expected, found) = (value.as_f64().unwrap(), once["metrics"][name].as_f64().unwrap());
        assert!((expected - found).abs() < 1e-3, "{name}: {expected} {found}");
    }
    // Another training of the same network finds them; another network does not.
    run(&place, &["encoder.frozen=['image','text']", "loss.global.weight=0.5"]);
    assert_eq!(features(), 3);
    run(&place, &["encoder.frozen=['image','text']", "seed=9", "data.phantom.studies=80"]);
    assert_eq!(features(), 6);
}

#[test]
fn adapters_are_trained_resumed_and_exported_as_one_matrix() {
    let place = Workspace::new().with("e.toml", QUICK);
    let lora = ["encoder.lora.text.rank=2", "train.checkpoint-every=3"];
    let (_, adapted) = run(&place, &lora);
    let (_, frozen) = run(&place, &["encoder.frozen=['text']", "train.checkpoint-every=3"]);
    assert_ne!(adapted["metrics"], frozen["metrics"]);
    let folder = adapted["dir"].as_str().unwrap();
    place.output(&["export", folder, "--out", "exported"]);
    let weights = std::fs::read(place.path("exported/text/model.safetensors")).unwrap();
    let header = String::from_utf8_lossy(&weights[8..weights.len().min(20_000)]).into_owned();
    assert!(!header.contains("lora") && header.contains("weight"), "{header}");
}

#[test]
fn what_cannot_have_adapters_is_told() {
    let place = Workspace::new().with("e.toml", QUICK);
    let resnet = ["--set", "encoder.image={resnet={depth=18,size=32}}", "--set", "encoder.lora.image.rank=4"];
    let refused = place.run(&place.path("e.toml"), "results", &resnet).told_in_a_line();
    assert!(refused.contains("encoder.lora.image") && refused.contains("convolutions"), "{refused}");
    let both = ["--set", "encoder.lora.text.rank=4", "--set", "encoder.frozen=['text']"];
    let refused = place.run(&place.path("e.toml"), "results", &both).told_in_a_line();
    assert!(refused.contains("is frozen, and has adapters"), "{refused}");
}

/// A view of the published encoder's relates other images than the model does; its features are made once.
#[test]
fn neighbours_of_the_published_encoder_teach_other_targets() {
    let place = Workspace::new().with("e.toml", GRAPH);
    let (_, start) = run(&place, &["encoder.image={resnet={depth=18,size=32}}"]);
    place.output(&["export", start["dir"].as_str().unwrap(), "--out", "exported"]);
    let weights = place.path("exported/image/model.safetensors");
    let resnet = format!("encoder.image={{resnet={{depth=18,size=32,weights='{}'}}}}", weights.display());
    let (_, own) = run(&place, &[&resnet]);
    let (_, published) = run(&place, &[&resnet, "graph.image-view='published'"]);
    assert_ne!(own["metrics"], published["metrics"]);
    assert_eq!(std::fs::read_dir(place.path("results/cache/features")).unwrap().count(), 1);
    let edges = |run: &Value| -> Value {
        let said = place.lgdea(&["graph", run["dir"].as_str().unwrap(), "--json"]).assert().success();
        said.json()["hidden"]["hops"].clone()
    };
    assert_ne!(edges(&own), edges(&published));
}
