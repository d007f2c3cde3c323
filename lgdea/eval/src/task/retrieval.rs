//! Image–report retrieval, both ways: recall, precision by findings, median rank.

use std::collections::BTreeMap;

use lgdea_data::{NO_FINDING, StudyLabels};
use lgdea_metric::task::retrieval::{MEDIAN_RANK, PRECISION, PRECISION_ABNORMAL, RECALL};
use lgdea_metric::{Declaration, Parameters, Way};
use lgdea_spec::Retrieval;
use ndarray::{ArrayView2, Axis};

use super::{Case, renumbered};
use crate::metric::bootstrap::{self, Statistic};
use crate::metric::retrieval::{precision_at, ranks, recall_at, relevance_of_top};
use crate::{Bootstrap, EvalError, Evaluation, check};

/// A mean over queries at a rank K, of what says how each query fared.
type MeanAtK<Fared> = fn(&[Fared], usize) -> Vec<f64>;
/// A statistic of queries and their values, in ascending order of the values, each query as often as a resample has it.
type OfSorted = fn(&[(usize, f64)], &[u32]) -> Option<f64>;

/// Means at each K, by the ranks of the queries' own candidates.
static BY_RANK: &[(&Declaration, MeanAtK<usize>)] = &[(&RECALL, recall_at)];
/// Statistics of those ranks.
static OF_RANKS: &[(&Declaration, OfSorted)] = &[
    // One a line.
    (&MEDIAN_RANK, bootstrap::median),
];
/// Means at each K, by which of a query's first candidates are relevant.
static BY_RELEVANCE: &[(&Declaration, Queries, MeanAtK<Vec<bool>>)] =
    &[(&PRECISION, Queries::All, precision_at), (&PRECISION_ABNORMAL, Queries::WithFinding, precision_at)];

/// The queries that count.
#[derive(Clone, Copy, PartialEq)]
enum Queries {
    All,
    WithFinding,
}

/// Scores `retrieval/<way>_r_at_<k>`, `…_p_at_<k>`, `…_p_at_<k>_abnormal` and `…_median_rank`, with the ways `i2t` (an
/// image looks for its report) and `t2i`.
///
/// - `similarity` `[images, reports]`: `g · r` of the studies of the split that have both, in one order.
/// - `cases`: one per study. Precision is taken among the labelled studies, relevant being those with the same set of
///   findings as the query (no findings match no findings); `abnormal` is its mean over queries with a finding.
///
/// A K beyond the number of candidates says nothing and is left out with a warning. Resamples draw the
/// queries' patients; the candidates stay the same.
pub fn evaluate(
    settings: &Retrieval,
    similarity: ArrayView2<'_, f32>,
    cases: &[Case<'_>],
    bootstrap: Bootstrap,
) -> Result<Evaluation, EvalError> {
    let studies = cases.len();
    let (unit_of, units) = renumbered(cases.iter().map(|case| case.patient));
    check::shape("similarity", similarity.shape(), &[studies, studies])?;
    check::finite("similarity", similarity)?;
    let labelled: Vec<usize> = (0..studies).filter(|&study| cases[study].labels.is_some()).collect();
    let findings: Vec<usize> = finding_classes(cases.iter().filter_map(|case| case.labels));
    let among_labelled = similarity.select(Axis(0), &labelled).select(Axis(1), &labelled);

    let mut task = Task { unit_of, statistics: Vec::new(), warnings: Vec::new() };
    for (way, all, labelled_only) in [
        (Way::ImageToReport, similarity, among_labelled.view()),
        (Way::ReportToImage, similarity.reversed_axes(), among_labelled.t()),
    ] {
        task.by_rank(way, settings, all);
        task.by_relevance(way, settings, labelled_only, &labelled, &findings);
    }
    Ok(Evaluation {
        scores: bootstrap.scores(units, task.statistics),
        warnings: task.warnings,
        ..Evaluation::default()
    })
}

/// Class of each labelled study's set of findings; class 0 is "no finding".
fn finding_classes<'a>(labels: impl Iterator<Item = &'a StudyLabels>) -> Vec<usize> {
    let mut classes = BTreeMap::from([(Vec::new(), 0)]);
    let class = |labels: &'a StudyLabels| {
        let findings: Vec<&str> =
            labels.present.iter().map(String::as_str).filter(|&label| label != NO_FINDING).collect();
        let next = classes.len();
        *classes.entry(findings).or_insert(next)
    };
    labels.map(class).collect()
}

struct Task {
    /// The patient of each study.
    unit_of: Vec<usize>,
    statistics: Vec<(String, Statistic<'static>)>,
    warnings: Vec<String>,
}

impl Task {
    /// The mean of values of studies.
    fn mean(&mut self, name: String, values: impl Iterator<Item = (usize, f64)>) {
        let values: Vec<(usize, f64)> = values.map(|(study, value)| (self.unit_of[study], value)).collect();
        self.statistics.push((name, Box::new(move |counts| bootstrap::mean(&values, counts))));
    }

    fn by_rank(&mut self, way: Way, settings: &Retrieval, similarity: ArrayView2<'_, f32>) {
        let ranks = ranks(similarity);
        for k in self.possible(&settings.at, ranks.len(), &format!("{} recall", way.name())) {
            for (score, values) in BY_RANK {
                self.mean(score.name(Parameters::at(way, k)), values(&ranks, k).into_iter().enumerate());
            }
        }
        let mut sorted: Vec<(usize, f64)> =
            self.unit_of.iter().copied().zip(ranks.iter().map(|&rank| rank as f64)).collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        for &(score, statistic) in OF_RANKS {
            let sorted = sorted.clone();
            let of_queries = move |counts: &[u32]| statistic(&sorted, counts);
            self.statistics.push((score.name(Parameters::way(way)), Box::new(of_queries)));
        }
    }

    /// `queries` are the studies of the rows, `findings` their finding classes.
    fn by_relevance(
        &mut self,
        way: Way,
        settings: &Retrieval,
        similarity: ArrayView2<'_, f32>,
        queries: &[usize],
        findings: &[usize],
    ) {
        let possible = self.possible(&settings.at, queries.len(), &format!("{} precision", way.name()));
        let depth = possible.iter().copied().max().unwrap_or(0);
        let relevance = relevance_of_top(similarity, |query, candidate| findings[query] == findings[candidate], depth);
        for k in possible {
            for (score, counted, values) in BY_RELEVANCE {
                let values = queries.iter().copied().zip(values(&relevance, k)).zip(findings);
                let counts = |class: usize| *counted == Queries::All || class != 0;
                let values = values.filter(|&(_, &class)| counts(class)).map(|(value, _)| value);
                self.mean(score.name(Parameters::at(way, k)), values);
            }
        }
    }

    /// The ranks K that `candidates` candidates allow; a warning names the others.
    fn possible(&mut self, at: &[usize], candidates: usize, what: &str) -> Vec<usize> {
        let (possible, beyond): (Vec<usize>, Vec<usize>) = at.iter().partition(|&&k| (1..=candidates).contains(&k));
        if !beyond.is_empty() {
            let there = match candidates {
                1 => "there is 1 candidate".to_owned(),
                some => format!("there are {some} candidates"),
            };
            self.warnings.push(format!("retrieval: {what} at {beyond:?} left out, {there}"));
        }
        possible
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::Seed;
    use ndarray::{Array2, array};

    use super::*;

    fn sets(sets: &[&[&str]]) -> Vec<StudyLabels> {
        sets.iter().map(|set| set.iter().map(|&label| label.to_owned()).collect()).collect()
    }

    const UNLABELLED: Case<'_> = Case { patient: 0, labels: None };

    /// Studies of a patient each.
    fn cases(sets: &[StudyLabels]) -> Vec<Case<'_>> {
        sets.iter().enumerate().map(|(patient, labels)| Case { patient, labels: Some(labels) }).collect()
    }

    fn settings(at: &[usize]) -> Retrieval {
        Retrieval { enabled: true, protocol: String::new(), at: at.to_vec(), local_share: 0.0 }
    }

    const PLAIN: Bootstrap = Bootstrap { resamples: 0, seed: Seed(1) };

    #[test]
    fn both_ways_by_hand() {
        let sets = sets(&[&["edema"], &["edema"], &["no_finding"], &[]]);
        let labels = cases(&sets);
        let similarity = array![
            [0.9, 0.8, 0.1, 0.0], //
            [0.9, 0.8, 0.1, 0.0],
            [0.9, 0.0, 0.1, 0.2],
            [0.0, 0.1, 0.2, 0.3],
        ];
        let scores = evaluate(&settings(&[1, 2]), similarity.view(), &labels, PLAIN).unwrap().scores;
        let expected = [
            ("i2t_r_at_1", 0.5),
            ("i2t_r_at_2", 0.75),
            ("i2t_median_rank", 1.5),
            ("i2t_p_at_1", 0.75), // the third image finds the first report
            ("i2t_p_at_2", (1.0 + 1.0 + 0.5 + 1.0) / 4.0),
            ("i2t_p_at_2_abnormal", 1.0),
            ("t2i_r_at_1", 0.25), // ties and a wrong maximum rank the first three reports' images behind others
            ("t2i_p_at_1_abnormal", 0.5),
        ];
        for (name, value) in expected {
            let found = scores[&format!("retrieval/{name}")].value;
            assert!((found - value).abs() < 1e-12, "{name}: {found}, expected {value}");
        }
    }

    #[test]
    fn precision_is_taken_among_labelled_studies() {
        let sets = sets(&[&["edema"], &["edema"]]);
        let labelled = cases(&sets);
        let labels = [labelled[0], UNLABELLED, Case { patient: 2, ..labelled[1] }];
        let similarity = array![[0.1, 0.9, 0.2], [0.9, 0.1, 0.9], [0.3, 0.9, 0.2]];
        let scores = evaluate(&settings(&[1]), similarity.view(), &labels, PLAIN).unwrap().scores;
        assert!((scores["retrieval/i2t_p_at_1"].value - 1.0).abs() < 1e-12);
        assert!(scores["retrieval/i2t_r_at_1"].value.abs() < 1e-12);
    }

    #[test]
    fn impossible_ranks_are_left_out_and_named() {
        let similarity = Array2::<f32>::eye(3);
        let evaluation = evaluate(&settings(&[0, 1, 10]), similarity.view(), &[UNLABELLED; 3], PLAIN).unwrap();
        let names: Vec<&str> =
            evaluation.scores.keys().map(String::as_str).filter(|name| name.contains("_r_at_")).collect();
        assert_eq!(names, ["retrieval/i2t_r_at_1", "retrieval/t2i_r_at_1"]);
        assert!(evaluation.scores.contains_key("retrieval/i2t_median_rank"));
        assert!(!evaluation.scores.keys().any(|name| name.contains("_p_at_")), "no study is labelled");
        assert_eq!(evaluation.warnings[0], "retrieval: i2t recall at [0, 10] left out, there are 3 candidates");
    }

    #[test]
    fn no_study_gives_no_score() {
        let bootstrap = Bootstrap { resamples: 10, seed: Seed(1) };
        let evaluation = evaluate(&settings(&[1]), Array2::zeros((0, 0)).view(), &[], bootstrap).unwrap();
        assert!(evaluation.scores.is_empty());
    }

    #[test]
    fn a_similarity_that_is_not_square_is_an_error() {
        let error = evaluate(&settings(&[1]), Array2::zeros((3, 2)).view(), &[UNLABELLED; 3], PLAIN).unwrap_err();
        assert_eq!(error.to_string(), "similarity has shape [3, 2], but [3, 3] is needed");
    }
}
