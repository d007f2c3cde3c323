"""What share of one arm's score another reaches, of a records file: means over the seeds that both have, and their ratio.

    pip install numpy scipy
    python results/tables/ratio.py results/tables/main.jsonl lgdea@0.1 clip-long-published@1.0

An arm is given with its share of pairs (`pairing.ratio`). The ratio's interval is of 95 %, a percentile bootstrap over seeds
(10,000 resamples, fixed seed), which of six seeds is too narrow. `p` is of a two-sided paired t-test of the difference, uncorrected.
"""

import argparse
import json
import sys

import numpy as np
from unpaired import METRICS, interval, p_value

PRECISION = {"test/retrieval/i2t_p_at_10": "image → report P@10", "test/retrieval/t2i_p_at_10": "report → image P@10"}


def read(path, arm):
    """Scores of an arm, `name@share of pairs`, by seed."""
    name, share = arm.rsplit("@", 1)
    with open(path, encoding="utf-8") as lines:
        next(lines)  # what the sweep declares
        runs = [run for run in map(json.loads, lines) if run["arm"] == name and run["deltas"].get("pairing.ratio") == float(share)]
    if not runs:
        sys.exit(f"{path}: no runs of `{name}` with `pairing.ratio` = {share}")
    scores = {run["seed"]: run["metrics"] for run in runs}
    if len(scores) < len(runs):
        sys.exit(f"{path}: `{arm}` has several runs of a seed: another axis differs, too")
    return scores


def main(path, arm, of):
    ours, theirs = read(path, arm), read(path, of)
    seeds = sorted(ours.keys() & theirs.keys())
    if len(seeds) < 2:
        sys.exit(f"`{arm}` and `{of}` have {len(seeds)} seeds in common")
    print(f"| {len(seeds)} seeds | {arm} | {of} | ratio | p |\n|---|---|---|---|---|")
    for metric, name in (METRICS | PRECISION).items():
        if not all(metric in scores[seed] for seed in seeds for scores in (ours, theirs)):
            continue
        x, y = (np.array([scores[seed][metric] for seed in seeds]) for scores in (ours, theirs))
        low, high = interval(x, y)
        print(f"| {name} | {x.mean():.3f} | {y.mean():.3f} | {x.mean() / y.mean():.1%} ({low:.1%} to {high:.1%}) | {p_value(x - y):.4f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records")
    parser.add_argument("arm")
    parser.add_argument("of")
    args = parser.parse_args()
    main(args.records, args.arm, args.of)
