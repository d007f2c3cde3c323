//! Embeddings, or similarities, of images and texts, by a protocol of retrieval.

use std::collections::{BTreeMap, HashMap};

use lgdea_data::{NO_FINDING, normalise_label};
use lgdea_metric::task::retrieval::{MEDIAN_RANK, PRECISION, RECALL};
use lgdea_metric::task::retrieval_outputs::{HIT, MEAN_RANK, NDCG, RECIPROCAL_RANK};
use lgdea_metric::{Declaration, Parameters, Way};
use lgdea_predictions::{Label, Outputs, Reference, Retrieval};

use super::aligned::{named, told};
use super::subgroups::{Division, Group, divisions};
use super::{Scored, units};
use crate::EvalError;
use crate::metric::average::mean_of_defined;
use crate::metric::bootstrap::{Statistic, mean, median};
use crate::metric::ranking::{Ranked, Ranking, Relevance, distinct, groups, rank_all, rank_all_by_matrix};
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
    let (outputs, rows) = outputs.of(reference)?;
    let mut task = Task { rules, unit_of, warnings: silent.into_iter().collect() };
    if alone > 0 {
        task.warnings.push(format!("cases whose column `text` is empty have none, and no part: {alone}"));
    }
    task.warnings.extend(told(&rows.each_ref(), "images and texts that are of no case of the reference"));
    task.warnings.extend(reference.notes.iter().cloned());
    let outputs = task.comparable(outputs);
    let texts = task.texts(reference);
    task.tell_of_unlike(&outputs, &texts);
    let labelled = task.labelled(reference, &texts)?;
    let found = task.both_ways(&outputs, &texts, labelled.as_ref())?;
    let statistics = task.statistics(&found, labelled.as_ref(), |_| true);
    let groups = task.groups(reference, &found, labelled.as_ref());
    let warnings = task.warnings;
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

/// How many of the cases are unlike the first one of their group.
fn unlike_the_first(
    cases: impl Iterator<Item = usize>,
    group_of: &[usize],
    is_unlike: impl Fn(usize, usize) -> bool,
) -> usize {
    let mut first_of = HashMap::new();
    cases.filter(|&case| is_unlike(*first_of.entry(group_of[case]).or_insert(case), case)).count()
}

/// By how much numbers of the embeddings of equal texts may differ.
const ALIKE: f32 = 1e-3;

/// Statistics by name.
type Named = Vec<(String, Statistic<'static>)>;

struct Task<'a> {
    rules: &'a RetrievalProtocol,
    unit_of: Vec<usize>,
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

/// Which candidates are asked for, by which queries; by none where nothing is asked.
#[derive(Default)]
struct Asked {
    /// Cases, ascending.
    queries: Vec<usize>,
    /// Cases, ascending.
    candidates: Vec<usize>,
    /// The group of each query, and of each candidate.
    groups: [Vec<usize>; 2],
    /// Ranks K that so many candidates allow.
    ks: Vec<usize>,
}

impl Asked {
    fn new([queries, candidates]: [Vec<usize>; 2], group_of: &[usize], ks: Vec<usize>) -> Self {
        let groups = [&queries, &candidates].map(|cases| cases.iter().map(|&case| group_of[case]).collect());
        Self { queries, candidates, groups, ks }
    }

    fn ranking<'a>(&'a self, relevance: &'a Relevance<'a>, depth: usize) -> Ranking<'a> {
        Ranking { relevance, queries: &self.queries, candidates: &self.candidates, depth }
    }
}

/// What all queries found in one direction.
struct Found {
    way: Way,
    /// Each query's case, and the rank of its own candidate.
    ranks: Vec<(usize, f64)>,
    /// K of recall.
    recall_at: Vec<usize>,
    by_labels: Vec<ByLabels>,
}

/// A score by labels at a K.
struct ByLabels {
    declaration: &'static Declaration,
    k: usize,
    /// Each query's case, and its value; None where it is undefined.
    values: Vec<(usize, Option<f64>)>,
}

impl Task<'_> {
    /// What all queries found. Subgroups are made of it, too: the candidates stay the same, whoever asks.
    fn both_ways(
        &mut self,
        outputs: &Outputs,
        texts: &[usize],
        labelled: Option<&Labels>,
    ) -> Result<Vec<Found>, EvalError> {
        self.rules.ways.iter().map(|&direction| self.one_way(direction, outputs, texts, labelled)).collect()
    }

    /// Similarities are computed once for what asks for the own candidate and for what goes by labels.
    fn one_way(
        &mut self,
        direction: Direction,
        outputs: &Outputs,
        texts: &[usize],
        labelled: Option<&Labels>,
    ) -> Result<Found, EvalError> {
        let own = self.own(direction, texts);
        let alike = labelled.map(|labels| self.alike(direction, texts, labels)).unwrap_or_default();
        let depth = alike.ks.iter().copied().max().unwrap_or(0);
        let own_relevance = Relevance::equal(&own.groups[0], &own.groups[1]);
        let alike_relevance = relevance(self.rules.same, &alike, labelled);
        let rankings = [own.ranking(&own_relevance, 0), alike.ranking(&alike_relevance, depth)];
        let [of_own, of_alike] = rank(rankings, direction, outputs)?;
        let by_labels = self.by_labels(&alike, &alike_relevance, &of_alike);
        // Every query's own candidate is among all of the reference.
        let rank = |(&case, ranked): (&usize, &Ranked)| Some((case, ranked.first? as f64));
        let ranks = own.queries.iter().zip(&of_own).filter_map(rank).collect();
        Ok(Found { way: direction.way(), ranks, recall_at: own.ks, by_labels })
    }

    /// What is measured of the queries among some cases.
    fn statistics(&self, found: &[Found], labelled: Option<&Labels>, asks: impl Fn(usize) -> bool) -> Named {
        let mut statistics = Vec::new();
        for Found { way, ranks, recall_at, by_labels } in found {
            let asked = ranks.iter().filter(|(case, _)| asks(*case));
            let ranks: Vec<(usize, f64)> = asked.map(|&(case, rank)| (self.unit_of[case], rank)).collect();
            if !ranks.is_empty() {
                of_ranks(&self.rules.metrics, *way, &ranks, recall_at, &mut statistics);
            }
            let Some(labels) = labelled else { continue };
            for ByLabels { declaration, k, values } in by_labels {
                let asked: Vec<_> = values.iter().copied().filter(|(case, _)| asks(*case)).collect();
                if !asked.is_empty() {
                    let name = declaration.name(Parameters::at(*way, *k));
                    statistics.push((name, self.averaged(&asked, labels)));
                }
            }
        }
        statistics
    }

    /// What is measured of the queries of each subgroup, and of all others; the candidates stay the same.
    fn groups(&mut self, reference: &Reference, found: &[Found], labelled: Option<&Labels>) -> Vec<Group> {
        let divisions = divisions(reference, &mut self.warnings);
        // Subgroups have other classes among their queries: the difference of such means would be that of the classes.
        let labelled = labelled.filter(|_| self.rules.average == Average::Queries);
        if labelled.is_none() && self.rules.average == Average::Classes && !divisions.is_empty() {
            self.warnings.push("means over the queries of classes are not given by subgroup".to_owned());
        }
        let group = |division: Division| {
            let statistics = [&division.inside, &division.rest].map(|cases| {
                let mut asks = vec![false; reference.ids.len()];
                for &case in cases {
                    asks[case] = true;
                }
                self.statistics(found, labelled, |case| asks[case])
            });
            Group::new(division, statistics)
        };
        divisions.into_iter().map(group).collect()
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

    /// Tells of equal texts that the model embeds otherwise, of which the first one counts.
    fn tell_of_unlike(&mut self, outputs: &Outputs, texts: &[usize]) {
        let Outputs::Embeddings { texts: rows, .. } = outputs else { return };
        if self.rules.equal_texts != EqualTexts::OneCandidate {
            return;
        }
        let is_unlike = |first: usize, case: usize| {
            rows.row(first).iter().zip(rows.row(case)).any(|(one, other)| (one - other).abs() > ALIKE)
        };
        let unlike = unlike_the_first(0..texts.len(), texts, is_unlike);
        if unlike > 0 {
            self.warnings.push(format!(
                "texts that repeat an earlier one and have another embedding, which is not used: {unlike}; embed equal texts alike"
            ));
        }
    }

    /// Cases with labels; none where nothing goes by labels.
    fn labelled(&mut self, reference: &Reference, texts: &[usize]) -> Result<Option<Labels>, EvalError> {
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
            Label::Negative | Label::Blank | Label::Excluded => false,
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
        self.warnings.push(format!("alike is what shares labels of the reference: {}", named(&reference.classes)));
        self.tell_of_classes(&cases, &of_case);
        let set_of = groups(of_case.iter());
        if self.rules.equal_texts == EqualTexts::OneCandidate {
            self.tell_of_other_labels(&cases, texts, &set_of);
        }
        let sets = distinct(&set_of).into_iter().map(|case| of_case[case].clone()).collect();
        Ok(Some(Labels { cases, set_of, sets }))
    }

    /// Tells of equal texts of cases with other labels, of which those of the first count.
    fn tell_of_other_labels(&mut self, cases: &[usize], texts: &[usize], set_of: &[usize]) {
        let other = unlike_the_first(cases.iter().copied(), texts, |first, case| set_of[first] != set_of[case]);
        if other > 0 {
            self.warnings.push(format!(
                "texts that repeat an earlier one of a case with other labels, whose labels count: {other}; the order of the \
                 rows matters"
            ));
        }
    }

    /// Tells of cases that have not one class each, where one shared class makes a candidate right.
    fn tell_of_classes(&mut self, cases: &[usize], of_case: &[Vec<usize>]) {
        if self.rules.same != Same::Class {
            return;
        }
        let with = |is: fn(usize) -> bool| cases.iter().filter(|&&case| is(of_case[case].len())).count();
        let (none, several) = (with(|classes| classes == 0), with(|classes| classes > 1));
        if none > 0 {
            self.warnings.push(format!("queries of no class have no right candidate and do not count: {none}"));
        }
        if several > 0 {
            self.warnings.push(format!("cases of several classes are right for queries of each of them: {several}"));
        }
    }

    /// The queries and the candidates among some cases: texts that stand for others are there once.
    fn sides(&self, direction: Direction, texts: &[usize], cases: &[usize]) -> [Vec<usize>; 2] {
        let mut of_text = cases.to_vec();
        if self.rules.equal_texts == EqualTexts::OneCandidate {
            let groups: Vec<usize> = cases.iter().map(|&case| texts[case]).collect();
            of_text = distinct(&groups).into_iter().map(|position| cases[position]).collect();
        }
        match direction {
            Direction::ImageToText => [cases.to_vec(), of_text],
            Direction::TextToImage => [of_text, cases.to_vec()],
        }
    }

    /// What asks for the query's own candidate.
    fn own(&mut self, direction: Direction, texts: &[usize]) -> Asked {
        let rules = self.rules;
        if rules.metrics.iter().all(|metric| metric.is_by_labels()) {
            return Asked::default();
        }
        let all: Vec<usize> = (0..texts.len()).collect();
        let sides = self.sides(direction, texts, &all);
        let wanted = if rules.metrics.contains(&RetrievalMetric::Recall) { &rules.recall_at[..] } else { &[] };
        let ks = self.possible(wanted, sides[1].len(), &format!("{} recall", direction.way().label()));
        Asked::new(sides, texts, ks)
    }

    /// What asks for candidates with the query's labels.
    fn alike(&mut self, direction: Direction, texts: &[usize], labels: &Labels) -> Asked {
        let mut sides = self.sides(direction, texts, &labels.cases);
        if self.rules.same == Same::Class {
            sides[0].retain(|&case| !labels.sets[labels.set_of[case]].is_empty());
        }
        if sides[0].is_empty() {
            return Asked::default();
        }
        let ks = self.possible(
            &self.rules.labels_at,
            sides[1].len(),
            &format!("what goes by labels ({})", direction.way().label()),
        );
        Asked::new(sides, &labels.set_of, ks)
    }

    /// The scores by labels of each query.
    fn by_labels(&self, asked: &Asked, relevance: &Relevance<'_>, ranked: &[Ranked]) -> Vec<ByLabels> {
        let mut scores = Vec::new();
        for &metric in &self.rules.metrics {
            for &k in &asked.ks {
                let (declaration, values): (&'static Declaration, Vec<Option<f64>>) = match metric {
                    RetrievalMetric::Precision => {
                        let share = |one: &Ranked| Some(one.gains.iter().take(k).sum::<f64>() / k as f64);
                        (&PRECISION, ranked.iter().map(share).collect())
                    }
                    RetrievalMetric::Hit => {
                        let hit = |one: &Ranked| Some(f64::from(u8::from(one.first.is_some_and(|first| first <= k))));
                        (&HIT, ranked.iter().map(hit).collect())
                    }
                    RetrievalMetric::Ndcg => (&NDCG, relevance.ndcg_at(ranked, k)),
                    _ => continue,
                };
                let values = asked.queries.iter().copied().zip(values).collect();
                scores.push(ByLabels { declaration, k, values });
            }
        }
        scores
    }

    /// The mean of values of queries, as the protocol takes it.
    fn averaged(&self, values: &[(usize, Option<f64>)], labels: &Labels) -> Statistic<'static> {
        let valued = || values.iter().filter_map(|&(case, value)| Some((case, value?)));
        match self.rules.average {
            Average::Queries => {
                let values: Vec<(usize, f64)> = valued().map(|(case, value)| (self.unit_of[case], value)).collect();
                Box::new(move |counts| mean(&values, counts))
            }
            Average::Classes => {
                let mut by_class: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
                for (case, value) in valued() {
                    for &class in &labels.sets[labels.set_of[case]] {
                        by_class.entry(class).or_default().push((self.unit_of[case], value));
                    }
                }
                Box::new(move |counts| mean_of_defined(by_class.values().map(|values| mean(values, counts))))
            }
        }
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

/// Which candidates have the labels of a query.
fn relevance<'a>(same: Same, asked: &'a Asked, labelled: Option<&'a Labels>) -> Relevance<'a> {
    let [queries, candidates] = &asked.groups;
    let (Same::Class, Some(labels)) = (same, labelled) else { return Relevance::equal(queries, candidates) };
    Relevance::graded(queries, candidates, |one, other| {
        let shared = labels.sets[one].iter().any(|class| labels.sets[other].contains(class));
        f64::from(u8::from(shared))
    })
}

/// What is measured of the ranks of the queries' own candidates, each with its unit.
fn of_ranks(metrics: &[RetrievalMetric], way: Way, ranks: &[(usize, f64)], recall_at: &[usize], into: &mut Named) {
    let mut push = |name: String, statistic: Statistic<'static>| into.push((name, statistic));
    for metric in metrics {
        match metric {
            RetrievalMetric::Recall => {
                for &k in recall_at {
                    let hit = |&(unit, rank): &(usize, f64)| (unit, f64::from(u8::from(rank <= k as f64)));
                    let hits: Vec<(usize, f64)> = ranks.iter().map(hit).collect();
                    push(RECALL.name(Parameters::at(way, k)), Box::new(move |counts| mean(&hits, counts)));
                }
            }
            RetrievalMetric::ReciprocalRank => {
                let values: Vec<(usize, f64)> = ranks.iter().map(|&(unit, rank)| (unit, 1.0 / rank)).collect();
                push(RECIPROCAL_RANK.name(Parameters::way(way)), Box::new(move |counts| mean(&values, counts)));
            }
            RetrievalMetric::MeanRank => {
                let values = ranks.to_vec();
                push(MEAN_RANK.name(Parameters::way(way)), Box::new(move |counts| mean(&values, counts)));
            }
            RetrievalMetric::MedianRank => {
                let mut sorted = ranks.to_vec();
                sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
                push(MEDIAN_RANK.name(Parameters::way(way)), Box::new(move |counts| median(&sorted, counts)));
            }
            RetrievalMetric::Precision | RetrievalMetric::Hit | RetrievalMetric::Ndcg => {}
        }
    }
}

/// Ranks in one direction; queries and candidates are given as cases.
fn rank<const N: usize>(
    rankings: [Ranking<'_>; N],
    direction: Direction,
    outputs: &Outputs,
) -> Result<[Vec<Ranked>; N], EvalError> {
    let by_images = direction == Direction::ImageToText;
    match outputs {
        Outputs::Embeddings { images, texts } if by_images => rank_all(rankings, images.view(), texts.view()),
        Outputs::Embeddings { images, texts } => rank_all(rankings, texts.view(), images.view()),
        Outputs::Similarity { of_images, .. } if by_images => rank_all_by_matrix(rankings, of_images.view()),
        Outputs::Similarity { of_images, of_texts } => {
            rank_all_by_matrix(rankings, of_texts.as_ref().unwrap_or(of_images).t())
        }
    }
}
