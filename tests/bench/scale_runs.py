"""A made-up results folder for scale.py: one run of a sweep is real, and the others are written as it wrote itself."""

import json
import random
import re
import subprocess

from scale_data import SMOKE

# Steps of the main job, and how often it logs.
STEPS, LOG_EVERY = 600, 10
# Bytes that a checkpoint seems to have; they take no room on the disk.
WEIGHTS = 700_000


def make_runs(lgdea, folder, count):
    """A results folder with so many finished runs; returns its sweep file and the folder."""
    sweep, results = folder / "sweep.toml", folder / "results"
    if (folder / "made").exists():
        return sweep, results
    subprocess.run(["rm", "-rf", folder], check=True)
    folder.mkdir(parents=True)
    sweep.write_text(sweep_file(count))
    subprocess.run([lgdea, "sweep", sweep, "--results", results, "--trials", "1", "--workers", "1"], check=True)
    lines = (results / "sweeps" / "scale" / "trials.jsonl").read_text().splitlines()
    changes = {arm["name"]: arm["changes"] for arm in json.loads(lines[0])["sweep"]["arms"]}
    trials = [json.loads(line) for line in lines[1:]]
    model = Model(results / "runs" / next(trial["dir"] for trial in trials if trial["cached"]))
    for number, trial in enumerate(trials):
        if not trial["cached"]:
            model.write(results / "runs" / trial["dir"], trial, changes[trial["arm"]], number)
            (results / "cache" / "training" / trial["run_key"]).write_text(json.dumps(trial["dir"]))
    (folder / "made").touch()
    return sweep, results


def sweep_file(count):
    """Two arms and 500 settings; the seeds make the number full."""
    return f"""experiment = "{SMOKE}"
name = "scale"
description = "Made-up runs."

[grid]
pairing.ratio = {[round(0.05 * (1 + point), 2) for point in range(10)]}
train.learning-rate = {[0.001 * (1 + point) for point in range(5)]}
train.weight-decay = {[round(0.01 * (1 + point), 2) for point in range(10)]}

[seeds]
count = {count // 1000}

[[case]]
name = "lgdea"

[[case]]
name = "clip"
extends = "clip"

[[claim]]
metric = ["test/zero_shot/auroc_macro", "test/retrieval/i2t_r_at_10"]
better = "lgdea"
than = "clip"
"""


class Model:
    """The run that the others are written after."""

    def __init__(self, run):
        self.experiment = (run / "experiment.toml").read_text()
        self.small = {name: (run / name).read_bytes() for name in ["pairing.json", "tokenizer.json"]}
        records = [json.loads(line) for line in (run / "journal.jsonl").read_text().splitlines()]
        is_training = [record["event"] == "metrics" and "train/loss" in record["values"] for record in records]
        first = is_training.index(True)
        last = len(is_training) - 1 - is_training[::-1].index(True)
        self.before, self.after = records[:first], records[last + 1 :]
        line = json.dumps(records[last], separators=(",", ":"))
        steps = range(LOG_EVERY, STEPS + 1, LOG_EVERY)
        self.training = "".join(re.sub(r'"step":\d+', f'"step":{step}', line) + "\n" for step in steps)

    def write(self, run, trial, changes, number):
        weights = run / "checkpoints" / f"step-{STEPS:06}" / "model.bpk"
        weights.parent.mkdir(parents=True)
        (run / "artifacts").mkdir()
        with open(weights, "wb") as file:
            file.truncate(WEIGHTS)
        for name, content in self.small.items():
            (run / name).write_bytes(content)
        settings = {**changes, **trial["deltas"], "seed": trial["seed"]}
        tags = {"arm": trial["arm"], "deltas": json.dumps(trial["deltas"], separators=(",", ":"))}
        name = f"scale.{trial['arm']}"
        (run / "experiment.toml").write_text(self.settings(name, settings, tags))
        rng = random.Random(number)
        change = lambda record: changed(record, trial, name, settings, tags, rng)
        lines = [[json.dumps(change(record), separators=(",", ":")) + "\n" for record in part] for part in (self.before, self.after)]
        (run / "journal.jsonl").write_text("".join([*lines[0], self.training, *lines[1]]))

    def settings(self, name, settings, tags):
        """The experiment with other values of keys that it has."""
        text = re.sub(r"^name = .*", f'name = "{name}"', self.experiment, count=1, flags=re.M)
        for key, value in {**settings, **{f"tags.{tag}": value for tag, value in tags.items()}}.items():
            table, _, last = key.rpartition(".")
            begin = text.index(f"\n[{table}]\n") if table else 0
            rest = re.sub(rf"^{re.escape(last)} = .*", lambda _: f"{last} = {written(value)}", text[begin:], count=1, flags=re.M)
            text = text[:begin] + rest
        return text


def written(value):
    """A value as TOML has it."""
    return f"'{value}'" if isinstance(value, str) else json.dumps(value)


def changed(record, trial, name, settings, tags, rng):
    """A line of the journal, as the run of another trial would have written it."""
    record = {**record, "time": record["time"] + rng.randrange(10**9)}
    values = record.get("values", {})
    match record["event"]:
        case "started":
            record |= {"run_key": trial["run_key"], "name": name}
        case "params":
            new = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
            record["values"] = {**values, **new}
        case "tags":
            record["values"] = {**values, **tags}
        case "metrics":
            better = 1 + rng.gauss(0.02 if trial["arm"] == "lgdea" else 0, 0.02)
            record["values"] = {key: value if isinstance(value, str) else value * better for key, value in values.items()}
    return record


def pretend_sent(results, address, send, left=5):
    """Sends one run to a server, and notes of all others but some that they were sent as it was; returns those that were not."""
    runs = sorted(run for run in (results / "runs").iterdir() if (run / "journal.jsonl").exists())
    first, others, waiting = runs[0], runs[1:-left], runs[-left:]
    send(first.name)
    state = json.loads((first / "mlflow.json").read_text())
    for run in others:
        offset = (run / "journal.jsonl").stat().st_size
        (run / "mlflow.json").write_text(json.dumps({**state, "offset": offset}))
    for run in waiting:
        (run / "mlflow.json").unlink(missing_ok=True)
    return [run.name for run in waiting]
