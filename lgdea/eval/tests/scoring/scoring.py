"""What the protocols say of random outputs, by NumPy and scikit-learn: writes the folder `files` for main.rs.

    pip install numpy scikit-learn
"""

import json
from pathlib import Path

import numpy as np
from sklearn import metrics

HERE = Path(__file__).parent / "files"
HERE.mkdir(exist_ok=True)
random = np.random.default_rng(24)
CLASSES = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion", "Fracture"]
SNAKE = [name.lower().replace(" ", "_") for name in CLASSES]


def table(name, columns):
    lines = [",".join(columns)] + [",".join(str(cell) for cell in row) for row in zip(*columns.values())]
    (HERE / name).write_text("\n".join(lines) + "\n")


def multi_label(name, cases):
    """Scores with ties, and labels of which some are uncertain or blank."""
    truth = (random.random((cases, 6)) < 0.35).astype(int)
    scores = np.round(truth * 0.8 + random.normal(size=(cases, 6)), 1)
    written = truth.astype(object)
    written[random.random(truth.shape) < 0.08] = -1
    written[random.random(truth.shape) < 0.08] = ""
    ids = [f"{name}-{case}" for case in range(cases)]
    patients = [f"{name}-{case // 2}" for case in range(cases)]
    table(f"{name}.csv", {"id": ids, "patient": patients, **{c: written[:, i] for i, c in enumerate(CLASSES)}})
    # The file's order is not that of the reference.
    order = random.permutation(cases)
    np.savez(HERE / f"{name}.npz", scores=scores[order], ids=np.array(ids)[order], classes=np.array(CLASSES))
    return written, scores


def best_threshold(truth, scores, measure):
    """Of equally good thresholds the highest, by trying all."""
    tried = [(measure(truth, scores >= threshold), threshold) for threshold in np.unique(scores)]
    return max(tried)[1]


def of_class(written, scores, column):
    """Uncertain cases do not count, blank ones are negative."""
    counts = np.array([label != -1 for label in written[:, column]])
    return np.array([label == 1 for label in written[:, column]])[counts], scores[counts, column]


def trapezoid(truth, scores):
    """CARZero's AUPRC: straight lines between the points of the curve."""
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    return metrics.auc(recall, precision)


test, scores = multi_label("test", 120)
validation, validation_scores = multi_label("validation", 90)
by_class = {}
for column, name in enumerate(SNAKE):
    truth, of = of_class(test, scores, column)
    threshold = best_threshold(*of_class(validation, validation_scores, column), metrics.matthews_corrcoef)
    decided = of >= threshold
    by_class[name] = {
        "threshold": threshold,
        "auroc": metrics.roc_auc_score(truth, of),
        "average_precision": metrics.average_precision_score(truth, of),
        "auprc_trapezoid": trapezoid(truth, of),
        "f1": metrics.f1_score(truth, decided),
        "mcc": metrics.matthews_corrcoef(truth, decided),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, decided),
        "sensitivity": metrics.recall_score(truth, decided),
        "specificity": metrics.recall_score(~truth, ~decided),
    }


def mean(metric, classes):
    return float(np.mean([by_class[name][metric] for name in classes]))


# Classes that exclude each other, with four scores a class.
single = np.repeat(np.arange(5), 16)
prompts = (np.eye(5)[single][:, :, None] * 0.7 + random.normal(size=(80, 5, 4))).astype("float32")
ids = [f"case-{case}" for case in range(80)]
table("single.csv", {"id": ids, "label": [CLASSES[label] for label in single]})
np.savez_compressed(HERE / "single.npz", scores=np.asfortranarray(prompts), ids=ids, classes=CLASSES[:5])


def top(scores):
    predicted = scores.argmax(1)
    return {
        "top_accuracy": metrics.accuracy_score(single, predicted),
        "top_balanced_accuracy": metrics.balanced_accuracy_score(single, predicted),
        "top_precision_macro": metrics.precision_score(single, predicted, average="macro"),
        "top_f1_macro": metrics.f1_score(single, predicted, average="macro"),
    }


# Two classes: that a finding is there, or not. Scores have ties between cases, and within.
found = np.random.default_rng(9).random(70) < 0.4
drawn = np.round(np.random.default_rng(10).normal(size=(70, 2)) + np.stack([found, ~found], 1) * 0.8, 1)
ids = [f"case-{case}" for case in range(70)]
table("binary.csv", {"id": ids, "label": np.where(found, "Pneumonia", "No Pneumonia")})
np.savez(HERE / "binary.npz", scores=drawn, ids=ids, classes=["Pneumonia", "No Pneumonia"])
binary = {
    "zero_shot/top_accuracy": metrics.accuracy_score(found, drawn[:, 0] > drawn[:, 1]),
    "zero_shot/auroc/pneumonia": metrics.roc_auc_score(found, drawn[:, 0]),
    "zero_shot/auroc/no_pneumonia": metrics.roc_auc_score(~found, drawn[:, 1]),
    "zero_shot/auroc_macro": metrics.roc_auc_score(found, drawn[:, 0]),
}
assert (drawn[:, 0] == drawn[:, 1]).any()

best = prompts.astype("float64").max(2)
averaged = prompts.astype("float64").mean(2)

# Embeddings of images and texts, of which some texts occur twice.
cases = 60
label = random.integers(0, 4, cases)
text_of = np.where(np.arange(cases) % 6 == 5, np.arange(cases) - 1, np.arange(cases))
text = random.normal(size=(cases, 8))[text_of]
image = text + random.normal(size=(cases, 8))
ids = np.array([f"study-{case}" for case in range(cases)])
table("pairs.csv", {"id": ids, "patient": [f"p{case // 3}" for case in range(cases)], "text": text_of, "label": [f"class {one}" for one in label]})
order = random.permutation(cases)
np.savez(HERE / "pairs.npz", image=image.astype("f4"), text=text.astype("f4")[order], ids=ids, text_ids=ids[order])
cosine = metrics.pairwise.cosine_similarity(image.astype("f4").astype("f8"), text.astype("f4").astype("f8"))
distinct = np.unique(text_of)


def ranks(similarity, right):
    """Rank of the best right candidate, after all wrong ones that are as similar."""
    found = []
    for row, correct in zip(similarity, right):
        best = row[correct].max()
        found.append(1 + int((row[~correct] >= best - 1e-7).sum()) + int((row[correct] > best).sum()))
    return np.array(found)


own = text_of[:, None] == distinct[None, :]
forward, back = ranks(cosine[:, distinct], own), ranks(cosine[:, distinct].T, own.T)
expected_pairs = {}
for way, found in [("i2t", forward), ("t2i", back)]:
    expected_pairs |= {f"retrieval/{way}_r_at_{k}": float((found <= k).mean()) for k in (1, 5, 10)}
    expected_pairs[f"retrieval/{way}_mean_rank"] = float(found.mean())
    expected_pairs[f"retrieval/{way}_median_rank"] = float(np.median(found))
    expected_pairs[f"retrieval/{way}_reciprocal_rank"] = float((1 / found).mean())
same = label[:, None] == label[None, :]


def precision(similarity, right, k):
    order = np.argsort(-similarity, axis=1)[:, :k]
    return float(np.take_along_axis(right, order, 1).mean())


for k in (5, 10):
    expected_pairs[f"retrieval/i2t_p_at_{k}"] = precision(cosine[:, distinct], same[:, distinct], k)
    expected_pairs[f"retrieval/t2i_p_at_{k}"] = precision(cosine[:, distinct].T, same[distinct], k)


def named(prefix, values):
    return {f"{prefix}{name}": float(value) for name, value in values.items()}


def by_classes(*measured):
    """Of each class, and the mean of all."""
    return {
        **{f"zero_shot/{m}/{c}": float(of[m]) for c, of in by_class.items() for m in measured},
        **{f"zero_shot/{m}_macro": mean(m, SNAKE) for m in measured},
    }


expected = {
    "zero-shot/lgdea-v1": by_classes(*(m for m in by_class["edema"] if m not in ("threshold", "auprc_trapezoid"))),
    "zero-shot/carzero-v1": by_classes("auroc", "auprc_trapezoid"),
    "cxr-lt-2026/v1": by_classes("average_precision", "auroc"),
    "zero-shot/biovil-v1": {name: float(value) for name, value in binary.items()},
    "zero-shot/chexzero-v1": {f"zero_shot/{m}_macro": mean(m, SNAKE[:5]) for m in ("auroc", "mcc", "f1")},
    "thresholds": {name: float(of["threshold"]) for name, of in by_class.items()},
    "chexpert-5x200/gloria-v1": named("zero_shot/", top((best - best.mean(0)) / best.std(0))),
    "chexpert-5x200/medclip-v1": named("zero_shot/", top(averaged)),
    "chexpert-5x200/cxr-clip-v1": named("zero_shot/", top(averaged)),
    "retrieval/lgdea-v1": expected_pairs,
    "retrieval/cxr-clip-v1": {n: v for n, v in expected_pairs.items() if n.startswith("retrieval/i2t_r_") or n == "retrieval/i2t_mean_rank"},
    # Filled in below.
    "retrieval-5x200/gloria-v1": {},
}
# P@K by class with ties against the model: wrong candidates first.
for k in (5, 10):
    hits = []
    for row, right in zip(np.round(cosine, 6), same):
        hits.append(right[np.lexsort((right, -row))[:k]].mean())
    expected["retrieval-5x200/gloria-v1"][f"retrieval/i2t_p_at_{k}"] = float(np.mean(hits))
keep = {"chexpert-5x200/gloria-v1": ("top_accuracy", "top_f1_macro"), "chexpert-5x200/cxr-clip-v1": ("top_accuracy", "top_balanced_accuracy")}
for name, of in keep.items():
    expected[name] = {f"zero_shot/{metric}": expected[name][f"zero_shot/{metric}"] for metric in of}

# What a run reports: blank labels do not count either; each text is a candidate of its own, by the inner product of unit vectors or others.
of_run = {}
for column, name in enumerate(SNAKE):
    known = np.array([label in (0, 1) and label != "" for label in test[:, column]])
    of_run[f"zero_shot/auroc/{name}"] = float(metrics.roc_auc_score(test[known, column].astype(int), scores[known, column]))
of_run["zero_shot/auroc_macro"] = float(np.mean(list(of_run.values())))
dot = image.astype("f4").astype("f8") @ text.astype("f4").astype("f8").T
apart = {}
for way, similarity in [("i2t", dot), ("t2i", dot.T)]:
    found = ranks(similarity, np.eye(cases, dtype=bool))
    apart |= {f"retrieval/{way}_r_at_{k}": float((found <= k).mean()) for k in (1, 5, 10)}
    apart[f"retrieval/{way}_median_rank"] = float(np.median(found))
    for k in (1, 5, 10):
        hits = [right[np.lexsort((right, -row))[:k]].mean() for row, right in zip(np.round(similarity, 6), same)]
        apart[f"retrieval/{way}_p_at_{k}"] = float(np.mean(hits))
expected |= {"zero-shot/lgdea-run-v1": of_run, "retrieval/lgdea-run-v1": apart}
(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
