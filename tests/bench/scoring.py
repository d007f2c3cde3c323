"""Sets scoring beside scikit-learn and PyTorch: seconds for the same numbers from the same arrays, on the same two cores, in turns.

    just bench-scoring                                           # some minutes
    python3 tests/bench/scoring.py FOLDER [--rounds 5] [--cases 20000]    # needs numpy, scikit-learn, torch

FOLDER takes files as a user of `lgdea score` has them, made once. Ours (lgdea/eval/examples/score_seconds.rs) calls what the
command calls, by protocols that ask for what the peer computes and no more:

- AUROC and average precision of 14 classes with their mean, with resamples: scikit-learn's metric in a loop over resamples. LOOPED
  of them are timed, and the time is scaled. It has one thread, as a loop has; ours has both cores.
- retrieval: recall at 1, 5 and 10 among all candidates, one way and both ways. PyTorch's matrix product and `topk`, with two
  threads, once of the whole matrix and once by blocks of queries; what it is compared by is the faster. It cannot tell
  ties, ours ranks them against the model.
- probes: a logistic regression a class of C = 1 on standardised features, solved to the same tolerance; BLAS has both cores.

Neither side is charged for reading its files or for its start. Each is given in seconds on the wall, which wants a machine
that does nothing else, and in processor seconds, which other programs hardly change (Linux only). Both sides must give the
same numbers: the script fails where they differ.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

CORES = 2
# Before the libraries count them; processes inherit it.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])

import numpy as np  # noqa: E402
import torch  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import average_precision_score, roc_auc_score  # noqa: E402

CLASSES, WIDTH, KS = 14, 512, (1, 5, 10)
RESAMPLES = {"auroc": 10_000, "average-precision": 1000}
LOOPED = 20
BLOCK = 1024  # queries of the peer's block; 512 and 2048 are no faster
SCORE = ["cargo", "run", "--release", "--quiet", "-p", "lgdea-eval", "--example", "score_seconds", "--"]
PROTOCOLS = Path(__file__).parents[2] / "templates" / "protocols"


def protocol(path, source, **switches):
    """A shipped protocol with some switches changed."""
    text = (PROTOCOLS / f"{source}.toml").read_text()
    for name, value in switches.items():
        line = f"{name.replace('_', '-')} = "
        text, found = re.subn(rf"(?m)^{line}.*$", line + json.dumps(value), text)
        assert found == 1, name
    path.write_text(text)


def table(path, columns):
    rows = zip(*columns.values())
    path.write_text("\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n")


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype("float32")


def make(folder, cases):
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    ids = np.array([f"case-{case}" for case in range(cases)])
    names = [f"class_{index}" for index in range(CLASSES)]
    labels = (rng.random((cases, CLASSES)) < np.linspace(0.02, 0.4, CLASSES)).astype(int)
    # In 16 bits, as half-precision models write: some tie.
    scores = (rng.normal(size=labels.shape) + labels).astype("float16").astype("float32")
    np.savez(folder / "scores.npz", scores=scores, ids=ids, classes=names)
    table(folder / "scores.csv", {"id": ids, **dict(zip(names, labels.T))})
    images, noise = rng.normal(size=(2, cases, WIDTH))
    np.savez(folder / "pairs.npz", image=unit(images), text=unit(images * 0.15 + noise), ids=ids)
    table(folder / "pairs.csv", {"id": ids, "text": range(cases)})
    features = (images + labels @ rng.normal(size=(CLASSES, WIDTH)) * 0.1).astype("float32")
    np.savez(folder / "features.npz", features=features, ids=ids)
    split = np.where(np.arange(cases) % 5 == 0, "test", "train")
    table(folder / "features.csv", {"id": ids, "split": split, **dict(zip(names, labels.T))})
    for metric, resamples in RESAMPLES.items():
        protocol(folder / f"{metric}.toml", "zero-shot/lgdea-v1", metrics=[metric], resamples=resamples)
    ranks = {"similarity": "dot", "equal_texts": "apart", "metrics": ["recall"], "labels_at": [], "method": "none", "resamples": 0}
    protocol(folder / "one-way.toml", "retrieval/lgdea-v1", ways=["i2t"], **ranks)
    protocol(folder / "both-ways.toml", "retrieval/lgdea-v1", **ranks)
    fitted = {"shares": [1.0], "metrics": ["auroc"], "c": [1.0], "method": "none", "resamples": 0}
    protocol(folder / "probe.toml", "probe/lgdea-v1", **fitted)


def ours(command, folder, name, files):
    """Seconds on the wall and of processors, and the scores."""
    paths = [folder / f"{name}.toml", folder / f"{files}.npz", folder / f"{files}.csv"]
    said = json.loads(subprocess.run([*command, *paths], capture_output=True, text=True, check=True).stdout)
    return said["score"], said["processor"], {name: score["value"] for name, score in said["scores"].items()}


def timed(of, times=1):
    """The same of a peer; its seconds are multiplied."""
    wall, processor = time.perf_counter(), time.process_time()
    found = of()
    return (time.perf_counter() - wall) * times, (time.process_time() - processor) * times, found


def resampled(metric, prefix, folder):
    data = np.load(folder / "scores.npz")
    scores, labels = data["scores"], np.loadtxt(folder / "scores.csv", delimiter=",", skiprows=1, usecols=range(1, CLASSES + 1))
    rng = np.random.default_rng(1)

    def loop():
        for _ in range(LOOPED):
            rows = rng.integers(0, len(labels), len(labels))
            metric(labels[rows], scores[rows], average=None).mean()

    by_class = metric(labels, scores, average=None)
    values = {f"{prefix}/class_{index}": value for index, value in enumerate(by_class)}
    return loop, values | {f"{prefix}_macro": by_class.mean()}


def auroc(folder):
    loop, values = resampled(roc_auc_score, "zero_shot/auroc", folder)
    return {"loop": lambda: timed(loop, RESAMPLES["auroc"] / LOOPED)[:2] + (values,)}


def average_precision(folder):
    loop, values = resampled(average_precision_score, "zero_shot/average_precision", folder)
    return {"loop": lambda: timed(loop, RESAMPLES["average-precision"] / LOOPED)[:2] + (values,)}


def topk(folder, ways):
    pairs = np.load(folder / "pairs.npz")
    sides = {"i2t": (pairs["image"], pairs["text"]), "t2i": (pairs["text"], pairs["image"])}
    sides = {way: tuple(map(torch.from_numpy, sides[way])) for way in ways}

    def whole():
        images, texts = sides["i2t"]
        similarity = images @ texts.T
        best = {way: similarity if way == "i2t" else similarity.T for way in ways}
        return {way: torch.topk(matrix, max(KS)).indices for way, matrix in best.items()}

    def blocks():
        found = {}
        for way, (queries, candidates) in sides.items():
            found[way] = torch.cat([torch.topk(block @ candidates.T, max(KS)).indices for block in queries.split(BLOCK)])
        return found

    def of(best):
        hits = {way: indices == torch.arange(len(indices))[:, None] for way, indices in best.items()}
        return {f"retrieval/{way}_r_at_{k}": hit[:, :k].any(1).double().mean().item() for way, hit in hits.items() for k in KS}

    def run(peer):
        wall, processor, best = timed(peer)
        return wall, processor, of(best)

    return {"whole": lambda: run(whole), "blocks": lambda: run(blocks)}


def probes(folder):
    features = np.load(folder / "features.npz")["features"].astype(float)
    names = np.loadtxt(folder / "features.csv", delimiter=",", skiprows=1, dtype=str)
    train, labels = names[:, 1] == "train", names[:, 2:].astype(int)

    def fitted():
        scaled = (features - features[train].mean(0)) / features[train].std(0)
        found = {}
        for index, positive in enumerate(labels.T):
            probe = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(scaled[train], positive[train])
            found[f"probe/1/auroc/class_{index}"] = roc_auc_score(positive[~train], probe.decision_function(scaled[~train]))
        return found | {"probe/1/auroc_macro": statistics.mean(found.values())}

    return {"loop": lambda: timed(fitted)}


def spread(values):
    median, least, greatest = (format(value, ".3g") for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({least}–{greatest})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=int, default=20_000, help="of files that are made")
    parser.add_argument("--only", help="a part of the names of what is measured")
    parser.add_argument("--score", type=lambda path: [path], default=SCORE, help="the built example `score_seconds`")
    args = parser.parse_args()
    torch.set_num_threads(CORES)
    if not args.folder.exists():
        make(args.folder, args.cases)
    # What each is called, its protocol, its files, its peers, and how far both may differ.
    measured = [
        ("AUROC, 10,000 resamples", "auroc", "scores", auroc, 1e-9),
        ("average precision, 1,000 resamples", "average-precision", "scores", average_precision, 1e-9),
        ("retrieval, images to texts", "one-way", "pairs", lambda folder: topk(folder, ["i2t"]), 1e-9),
        ("retrieval, both ways", "both-ways", "pairs", lambda folder: topk(folder, ["i2t", "t2i"]), 1e-9),
        # Neither is at the optimum itself, and scores that are near may change places.
        ("14 probes", "probe", "features", probes, 1e-5),
    ]
    print("| | ours, s | peer, s | times as fast | ours, processor s | peer, processor s | times as fast |")
    print("|---|---|---|---|---|---|---|")
    for title, name, files, peers, tolerance in measured:
        if args.only and args.only not in title:
            continue
        peers, rows = peers(args.folder), []
        for _ in range(args.rounds):
            own = ours(args.score, args.folder, name, files)
            others = {peer: run() for peer, run in peers.items()}
            for peer, (_, _, values) in others.items():
                assert values.keys() == own[2].keys(), (values.keys(), own[2].keys())
                far = {key: (own[2][key], value) for key, value in values.items() if abs(own[2][key] - value) > tolerance}
                assert not far, (peer, far)
            rows.append((own, others))
        best = min(peers, key=lambda peer: statistics.median(others[peer][0] for _, others in rows))
        cells = []
        for which in (0, 1):
            mine, theirs = [own[which] for own, _ in rows], [others[best][which] for _, others in rows]
            cells += [spread(mine), spread(theirs), spread([b / a for a, b in zip(mine, theirs)])]
        print(f"| {title}{f' (peer: {best})' if len(peers) > 1 else ''} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
