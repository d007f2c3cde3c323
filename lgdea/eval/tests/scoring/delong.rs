//! `DeLong`'s intervals and p values, where a protocol asks for them.

use lgdea_eval::metric::auroc::Case;
use lgdea_eval::metric::delong::{PairedCase, delong, delong_difference};
use lgdea_eval::protocol::Protocol;
use lgdea_eval::scoring::{Compared, Scored, tables};

use crate::{Written, scored};

/// A shipped protocol of AUROC over cases, by a method.
fn protocol(of: &str, method: &str) -> String {
    let path = format!("{}/../../templates/protocols/{of}.toml", env!("CARGO_MANIFEST_DIR"));
    let line = |line: &str| {
        let line = if line.starts_with("metrics = ") { "metrics = [\"auroc\"]" } else { line };
        line.replace("\"patient\"", "\"case\"").replace("\"percentile\"", &format!("\"{method}\"")) + "\n"
    };
    std::fs::read_to_string(path).unwrap().lines().map(line).collect()
}

/// Scores of two models and the truth of 40 cases, by a rule without a pattern.
fn cases() -> Vec<([f64; 2], bool)> {
    let case = |at: usize| {
        let positive = at * 7 % 5 < 2;
        let shift = if positive { 3.0 } else { 0.0 };
        ([(at * 11 % 13) as f64 + shift, (at * 5 % 17) as f64 + shift / 2.0], positive)
    };
    (0..40).map(case).collect()
}

fn files() -> Written {
    let table = |of: &dyn Fn(usize) -> String| -> String {
        ["id,edema,mass\n".to_owned()].into_iter().chain((0..40).map(|at| format!("c{at},{}\n", of(at)))).collect()
    };
    let cases = cases();
    let model = |model: usize| table(&|at| format!("{},{}", cases[at].0[model], at % 4));
    let truth = table(&|at| format!("{},{}", u8::from(cases[at].1), u8::from(at % 4 == 3)));
    let zero_shot = |method| protocol("zero-shot/lgdea-v1", method);
    Written::new(&[
        ("a.csv", &model(0)),
        ("b.csv", &model(1)),
        ("truth.csv", &truth),
        ("delong.toml", &zero_shot("delong")),
        ("percentile.toml", &zero_shot("percentile")),
    ])
}

fn of(files: &Written, protocol: &str, model: &str) -> (Protocol, Scored) {
    let path = files.path(protocol);
    let path = path.to_str().unwrap();
    let scored = scored(path, &files.path(model), &files.path("truth.csv"), None).unwrap();
    (Protocol::named_or_path(path).unwrap(), scored)
}

#[test]
fn a_class_has_delongs_interval_and_the_mean_that_of_resamples() {
    let files = files();
    let [by_delong, by_percentiles] = ["delong.toml", "percentile.toml"].map(|protocol| {
        let (protocol, scored) = of(&files, protocol, "a.csv");
        scored.evaluation(protocol.interval()).scores
    });
    let cases = cases().into_iter().enumerate();
    let cases: Vec<Case> = cases.map(|(unit, (scores, positive))| Case { unit, score: scores[0], positive }).collect();
    let expected = delong(&cases).unwrap();
    let found = by_delong["zero_shot/auroc/edema"];
    assert!((found.value - expected.value).abs() < 1e-15 && found.interval == expected.interval(), "{found:?}");
    assert_ne!(found.interval, by_percentiles["zero_shot/auroc/edema"].interval);
    assert_eq!(by_delong["zero_shot/auroc_macro"], by_percentiles["zero_shot/auroc_macro"]);
    // A perfect ranking has a value, but no variance.
    let mass = by_delong["zero_shot/auroc/mass"];
    assert_eq!((mass.value, mass.interval), (1.0, None));
    assert_eq!(by_delong.keys().collect::<Vec<_>>(), by_percentiles.keys().collect::<Vec<_>>());
}

#[test]
fn differences_have_delongs_p_value_beside_that_of_resamples() {
    let files = files();
    let (protocol, base) = of(&files, "delong.toml", "a.csv");
    let (_, other) = of(&files, "delong.toml", "b.csv");
    let differences = other.differences(&base, protocol.interval());
    let cases = cases().into_iter().enumerate();
    let cases: Vec<PairedCase> =
        cases.map(|(unit, ([a, b], positive))| PairedCase { unit, scores: [b, a], positive }).collect();
    let expected = delong_difference(&cases).unwrap();
    let edema = differences["zero_shot/auroc/edema"];
    assert!((edema.value - expected.value).abs() < 1e-15);
    assert_eq!(edema.delong_p_value, expected.p_value());
    assert!((edema.delong_p_value.unwrap() - edema.p_value.unwrap()).abs() < 0.1, "{edema:?}");
    // Both models rank mass perfectly.
    assert_eq!(differences["zero_shot/auroc/mass"].delong_p_value, Some(1.0));
    assert_eq!(differences["zero_shot/auroc_macro"].delong_p_value, None);
    let grid = tables::differences("a", &Compared { name: "b".to_owned(), differences });
    assert_eq!(grid.header.last().unwrap(), "p by DeLong");
    let shown: Vec<&str> = grid.rows.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(shown, ["AUROC, mean of classes", "auroc, edema", "auroc, mass"]);
    assert!(grid.rows.iter().all(|row| row.len() == grid.header.len()), "{grid:?}");

    let (protocol, base) = of(&files, "percentile.toml", "a.csv");
    assert!(base.differences(&base, protocol.interval()).values().all(|found| found.delong_p_value.is_none()));
}

#[test]
fn probes_have_it_at_each_share() {
    let (files, share) = (Written::new(&[("p.toml", &protocol("probe/lgdea-v1", "delong"))]), "probe/0.1/auroc/");
    let path = files.path("p.toml");
    let path = path.to_str().unwrap();
    let of = || scored(path, &crate::file("probe.npz"), &crate::file("probe.csv"), None).unwrap();
    let interval = Protocol::named_or_path(path).unwrap().interval();
    let differences = of().differences(&of(), interval);
    let of_share: Vec<_> = differences.iter().filter(|(name, _)| name.starts_with(share)).collect();
    assert!(
        !of_share.is_empty() && of_share.iter().all(|(_, found)| found.delong_p_value == Some(1.0)),
        "{of_share:?}"
    );
    assert!(
        of().evaluation(interval)
            .scores
            .iter()
            .any(|(name, score)| name.starts_with(share) && score.interval.is_some())
    );
}

#[test]
fn it_is_refused_where_it_is_not_defined() {
    let zero_shot = protocol("zero-shot/lgdea-v1", "delong");
    let of_patients = zero_shot.replace("of = \"case\"", "of = \"patient\"");
    let more = zero_shot.replace("[\"auroc\"]", "[\"auroc\", \"average-precision\"]");
    assert!(of_patients != zero_shot && more != zero_shot);
    let path = format!("{}/../../templates/protocols/retrieval/lgdea-v1.toml", env!("CARGO_MANIFEST_DIR"));
    let retrieval = std::fs::read_to_string(path).unwrap().replace("\"percentile\"", "\"delong\"");
    for text in [of_patients, more, retrieval, zero_shot.replace("\"auroc\"", "\"average-precision\"")] {
        let files = Written::new(&[("p.toml", &text)]);
        let error = Protocol::named_or_path(files.path("p.toml").to_str().unwrap()).unwrap_err();
        let said = lgdea_fault::chain(&error);
        assert!(said.contains("delong") && said.contains("interval.of"), "{said}");
    }
}
