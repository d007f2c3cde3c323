"""Grounding against NumPy, SciPy and scikit-learn: writes grounding.json. See common.py.

Values of maps are multiples of 1/64, so they are the same in 32 bits."""

import numpy as np
from scipy.ndimage import distance_transform_edt
from sklearn.metrics import f1_score, jaccard_score, roc_auc_score

from common import close, write

random = np.random.default_rng(11)
THRESHOLDS = [-0.5, 0.0, 0.1, 0.25, 0.3, 0.5, 0.8, 1.0]


def draw(size, boxes, step, seen):
    """A map and the union of boxes x0, y0, x1, y1 in pixels; the map knows of them if they are seen."""
    inside = np.zeros((size, size), bool)
    for x0, y0, x1, y1 in boxes:
        inside[y0:y1, x0:x1] = True
    noise = random.integers(-32, 33 if seen else 28, (size, size)) + 24 * inside * seen
    return np.round(noise / step) * step / 64, inside


def overlap(heat, inside):
    scores = {"iou": [], "dice": []}
    for threshold in THRESHOLDS:
        predicted, target = (heat >= threshold).ravel(), inside.ravel()
        empty = not predicted.any() and not target.any()
        scores["iou"].append(float("nan") if empty else jaccard_score(target, predicted, zero_division=0))
        scores["dice"].append(float("nan") if empty else f1_score(target, predicted, zero_division=0))
    return scores


def phrase(size, boxes, step, seen):
    heat, inside = draw(size, boxes, step, seen)
    out = {"size": size, "map": heat.ravel(), "boxes": boxes, **overlap(heat, inside)}
    if not boxes:
        return out
    maxima = np.argwhere(heat == heat.max())
    distance = distance_transform_edt(~inside)
    out["pointing"] = {
        str(reach): np.mean([distance[tuple(place)] <= reach for place in maxima]) for reach in (0, 1, 1.5, 2, 3, 5)
    }
    a, b = heat[inside], heat[~inside]
    out["cnr_signed"] = (a.mean() - b.mean()) / np.sqrt(a.var() + b.var())
    scaled = (heat - heat.min()) / (heat.max() - heat.min())
    steps = (0.1, 0.2, 0.3, 0.4, 0.5)
    # Normalised values are no multiples of a power of 2: away from the thresholds.
    assert min(abs(scaled - t).min() for t in steps) > 1e-6
    out["miou"] = np.mean([jaccard_score(inside.ravel(), (scaled >= t).ravel()) for t in steps])
    out["mean_dice"] = np.mean([f1_score(inside.ravel(), (scaled >= t).ravel()) for t in steps])
    return out


def best(phrases, measure):
    means = np.mean([phrase[measure] for phrase in phrases], 0)
    attained, threshold = max((round(mean, 12), t) for mean, t in zip(means, THRESHOLDS))
    return {"threshold": threshold, "attained": attained}


def groundability(n):
    there = random.random(n) < 0.5
    maxima = np.round(random.normal(size=n) + there, 0) / 4
    return {"maxima": maxima, "present": there, "auroc": roc_auc_score(there, maxima)}


def drawn(size, boxes, step=1, seen=True):
    while True:
        try:
            return phrase(size, boxes, step, seen)
        except AssertionError:
            continue


phrases = [
    drawn(12, [(2, 3, 7, 8)]),
    drawn(12, [(0, 0, 3, 12), (8, 8, 12, 12)]),
    drawn(12, [(1, 1, 6, 6), (3, 3, 9, 7)], step=8),
    drawn(9, [(4, 4, 5, 5)], step=8),
    drawn(12, [(2, 3, 5, 6)], step=8, seen=False),
    drawn(12, [(0, 0, 2, 2), (9, 10, 12, 12)], step=8, seen=False),
    drawn(12, [(5, 5, 8, 8)], seen=False),
]
close(phrases[0]["dice"][2], 2 * phrases[0]["iou"][2] / (1 + phrases[0]["iou"][2]))
write(
    __file__,
    {
        "thresholds": THRESHOLDS,
        "phrases": phrases,
        "absent": [drawn(6, [], step=5)],
        "best": {measure: best(phrases, measure) for measure in ("iou", "dice")},
        "groundability": [groundability(40)],
    },
)
