"""Probes against scikit-learn: writes probes.json. See common.py."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier

from common import close, write

random = np.random.default_rng(5)


def data(n, width, classes, scale=1.0):
    truth = random.integers(0, classes, n)
    centres = random.normal(size=(classes, width))
    features = scale * (centres[truth] + random.normal(size=(n, width)))
    return np.round(features, 3).astype(np.float32).astype(float), truth


def logistic(n, width, classes, c, scale=1.0):
    features, truth = data(n, width, classes, scale)
    model = LogisticRegression(C=c, tol=1e-12, max_iter=100_000)
    if classes == 2:
        model.fit(features, truth)
        check = LogisticRegression(C=c, tol=1e-12, max_iter=100_000, solver="newton-cholesky").fit(features, truth)
        assert np.abs(check.coef_ - model.coef_).max() < 1e-5 * max(1, np.abs(model.coef_).max())
        fits = {"binary": model}
    else:
        rest = LogisticRegression(C=c, tol=1e-12, max_iter=100_000)
        fits = {"multinomial": model.fit(features, truth), "one_vs_rest": OneVsRestClassifier(rest).fit(features, truth)}
    out = {"c": c, "width": width, "classes": classes, "features": features.ravel(), "truth": truth}
    for name, fit in fits.items():
        if name == "one_vs_rest":
            coefficients = np.concatenate([one.coef_ for one in fit.estimators_])
            intercepts = np.concatenate([one.intercept_ for one in fit.estimators_])
        else:
            coefficients, intercepts = fit.coef_, fit.intercept_
        out[name] = {"weights": coefficients.T, "intercepts": intercepts}
    return out


def knn(n, queries, width, classes, neighbours, temperature):
    features, truth = data(n, width, classes)
    asked, _ = data(queries, width, classes)
    model = KNeighborsClassifier(
        neighbours, metric="cosine", algorithm="brute", weights=lambda distance: np.exp((1 - distance) / temperature)
    )
    shares = model.fit(features, truth).predict_proba(asked)
    # As DINO's knn_classifier: softmax-like weights over the nearest, summed by class.
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    similarity = unit(asked) @ unit(features).T
    nearest = np.argsort(-similarity, 1)[:, :neighbours]
    weights = np.exp(np.take_along_axis(similarity, nearest, 1) / temperature)
    votes = np.stack([(weights * (truth[nearest] == k)).sum(1) for k in range(classes)], 1)
    close(np.abs(votes / votes.sum(1, keepdims=True) - shares).max(), 0)
    return {
        "width": width,
        "classes": classes,
        "neighbours": neighbours,
        "temperature": temperature,
        "features": features.ravel(),
        "truth": truth,
        "queries": asked.ravel(),
        "shares": shares,
    }


write(
    __file__,
    {
        "logistic": [
            logistic(40, 3, 2, 1.0),
            logistic(60, 5, 2, 0.01),
            logistic(60, 5, 2, 100.0),
            logistic(40, 3, 2, 1.0, scale=30.0),
            logistic(60, 4, 3, 1.0),
            logistic(90, 6, 5, 0.1),
            logistic(80, 4, 3, 50.0),
        ],
        "knn": [knn(40, 10, 4, 3, 5, 0.07), knn(40, 10, 4, 2, 20, 0.5)],
    },
)
