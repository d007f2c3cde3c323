"""Intervals against SciPy and the definitions of DeLong and Obuchowski: writes intervals.json. See common.py."""

import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

from common import close, write

random = np.random.default_rng(3)


def bca(values, statistic, resamples):
    result = stats.bootstrap(
        (values,), statistic, method="BCa", n_resamples=resamples, rng=np.random.default_rng(1), vectorized=False
    )
    return {
        "value": statistic(values),
        "resampled": np.sort(result.bootstrap_distribution),
        "jackknife": [statistic(np.delete(values, i)) for i in range(len(values))],
        "interval": [result.confidence_interval.low, result.confidence_interval.high],
    }


def kernel(scores, truth):
    """Each positive against each negative: the definition."""
    a, b = scores[truth][:, None], scores[~truth][None]
    return (a > b) + 0.5 * (a == b)


def midrank(x):
    return stats.rankdata(x, method="average")


def fast_delong(scores, truth):
    """Sun and Xu's algorithm, as their published script has it: covariance of several models."""
    m, n = truth.sum(), (~truth).sum()
    v10, v01, aucs = [], [], []
    for s in scores:
        order = np.concatenate([s[truth], s[~truth]])
        tz, tx, ty = midrank(order), midrank(order[:m]), midrank(order[m:])
        v10.append((tz[:m] - tx) / n)
        v01.append(1 - (tz[m:] - ty) / m)
        aucs.append(tz[:m].sum() / m / n - (m + 1) / 2 / n)
    return np.array(aucs), np.cov(v10).reshape(len(scores), -1) / m + np.cov(v01).reshape(len(scores), -1) / n


def obuchowski(scores, truth, units):
    """Covariance of several models where the cases of a unit belong together (Biometrics 53:567, 1997)."""
    names = np.unique(units)
    m, n = truth.sum(), (~truth).sum()
    x, y = np.zeros((len(scores), len(names))), np.zeros((len(scores), len(names)))
    for model, s in enumerate(scores):
        wins = kernel(s, truth)
        theta = wins.mean()
        for i, name in enumerate(names):
            x[model, i] = (wins.mean(1) - theta)[units[truth] == name].sum()
            y[model, i] = (wins.mean(0) - theta)[units[~truth] == name].sum()
    with_positive = len(set(units[truth]))
    with_negative = len(set(units[~truth]))
    s10 = with_positive / ((with_positive - 1) * m) * x @ x.T
    s01 = with_negative / ((with_negative - 1) * n) * y @ y.T
    s11 = len(names) / (len(names) - 1) * x @ y.T
    return s10 / m + s01 / n + (s11 + s11.T) / (m * n)


def delong(n, decimals, patients=None):
    truth = random.random(n) < 0.35
    first = np.round(random.normal(size=n) + truth, decimals)
    second = np.round(0.6 * first + 0.8 * random.normal(size=n) + 0.2 * truth, decimals)
    scores = np.array([first, second])
    units = np.arange(n) if patients is None else random.integers(0, patients, n)
    covariance = obuchowski(scores, truth, units)
    if patients is None:
        aucs, fast = fast_delong(scores, truth)
        close(np.abs(fast - covariance).max(), 0, 1e-14)
        close(aucs[0], roc_auc_score(truth, first), 1e-12)
    aucs = np.array([kernel(s, truth).mean() for s in scores])
    difference, variance = aucs[0] - aucs[1], covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = stats.norm.ppf(0.975)
    spread = z * np.sqrt(covariance[0, 0])
    return {
        "scores": scores,
        "positive": truth,
        "units": units,
        "auroc": aucs[0],
        "variance": covariance[0, 0],
        "interval": [max(aucs[0] - spread, 0), min(aucs[0] + spread, 1)],
        "difference": difference,
        "variance_of_difference": variance,
        "p_value": 2 * stats.norm.sf(abs(difference) / np.sqrt(variance)),
    }


write(
    __file__,
    {
        "bca": [
            bca(np.round(random.exponential(size=25), 3), np.mean, 299),
            bca(np.round(random.normal(size=40), 3), np.std, 400),
            bca(np.round(random.exponential(size=15), 1), np.median, 200),
        ],
        "delong": [delong(60, 3), delong(60, 0), delong(80, 1, patients=25), delong(80, 0, patients=60)],
    },
)
