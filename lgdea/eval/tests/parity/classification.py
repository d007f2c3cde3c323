"""Classification against scikit-learn and torchmetrics: writes classification.json. See common.py."""

import warnings

import numpy as np
import torch
from sklearn import metrics
from sklearn.calibration import calibration_curve
from torchmetrics.functional.classification import (
    binary_average_precision,
    binary_calibration_error,
    binary_matthews_corrcoef,
    binary_sensitivity_at_specificity,
    binary_specificity_at_sensitivity,
    multiclass_calibration_error,
    multiclass_matthews_corrcoef,
)

from common import close, write

warnings.filterwarnings("ignore")
random = np.random.default_rng(20261129)
nan = float("nan")


def decision(truth, predicted):
    """NaN where there is nothing below a fraction; scikit-learn says 0 there."""
    both = len(set(truth)) == 2
    varies = both and len(set(predicted)) == 2
    any_positive = truth.any() or predicted.any()
    alike = len(set(truth)) == 1 and len(set(predicted)) == 1 and truth[0] == predicted[0]
    out = {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted) if both else nan,
        "sensitivity": metrics.recall_score(truth, predicted) if truth.any() else nan,
        "specificity": metrics.recall_score(truth, predicted, pos_label=False) if not truth.all() else nan,
        "precision": metrics.precision_score(truth, predicted) if predicted.any() else nan,
        "f1": metrics.f1_score(truth, predicted) if any_positive else nan,
        "mcc": metrics.matthews_corrcoef(truth, predicted) if varies else nan,
        "kappa": nan if alike else metrics.cohen_kappa_score(truth, predicted),
    }
    if varies:
        close(out["mcc"], binary_matthews_corrcoef(torch.tensor(predicted), torch.tensor(truth).int()), 1e-5)
    return out


def operating_points(scores, truth):
    """The best value that a threshold attains, by trying all."""
    thresholds = np.concatenate([[np.inf], np.unique(scores)[::-1]])
    counts = [(t, (scores >= t)[truth].mean(), (scores < t)[~truth].mean()) for t in thresholds]
    sensitivity, specificity = {}, {}
    for least in (0.5, 0.8, 0.95, 1.0):
        sensitivity[str(least)] = max(sens for _, sens, spec in counts if spec >= least)
        specificity[str(least)] = max(spec for _, sens, spec in counts if sens >= least)
        of_torch = torch.tensor(scores), torch.tensor(truth).int()
        close(sensitivity[str(least)], binary_sensitivity_at_specificity(*of_torch, min_specificity=least)[0], 1e-6)
        close(specificity[str(least)], binary_specificity_at_sensitivity(*of_torch, min_sensitivity=least)[0], 1e-6)
    return sensitivity, specificity


def best_thresholds(scores, truth):
    """Of equally good ones the highest."""
    out = {}
    for name, measure in (
        ("f1", metrics.f1_score),
        ("youden", lambda t, p: metrics.balanced_accuracy_score(t, p) * 2 - 1),
        ("mcc", metrics.matthews_corrcoef),
    ):
        candidates = [(round(measure(truth, scores >= t), 12), t) for t in np.unique(scores)]
        out[name] = {"attained": max(candidates)[0], "threshold": max(candidates)[1]}
    return out


def calibration(scores, truth):
    out = {}
    for name, strategy in (("equal_width", "uniform"), ("equal_mass", "quantile")):
        for bins in (5, 10):
            positives, probability = calibration_curve(truth, scores, n_bins=bins, strategy=strategy)
            if strategy == "uniform":
                edges = np.linspace(0, 1, bins + 1)
            else:
                edges = np.percentile(scores, np.linspace(0, 1, bins + 1) * 100)
            ids = np.searchsorted(edges[1:-1], scores)
            cases = np.bincount(ids, minlength=bins)
            cases = cases[cases > 0]
            ece = (cases * abs(positives - probability)).sum() / len(scores)
            if strategy == "uniform" and not np.isin(scores, edges).any():
                close(ece, binary_calibration_error(torch.tensor(scores), torch.tensor(truth).int(), n_bins=bins), 1e-5)
            out[f"{name}_{bins}"] = {"cases": cases, "positives": positives, "probability": probability, "ece": ece}
    return out


def trapezoid(t, s):
    precision, recall, _ = metrics.precision_recall_curve(t, s)
    return metrics.auc(recall, precision)


def binary(n, decimals, prevalence, offset=0.0, weighted=False):
    truth = random.random(n) < prevalence
    scores = np.round(1 / (1 + np.exp(-random.normal(size=n) - 1.2 * truth)), decimals)
    scores = np.clip(scores + offset, 0, 1)  # the offset puts them beside the edges of equal bins
    scores = np.round(scores, 6)
    counts = random.multinomial(n, np.full(n, 1 / n)) if weighted else np.ones(n, int)
    drawn = np.repeat(np.arange(n), counts)
    s, t = scores[drawn], truth[drawn]
    both = len(set(t)) == 2
    out = {"scores": scores, "positive": truth, "multiplicity": counts, "brier": metrics.brier_score_loss(t, s)}
    out["calibration"] = calibration(s, t)
    out["decisions"] = {str(c): decision(t, s >= c) for c in (0.0, 0.35, 0.5, 0.9, 1.1)}
    out["average_precision"] = metrics.average_precision_score(t, s) if t.any() else nan
    out["auprc_trapezoid"] = trapezoid(t, s) if t.any() else nan
    if not both:
        return out | {"auroc": nan}
    close(out["average_precision"], binary_average_precision(torch.tensor(s), torch.tensor(t).int()), 1e-6)
    fpr, tpr, thresholds = metrics.roc_curve(t, s, drop_intermediate=False)
    precision, recall, pr_thresholds = metrics.precision_recall_curve(t, s)
    out["auroc"] = metrics.roc_auc_score(t, s)
    out["partial_auroc"] = {str(m): metrics.roc_auc_score(t, s, max_fpr=m) for m in (0.05, 0.2, 0.77, 1.0)}
    out["roc"] = {"false_positive_rate": fpr, "sensitivity": tpr, "threshold": thresholds[1:]}
    # From nothing down to everything, as the ROC curve.
    out["precision_recall"] = {"precision": precision[::-1], "recall": recall[::-1], "threshold": pr_thresholds[::-1]}
    out["sensitivity_at"], out["specificity_at"] = operating_points(s, t)
    out["best"] = best_thresholds(s, t)
    return out


def one_class(value):
    n = 12
    scores = np.round(random.random(n), 2)
    truth = np.full(n, value)
    return {
        "scores": scores,
        "positive": truth,
        "multiplicity": np.ones(n, int),
        "auroc": nan,
        "average_precision": metrics.average_precision_score(truth, scores) if value else nan,
        "auprc_trapezoid": trapezoid(truth, scores) if value else nan,
        "brier": metrics.brier_score_loss(truth, scores, pos_label=True),
        "calibration": calibration(scores, truth),
        "decisions": {str(c): decision(truth, scores >= c) for c in (0.0, 0.5, 1.1)},
    }


def multiclass(n, classes, decimals):
    truth = random.integers(0, classes, n)
    logits = random.normal(size=(n, classes)) + 1.0 * (truth[:, None] == np.arange(classes))
    scores = np.exp(logits)
    scores = np.round(scores / scores.sum(1, keepdims=True), decimals)
    predicted = scores.argmax(1)
    out = {"classes": classes, "truth": truth, "scores": scores, "predicted": predicted}
    out["accuracy"] = metrics.accuracy_score(truth, predicted)
    out["balanced_accuracy"] = metrics.balanced_accuracy_score(truth, predicted)
    out["mcc"] = metrics.matthews_corrcoef(truth, predicted)
    out["kappa"] = metrics.cohen_kappa_score(truth, predicted)
    close(out["mcc"], multiclass_matthews_corrcoef(torch.tensor(predicted), torch.tensor(truth), classes), 1e-5)
    for average in ("micro", "macro", "weighted"):
        out[f"f1_{average}"] = metrics.f1_score(truth, predicted, average=average)
    one_hot = truth[:, None] == np.arange(classes)
    out["brier"] = ((scores - one_hot) ** 2).sum(1).mean()
    out["mean_average_precision"] = metrics.average_precision_score(one_hot, scores, average="macro")
    confidence, right = scores.max(1), predicted == truth
    ids = np.searchsorted(np.linspace(0, 1, 16)[1:-1], confidence)
    out["top_label_ece"] = sum(
        (ids == b).sum() * abs(right[ids == b].mean() - confidence[ids == b].mean()) for b in set(ids)
    ) / n
    if not np.isin(confidence, np.linspace(0, 1, 16)).any() and decimals > 3:
        of_torch = torch.tensor(scores), torch.tensor(truth)
        close(out["top_label_ece"], multiclass_calibration_error(*of_torch, num_classes=classes, n_bins=15), 1e-5)
    return out


def multilabel(n, labels):
    truth = random.random((n, labels)) < np.linspace(0.1, 0.6, labels)
    predicted = truth ^ (random.random((n, labels)) < 0.2)
    out = {"truth": truth, "predicted": predicted, "exact_match": metrics.accuracy_score(truth, predicted)}
    for average in ("micro", "macro", "weighted"):
        out[f"f1_{average}"] = metrics.f1_score(truth, predicted, average=average)
    return out


write(
    __file__,
    {
        "binary": [
            binary(60, 4, 0.3, 0.00003),
            binary(80, 1, 0.3, 0.033),
            binary(80, 1, 0.2),
            binary(60, 4, 0.5, 0.00003, weighted=True),
            binary(90, 1, 0.1, weighted=True),
            binary(40, 0, 0.4),
            one_class(True),
            one_class(False),
        ],
        "multiclass": [multiclass(70, 3, 4), multiclass(90, 5, 1), multiclass(50, 2, 4)],
        "multilabel": [multilabel(40, 4), multilabel(25, 7)],
    },
)
