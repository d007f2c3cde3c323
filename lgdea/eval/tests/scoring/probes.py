"""What the protocols of probes say of random features, by NumPy and scikit-learn: writes files/probe*, files/rsna* for probes.rs.

    pip install numpy scikit-learn

Shares below 1 are of a random draw that NumPy does not repeat: probes.rs tries them against all of a smaller table.
"""

import json
from pathlib import Path

import numpy as np
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent / "files"
random = np.random.default_rng(31)
SPLITS = np.array(["train"] * 600 + ["val"] * 120 + ["test"] * 120)
GRID = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0]


def table(name, columns):
    lines = [",".join(columns)] + [",".join(str(cell) for cell in row) for row in zip(*columns.values())]
    (HERE / name).write_text("\n".join(lines) + "\n")


def data(name, classes, width):
    """Features of several scales, and labels of which some are uncertain or blank."""
    cases = len(SPLITS)
    truth = (random.random((cases, len(classes))) < 0.4).astype(int)
    features = truth @ random.normal(size=(len(classes), width)) + 1.5 * random.normal(size=(cases, width))
    features = (features * np.exp(random.normal(size=width)) + random.normal(size=width)).astype("f4")
    written = truth.astype(object)
    written[random.random(truth.shape) < 0.06] = -1
    written[random.random(truth.shape) < 0.06] = ""
    ids = np.array([f"{name}-{case}" for case in range(cases)])
    patients = [f"{name}-{case // 2}" for case in range(cases)]
    # Neither file has the splits one after the other.
    order = random.permutation(cases)
    columns = {"id": ids, "patient": patients, "split": SPLITS, **{c: written[:, i] for i, c in enumerate(classes)}}
    table(f"{name}.csv", {column: np.array(cells)[order] for column, cells in columns.items()})
    order = random.permutation(cases)
    np.savez(HERE / f"{name}.npz", features=features[order], ids=ids[order])
    return features.astype("f8"), written


def known(written, column, split):
    """Uncertain cases do not count, blank ones are negative."""
    rows = np.flatnonzero((SPLITS == split) & (written[:, column] != -1))
    return rows, np.array([written[row, column] == 1 for row in rows])


def fitted(features, written, c):
    """Probabilities of all cases, a column a class."""
    columns = []
    for column in range(written.shape[1]):
        rows, truth = known(written, column, "train")
        model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000).fit(features[rows], truth)
        columns.append(model.predict_proba(features)[:, 1])
    return np.stack(columns, 1)


def goodness(written, scores, by):
    found = []
    for column in range(written.shape[1]):
        rows, truth = known(written, column, "val")
        of = scores[rows, column]
        found.append((metrics.roc_auc_score(truth, of), -metrics.log_loss(truth, of, labels=[False, True])))
    return np.mean(found, 0)[0 if by == "auroc" else 1]


def chosen(features, written, grid, by):
    tried = [(goodness(written, fitted(features, written, c), by), -c) for c in grid]
    c = -max(tried)[1]
    return c, fitted(features, written, c)


def scores_of(written, scores, names, wanted):
    out = {}
    for column, name in enumerate(names):
        rows, truth = known(written, column, "test")
        of = scores[rows, column]
        out[f"probe/1/auroc/{name}"] = metrics.roc_auc_score(truth, of)
        out[f"probe/1/average_precision/{name}"] = metrics.average_precision_score(truth, of)
        rows, other = known(written, column, "val")
        validation = scores[rows, column]
        tried = [(metrics.matthews_corrcoef(other, validation >= t), t) for t in np.unique(validation)]
        decided = of >= max(tried)[1]
        out[f"probe/1/f1/{name}"] = metrics.f1_score(truth, decided)
        out[f"probe/1/mcc/{name}"] = metrics.matthews_corrcoef(truth, decided)
    for metric in ("auroc", "average_precision", "f1", "mcc"):
        out[f"probe/1/{metric}_macro"] = np.mean([out[f"probe/1/{metric}/{name}"] for name in names])
    return {name: float(value) for name, value in out.items() if name.split("/")[2].removesuffix("_macro") in wanted}


expected = {}
classes = ["Edema", "Pleural Effusion", "Fracture"]
names = ["edema", "pleural_effusion", "fracture"]
features, written = data("probe", classes, 8)
scaled = StandardScaler().fit(features[SPLITS == "train"]).transform(features)
c, scores = chosen(scaled, written, GRID, "auroc")
expected["probe/lgdea-v1"] = scores_of(written, scores, names, ("auroc", "average_precision", "f1", "mcc"))
of_c = {"probe/lgdea-v1": c}

columns = []
for column in range(3):
    rows, truth = known(written, column, "train")
    model = KNeighborsClassifier(20, metric="cosine", algorithm="brute", weights=lambda d: np.exp((1 - d) / 0.07))
    # An uncertain neighbour is among the 20 and has no vote.
    every = np.flatnonzero(SPLITS == "train")
    model.fit(features[every], [{-1: 2, 1: 1}.get(written[row, column], 0) for row in every])
    votes = model.predict_proba(features)
    columns.append(votes[:, 1] / (votes[:, 0] + votes[:, 1]))
expected["probe/knn-v1"] = scores_of(written, np.stack(columns, 1), names, ("auroc", "average_precision"))

features, written = data("rsna", ["Pneumonia"], 6)
c, scores = chosen(features, written, GRID + [100.0], "cross-entropy")
for name, wanted in [("rsna/gloria-v1", ("auroc", "average_precision")), ("rsna/mgca-v1", ("auroc",))]:
    expected[name] = scores_of(written, scores, ["pneumonia"], wanted)
    of_c[name] = c
expected["c"] = of_c
print(of_c, {name: value for name, value in expected["probe/lgdea-v1"].items() if "macro" in name})
(HERE / "probes.json").write_text(json.dumps(expected, indent=1) + "\n")
