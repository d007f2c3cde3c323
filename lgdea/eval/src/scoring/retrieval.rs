//! Embeddings, or similarities, of images and texts, by a protocol of retrieval.

use std::collections::BTreeMap;

use lgdea_data::{NO_FINDING, normalise_label};
use lgdea_metric::task::retrieval::{MEDIAN_RANK, PRECISION, RECALL};
use lgdea_metric::task::retrieval_outputs::{HIT, MEAN_RANK, NDCG, RECIPROCAL_RANK};
use lgdea_metric::{Declaration, Parameters, Way};
use lgdea_predictions::{Label, Outputs, Reference, Retrieval};
use ndarray::{Array2, Axis};

use super::subgroups::{Group, divisions};
use super::{Scored, units};
use crate::EvalError;
use crate::metric::average::mean_of_defined;
use crate::metric::bootstrap::{Statistic, mean, median};
use crate::metric::ranking::{Ranked, Relevance, distinct, groups};
use crate::metric::similarity::unit_rows;
use crate::protocol::{
    Absent, Average, Direction, EqualTexts, Policy, RetrievalMetric, RetrievalProtocol, Same, Similarity,
};

/// Scores what a model says of images and texts. Row `i` of the reference is an image and its text.
///
/// Resamples draw the queries' patients; the candidates stay the same. A K beyond the number of candidates says nothing and is
/// left out with a warning. An error where the files do not belong together, or the protocol asks for labels that are not
/// there.
pub fn retrieval(rules: &RetrievalProtocol, outputs: &Retrieval, reference: &Reference) -> Result<Scored, EvalError> {
    let (pairs, alone) = pairs(reference);
    let reference = pairs.as_ref().unwrap_or(reference);
    let (unit_of, unit_count, silent) = units(rules.interval, reference);
    let (outputs, left_out) = outputs.of(reference)?;
    let asks = vec![true; reference.ids.len()];
    let mut task = Task { rules, unit_of, asks, statistics: Vec::new(), warnings: silent.into_iter().collect() };
    if alone > 0 {
        task.warnings.push(format!("cases whose column `text` is empty have none, and no part: {alone}"));
    }
    if left_out > 0 {
        task.warnings.push(format!("images and texts that are of no case of the reference are left out: {left_out}"));
    }
    let outputs = task.comparable(outputs);
    let texts = task.texts(reference);
    let labelled = task.labelled(reference)?;
    task.both_ways(&outputs, &texts, labelled.as_ref())?;
    let groups = task.groups(reference, &outputs, &texts, labelled.as_ref())?;
    let Task { statistics, warnings, .. } = task;
    Ok(Scored { units: unit_count, cases: reference.ids.len(), warnings, statistics, groups, ..Scored::default() })
}

/// The cases that have a text, and how many have none; nothing where no case says, and all have one.
fn pairs(reference: &Reference) -> (Option<Reference>, usize) {
    let texts = reference.texts.iter().flatten().enumerate();
    let with: Vec<usize> = texts.filter(|(_, text)| !text.is_empty()).map(|(case, _)| case).collect();
    let alone = reference.ids.len() - with.len();
    if with.is_empty() || alone == 0 {
        return (None, 0);
    }
    (Some(reference.select(&with)), alone)
}

struct Task<'a> {
    rules: &'a RetrievalProtocol,
    unit_of: Vec<usize>,
    /// Whether the case's image and text are queries; all are candidates.
    asks: Vec<bool>,
    statistics: Vec<(String, Statistic<'static>)>,
    warnings: Vec<String>,
}

/// What goes by labels: cases with labels, and of each its set of positive ones as a number.
struct Labels {
    cases: Vec<usize>,
    /// Of each case of the reference.
    set_of: Vec<usize>,
    /// The sets, each as the positions of its classes.
    sets: Vec<Vec<usize>>,
}

impl Task<'_> {
    /// All that is measured.
    fn both_ways(&mut self, outputs: &Outputs, texts: &[usize], labelled: Option<&Labels>) -> Result<(), EvalError> {
        let all: Vec<usize> = (0..texts.len()).collect();
        for &direction in &self.rules.ways {
            self.by_own(direction, outputs, texts, &all)?;
            if let Some(labels) = labelled {
                self.by_labels(direction, outputs, texts, labels)?;
            }
        }
        Ok(())
    }

    /// What is measured of the queries of each subgroup, and of all others; the candidates stay the same.
    fn groups(
        &mut self,
        reference: &Reference,
        outputs: &Outputs,
        texts: &[usize],
        labelled: Option<&Labels>,
    ) -> Result<Vec<Group>, EvalError> {
        let divisions = divisions(reference, &mut self.warnings);
        // Subgroups have other classes among their queries: the difference of such means would be that of the classes.
        let labelled = labelled.filter(|_| self.rules.average == Average::Queries);
        if labelled.is_none() && self.rules.average == Average::Classes && !divisions.is_empty() {
            self.warnings.push("means over the queries of classes are not given by subgroup".to_owned());
        }
        let mut groups = Vec::new();
        for division in divisions {
            let of_queries = |cases: &[usize]| {
                let mut asks = vec![false; texts.len()];
                for &case in cases {
                    asks[case] = true;
                }
                let (unit_of, warnings) = (self.unit_of.clone(), Vec::new());
                let mut part = Task { rules: self.rules, unit_of, asks, statistics: Vec::new(), warnings };
                part.both_ways(outputs, texts, labelled)?;
                Ok(part.statistics)
            };
            let statistics: [Result<_, EvalError>; 2] = [of_queries(&division.inside), of_queries(&division.rest)];
            let [inside, rest] = statistics;
            groups.push(Group::new(division, [inside?, rest?]));
        }
        Ok(groups)
    }

    /// Embeddings of unit length, where the protocol wants the cosine.
    fn comparable(&mut self, outputs: Outputs) -> Outputs {
        let Outputs::Embeddings { images, texts } = outputs else { return outputs };
        for (what, rows) in [("images", &images), ("texts", &texts)] {
            let zeros = rows.rows().into_iter().filter(|row| row.iter().all(|&value| value == 0.0)).count();
            if zeros > 0 {
                self.warnings
                    .push(format!("{what} with an embedding of zeros, which is as like to all as to none: {zeros}"));
            }
        }
        match self.rules.similarity {
            Similarity::Dot => Outputs::Embeddings { images, texts },
            Similarity::Cosine => {
                Outputs::Embeddings { images: unit_rows(images.view()), texts: unit_rows(texts.view()) }
            }
        }
    }

    /// Of each case, the group of its text: equal ones are one, where the protocol says so.
    fn texts(&mut self, reference: &Reference) -> Vec<usize> {
        let cases = reference.ids.len();
        let apart = (0..cases).collect();
        if self.rules.equal_texts == EqualTexts::Apart {
            return apart;
        }
        let Some(texts) = &reference.texts else {
            let problem = "the reference has no column `text`: each text counts as one of its own, which is unfair where some are equal";
            self.warnings.push(problem.to_owned());
            return apart;
        };
        // What is not said of a text does not make it equal to others.
        let marks = texts.iter().enumerate().map(|(case, text)| if text.is_empty() { Err(case) } else { Ok(text) });
        let found = groups(marks);
        let repeated = cases - distinct(&found).len();
        if repeated > 0 {
            self.warnings.push(format!("{repeated} of {cases} texts repeat an earlier one"));
        }
        found
    }

    /// Cases with labels; none where nothing goes by labels.
    fn labelled(&mut self, reference: &Reference) -> Result<Option<Labels>, EvalError> {
        if !self.rules.metrics.iter().any(|metric| metric.is_by_labels()) {
            return Ok(None);
        }
        let counts = |row: &ndarray::ArrayView1<'_, Label>| {
            let known = row.iter().any(|&label| label != Label::Blank);
            known && (self.rules.uncertain != Policy::Exclude || !row.iter().any(|&label| label == Label::Uncertain))
        };
        let positive = |label: Label| match label {
            Label::Positive => true,
            Label::Uncertain => self.rules.uncertain == Policy::Positive,
            Label::Negative | Label::Blank => false,
        };
        let rows = reference.labels.rows();
        let cases: Vec<usize> =
            rows.into_iter().enumerate().filter(|(_, row)| counts(row)).map(|(case, _)| case).collect();
        if cases.is_empty() {
            let problem = "no case of the reference has labels; add a column for each class, or a column `label`";
            return match self.rules.without_labels {
                Absent::Refuse => {
                    Err(EvalError::Outputs { what: reference.path.display().to_string(), problem: problem.to_owned() })
                }
                Absent::LeaveOut => {
                    self.warnings.push(format!("nothing is scored by labels: {problem}"));
                    Ok(None)
                }
            };
        }
        if cases.len() < reference.ids.len() {
            let without = reference.ids.len() - cases.len();
            self.warnings.push(format!("cases without labels have no part in what goes by labels: {without}"));
        }
        let set = |row: ndarray::ArrayView1<'_, Label>| -> Vec<usize> {
            (0..row.len()).filter(|&class| positive(row[class])).collect()
        };
        let mut of_case: Vec<Vec<usize>> = reference.labels.rows().into_iter().map(set).collect();
        if self.rules.same == Same::LabelSet {
            // That nothing is found is no finding: the set is empty, as of a case without a 1.
            let is_normal = |class: &usize| normalise_label(&reference.classes[*class]) == NO_FINDING;
            for set in &mut of_case {
                set.retain(|class| !is_normal(class));
            }
        }
        let set_of = groups(of_case.iter());
        let sets = distinct(&set_of).into_iter().map(|case| of_case[case].clone()).collect();
        Ok(Some(Labels { cases, set_of, sets }))
    }

    /// The queries and the candidates among some cases: texts that stand for others are there once.
    fn sides(&self, direction: Direction, texts: &[usize], cases: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let mut of_text = cases.to_vec();
        if self.rules.equal_texts == EqualTexts::OneCandidate {
            let groups: Vec<usize> = cases.iter().map(|&case| texts[case]).collect();
            of_text = distinct(&groups).into_iter().map(|position| cases[position]).collect();
        }
        let (mut queries, candidates) = match direction {
            Direction::ImageToText => (cases.to_vec(), of_text),
            Direction::TextToImage => (of_text, cases.to_vec()),
        };
        queries.retain(|&case| self.asks[case]);
        (queries, candidates)
    }

    /// What asks for the query's own candidate.
    fn by_own(
        &mut self,
        direction: Direction,
        outputs: &Outputs,
        texts: &[usize],
        cases: &[usize],
    ) -> Result<(), EvalError> {
        if self.rules.metrics.iter().all(|metric| metric.is_by_labels()) {
            return Ok(());
        }
        let (queries, candidates) = self.sides(direction, texts, cases);
        if queries.is_empty() {
            return Ok(());
        }
        let group = |cases: &[usize]| -> Vec<usize> { cases.iter().map(|&case| texts[case]).collect() };
        let (of_queries, of_candidates) = (group(&queries), group(&candidates));
        let relevance = Relevance::equal(&of_queries, &of_candidates);
        let ranked = rank(&relevance, direction, outputs, [&queries, &candidates], 0)?;
        let units: Vec<usize> = queries.iter().map(|&case| self.unit_of[case]).collect();
        // Every query's own candidate is among all of the reference.
        let ranks: Vec<(usize, f64)> =
            units.iter().zip(&ranked).filter_map(|(&unit, ranked)| Some((unit, ranked.first? as f64))).collect();
        self.of_ranks(direction.way(), &ranks, candidates.len());
        Ok(())
    }

    /// What is measured of the ranks of the queries' own candidates, each with its unit.
    fn of_ranks(&mut self, way: Way, ranks: &[(usize, f64)], candidates: usize) {
        let rules = self.rules;
        for metric in &rules.metrics {
            match metric {
                RetrievalMetric::Recall => {
                    for k in self.possible(&rules.recall_at, candidates, "recall") {
                        let hit = |&(unit, rank): &(usize, f64)| (unit, f64::from(u8::from(rank <= k as f64)));
                        let hits: Vec<(usize, f64)> = ranks.iter().map(hit).collect();
                        self.push(&RECALL, Parameters::at(way, k), move |counts| mean(&hits, counts));
                    }
                }
                RetrievalMetric::ReciprocalRank => {
                    let values: Vec<(usize, f64)> = ranks.iter().map(|&(unit, rank)| (unit, 1.0 / rank)).collect();
                    self.push(&RECIPROCAL_RANK, Parameters::way(way), move |counts| mean(&values, counts));
                }
                RetrievalMetric::MeanRank => {
                    let values = ranks.to_vec();
                    self.push(&MEAN_RANK, Parameters::way(way), move |counts| mean(&values, counts));
                }
                RetrievalMetric::MedianRank => {
                    let mut sorted = ranks.to_vec();
                    sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
                    self.push(&MEDIAN_RANK, Parameters::way(way), move |counts| median(&sorted, counts));
                }
                RetrievalMetric::Precision | RetrievalMetric::Hit | RetrievalMetric::Ndcg => {}
            }
        }
    }

    /// What asks for candidates with the query's labels.
    fn by_labels(
        &mut self,
        direction: Direction,
        outputs: &Outputs,
        texts: &[usize],
        labels: &Labels,
    ) -> Result<(), EvalError> {
        let (mut queries, candidates) = self.sides(direction, texts, &labels.cases);
        if self.rules.same == Same::Class {
            queries.retain(|&case| !labels.sets[labels.set_of[case]].is_empty());
        }
        if queries.is_empty() {
            return Ok(());
        }
        let set = |cases: &[usize]| -> Vec<usize> { cases.iter().map(|&case| labels.set_of[case]).collect() };
        let (of_queries, of_candidates) = (set(&queries), set(&candidates));
        let share = |one: usize, other: usize| {
            let shared = labels.sets[one].iter().any(|class| labels.sets[other].contains(class));
            f64::from(u8::from(shared))
        };
        let relevance = match self.rules.same {
            Same::LabelSet => Relevance::equal(&of_queries, &of_candidates),
            Same::Class => Relevance::graded(&of_queries, &of_candidates, share),
        };
        let rules = self.rules;
        let ks = self.possible(&rules.labels_at, candidates.len(), "what goes by labels");
        let ranked =
            rank(&relevance, direction, outputs, [&queries, &candidates], ks.iter().copied().max().unwrap_or(0))?;
        let way = direction.way();
        for &metric in &rules.metrics {
            for &k in &ks {
                let (declaration, values): (&'static Declaration, Vec<Option<f64>>) = match metric {
                    RetrievalMetric::Precision => {
                        let share = |one: &Ranked| Some(one.gains.iter().take(k).sum::<f64>() / k as f64);
                        (&PRECISION, ranked.iter().map(share).collect())
                    }
                    RetrievalMetric::Hit => {
                        let hit = |one: &Ranked| Some(f64::from(u8::from(one.first.is_some_and(|first| first <= k))));
                        (&HIT, ranked.iter().map(hit).collect())
                    }
                    RetrievalMetric::Ndcg => (&NDCG, relevance.ndcg_at(&ranked, k)),
                    _ => continue,
                };
                self.averaged(declaration, Parameters::at(way, k), &values, &queries, labels);
            }
        }
        Ok(())
    }

    /// The mean of values of queries, as the protocol takes it.
    fn averaged(
        &mut self,
        declaration: &'static Declaration,
        of: Parameters<'_>,
        values: &[Option<f64>],
        queries: &[usize],
        labels: &Labels,
    ) {
        let valued = || queries.iter().zip(values).filter_map(|(&case, value)| Some((case, (*value)?)));
        let unit = |case: usize| self.unit_of[case];
        match self.rules.average {
            Average::Queries => {
                let values: Vec<(usize, f64)> = valued().map(|(case, value)| (unit(case), value)).collect();
                self.push(declaration, of, move |counts| mean(&values, counts));
            }
            Average::Classes => {
                let mut by_class: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
                for (case, value) in valued() {
                    for &class in &labels.sets[labels.set_of[case]] {
                        by_class.entry(class).or_default().push((unit(case), value));
                    }
                }
                self.push(declaration, of, move |counts| {
                    mean_of_defined(by_class.values().map(|values| mean(values, counts)))
                });
            }
        }
    }

    fn push(
        &mut self,
        declaration: &'static Declaration,
        of: Parameters<'_>,
        statistic: impl Fn(&[u32]) -> Option<f64> + Sync + 'static,
    ) {
        self.statistics.push((declaration.name(of), Box::new(statistic)));
    }

    /// The ranks K that so many candidates allow; a warning names the others.
    fn possible(&mut self, at: &[usize], candidates: usize, what: &str) -> Vec<usize> {
        let (possible, beyond): (Vec<usize>, Vec<usize>) = at.iter().partition(|&&k| k <= candidates);
        let warning = format!("{what} at {beyond:?} is left out: there are fewer candidates");
        if !beyond.is_empty() && !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
        possible
    }
}

/// Ranks the candidates of the queries, both given as cases.
fn rank(
    relevance: &Relevance<'_>,
    direction: Direction,
    outputs: &Outputs,
    [queries, candidates]: [&[usize]; 2],
    depth: usize,
) -> Result<Vec<Ranked>, EvalError> {
    let rows = |of: &Array2<f32>, cases: &[usize]| of.select(Axis(0), cases);
    match (outputs, direction) {
        (Outputs::Embeddings { images, texts }, Direction::ImageToText) => {
            relevance.rank(rows(images, queries).view(), rows(texts, candidates).view(), depth)
        }
        (Outputs::Embeddings { images, texts }, Direction::TextToImage) => {
            relevance.rank(rows(texts, queries).view(), rows(images, candidates).view(), depth)
        }
        (Outputs::Similarity(similarity), Direction::ImageToText) => {
            relevance.rank_matrix(rows(similarity, queries).select(Axis(1), candidates).view(), depth)
        }
        (Outputs::Similarity(similarity), Direction::TextToImage) => {
            relevance.rank_matrix(rows(similarity, candidates).select(Axis(1), queries).t(), depth)
        }
    }
}
