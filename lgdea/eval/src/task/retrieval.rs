//! Image–report retrieval, both ways: recall, precision by findings, median rank.

use std::collections::{BTreeMap, HashMap};
use std::iter;

use lgdea_data::{NO_FINDING, StudyLabels};
use lgdea_metric::task::retrieval::{MEDIAN_RANK, PRECISION, PRECISION_ABNORMAL, RECALL};
use lgdea_metric::task::within::{NORMALISED_RANK, NORMALISED_RANK_WITHIN};
use lgdea_metric::{Declaration, Parameters, Way};
use lgdea_spec::Retrieval;
use ndarray::{ArrayView2, Axis, CowArray, Ix2};

use super::within::LEAST;
use super::{Case, Strata, renumbered};
use crate::metric::bootstrap::{self, Statistic};
use crate::metric::retrieval::{normalised_rank, precision_at, ranks, recall_at, relevance_of_top};
use crate::{Bootstrap, EvalError, Evaluation, check};

/// What messages call the task.
const TASK: &str = "retrieval";

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

/// How near images and reports are to each other, `[images, reports]`, in one order of studies. Finite.
#[derive(Debug, Clone, Copy)]
pub struct Similarities<'a> {
    /// As images look for reports.
    pub of_images: ArrayView2<'a, f32>,
    /// As reports look for images, where that is another one.
    pub of_reports: Option<ArrayView2<'a, f32>>,
}

impl<'a> From<ArrayView2<'a, f32>> for Similarities<'a> {
    /// The same both ways.
    fn from(similarity: ArrayView2<'a, f32>) -> Self {
        Self { of_images: similarity, of_reports: None }
    }
}

impl<'a> Similarities<'a> {
    /// `[queries, candidates]`.
    fn searched(self, way: Way) -> ArrayView2<'a, f32> {
        match way {
            Way::ImageToReport => self.of_images,
            Way::ReportToImage => self.of_reports.unwrap_or(self.of_images).reversed_axes(),
        }
    }
}

/// The queries that count.
#[derive(Clone, Copy, PartialEq)]
enum Queries {
    All,
    WithFinding,
}

/// Scores `retrieval/<way>_r_at_<k>`, `…_p_at_<k>`, `…_p_at_<k>_abnormal` and `…_median_rank`, with the ways `i2t` (an
/// image looks for its report) and `t2i`. With strata `retrieval/within/…` of the same, where the candidates of a query are those
/// of its stratum alone, and of both `…_normalised_rank`.
///
/// - `similarity` `[images, reports]`: of the studies of the split that have both, in one order.
/// - `cases`: one per study. Precision is taken among the labelled studies, relevant being those with the same set of
///   findings as the query (no findings match no findings); `abnormal` is its mean over queries with a finding.
/// - `strata`: those of the same studies. Each query counts once, so that the means of strata are weighted by their sizes. Strata of
///   a single study are left out, and of a K those with fewer candidates.
///
/// A K beyond the number of candidates says nothing and is left out with a warning. Resamples draw the
/// queries' patients; the candidates stay the same.
pub fn evaluate<'a>(
    settings: &Retrieval,
    similarity: impl Into<Similarities<'a>>,
    cases: &[Case<'_>],
    strata: Option<&Strata>,
    bootstrap: Bootstrap,
) -> Result<Evaluation, EvalError> {
    let studies = cases.len();
    let (unit_of, units) = renumbered(cases.iter().map(|case| case.patient));
    let similarity = similarity.into();
    for similarity in iter::once(similarity.of_images).chain(similarity.of_reports) {
        check::shape("similarity", similarity.shape(), &[studies, studies])?;
        check::finite("similarity", similarity)?;
    }
    let labelled: Vec<usize> = (0..studies).filter(|&study| cases[study].labels.is_some()).collect();
    let findings = finding_classes(cases.iter().filter_map(|case| case.labels));
    let findings = labelled.iter().copied().zip(findings).collect();
    let mut task = Task { at: &settings.at, unit_of, findings, statistics: Vec::new(), warnings: Vec::new() };
    let of_labelled = Pool::of(similarity, labelled);
    let whole = [Pool::whole(similarity)];
    task.both_ways(Among::All, &whole, &[of_labelled]);
    if let Some(strata) = strata {
        let (pools, of_labelled) = task.pools(similarity, strata);
        task.both_ways(Among::Strata(strata), &pools, &of_labelled);
        task.normalised_ranks(&whole, &pools);
    }
    let scores = bootstrap.scores(units, task.statistics);
    let mut warnings = task.warnings;
    if let Some(strata) = strata {
        let ranks = Way::ALL.map(|way| (way.name().to_owned(), &NORMALISED_RANK, Parameters::way(way)));
        let words = ("normalised rank (0.50 by chance)", "which reports are alike");
        warnings.extend(strata.compared(TASK, words, &scores, &ranks));
    }
    Ok(Evaluation { scores, warnings, ..Evaluation::default() })
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

/// Studies that look for each other, and nobody else.
struct Pool<'a> {
    /// The studies.
    members: Vec<usize>,
    /// [`Similarities`] of them.
    of_images: CowArray<'a, f32, Ix2>,
    of_reports: Option<CowArray<'a, f32, Ix2>>,
}

impl<'a> Pool<'a> {
    /// All studies.
    fn whole(Similarities { of_images, of_reports }: Similarities<'a>) -> Self {
        let members = (0..of_images.nrows()).collect();
        Self { members, of_images: of_images.into(), of_reports: of_reports.map(CowArray::from) }
    }

    /// Some of the studies.
    fn of(Similarities { of_images, of_reports }: Similarities<'_>, members: Vec<usize>) -> Self {
        let of_members = |all: ArrayView2<'_, f32>| all.select(Axis(0), &members).select(Axis(1), &members).into();
        Self { of_images: of_members(of_images), of_reports: of_reports.map(of_members), members }
    }

    /// `[queries, candidates]`.
    fn searched(&self, way: Way) -> ArrayView2<'_, f32> {
        let of_reports = self.of_reports.as_ref().map(|similarity| similarity.view());
        Similarities { of_images: self.of_images.view(), of_reports }.searched(way)
    }

    fn allows(&self, k: usize) -> bool {
        (1..=self.members.len()).contains(&k)
    }
}

/// Who is a candidate.
#[derive(Clone, Copy)]
enum Among<'a> {
    /// Every study.
    All,
    /// Those of the query's stratum.
    Strata(&'a Strata),
}

impl Among<'_> {
    /// What a plain score is called; none where it is not measured.
    fn name(self, plain: &Declaration, of: Parameters<'_>) -> Option<String> {
        let declaration = match self {
            Among::All => Some(plain),
            Among::Strata(_) => plain.within,
        };
        declaration.map(|declaration| declaration.name(of))
    }
}

struct Task<'a> {
    /// Ranks K.
    at: &'a [usize],
    /// The patient of each study.
    unit_of: Vec<usize>,
    /// The finding class of each labelled study.
    findings: HashMap<usize, usize>,
    statistics: Vec<(String, Statistic<'static>)>,
    warnings: Vec<String>,
}

impl Task<'_> {
    /// The mean of values of studies.
    fn mean(&mut self, name: Option<String>, values: impl Iterator<Item = (usize, f64)>) {
        let Some(name) = name else { return };
        let values: Vec<(usize, f64)> = values.map(|(study, value)| (self.unit_of[study], value)).collect();
        self.statistics.push((name, Box::new(move |counts| bootstrap::mean(&values, counts))));
    }

    /// The strata in which a study can be ranked among others, with their studies and with their labelled ones.
    fn pools<'s>(&mut self, similarity: Similarities<'s>, strata: &Strata) -> (Vec<Pool<'s>>, Vec<Pool<'s>>) {
        self.warnings.extend(strata.told(TASK));
        let (strata_of, alone): (Vec<_>, Vec<_>) =
            strata.members().into_iter().partition(|members| members.len() >= LEAST);
        if !alone.is_empty() {
            self.warnings.push(format!(
                "{TASK} within {}: {} of {} studies are alone in their stratum and left out",
                strata.called(),
                alone.len(),
                strata.studies()
            ));
        }
        let is_labelled = |study: &usize| self.findings.contains_key(study);
        let labelled = strata_of.iter().map(|members| members.iter().copied().filter(is_labelled).collect::<Vec<_>>());
        let labelled = labelled.filter(|members| members.len() >= LEAST).map(|members| Pool::of(similarity, members));
        let labelled = labelled.collect();
        (strata_of.into_iter().map(|members| Pool::of(similarity, members)).collect(), labelled)
    }

    /// What is measured of queries in pools, and of labelled queries in theirs.
    fn both_ways(&mut self, among: Among<'_>, pools: &[Pool<'_>], labelled: &[Pool<'_>]) {
        for way in Way::ALL {
            self.by_rank(way, among, pools);
            self.by_relevance(way, among, labelled);
        }
    }

    fn by_rank(&mut self, way: Way, among: Among<'_>, pools: &[Pool<'_>]) {
        let ranks: Vec<Vec<usize>> = pools.iter().map(|pool| ranks(pool.searched(way))).collect();
        for k in self.possible(way, among, pools, "recall") {
            for (score, values) in BY_RANK {
                let of_pool = |(pool, ranks): (&Pool<'_>, &Vec<usize>)| {
                    let values = if pool.allows(k) { values(ranks, k) } else { Vec::new() };
                    pool.members.iter().copied().zip(values).collect::<Vec<_>>()
                };
                let values = pools.iter().zip(&ranks).flat_map(of_pool);
                self.mean(among.name(score, Parameters::at(way, k)), values);
            }
        }
        let of_pool = |(pool, ranks): (&Pool<'_>, &Vec<usize>)| {
            let ranked = pool.members.iter().zip(ranks).map(|(&study, &rank)| (self.unit_of[study], rank as f64));
            ranked.collect::<Vec<_>>()
        };
        let mut sorted: Vec<(usize, f64)> = pools.iter().zip(&ranks).flat_map(of_pool).collect();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        for &(score, statistic) in OF_RANKS {
            let Some(name) = among.name(score, Parameters::way(way)) else { continue };
            let sorted = sorted.clone();
            self.statistics.push((name, Box::new(move |counts| statistic(&sorted, counts))));
        }
    }

    fn by_relevance(&mut self, way: Way, among: Among<'_>, pools: &[Pool<'_>]) {
        let possible = self.possible(way, among, pools, "precision");
        let depth = possible.iter().copied().max().unwrap_or(0);
        let of_pool = |pool: &Pool<'_>| -> Vec<(usize, Vec<bool>)> {
            let class = |member: usize| self.findings.get(&pool.members[member]);
            let is_relevant = |query: usize, candidate: usize| class(query) == class(candidate);
            let relevance = relevance_of_top(pool.searched(way), is_relevant, depth);
            pool.members.iter().copied().zip(relevance).collect()
        };
        let found: Vec<Vec<(usize, Vec<bool>)>> = pools.iter().map(of_pool).collect();
        for k in possible {
            let allow = |(pool, _): &(&Pool<'_>, _)| pool.allows(k);
            let found = pools.iter().zip(&found).filter(allow).flat_map(|(_, found)| found);
            let (studies, relevance): (Vec<usize>, Vec<Vec<bool>>) = found.cloned().unzip();
            for (score, counted, values) in BY_RELEVANCE {
                let values = studies.iter().copied().zip(values(&relevance, k));
                let counts = |study: usize| *counted == Queries::All || self.findings.get(&study) != Some(&0);
                let values: Vec<(usize, f64)> = values.filter(|&(study, _)| counts(study)).collect();
                self.mean(among.name(score, Parameters::at(way, k)), values.into_iter());
            }
        }
    }

    /// The mean of the normalised ranks among all studies, and in strata: chance is the same in both.
    fn normalised_ranks<'p>(&mut self, whole: &[Pool<'p>], strata: &[Pool<'p>]) {
        for way in Way::ALL {
            for (declaration, pools) in [(&NORMALISED_RANK, whole), (&NORMALISED_RANK_WITHIN, strata)] {
                let of_pool = |pool: &Pool<'_>| {
                    let values = normalised_rank(&ranks(pool.searched(way))).unwrap_or_default();
                    pool.members.iter().copied().zip(values).collect::<Vec<_>>()
                };
                self.mean(Some(declaration.name(Parameters::way(way))), pools.iter().flat_map(of_pool));
            }
        }
    }

    /// The ranks K that some pool allows; a warning names the others, and of strata how many are too small.
    fn possible(&mut self, way: Way, among: Among<'_>, pools: &[Pool<'_>], what: &str) -> Vec<usize> {
        let (possible, beyond): (Vec<usize>, Vec<usize>) =
            self.at.iter().partition(|&&k| pools.iter().any(|pool| pool.allows(k)));
        match among {
            Among::All if !beyond.is_empty() => {
                let there = match pools.iter().map(|pool| pool.members.len()).sum::<usize>() {
                    1 => "there is 1 candidate".to_owned(),
                    some => format!("there are {some} candidates"),
                };
                self.warnings.push(format!("{TASK}: {} {what} at {beyond:?} left out, {there}", way.name()));
            }
            // Both ways have the same candidates.
            Among::Strata(strata) if way == Way::ImageToReport && !pools.is_empty() => {
                let called = strata.called();
                if !beyond.is_empty() {
                    self.warnings.push(format!(
                        "{TASK} within {called}: {what} at {beyond:?} left out, no stratum has so many candidates"
                    ));
                }
                let lacking = |k: usize| {
                    let small: Vec<&Pool<'_>> = pools.iter().filter(|pool| !pool.allows(k)).collect();
                    let studies: usize = small.iter().map(|pool| pool.members.len()).sum();
                    (studies > 0).then(|| format!("at {k} {} of {} ({studies} studies)", small.len(), pools.len()))
                };
                let lacking: Vec<String> = possible.iter().filter_map(|&k| lacking(k)).collect();
                if !lacking.is_empty() {
                    self.warnings.push(format!(
                        "{TASK} within {called}: {what} leaves out strata of fewer than K candidates: {}",
                        lacking.join(", ")
                    ));
                }
            }
            Among::All | Among::Strata(_) => {}
        }
        possible
    }
}

#[cfg(test)]
mod tests {
    use lgdea_spec::{Bank, Seed};
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
        Retrieval {
            enabled: true,
            protocol: String::new(),
            at: at.to_vec(),
            local_share: 0.0,
            evidence_share: 0.0,
            bank: Bank { share: 0.0, nearest: 1, studies: 1 },
        }
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
        let scores = evaluate(&settings(&[1, 2]), similarity.view(), &labels, None, PLAIN).unwrap().scores;
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
    fn reports_may_look_by_another_similarity_than_images() {
        let (right, wrong) = (Array2::eye(2), array![[0.0, 1.0], [1.0, 0.0]]);
        let similarity = Similarities { of_images: right.view(), of_reports: Some(wrong.view()) };
        let scores = evaluate(&settings(&[1]), similarity, &[UNLABELLED; 2], None, PLAIN).unwrap().scores;
        assert_eq!([scores["retrieval/i2t_r_at_1"].value, scores["retrieval/t2i_r_at_1"].value], [1.0, 0.0]);
    }

    #[test]
    fn precision_is_taken_among_labelled_studies() {
        let sets = sets(&[&["edema"], &["edema"]]);
        let labelled = cases(&sets);
        let labels = [labelled[0], UNLABELLED, Case { patient: 2, ..labelled[1] }];
        let similarity = array![[0.1, 0.9, 0.2], [0.9, 0.1, 0.9], [0.3, 0.9, 0.2]];
        let scores = evaluate(&settings(&[1]), similarity.view(), &labels, None, PLAIN).unwrap().scores;
        assert!((scores["retrieval/i2t_p_at_1"].value - 1.0).abs() < 1e-12);
        assert!(scores["retrieval/i2t_r_at_1"].value.abs() < 1e-12);
    }

    #[test]
    fn impossible_ranks_are_left_out_and_named() {
        let similarity = Array2::<f32>::eye(3);
        let evaluation = evaluate(&settings(&[0, 1, 10]), similarity.view(), &[UNLABELLED; 3], None, PLAIN).unwrap();
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
        let evaluation = evaluate(&settings(&[1]), Array2::zeros((0, 0)).view(), &[], None, bootstrap).unwrap();
        assert!(evaluation.scores.is_empty());
    }

    #[test]
    fn a_similarity_that_is_not_square_is_an_error() {
        let error = evaluate(&settings(&[1]), Array2::zeros((3, 2)).view(), &[UNLABELLED; 3], None, PLAIN).unwrap_err();
        assert_eq!(error.to_string(), "similarity has shape [3, 2], but [3, 3] is needed");
    }
}
