#!/usr/bin/env python3
"""Writes `example/` in VinDr-CXR's layout on PhysioNet: `python3 lgdea/data/src/source/vindr_cxr/example.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

FINDINGS = (
    "Aortic enlargement,Atelectasis,Calcification,Cardiomegaly,Clavicle fracture,Consolidation,Edema,Emphysema,Enlarged PA,ILD,"
    "Infiltration,Lung Opacity,Lung cavity,Lung cyst,Mediastinal shift,Nodule/Mass,Pleural effusion,Pleural thickening,"
    "Pneumothorax,Pulmonary fibrosis,Rib fracture,Other lesion,COPD,Lung tumor,Pneumonia,Tuberculosis,Other diseases,No finding"
)

ENLARGED = "004f33259ee4aef671c2b95d54e4be68"
CLEAR = "000d68e42b71d3eac10ccc077aba07c1"
TEST = "002a34c58c5b758217ed1f584ccbcfe9"


def row(*seen: str) -> str:
    return ",".join("1" if finding in seen else "0" for finding in FINDINGS.split(","))


# Three readers each; where the third sees nothing, the others are the majority.
TRAIN_LABELS = f"""\
image_id,rad_id,{FINDINGS}
{CLEAR},R11,{row("No finding")}
{CLEAR},R7,{row("No finding")}
{CLEAR},R10,{row("No finding")}
{ENLARGED},R9,{row("Cardiomegaly")}
{ENLARGED},R8,{row("Cardiomegaly")}
{ENLARGED},R10,{row("No finding")}
"""

TRAIN_BOXES = f"""\
image_id,rad_id,class_name,x_min,y_min,x_max,y_max
{CLEAR},R11,No finding,,,,
{CLEAR},R7,No finding,,,,
{CLEAR},R10,No finding,,,,
{ENLARGED},R9,Cardiomegaly,1.0,2.0,3.0,3.5
{ENLARGED},R8,Cardiomegaly,1.0,2.0,3.5,3.5
{ENLARGED},R10,No finding,,,,
"""

# The test's tables have no readers, and call the last disease in the singular.
TEST_LABELS = f"""\
image_id,{FINDINGS.replace("diseases", "disease")}
{TEST},{row("Pleural effusion")}
"""

TEST_BOXES = f"""\
image_id,class_name,x_min,y_min,x_max,y_max
{TEST},Pleural effusion,0.5,2.5,1.5,4.0
"""

if __name__ == "__main__":
    # PhysioNet's images are DICOM files (`train/<image_id>.dicom`); many convert them.
    text(FOLDER / "experiment.toml", 'data.vindr-cxr.root = "."\n')
    text(FOLDER / "annotations" / "image_labels_train.csv", TRAIN_LABELS)
    text(FOLDER / "annotations" / "annotations_train.csv", TRAIN_BOXES)
    text(FOLDER / "annotations" / "image_labels_test.csv", TEST_LABELS)
    text(FOLDER / "annotations" / "annotations_test.csv", TEST_BOXES)
    for number, name in enumerate([f"train/{CLEAR}", f"train/{ENLARGED}", f"test/{TEST}"]):
        png(FOLDER / f"{name}.png", 100 + 40 * number)
