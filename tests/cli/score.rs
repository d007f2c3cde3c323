//! `lgdea score`: outputs of any model by a protocol, without an experiment.

use lgdea_harness::Workspace;
use serde_json::Value;
use std::fmt::Write;

const SCORES: &str = "id,Edema,Mass\na,0.1,0.9\nb,0.7,0.2\nc,0.4,0.6\nd,0.8,0.3\n";
const OTHER: &str = "id,Edema,Mass\na,0.9,0.1\nb,0.2,0.8\nc,0.6,0.4\nd,0.1,0.7\n";
const TRUTH: &str = "id,patient,Edema,Mass\na,p,0,1\nb,q,1,0\nc,r,0,1\nd,s,1,0\n";

fn place() -> Workspace {
    Workspace::new().with("a.csv", SCORES).with("b.csv", OTHER).with("truth.csv", TRUTH)
}

#[test]
fn scores_become_a_table_or_json_with_protocol_and_digest() {
    let place = place();
    let of_a = ["score", "zero-shot", "--predictions", "a.csv", "--reference", "truth.csv"];
    let text = place.output(&of_a);
    for part in ["AUROC, mean of classes", "mAP", "edema", "zero-shot/lgdea-v1", "4 cases", "4 patients"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let json: Value = serde_json::from_str(&place.output(&[&of_a[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["scores"]["zero_shot/auroc/edema"]["value"], 1.0, "{json}");
    let digest = json["protocol"]["digest"].as_str().unwrap();
    assert!(digest.len() == 64 && text.contains(&digest[..12]), "{json}");
    let shipped = place.output(&["score", "protocols"]);
    assert!(shipped.contains("retrieval-5x200/gloria-v1") && shipped.contains(&digest[..12]), "{shipped}");
    let file = place.output(&["score", "protocols", "--show", "zero-shot/lgdea-v1"]);
    let place = place.with("mine.toml", &file);
    let by_copy = place.output(&[&of_a[..], &["--protocol", "mine.toml"]].concat());
    assert!(by_copy.contains("protocol mine.toml") && by_copy.contains(&digest[..12]), "{by_copy}");
}

#[test]
fn models_are_compared_and_similarities_are_scored() {
    let place = place().with("s.csv", "id,x,y\nx,2,1\ny,1,2\n").with("pairs.csv", "id\nx\ny\n");
    let compare =
        ["score", "compare", "a.csv", "b.csv", "--reference", "truth.csv", "--protocol", "zero-shot/lgdea-v1"];
    let text = place.output(&compare);
    assert!(text.contains("b less a") && text.contains("-1.000"), "{text}");
    let json: Value = serde_json::from_str(&place.output(&[&compare[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["compared"][0]["differences"]["zero_shot/auroc_macro"]["value"], -1.0, "{json}");
    let text = place.output(&["score", "retrieval", "--predictions", "s.csv", "--reference", "pairs.csv"]);
    assert!(text.contains("R@1") && text.contains("retrieval/lgdea-v1"), "{text}");
}

#[test]
fn features_are_probed_and_compared() {
    let (mut good, mut bad, mut truth) =
        ("id,x\n".to_owned(), "id,x\n".to_owned(), "id,patient,split,Edema\n".to_owned());
    for (at, split) in ["train", "validation", "test"].into_iter().enumerate() {
        for case in 0..8 {
            let edema = case % 2;
            writeln!(good, "{at}{case},{edema}").unwrap();
            writeln!(bad, "{at}{case},{}", case / 2 % 2).unwrap();
            writeln!(truth, "{at}{case},{at}p{case},{split},{edema}").unwrap();
        }
    }
    let place = Workspace::new().with("good.csv", &good).with("bad.csv", &bad).with("truth.csv", &truth);
    let probe = ["score", "probe", "--predictions", "good.csv", "--reference", "truth.csv"];
    let text = place.output(&probe);
    for part in ["AUROC, mean of classes, at 100 %", "class, at 100 %", "probe/lgdea-v1", "8 patients"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let json: Value = serde_json::from_str(&place.output(&[&probe[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["scores"]["probe/1/auroc/edema"]["value"], 1.0, "{json}");
    assert_eq!(json["fits"]["1"]["training_cases"], 8, "{json}");
    let compare =
        ["score", "compare", "good.csv", "bad.csv", "--reference", "truth.csv", "--protocol", "probe/lgdea-v1"];
    let json: Value = serde_json::from_str(&place.output(&[&compare[..], &["--json"]].concat())).unwrap();
    assert_eq!(json["compared"][0]["differences"]["probe/1/auroc_macro"]["value"], -0.5, "{json}");
    let flag = "--validation-predictions";
    let flags = [flag, "good.csv", flag, "bad.csv", "--validation-reference", "truth.csv"];
    let said = place.ended(2, &[&compare[..], &flags].concat());
    assert!(said.contains("column `split`"), "{said}");
}

#[test]
fn several_models_are_one_table_one_object_and_one_page() {
    let place = place();
    let of = |flags: &[&str]| {
        let score = ["score", "zero-shot", "--reference", "truth.csv", "--predictions", "a.csv"];
        place.output(&[&score[..], flags].concat())
    };
    let text = of(&["b.csv", "--html", "out.html"]);
    for part in ["metric (95 % interval)", "b less a", "-1.000", "4 patients"] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let html = std::fs::read_to_string(place.path("out.html")).unwrap();
    for part in ["b less a", "interval.method", "truth.csv", "edema", "zero-shot&#x2f;lgdea-v1"] {
        assert!(html.contains(part), "{part} is missing in:\n{html}");
    }
    let named = of(&["--predictions", "b.csv", "--name", "ours", "theirs", "--json"]);
    let json: Value = serde_json::from_str(&named).unwrap();
    let models: Vec<_> =
        json["models"].as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(models, ["ours", "theirs"], "{json}");
    assert_eq!(json["models"][1]["scores"]["zero_shot/auroc_macro"]["value"], 0.0, "{json}");
    assert_eq!(json["compared"][0]["differences"]["zero_shot/auroc_macro"]["value"], -1.0, "{json}");
    assert_eq!((json["base"].as_str(), json["files"].as_array().unwrap().len()), (Some("a.csv"), 3), "{json}");
    let score = ["score", "zero-shot", "--reference", "truth.csv", "--predictions", "a.csv"];
    for (flags, part) in [
        (&["a.csv"][..], "given twice"),
        (&["b.csv", "--name", "one"], "1 times for 2 models"),
        (&["--html", "truth.csv"], "does not end in .html"),
        (&["--html", "nowhere/a.html"], "no folder"),
    ] {
        let said = place.ended(2, &[&score[..], flags].concat());
        assert!(said.contains(part), "{flags:?}: {said}");
    }
}

#[test]
fn a_reference_is_read_as_a_data_set_has_it() {
    let paths = ["v/patient1/a.jpg", "v/patient1/b.jpg", "v/patient2/a.jpg", "v/patient3/a.jpg"];
    let (mut truth, mut scores) = ("Path,Sex,AP/PA,No Finding,Edema\n".to_owned(), "id,edema\n".to_owned());
    for (at, path) in paths.iter().enumerate() {
        writeln!(truth, "{path},Male,AP,,{}.0", at % 2).unwrap();
        writeln!(scores, "{path},0.{at}").unwrap();
    }
    let place = Workspace::new().with("valid.csv", &truth).with("p.csv", &scores);
    let score = ["score", "zero-shot", "--predictions", "p.csv", "--reference", "valid.csv", "--id", "Path"];
    let flags = ["--patient", "Path:patient\\d+", "--classes", "Edema", "--json"];
    let json: Value = serde_json::from_str(&place.output(&[&score[..], &flags].concat())).unwrap();
    assert_eq!(
        (&json["patients"], &json["scores"]["zero_shot/auroc/edema"]["value"]),
        (&3.into(), &0.75.into()),
        "{json}"
    );
    let said = place.ended(2, &score);
    assert!(said.contains("`AP/PA`") && said.contains("--classes"), "{said}");
    let said = place.ended(2, &[&score[..], &["--patient", "Path:("]].concat());
    assert!(said.contains("no regular expression"), "{said}");
}

#[test]
fn what_does_not_go_together_is_refused_in_a_line() {
    let place = place();
    let zero_shot = ["score", "zero-shot", "--predictions", "a.csv", "--reference", "truth.csv"];
    for (flags, part) in [
        (&["--protocol", "retrieval/lgdea-v1"][..], "is of retrieval"),
        (&["--protocol", "zero-shot/lgdea"], "did you mean"),
        (&["--protocol", "zero-shot/chexzero-v1"], "--validation-predictions"),
        (&["--validation-predictions", "b.csv"], "--validation-reference"),
        (&["--validation-predictions", "b.csv", "--validation-reference", "truth.csv"], "the case `a`"),
    ] {
        let said = place.ended(2, &[&zero_shot[..], flags].concat());
        assert!(said.contains(part), "{flags:?}: {said}");
    }
    let compare =
        ["score", "compare", "a.csv", "b.csv", "--reference", "truth.csv", "--protocol", "zero-shot/lgdea-v1"];
    let flags = ["--validation-predictions", "a.csv", "--validation-reference", "truth.csv"];
    let said = place.ended(2, &[&compare[..], &flags].concat());
    assert!(said.contains("1 times for 2 models"), "{said}");
}
