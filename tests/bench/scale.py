"""Measures what must stay quick when there is much of it, and prints one Markdown table: seconds, processor time, memory.

    just bench-scale
    python3 tests/bench/scale.py target/release/lgdea [PART …] [--rounds 5] [--folder /tmp/lgdea-scale]

The parts, all of them where none is named; what they need is made up once, in FOLDER, by this file and the standard library alone:

- `plan`: a sweep file of 1,000,000 trials;
- `evidence`: 200,000 reports in a CSV file, read by rules into JSON lines on one core. `--reports FILE` takes real ones instead;
- `runs`: a results folder with 10,000 runs of one sweep. One of them is run (20 steps); the journals of the others are its own with
  another key, seed, setting and scores, and as many lines as 600 steps have. `--mlflow ADDRESS` also measures `lgdea sync`, to a
  server as `tests/services/mlflow.sh start` starts it;
- `data`: the tables, reports and empty image files of a MIMIC-CXR with 377,110 images. The first reading is measured once.

Seconds are those of the clock, the median of ROUNDS and their range, after one round that does not count; processor time is what other
programs hardly change. Memory is the most that any round had. Linux only.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from scale_data import make_data, make_plan, make_reports
from scale_runs import make_runs, pretend_sent

PARTS = ["plan", "evidence", "runs", "data"]
TRIALS, REPORTS, RUNS, IMAGES = 1_000_000, 200_000, 10_000, 377_110


class Bench:
    """Runs commands and keeps a row of the table for each."""

    def __init__(self, lgdea, rounds):
        self.lgdea, self.rounds, self.rows = lgdea, rounds, []

    def measure(self, what, arguments, one_core=False, rounds=None, warm=True, each=None):
        """`each` is a number of things and their name: how many of them a second are done is told, too."""
        took = [self.run(arguments, one_core) for _ in range((rounds or self.rounds) + warm)][int(warm) :]
        seconds = [wall for wall, _, _ in took]
        rate = f"{each[0] / statistics.median(seconds):,.0f} {each[1]}/s" if each else ""
        self.row(what, seconds, [cpu for _, cpu, _ in took], max(memory for _, _, memory in took), rate)

    def run(self, arguments, one_core=False):
        """Seconds, seconds of processor time, and MiB."""
        core = {min(os.sched_getaffinity(0))}
        prepare = (lambda: os.sched_setaffinity(0, core)) if one_core else None
        began = time.perf_counter()
        with open(os.devnull, "wb") as nowhere, open("/tmp/lgdea-scale.err", "w+b") as errors:
            process = subprocess.Popen([self.lgdea, *map(str, arguments)], stdout=nowhere, stderr=errors, preexec_fn=prepare)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                errors.seek(0)
                sys.exit(f"{' '.join(map(str, process.args))} ended with {process.returncode}:\n{errors.read().decode()}")
        return time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def row(self, what, seconds, cpu, memory, rate=""):
        middle, low, high = statistics.median(seconds), min(seconds), max(seconds)
        spread = f" ({low:.2f} – {high:.2f})" if len(seconds) > 1 else ""
        self.rows.append(f"| {what} | {middle:.2f}{spread} | {statistics.median(cpu):.2f} | {memory:,.0f} | {rate} |")
        print(self.rows[-1], file=sys.stderr, flush=True)

    def table(self):
        head = ["| what | seconds | processor | MiB | |", "|---|---|---|---|---|"]
        return "\n".join(head + self.rows)


def plan(bench, folder, options):
    file = make_plan(folder / "plan.toml", options.trials)
    bench.measure(f"`plan` of {options.trials:,} trials", ["plan", file, "--results", folder / "none"])


def evidence(bench, folder, options):
    source = Path(options.reports) if options.reports else make_reports(folder / "reports.csv", REPORTS)
    count = REPORTS if not options.reports else options.count
    out = folder / "evidence.jsonl"
    command = ["evidence", "extract", "--input", source, "--out", out]
    bench.measure(f"`evidence extract` of {count:,} reports, one core", command, one_core=True, each=(count, "reports"))


def runs(bench, folder, options):
    sweep, results = make_runs(bench.lgdea, folder / f"runs-{options.runs}", options.runs)
    of = f"of {options.runs:,} runs"
    place, page = ["--results", results], folder / "report.html"
    for what, arguments in [
        ("plan", ["plan", sweep]),
        ("sweep --status", ["sweep", sweep, "--status"]),
        ("compare", ["compare", sweep]),
        ("compare --format json", ["compare", sweep, "--format", "json"]),
        ("report", ["report", sweep, "--out", page]),
        ("runs", ["runs"]),
        ("gc --dry-run", ["gc", "--dry-run"]),
        ("gc --dry-run --unfinished", ["gc", "--dry-run", "--unfinished"]),
    ]:
        bench.measure(f"`{what}` {of}", [*arguments, *place])
    if options.mlflow:
        address = ["--uri", options.mlflow]
        names = pretend_sent(results, options.mlflow, lambda run: bench.run(["sync", run, *place, *address]))
        first = [bench.run(["sync", name, *place, *address]) for name in names]
        bench.row("`sync` of a run that is not sent", *map(list, list(zip(*first))[:2]), max(took[2] for took in first))
        bench.measure(f"`sync` {of}, all sent", ["sync", *place, *address])


def data(bench, folder, options):
    file = make_data(folder / f"mimic-{options.images}", options.images)
    results = folder / "data-results"
    subprocess.run(["rm", "-rf", results], check=True)
    command = ["plan", file, "--results", results]
    bench.measure(f"`plan` over {options.images:,} images, first time", command, rounds=1, warm=False)
    bench.measure(f"`plan` over {options.images:,} images, from then on", command)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lgdea", help="the binary")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--folder", default="/tmp/lgdea-scale", type=Path)
    parser.add_argument("--rounds", default=5, type=int)
    parser.add_argument("--trials", default=TRIALS, type=int)
    parser.add_argument("--runs", default=RUNS, type=int)
    parser.add_argument("--images", default=IMAGES, type=int)
    parser.add_argument("--reports", help="a file of reports to read instead of made-up ones; --count says how many it has")
    parser.add_argument("--count", default=REPORTS, type=int)
    parser.add_argument("--mlflow", help="address of a server")
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(os.path.abspath(options.lgdea), options.rounds)
    for part in options.parts or PARTS:
        globals()[part](bench, options.folder.absolute(), options)
    print(bench.table())


if __name__ == "__main__":
    main()
