#!/usr/bin/env python3
"""Writes `example/` in CheXpert's layout: `python3 lgdea/data/src/source/chexpert/example.py`."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import jpeg, text

FOLDER = Path(__file__).with_name("example")

EXPERIMENT = """\
[data.chexpert]
root = "CheXpert-v1.0-small"
subset = "5x200"
subset-list = "chexpert_5x200.csv"
masks = "CheXlocalize"
"""

HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,"
    "Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices\n"
)

TRAIN = [
    ("train/patient00001/study1/view1_frontal.jpg", "Female,68,Frontal,AP,1.0,,,,,,,,,0.0,,,,1.0"),
    ("train/patient00002/study1/view1_frontal.jpg", "Female,87,Frontal,AP,,,-1.0,1.0,,-1.0,-1.0,,-1.0,,-1.0,,1.0,"),
    ("train/patient00003/study1/view1_frontal.jpg", "Male,41,Frontal,PA,,,,,,1.0,,,,,0.0,,,"),
    ("train/patient00004/study1/view1_frontal.jpg", "Male,20,Frontal,AP,,,,,,,,,,,1.0,,,"),
]

VALID = [
    ("valid/patient64541/study1/view1_frontal.jpg", "Male,73,Frontal,AP" + ",0.0,1.0,1.0,1.0" + ",0.0" * 10),
    ("valid/patient64542/study1/view1_frontal.jpg", "Male,70,Frontal,PA" + ",0.0" * 13 + ",1.0"),
]

# Two rows of four pixels. As `pycocotools.mask.encode` writes them: two pixels in the middle of the lower row, and none.
MIDDLE, NOTHING = {"size": [2, 4], "counts": "31101"}, {"size": [2, 4], "counts": "8"}
MASKS = {
    "patient64541_study1_view1_frontal": {"Cardiomegaly": MIDDLE, "Airspace Opacity": MIDDLE, "Edema": NOTHING},
    "patient64542_study1_view1_frontal": {"Cardiomegaly": NOTHING, "Airspace Opacity": NOTHING, "Edema": NOTHING},
}


def table(rows: list[tuple[str, str]]) -> str:
    """The set's table of an image a row."""
    return HEADER + "".join(f"CheXpert-v1.0-small/{path},{cells}\n" for path, cells in rows)


if __name__ == "__main__":
    text(FOLDER / "experiment.toml", EXPERIMENT)
    root = FOLDER / "CheXpert-v1.0-small"
    text(root / "train.csv", table(TRAIN))
    text(root / "valid.csv", table(VALID))
    text(FOLDER / "chexpert_5x200.csv", ",Path,Edema\n0,CheXpert-v1.0/train/patient00003/study1/view1_frontal.jpg,1.0\n")
    text(FOLDER / "CheXlocalize" / "gt_segmentations_val.json", json.dumps(MASKS))
    for number, (path, _) in enumerate(TRAIN + VALID):
        jpeg(root / path, 100 + 20 * number)
