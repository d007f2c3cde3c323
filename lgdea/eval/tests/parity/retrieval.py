"""Retrieval against a full sort in NumPy, scikit-learn and torchmetrics: writes retrieval.json. See common.py."""

import numpy as np
import torch
from sklearn.metrics import ndcg_score
from torchmetrics.functional.retrieval import retrieval_hit_rate, retrieval_precision, retrieval_reciprocal_rank

from common import close, write

random = np.random.default_rng(7)
AT = (1, 3, 10)


def pessimistic(similarity, gains):
    """Gains in the order of the ranking, of equally similar candidates the worse first."""
    return np.array([g[np.lexsort((g, -s))] for s, g in zip(similarity, gains)])


def case(queries, candidates, query_groups, candidate_groups, gain):
    similarity = queries @ candidates.T
    gains = gain[np.ix_(query_groups, candidate_groups)].astype(float)
    ranked = pessimistic(similarity, gains)
    hits = ranked > 0
    out = {
        "width": queries.shape[1],
        "queries": queries.ravel(),
        "candidates": candidates.ravel(),
        "query_groups": query_groups,
        "candidate_groups": candidate_groups,
        "gain": gain,
        "first": [int(h.argmax()) + 1 if h.any() else None for h in hits],
    }
    found = hits.any(1)
    ranks = hits[found].argmax(1) + 1
    out |= {"mean_rank": ranks.mean(), "median_rank": np.median(ranks), "mrr": (1 / ranks).mean()}
    tied = any(len(set(row)) < len(row) for row in similarity)
    for k in AT:
        discount = 1 / np.log2(np.arange(2, k + 2))
        best = -np.sort(-gains, 1)[:, :k]
        ndcg = (ranked[found, :k] * discount).sum(1) / (best[found] * discount).sum(1)
        out |= {f"hit_at_{k}": (ranks <= k).mean(), f"p_at_{k}": hits[:, :k].mean(), f"ndcg_at_{k}": ndcg.mean()}
        if tied:
            continue
        close(ndcg.mean(), ndcg_score(gains[found], similarity[found], k=k, ignore_ties=True))
        # torchmetrics takes scores of 0 and less as "not retrieved".
        above = similarity - similarity.min() + 1
        rows = [(torch.tensor(s), torch.tensor(g > 0)) for s, g in zip(above[found], gains[found])]
        close(np.mean([retrieval_hit_rate(s, g, top_k=k) for s, g in rows]), out[f"hit_at_{k}"], 1e-6)
        close(np.mean([retrieval_precision(s, g, top_k=k) for s, g in rows]), hits[found, :k].mean(), 1e-6)
    if not tied:
        close(np.mean([retrieval_reciprocal_rank(s, g) for s, g in rows]), out["mrr"], 1e-6)
    return out


def apart(n, m, width):
    """Embeddings of three decimals, whose similarities differ by more than 32-bit products err."""
    while True:
        queries, candidates = (np.round(random.normal(size=(rows, width)), 3) for rows in (n, m))
        similarity = np.sort(queries @ candidates.T, 1)
        if np.diff(similarity, axis=1).min() > 5e-5:
            return queries, candidates


def tied(n, m, width):
    """Small whole numbers: many equal similarities, exact in 32 bits."""
    return tuple(random.integers(-1, 2, (rows, width)).astype(float) for rows in (n, m))


def shared_labels(sets, labels):
    has = random.random((sets, labels)) < 0.4
    return has.astype(int) @ has.T.astype(int)


def cases(embeddings):
    own = np.arange(24)
    texts = random.integers(0, 15, 24)
    classes = random.integers(0, 4, 24)
    yield case(*embeddings(24, 24, 6), own, own, np.eye(24, dtype=int))
    yield case(*embeddings(24, 24, 6), texts, texts, np.eye(15, dtype=int))
    yield case(*embeddings(24, 24, 6), classes, classes, np.eye(4, dtype=int))
    yield case(*embeddings(12, 20, 5), random.integers(0, 8, 12), random.integers(0, 8, 20), shared_labels(8, 5))


write(__file__, {"apart": list(cases(apart)), "tied": list(cases(tied))})
