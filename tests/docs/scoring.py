#!/usr/bin/env python3
"""Does what `docs/guides/scoring.md` tells a Python user work?  python3 tests/docs/scoring.py LGDEA

Runs the Python of the page in its order, and behind each block the commands that follow it, as they stand there, in a folder of its
own. The block with timm is left out: it needs weights from the web; random numbers stand for what it gives. Left out are commands that need
files of which the page says only what they hold (another model, subgroups, a run).

Needs NumPy and pandas: the environment that `tests/services/mlflow.sh` installs has them.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

PAGE = Path(__file__).resolve().parents[2] / "docs/guides/scoring.md"
BLOCK = re.compile(r"^```(python|sh)\n(.*?)^```", re.M | re.S)
CASES, WIDTH = 120, 8
# What the page does not make: files of a run, of another model, columns of subgroups.
NOT_MADE = ("RUN", "other.npz", "--by", 'np.load("test.npz")')


def inputs() -> dict:
    """The files that the page begins with, and the arrays that it takes as given."""
    rng = np.random.default_rng(0)
    ids = [f"s{case}" for case in range(CASES)]
    split = np.array(["train", "validation", "test"])[np.arange(CASES) % 3]
    labels = {name: rng.integers(0, 2, CASES) for name in ("Atelectasis", "Edema")}
    Path("images").mkdir()
    table = {"id": ids, "path": [f"images/{name}.png" for name in ids], "patient": ids, "split": split, **labels}
    pd.DataFrame(table).to_csv("labels.csv", index=False)
    pairs = {"id": ids, "patient": ids, "report": [f"Report {case // 2}." for case in range(CASES)], **labels}
    pd.DataFrame(pairs).to_csv("pairs.csv", index=False)
    boxes = {"id": ids, "patient": ids, "class": "Edema", "x": 0.1, "y": 0.2, "width": 0.3, "height": 0.4}
    unit = lambda rows: (lambda raw: raw / np.linalg.norm(raw, axis=1, keepdims=True))(rng.normal(size=(rows, WIDTH)))
    return {
        "image": unit(CASES), "text": unit(CASES), "positive": unit(2), "negative": unit(2),
        "maps": rng.random((CASES, 7, 7)),
        "phrases": pd.DataFrame({**boxes, "image_width": 1, "image_height": 1}),
    }


def of_data_sets() -> None:
    """Tables as CheXpert, ChestX-ray14 and MIMIC-CXR-JPG have them, and scores of their rows in order."""
    rng = np.random.default_rng(2)
    classes = ["Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion"]
    np.savez("scores.npz", scores=rng.random((CASES, len(classes))), classes=classes)
    patients = [f"{case // 2:05d}" for case in range(CASES)]
    labels = {name: rng.integers(0, 2, CASES).astype(float) for name in classes}
    paths = [f"CheXpert-v1.0/valid/patient{patient}/study{case}/view1_frontal.jpg" for case, patient in enumerate(patients)]
    chexpert = {"Path": paths, "Sex": "Female", "Age": 60, "Frontal/Lateral": "Frontal", "AP/PA": "AP", **labels}
    pd.DataFrame(chexpert).to_csv("valid.csv", index=False)
    found = ["|".join(name.replace("Pleural ", "") for name in classes if labels[name][case]) for case in range(CASES)]
    nih = {"Image Index": [f"{case:08d}_000.png" for case in range(CASES)], "Finding Labels": [names or "No Finding" for names in found]}
    pd.DataFrame({**nih, "Patient ID": patients, "View Position": "PA"}).to_csv("Data_Entry_2017.csv", index=False)
    unsaid = pd.DataFrame(labels).replace(0.0, np.nan)
    unsaid.iloc[::7, 0] = -1.0
    unsaid.insert(0, "study_id", range(50_000_000, 50_000_000 + CASES))
    unsaid.insert(0, "subject_id", patients)
    unsaid.to_csv("mimic-cxr-2.0.0-chexpert.csv", index=False)


def without_timm() -> dict:
    """What the block with timm gives."""
    rng = np.random.default_rng(1)
    return {
        "np": np, "pd": pd, "table": pd.read_csv("labels.csv"), "classes": ["Atelectasis", "Edema"],
        "features": rng.normal(size=(CASES, WIDTH)).astype("float32"), "scores": rng.random((CASES, 2)).astype("float32"),
    }


def commands(text: str) -> list:
    """The commands of a block, a list of words each."""
    lines = text.replace("\\\n", " ").splitlines()
    return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def main(lgdea: str) -> int:
    names, ran, failed = inputs(), [], []
    of_data_sets()
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if any(part in text for part in NOT_MADE):
            continue
        if kind == "python":
            if "import timm" in text:
                names |= without_timm()
            else:
                exec(compile(text, str(PAGE), "exec"), names)  # noqa: S102 - it is the page of this repository
            continue
        for words in commands(text):
            ended = subprocess.run([lgdea, *words[1:]], capture_output=True, text=True, check=False)
            ran.append(" ".join(words[:3]))
            if ended.returncode:
                failed.append(f"{shlex.join(words)}\n{ended.stderr}")
    print("\n".join(failed) if failed else f"{len(ran)} commands of {PAGE.name} work: {', '.join(ran)}")
    wanted = {f"lgdea score {task}" for task in ("zero-shot", "retrieval", "grounding", "probe")}
    missing = wanted - set(ran)
    if missing:
        print(f"the page has no such command any more: {', '.join(sorted(missing))}")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        code = main(program)
        os.chdir("/")
    sys.exit(code)
