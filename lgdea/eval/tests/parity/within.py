"""Scores within strata against scikit-learn and a full sort, stratum by stratum: writes within.json. See common.py."""

import numpy as np
from sklearn.metrics import roc_auc_score

from common import write

random = np.random.default_rng(25)
AT = (1, 3, 10)
CLASSES = ("edema", "nodule", "pneumonia")
VIEWS, SOURCES = ("PA", "AP", "lateral", None), ("a", "b")


def members(strata):
    """The studies of each stratum; those that do not tell are in none."""
    return [[i for i, s in enumerate(strata) if s == one] for one in dict.fromkeys(s for s in strata if s is not None)]


def classification(scores, positive, groups):
    weighted, size = 0.0, 0
    for rows in groups:
        if 0 < positive[rows].sum() < len(rows):
            weighted += len(rows) * roc_auc_score(positive[rows], scores[rows])
            size += len(rows)
    return weighted / size if size else None


def ranks(similarity):
    """Of each query's own candidate; equally similar ones stand before it."""
    return (similarity >= np.diag(similarity)[:, None]).sum(1)


def retrieval(similarity, labels, groups):
    groups = [rows for rows in groups if len(rows) > 1]
    found = {"median_rank": [], "normalised_rank": []}
    found |= {f"{name}_at_{k}": [] for k in AT for name in ("r", "p", "abnormal")}
    for rows in groups:
        block, sets = similarity[np.ix_(rows, rows)], [tuple(labels[row]) for row in rows]
        own = ranks(block)
        found["median_rank"] += list(own)
        found["normalised_rank"] += list((own - 1) / (len(rows) - 1))
        same = np.array([[one == other for other in sets] for one in sets])
        order = np.array([np.lexsort((s, -b)) for b, s in zip(block, same)])
        right = np.take_along_axis(same, order, 1)
        for k in (k for k in AT if k <= len(rows)):
            found[f"r_at_{k}"] += list(own <= k)
            found[f"p_at_{k}"] += list(right[:, :k].mean(1))
            found[f"abnormal_at_{k}"] += [p for p, one in zip(right[:, :k].mean(1), sets) if any(one)]
    middle = np.median(found.pop("median_rank"))
    return {"median_rank": middle} | {name: np.mean(values) if values else None for name, values in found.items()}


def case(n, within):
    views = [VIEWS[i] for i in random.integers(4, size=n)]
    sources = [SOURCES[i] for i in random.integers(2, size=n)]
    columns = {"view": views, "source": sources}
    values = list(zip(*(columns[name] for name in within)))
    groups = members([None if None in value else value for value in values])
    labels = random.random((n, 3)) < 0.3
    # Few values, so that many are tied; pneumonia goes with AP, and the scores with the view.
    labels[:, 2] = [random.random() < {"AP": 0.8, "PA": 0.1}.get(view, 0.3) for view in views]
    shift = np.array([{"AP": 3, "PA": -3}.get(view, 0) for view in views])
    scores = random.integers(-4, 5, size=(n, 3)) + shift[:, None]
    similarity = random.integers(-8, 9, size=(n, n)) / 8
    similarity[np.diag_indices(n)] += random.random(n).round(1)
    aurocs = [classification(scores[:, c], labels[:, c], groups) for c in range(3)]
    return {
        "within": within,
        "views": views,
        "sources": sources,
        "labels": labels,
        "scores": scores.ravel(),
        "similarity": similarity.ravel(),
        "auroc": dict(zip(CLASSES, aurocs)),
        "auroc_macro": np.mean([auroc for auroc in aurocs if auroc is not None]),
        "i2t": retrieval(similarity, labels, groups),
        "t2i": retrieval(similarity.T, labels, groups),
    }


write(__file__, {"cases": [case(n, within) for n in (12, 40, 60) for within in (["view"], ["source"], ["view", "source"])]})
