//! Retrieval: `retrieval.py`.

use lgdea_eval::metric::average::mean_of_defined;
use lgdea_eval::metric::ranking::{Ranked, Relevance};
use lgdea_eval::metric::retrieval::{mean_rank, median_rank, precision_at, recall_at, reciprocal_rank};

use crate::{EXACT, assert_value, fixture, flat, number, numbers, rows, singles};

const FIXTURE: &str = include_str!("retrieval.json");

fn mean(values: Vec<f64>) -> Option<f64> {
    mean_of_defined(values.into_iter().map(Some))
}

#[test]
fn rankings_equal_a_full_sort_with_and_without_ties() {
    for case in ["apart", "tied"].into_iter().flat_map(|name| fixture(FIXTURE, name)) {
        let width = number(&case["width"]);
        let (queries, candidates) = (singles(&case["queries"]), singles(&case["candidates"]));
        let (query_groups, candidate_groups) = (numbers(&case["query_groups"]), numbers(&case["candidate_groups"]));
        let groups = case["gain"].as_array().unwrap().len();
        let gain = rows(&flat(&case["gain"]), groups);
        let relevance = Relevance::graded(&query_groups, &candidate_groups, |query, other| gain[[query, other]]);
        let depth = candidate_groups.len();
        let ranked = relevance.rank(rows(&queries, width).view(), rows(&candidates, width).view(), depth).unwrap();

        let firsts: Vec<Option<usize>> = ranked.iter().map(|ranked| ranked.first).collect();
        let expected: Vec<Option<usize>> =
            case["first"].as_array().unwrap().iter().map(|rank| rank.as_u64().map(|rank| rank as usize)).collect();
        assert_eq!(firsts, expected);
        let ranks: Vec<usize> = firsts.into_iter().flatten().collect();
        assert_value("mean rank", mean_rank(&ranks), &case["mean_rank"], EXACT);
        assert_value("median rank", median_rank(&ranks), &case["median_rank"], EXACT);
        assert_value("MRR", mean(reciprocal_rank(&ranks)), &case["mrr"], EXACT);
        let relevant = |ranked: &Ranked| ranked.gains.iter().map(|&gain| gain > 0.0).collect::<Vec<bool>>();
        let top: Vec<Vec<bool>> = ranked.iter().map(relevant).collect();
        for k in [1, 3, 10] {
            let of = |name: &str| &case[format!("{name}_at_{k}")];
            assert_value("Hit@K", mean(recall_at(&ranks, k)), of("hit"), EXACT);
            assert_value("P@K", mean(precision_at(&top, k)), of("p"), EXACT);
            assert_value("nDCG@K", mean_of_defined(relevance.ndcg_at(&ranked, k)), of("ndcg"), EXACT);
        }
    }
}

/// Where the gain is 1 for equal groups, the two ways to say so agree.
#[test]
fn equal_groups_are_graded_by_the_identity() {
    for case in fixture(FIXTURE, "tied").into_iter().take(3) {
        let width = number(&case["width"]);
        let embeddings = |name: &str| rows(&singles(&case[name]), width);
        let groups = numbers(&case["query_groups"]);
        let (queries, candidates) = (embeddings("queries"), embeddings("candidates"));
        let graded = Relevance::graded(&groups, &groups, |query, other| f64::from(u8::from(query == other)));
        let equal = Relevance::equal(&groups, &groups).rank(queries.view(), candidates.view(), 10).unwrap();
        assert_eq!(equal, graded.rank(queries.view(), candidates.view(), 10).unwrap());
    }
}
