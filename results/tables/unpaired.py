"""What unpaired images add, of records files: the gain, the share of the oracle's gain that it is, and whether it grows with the pool.

    pip install numpy scipy
    python results/tables/unpaired.py results/tables/pool.jsonl
    python results/tables/unpaired.py results/tables/main.jsonl --arm lgdea-two-rounds

All differences are paired by seed. `p` is of a two-sided paired t-test, uncorrected; the share's interval is of 95 %, a
percentile bootstrap over seeds (10,000 resamples, fixed seed), which of six seeds is too narrow. No share is told where the
oracle's own gain is not established (p ≥ 0.05).
"""

import argparse
import collections
import itertools
import json
import sys

import numpy as np
from scipy import stats

METRICS = {
    "test/zero_shot/auroc_macro": "AUROC",
    "test/retrieval/i2t_r_at_10": "image → report R@10",
    "test/retrieval/t2i_r_at_10": "report → image R@10",
    "test/grounding/similarity/pointing": "pointing game",
    "test/grounding/similarity/cnr": "CNR",
}
WITHOUT, ORACLE = "without-unpaired-images", "oracle"
STUDIES = 3000  # of the phantom, where no axis says otherwise


def read(paths):
    """Scores by pairs, pool, arm and metric: one for each seed."""
    scores = collections.defaultdict(dict)
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            next(lines)  # what the sweep declares
            for run in map(json.loads, lines):
                studies = run["deltas"].get("data.phantom.studies", STUDIES)
                if "pairing.ratio" not in run["deltas"]:
                    sys.exit(f"{path}: no axis of this sweep varies pairing.ratio")
                pairs = round(studies * run["deltas"]["pairing.ratio"])
                for metric in METRICS.keys() & run["metrics"].keys():
                    of = scores[pairs, studies, run["arm"], metric]
                    score = run["metrics"][metric]
                    if of.setdefault(run["seed"], score) != score:
                        sys.exit(f"two runs of `{run['arm']}`, {pairs} pairs of {studies}, seed {run['seed']}: give their files one by one")
    return scores


def paired(a, b):
    """Differences of the seeds that both have."""
    seeds = sorted(a.keys() & b.keys())
    return np.array([a[seed] - b[seed] for seed in seeds]), seeds


def p_value(differences):
    return stats.ttest_1samp(differences, 0).pvalue


def interval(part, whole):
    """Of two means over the same seeds the ratio's bounds."""
    drawn = np.random.default_rng(0).integers(0, len(part), (10_000, len(part)))
    return np.percentile(part[drawn].mean(1) / whole[drawn].mean(1), [2.5, 97.5])


def share(gain, ceiling):
    """Of two means over the same seeds their ratio, with its interval."""
    if p_value(ceiling) >= 0.05:
        return ""
    low, high = interval(gain, ceiling)
    return f"{gain.mean() / ceiling.mean():.0%} ({low:.0%} to {high:.0%})"


def main(paths, arm):
    scores = read(paths)
    # Full pairing leaves nothing unpaired.
    places = sorted({(pairs, studies) for pairs, studies, *_ in scores if pairs < studies})
    print("| pairs | pool | metric | gain | p | share of the oracle's |\n|---|---|---|---|---|---|")
    gains = {}
    for (pairs, studies), metric in itertools.product(places, METRICS):
        of = {name: scores[pairs, studies, name, metric] for name in (arm, WITHOUT, ORACLE)}
        gain, seeds = paired(of[arm], of[WITHOUT])
        if len(seeds) < 2:
            continue
        gains[pairs, studies, metric] = dict(zip(seeds, gain))
        ceiling, both = paired(of[ORACLE], of[WITHOUT])
        closed = share(gain, ceiling) if both == seeds else ""
        print(f"| {pairs} | {studies:,} | {METRICS[metric]} | {gain.mean():+.3f} | {p_value(gain):.4f} | {closed} |")
    if not gains:
        sys.exit(f"no seeds of both `{arm}` and `{WITHOUT}` in {', '.join(paths)}")
    print("\n| pairs | metric | gain in the largest pool less that in the smallest | p |\n|---|---|---|---|")
    for pairs, metric in itertools.product(sorted({pairs for pairs, *_ in gains}), METRICS):
        pools = sorted(studies for of, studies, name in gains if (of, name) == (pairs, metric))
        if len(pools) < 2:
            continue
        growth, seeds = paired(gains[pairs, pools[-1], metric], gains[pairs, pools[0], metric])
        if len(seeds) > 1:
            print(f"| {pairs} | {METRICS[metric]} | {growth.mean():+.3f} ({pools[0]:,} to {pools[-1]:,}) | {p_value(growth):.4f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", nargs="+")
    parser.add_argument("--arm", default="lgdea", help="that learns from unpaired images")
    args = parser.parse_args()
    main(args.records, args.arm)
