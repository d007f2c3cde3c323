//! Where the relevant candidates of each query stand in a gallery that is too large for a matrix of similarities.
//!
//! Ties are ranked against the query, irrelevant candidates first, as in [`super::retrieval`]: it is the one rule under which
//! collapsed embeddings find nothing, and no score depends on the order of the gallery. (The expected rank over ties would
//! reward a constant model with chance, and has no R@K that is 0 or 1.)
//!
//! Candidates are the whole gallery, never a batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ndarray::{ArrayView2, Axis, CowArray, Ix2};
use rayon::prelude::*;

use super::retrieval::discounted_gain;
use super::similarity::{of_each_query, top};
use crate::{EvalError, check};

/// Which candidates are relevant to which queries, and how much.
///
/// Queries and candidates have *groups*, which are numbers: one each for pairs, one a text where equal reports are as good as
/// the own one, one a class, one a set of labels. The gain of a candidate depends on the two groups alone.
pub struct Relevance<'a> {
    queries: &'a [usize],
    /// Candidates by their group.
    members: BTreeMap<usize, Vec<u32>>,
    candidates: &'a [usize],
    gain: Box<dyn Fn(usize, usize) -> f64 + Sync + 'a>,
    /// Of each group of the queries, the groups of candidates that are relevant to it.
    relevant: HashMap<usize, Vec<usize>>,
}

/// How a query fared.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Rank of its first relevant candidate, from 1: Hit@K asks whether it is at most K, R@K of pairs is the same. None
    /// where no candidate is relevant.
    pub first: Option<usize>,
    /// Gains of its first candidates, best first; 0 for an irrelevant one.
    pub gains: Vec<f64>,
}

impl<'a> Relevance<'a> {
    /// A candidate is relevant, with gain 1, if it has the query's group. With the positions as groups, `&[0, 1, …]` for
    /// both, only the query's own candidate is.
    pub fn equal(queries: &'a [usize], candidates: &'a [usize]) -> Self {
        let members = members(candidates);
        let relevant = queries.iter().map(|&group| (group, vec![group])).collect();
        let gain = Box::new(|query, candidate| f64::from(u8::from(query == candidate)));
        Self { queries, members, candidates, gain, relevant }
    }

    /// A candidate has the gain `gain(group of the query, group of the candidate)`, and is relevant if that is more than 0:
    /// such as the number of labels that two sets share. `gain` is asked of each pair of groups, not of candidates.
    pub fn graded(
        queries: &'a [usize],
        candidates: &'a [usize],
        gain: impl Fn(usize, usize) -> f64 + Sync + 'a,
    ) -> Self {
        let members = members(candidates);
        let mut relevant = HashMap::new();
        for &query in queries {
            let groups = || members.keys().copied().filter(|&group| gain(query, group) > 0.0).collect();
            relevant.entry(query).or_insert_with(groups);
        }
        Self { queries, members, candidates, gain: Box::new(gain), relevant }
    }

    /// The gains of the best `depth` candidates in the best order, for a query of `group`: what nDCG is relative to.
    pub fn ideal(&self, group: usize, depth: usize) -> Vec<f64> {
        let mut by_gain: Vec<(f64, usize)> = self
            .relevant_groups(group)
            .iter()
            .map(|&other| ((self.gain)(group, other), self.members.get(&other).map_or(0, Vec::len)))
            .collect();
        by_gain.sort_by(|a, b| b.0.total_cmp(&a.0));
        by_gain.into_iter().flat_map(|(gain, count)| std::iter::repeat_n(gain, count)).take(depth).collect()
    }

    /// Normalised discounted cumulative gain of each query's first `k` candidates (Järvelin and Kekäläinen, TOIS 20:422,
    /// 2002): `Σ g_i / log₂(i + 1)`, relative to that of the best order; gains are taken as they are (not `2^g − 1`), as
    /// scikit-learn's `ndcg_score`. None where no candidate is relevant, and for `k` beyond what was ranked.
    pub fn ndcg_at(&self, ranked: &[Ranked], k: usize) -> Vec<Option<f64>> {
        let mut best: HashMap<usize, f64> = HashMap::new();
        let of_query = |(ranked, &group): (&Ranked, &usize)| {
            let best = *best.entry(group).or_insert_with(|| discounted_gain(&self.ideal(group, k)));
            let reached = k <= ranked.gains.len() || ranked.gains.len() == self.candidates.len();
            (best > 0.0 && reached).then(|| discounted_gain(&ranked.gains[..k.min(ranked.gains.len())]) / best)
        };
        ranked.iter().zip(self.queries).map(of_query).collect()
    }

    /// Ranks the candidates of each query by inner product, and keeps the gains of the first `depth`.
    ///
    /// `queries` `[n, width]` and `candidates` `[m, width]`, one row for each group given. The memory is that of the
    /// embeddings, of `n · depth` gains, and 256 MiB of similarities; see [`of_each_query`]. An error if shapes differ or a
    /// value is not finite.
    pub fn rank(
        &self,
        queries: ArrayView2<'_, f32>,
        candidates: ArrayView2<'_, f32>,
        depth: usize,
    ) -> Result<Vec<Ranked>, EvalError> {
        check::shape("the matrix of queries", queries.shape(), &[self.queries.len(), queries.ncols()])?;
        check::shape("the matrix of candidates", candidates.shape(), &[self.candidates.len(), queries.ncols()])?;
        of_each_query(queries, candidates, |query, similarities| self.ranked(query, similarities, depth))
    }

    fn ranked(&self, query: usize, similarities: &[f32], depth: usize) -> Ranked {
        let gains = top(similarities.iter().copied(), |candidate| self.gain(query, candidate), depth);
        let gains = gains.into_iter().map(|(_, gain)| gain).collect();
        Ranked { first: self.first(self.queries[query], similarities), gains }
    }

    fn gain(&self, query: usize, candidate: usize) -> f64 {
        (self.gain)(self.queries[query], self.candidates[candidate])
    }

    fn relevant_groups(&self, group: usize) -> &[usize] {
        self.relevant.get(&group).map_or(&[], Vec::as_slice)
    }

    /// Rank of the first relevant candidate: after all irrelevant ones that are at least as similar.
    #[expect(clippy::float_cmp, reason = "only equal similarities tie")]
    fn first(&self, group: usize, similarities: &[f32]) -> Option<usize> {
        let members = || {
            let groups = self.relevant_groups(group).iter().filter_map(|other| self.members.get(other));
            groups.flatten().map(|&candidate| similarities[candidate as usize])
        };
        let best = members().reduce(f32::max)?;
        let tied = members().filter(|&similarity| similarity == best).count();
        // In 32 bits, a count of comparisons takes a few lanes of one instruction.
        let not_below: u32 = similarities.iter().map(|&similarity| u32::from(similarity >= best)).sum();
        Some(not_below as usize - tied + 1)
    }
}

/// A ranking among several of the same similarities: of some of the queries and some of the candidates.
#[derive(Clone, Copy)]
pub struct Ranking<'a> {
    /// By the groups of these queries and candidates.
    pub relevance: &'a Relevance<'a>,
    /// Their rows among all queries, ascending.
    pub queries: &'a [usize],
    /// Their rows among all candidates, ascending.
    pub candidates: &'a [usize],
    /// How many gains are kept.
    pub depth: usize,
}

/// Ranks by inner product, which is computed once for all rankings. `queries` `[n, width]` and `candidates` `[m, width]` have
/// all rows; those that no ranking names are not multiplied. Memory and errors are those of [`Relevance::rank`].
pub fn rank_all<const N: usize>(
    rankings: [Ranking<'_>; N],
    queries: ArrayView2<'_, f32>,
    candidates: ArrayView2<'_, f32>,
) -> Result<[Vec<Ranked>; N], EvalError> {
    let (rows, columns) = named(&rankings);
    let placed = rankings.map(|ranking| Placed::new(ranking, &rows, &columns));
    let (queries, candidates) = (selected(queries, &rows), selected(candidates, &columns));
    let found = of_each_query(queries.view(), candidates.view(), |row, similarities| {
        placed.each_ref().map(|placed| placed.ranked(row, similarities))
    })?;
    Ok(by_ranking(found))
}

/// Ranks by a matrix of similarities `[queries, candidates]` that is there already. An error if a value is not finite.
pub fn rank_all_by_matrix<const N: usize>(
    rankings: [Ranking<'_>; N],
    similarity: ArrayView2<'_, f32>,
) -> Result<[Vec<Ranked>; N], EvalError> {
    check::finite("the matrix of similarities", similarity)?;
    let (rows, columns) = named(&rankings);
    let placed = rankings.map(|ranking| Placed::new(ranking, &rows, &columns));
    let of_row = |(row, &query): (usize, &usize)| {
        let all = similarity.row(query);
        let similarities: Vec<f32> = columns.iter().map(|&candidate| all[candidate]).collect();
        placed.each_ref().map(|placed| placed.ranked(row, &similarities))
    };
    Ok(by_ranking(rows.par_iter().enumerate().map(of_row).collect()))
}

/// A ranking among the rows and columns that some ranking names.
struct Placed<'a> {
    ranking: Ranking<'a>,
    /// Of each row, which query of the ranking it is.
    query_of: Vec<Option<usize>>,
    /// The candidates' columns, unless they are all.
    columns: Option<Vec<usize>>,
}

impl<'a> Placed<'a> {
    fn new(ranking: Ranking<'a>, rows: &[usize], columns: &[usize]) -> Self {
        let query_of = rows.iter().map(|row| ranking.queries.binary_search(row).ok()).collect();
        let column = |candidate: &usize| columns.binary_search(candidate).ok();
        let some = ranking.candidates.len() < columns.len();
        Self { ranking, query_of, columns: some.then(|| ranking.candidates.iter().filter_map(column).collect()) }
    }

    /// None where the row is no query of this ranking.
    fn ranked(&self, row: usize, similarities: &[f32]) -> Option<Ranked> {
        let (query, Ranking { relevance, depth, .. }) = (self.query_of[row]?, self.ranking);
        Some(match &self.columns {
            None => relevance.ranked(query, similarities, depth),
            Some(columns) => {
                let some: Vec<f32> = columns.iter().map(|&column| similarities[column]).collect();
                relevance.ranked(query, &some, depth)
            }
        })
    }
}

/// Rows of queries and of candidates that some ranking names, ascending.
fn named(rankings: &[Ranking<'_>]) -> (Vec<usize>, Vec<usize>) {
    let union = |of: fn(&Ranking<'_>) -> Vec<usize>| -> Vec<usize> {
        rankings.iter().flat_map(of).collect::<BTreeSet<_>>().into_iter().collect()
    };
    (union(|ranking| ranking.queries.to_vec()), union(|ranking| ranking.candidates.to_vec()))
}

/// Some rows, without a copy where they are all.
fn selected<'a>(rows: ArrayView2<'a, f32>, which: &[usize]) -> CowArray<'a, f32, Ix2> {
    if which.len() == rows.nrows() { rows.into() } else { rows.select(Axis(0), which).into() }
}

fn by_ranking<const N: usize>(of_rows: Vec<[Option<Ranked>; N]>) -> [Vec<Ranked>; N] {
    let mut all = [const { Vec::new() }; N];
    for row in of_rows {
        for (ranked, one) in all.iter_mut().zip(row) {
            ranked.extend(one);
        }
    }
    all
}

fn members(groups: &[usize]) -> BTreeMap<usize, Vec<u32>> {
    let mut members: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for (candidate, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(candidate as u32);
    }
    members
}

/// Groups of equal things (texts, sets of labels), numbered in the order in which they first come.
pub fn groups<T: Eq + std::hash::Hash>(things: impl IntoIterator<Item = T>) -> Vec<usize> {
    let mut known = HashMap::new();
    let number = |thing: T| {
        let next = known.len();
        *known.entry(thing).or_insert(next)
    };
    things.into_iter().map(number).collect()
}

/// Positions of the first of each group: a gallery without repeated texts, as `CXR-CLIP` evaluates. The rest are those
/// that repeat an earlier one, which an evaluation should tell.
pub fn distinct(groups: &[usize]) -> Vec<usize> {
    let mut seen = std::collections::HashSet::new();
    (0..groups.len()).filter(|&position| seen.insert(groups[position])).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;
    use crate::metric::retrieval::{ranks, relevance_of_top};

    #[test]
    fn equal_reports_may_share_relevance() {
        // The second image finds the first report, whose text is its own report's.
        let (images, reports) = (array![[1.0, 0.0], [1.0, 0.1]], array![[1.0, 0.0], [0.5, 0.0]]);
        let own = [0, 1];
        let first = |queries: &[usize], candidates: &[usize]| -> Vec<Option<usize>> {
            let relevance = Relevance::equal(queries, candidates);
            relevance.rank(images.view(), reports.view(), 1).unwrap().iter().map(|ranked| ranked.first).collect()
        };
        assert_eq!(first(&own, &own), [Some(1), Some(2)]);
        let texts = groups(["Clear lungs.", "Clear lungs."]);
        assert_eq!((texts.as_slice(), distinct(&texts)), (&[0, 0][..], vec![0]));
        assert_eq!(first(&texts, &texts), [Some(1), Some(1)]);
        // A query without any relevant candidate.
        assert_eq!(first(&[0, 7], &own), [Some(1), None]);
    }

    #[test]
    fn graded_gains_by_hand() {
        // Sets of labels: {a, b}, {a}, {c}; gains are the labels shared.
        let sets: [&[char]; 3] = [&['a', 'b'], &['a'], &['c']];
        let shared =
            |query: usize, other: usize| sets[query].iter().filter(|label| sets[other].contains(label)).count() as f64;
        let (queries, candidates) = ([0, 2], [1, 2, 0, 1]);
        let relevance = Relevance::graded(&queries, &candidates, shared);
        assert_eq!(relevance.ideal(0, 9), [2.0, 1.0, 1.0]);
        assert_eq!(relevance.ideal(0, 2), [2.0, 1.0]);
        // Similarities 0.4, 0.3, 0.2, 0.1: gains of the first query 1, 0, 2, 1, of the second 0, 1, 0, 0.
        let ranked = relevance.rank(array![[1.0], [1.0]].view(), array![[0.4], [0.3], [0.2], [0.1]].view(), 4).unwrap();
        assert_eq!(ranked[0], Ranked { first: Some(1), gains: vec![1.0, 0.0, 2.0, 1.0] });
        assert_eq!(ranked[1].first, Some(2));
        let ndcg = relevance.ndcg_at(&ranked, 3);
        let best = 2.0 + 1.0 / 3.0_f64.log2() + 0.5;
        assert!((ndcg[0].unwrap() - (1.0 + 2.0 / 2.0) / best).abs() < 1e-12);
        assert!((ndcg[1].unwrap() - 1.0 / 3.0_f64.log2()).abs() < 1e-12);
        assert_eq!(relevance.ndcg_at(&ranked, 9)[1], ndcg[1]);
        let shallow =
            relevance.rank(array![[1.0], [1.0]].view(), array![[0.4], [0.3], [0.2], [0.1]].view(), 2).unwrap();
        assert_eq!(relevance.ndcg_at(&shallow, 3), [None, None]);
        let nobody = Relevance::graded(&[2], &[0, 1], shared);
        let ranked = nobody.rank(array![[1.0]].view(), array![[0.4], [0.3]].view(), 2).unwrap();
        assert_eq!((ranked[0].first, nobody.ndcg_at(&ranked, 2)), (None, vec![None]));
    }

    #[test]
    fn collapsed_embeddings_find_nothing() {
        let (embeddings, own) = (Array2::ones((40, 8)), (0..40).collect::<Vec<_>>());
        let ranked = Relevance::equal(&own, &own).rank(embeddings.view(), embeddings.view(), 39).unwrap();
        assert!(ranked.iter().all(|ranked| ranked.first == Some(40) && ranked.gains == [0.0; 39]));
    }

    #[test]
    fn groups_and_embeddings_belong_together() {
        let (embeddings, own) = (Array2::<f32>::ones((3, 2)), [0, 1]);
        let error = Relevance::equal(&own, &own).rank(embeddings.view(), embeddings.view(), 1).unwrap_err();
        assert_eq!(error.to_string(), "the matrix of queries has shape [3, 2], but [2, 2] is needed");
    }

    proptest! {
        /// Few distinct values, so that most candidates tie.
        #[test]
        fn equals_the_matrix_of_similarities(
            values in prop::collection::vec(-2_i8..3, 2 * 24 * 3),
            classes in prop::collection::vec(0_usize..4, 24),
            depth in 0_usize..26,
        ) {
            let value = |side: usize| {
                Array2::from_shape_fn((24, 3), |(row, column)| f32::from(values[(side * 24 + row) * 3 + column]))
            };
            let (queries, candidates) = (value(0), value(1));
            let similarity = queries.dot(&candidates.t());
            let own: Vec<usize> = (0..24).collect();
            let found = Relevance::equal(&own, &own).rank(queries.view(), candidates.view(), 0).unwrap();
            let found: Vec<usize> = found.iter().map(|ranked| ranked.first.unwrap()).collect();
            prop_assert_eq!(found, ranks(similarity.view()));

            let by_class = Relevance::equal(&classes, &classes);
            let found = by_class.rank(queries.view(), candidates.view(), depth).unwrap();
            let expected = relevance_of_top(similarity.view(), |query, candidate| classes[query] == classes[candidate], depth);
            let whole = relevance_of_top(similarity.view(), |query, candidate| classes[query] == classes[candidate], 24);
            for ((found, expected), whole) in found.iter().zip(expected).zip(whole) {
                prop_assert_eq!(found.gains.iter().map(|&gain| gain > 0.0).collect::<Vec<_>>(), expected);
                prop_assert_eq!(found.first, whole.iter().position(|&relevant| relevant).map(|position| position + 1));
            }
            let ndcg = by_class.ndcg_at(&found, depth);
            prop_assert!(ndcg.iter().flatten().all(|&value| (0.0..=1.0 + 1e-12).contains(&value)));
        }

        /// Some of the queries and candidates, by the similarities of all that any ranking names.
        #[test]
        fn several_rankings_at_once_equal_each_alone(
            values in prop::collection::vec(-2_i8..3, 2 * 9 * 3),
            classes in prop::collection::vec(0_usize..3, 9),
            queries in prop::collection::vec(prop::sample::subsequence((0..9).collect::<Vec<usize>>(), 0..9), 2),
            candidates in prop::collection::vec(prop::sample::subsequence((0..9).collect::<Vec<usize>>(), 0..9), 2),
            depth in 0_usize..5,
        ) {
            let side = |side: usize| {
                Array2::from_shape_fn((9, 3), |(row, column)| f32::from(values[(side * 9 + row) * 3 + column]))
            };
            let (all_queries, all_candidates) = (side(0), side(1));
            let groups = |rows: &[usize]| -> Vec<usize> { rows.iter().map(|&row| classes[row]).collect() };
            let groups = [0, 1].map(|which| (groups(&queries[which]), groups(&candidates[which])));
            let relevance = groups.each_ref().map(|(queries, candidates)| Relevance::equal(queries, candidates));
            let rankings = [0, 1].map(|which| Ranking {
                relevance: &relevance[which],
                queries: &queries[which],
                candidates: &candidates[which],
                depth: depth * which,
            });
            let found = rank_all(rankings, all_queries.view(), all_candidates.view()).unwrap();
            let similarity = all_queries.dot(&all_candidates.t());
            prop_assert_eq!(&rank_all_by_matrix(rankings, similarity.view()).unwrap(), &found);
            for (Ranking { relevance, queries, candidates, depth }, found) in rankings.into_iter().zip(found) {
                let rows = |of: &Array2<f32>, rows: &[usize]| of.select(Axis(0), rows);
                let (queries, candidates) = (rows(&all_queries, queries), rows(&all_candidates, candidates));
                prop_assert_eq!(relevance.rank(queries.view(), candidates.view(), depth).unwrap(), found);
            }
        }
    }
}
