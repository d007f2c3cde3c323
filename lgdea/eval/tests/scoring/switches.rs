//! What each switch of a protocol does, by hand.

use lgdea_eval::protocol::{Protocol, Rules};
use lgdea_eval::scoring;
use lgdea_predictions::{Reference, Retrieval, Scores};

use crate::Written;

/// The score of this name by a shipped protocol with one text replaced.
fn value(protocol: &str, [from, to]: [&str; 2], [predictions, reference]: [&str; 2], name: &str) -> f64 {
    let path = format!("{}/../../templates/protocols/{protocol}.toml", env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(path).unwrap();
    let changed = shipped.replace(from, to);
    assert!(from == to || changed != shipped, "{from}");
    let written = Written::new(&[("protocol.toml", &changed), ("p.csv", predictions), ("r.csv", reference)]);
    let protocol = Protocol::named_or_path(written.path("protocol.toml").to_str().unwrap()).unwrap();
    let (predictions, reference) = (written.path("p.csv"), Reference::read(&written.path("r.csv")).unwrap());
    let scored = match &protocol.rules {
        Rules::ZeroShot(rules) => {
            scoring::zero_shot(rules, &Scores::read(&predictions).unwrap(), &reference, None).unwrap()
        }
        Rules::Retrieval(rules) => {
            scoring::retrieval(rules, &Retrieval::read(&predictions, None).unwrap(), &reference).unwrap()
        }
        other => panic!("the switches of {} have a file of their own", other.task()),
    };
    scored.evaluation(protocol.interval()).scores[name].value
}

#[test]
fn uncertain_and_blank_labels_count_as_the_protocol_says() {
    let scores = "id,edema\na,0.1\nb,0.2\nc,0.3\nd,0.4\n";
    let of = |switch: [&str; 2], cell: &str| {
        let truth = format!("id,edema\na,{cell}\nb,1\nc,0\nd,1\n");
        value("zero-shot/lgdea-v1", switch, [scores, &truth], "zero_shot/auroc/edema")
    };
    let uncertain = "uncertain = \"exclude\"";
    assert_eq!(of([uncertain, uncertain], "-1"), 0.5);
    assert_eq!(of([uncertain, "uncertain = \"positive\""], "-1"), 1.0 / 3.0);
    assert_eq!(of([uncertain, "uncertain = \"negative\""], "-1"), 0.75);
    let blank = "blank = \"negative\"";
    assert_eq!(of([blank, blank], ""), 0.75);
    assert_eq!(of([blank, "blank = \"exclude\""], ""), 0.5);
    assert_eq!(of([blank, "blank = \"positive\""], ""), 1.0 / 3.0);
}

#[test]
fn standardising_makes_a_decision_depend_on_the_other_cases() {
    // Scores of edema are always greater: without standardising nobody is given mass.
    let scores = "id,edema,mass\na,10,1\nb,11,2\nc,12,0\nd,13,-1\n";
    let truth = "id,label\na,mass\nb,mass\nc,edema\nd,edema\n";
    let of = |switch| value("chexpert-5x200/gloria-v1", switch, [scores, truth], "zero_shot/top_accuracy");
    let standardise = "standardise = \"per-class\"";
    assert_eq!(of([standardise, standardise]), 1.0);
    assert_eq!(of([standardise, "standardise = \"none\""]), 0.5);
}

#[test]
fn equal_texts_are_what_the_protocol_says() {
    let similarity = "id,a,b,c\na,1,3,2\nb,2,1,3\nc,3,2,1\n";
    let truth = "id,text\na,t\nb,t\nc,u\n";
    for (choice, forward, back) in [("apart", 3.0, 3.0), ("interchangeable", 2.0, 2.0), ("one-candidate", 2.0, 2.5)] {
        let switch = ["\"one-candidate\"", &format!("\"{choice}\"")];
        let of =
            |way: &str| value("retrieval/lgdea-v1", switch, [similarity, truth], &format!("retrieval/{way}_mean_rank"));
        assert_eq!((of("i2t"), of("t2i")), (forward, back), "{choice}");
    }
}

#[test]
fn candidates_are_right_by_labels_as_the_protocol_says() {
    let similarity = "id,a,b,c,d\na,1,4,3,2\nb,4,1,3,2\nc,2,4,3,1\nd,1,2,3,4\n";
    let truth = "id,edema,mass\na,1,0\nb,1,1\nc,1,0\nd,0,0\n";
    let path = format!("{}/../../templates/protocols/retrieval/lgdea-v1.toml", env!("CARGO_MANIFEST_DIR"));
    let shipped = std::fs::read_to_string(path).unwrap();
    // The lines of `labels-at` and `same`.
    let from: Vec<&str> = shipped.lines().skip_while(|line| !line.starts_with("labels-at")).take(2).collect();
    let of = |same: &str| {
        let to = format!("labels-at = [2]\nsame = \"{same}\"");
        value("retrieval/lgdea-v1", [&from.join("\n"), &to], [similarity, truth], "retrieval/i2t_p_at_2")
    };
    // Of the first two, with the same set: a finds c, b nobody, c itself, d itself.
    assert_eq!(of("label-set"), (0.5 + 0.0 + 0.5 + 0.5) / 4.0);
    // With a class in common: a finds b and c, b finds a and c, c finds b and itself; d has no class and does not count.
    assert_eq!(of("class"), 1.0);
}

#[test]
fn classes_may_weigh_alike() {
    // K = 1. Three cases of edema of which one is right, one of mass that is.
    let similarity = "id,a,b,c,d\na,4,1,2,3\nb,1,2,3,4\nc,1,2,3,4\nd,1,2,3,4\n";
    let truth = "id,label\na,edema\nb,edema\nc,edema\nd,mass\n";
    let of = |switch| value("retrieval-5x200/gloria-v1", switch, [similarity, truth], "retrieval/i2t_p_at_1");
    let from = "labels-at = [5, 10, 100]\nsame = \"class\"\nuncertain = \"negative\"\nwithout-labels = \"refuse\"\naverage = \"queries\"";
    let to = |average: &str| from.replace("5, 10, 100", "1").replace("\"queries\"", average);
    let (of_queries, of_classes) = (to("\"queries\""), to("\"classes\""));
    assert_eq!(of([from, &of_queries]), 0.5);
    assert_eq!(of([from, &of_classes]), f64::midpoint(1.0 / 3.0, 1.0));
}

#[test]
fn that_nothing_is_found_is_no_finding_and_a_case_without_text_is_no_pair() {
    let similarity = "id,a,b,c\na,1,2,0\nb,2,1,0\nc,0,0,1\n";
    let same = ["labels-at = [5, 10]", "labels-at = [1]"];
    let of = |truth: &str, name: &str| value("retrieval/lgdea-v1", same, [similarity, truth], name);
    // Of a and b, each finds the other: one is said to be normal, the other has no finding.
    let normal = "id,text,edema,No Finding\na,t,0,1\nb,u,0,0\nc,v,1,0\n";
    assert_eq!(of(normal, "retrieval/i2t_p_at_1"), 1.0);
    let all = "id,text\na,t\nb,u\nc,v\n";
    assert_eq!(of(all, "retrieval/i2t_mean_rank"), 5.0 / 3.0);
    assert_eq!(of("id,text\na,t\nb,\nc,v\n", "retrieval/i2t_mean_rank"), 1.0, "b's text is nobody's candidate");
}
