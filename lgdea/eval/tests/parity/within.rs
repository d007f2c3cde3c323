//! Scores within strata: `within.py`.

use lgdea_data::{Projection, Split, Study, StudyLabels};
use lgdea_eval::prompts::PromptClass;
use lgdea_eval::task::{Case, Strata, retrieval, zero_shot};
use lgdea_eval::{Bootstrap, Scores};
use lgdea_metric::task::within;
use lgdea_metric::{Parameters, Way};
use lgdea_spec::{Eval, Resolved};
use serde_json::Value;

use crate::{EXACT, assert_value, bools, fixture, rows, singles};

const FIXTURE: &str = include_str!("within.json");
const CLASSES: [&str; 3] = ["edema", "nodule", "pneumonia"];
const AT: [usize; 3] = [1, 3, 10];

fn texts(value: &Value) -> Vec<Option<&str>> {
    value.as_array().unwrap().iter().map(Value::as_str).collect()
}

fn studies(case: &Value) -> Vec<Study> {
    let (views, sources) = (texts(&case["views"]), texts(&case["sources"]));
    let labels = case["labels"].as_array().unwrap().iter().map(bools);
    let study = |(number, row): (usize, Vec<bool>)| {
        let labels: StudyLabels =
            CLASSES.iter().zip(row).filter(|(_, present)| *present).map(|(class, _)| *class).collect();
        Study {
            projection: views[number].map(|view| match view {
                "PA" => Projection::Pa,
                "AP" => Projection::Ap,
                _ => Projection::Lateral,
            }),
            source: sources[number].map(Into::into),
            labels: Some(labels),
            ..Study::new(format!("s{number}"), format!("p{number}"), Split::Test)
        }
    };
    labels.enumerate().map(study).collect()
}

fn settings() -> Eval {
    let mut eval = Resolved::from_overrides(&[]).unwrap().experiment.eval;
    eval.retrieval.at = AT.into();
    eval
}

fn assert_score(scores: &Scores, name: &str, expected: &Value) {
    assert_value(name, scores.get(name).map(|score| score.value), expected, EXACT);
}

#[test]
fn strata_are_scored_as_scikit_learn_and_a_full_sort_score_them() {
    for case in fixture(FIXTURE, "cases") {
        let studies = studies(&case);
        let cases: Vec<Case<'_>> = studies
            .iter()
            .enumerate()
            .map(|(patient, study)| Case { patient, labels: study.labels.as_ref() })
            .collect();
        let within: Vec<_> = texts(&case["within"]).into_iter().map(|text| text.unwrap().parse().unwrap()).collect();
        let strata = Strata::new(&within, &studies.iter().collect::<Vec<_>>());
        let classes = CLASSES.map(|name| PromptClass {
            name: name.into(),
            prompts: vec![name.into()],
            against: Vec::new(),
            negative: Vec::new(),
        });
        let scores = rows(&singles(&case["scores"]), CLASSES.len());
        let scores = zero_shot::Scores { similarity: scores, evidence: None, local: None };
        let (eval, plain) = (settings(), Bootstrap::NONE);
        let found =
            zero_shot::evaluate(&eval.zero_shot, &classes, scores, &cases, strata.as_ref(), plain).unwrap().scores;
        for class in CLASSES {
            assert_score(&found, &within::AUROC.name(Parameters::class(class)), &case["auroc"][class]);
        }
        assert_score(&found, &within::AUROC_MACRO.name(Parameters::NONE), &case["auroc_macro"]);

        let similarity = rows(&singles(&case["similarity"]), studies.len());
        let found =
            retrieval::evaluate(&eval.retrieval, similarity.view(), &cases, strata.as_ref(), plain).unwrap().scores;
        for way in Way::ALL {
            let expected = &case[way.name()];
            for (score, key) in
                [(&within::MEDIAN_RANK, "median_rank"), (&within::NORMALISED_RANK_WITHIN, "normalised_rank")]
            {
                assert_score(&found, &score.name(Parameters::way(way)), &expected[key]);
            }
            for k in AT {
                for (score, key) in
                    [(&within::RECALL, "r"), (&within::PRECISION, "p"), (&within::PRECISION_ABNORMAL, "abnormal")]
                {
                    assert_score(&found, &score.name(Parameters::at(way, k)), &expected[format!("{key}_at_{k}")]);
                }
            }
        }
    }
}
