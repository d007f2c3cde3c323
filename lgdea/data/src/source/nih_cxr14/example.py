#!/usr/bin/env python3
"""Writes `example/` in NIH ChestX-ray14's layout: `python3 lgdea/data/src/source/nih_cxr14/example.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

ENTRIES = """\
Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],
00000001_000.png,Cardiomegaly,0,1,58,M,PA,2682,2749,0.143,0.143,
00000001_001.png,Cardiomegaly|Emphysema,1,1,58,M,AP,2894,2729,0.143,0.143,
00000002_000.png,No Finding,0,2,81,F,PA,2500,2048,0.171,0.171,
00000003_000.png,Infiltration|Pleural_Thickening,0,3,414,F,PA,2582,2991,0.143,0.143,
"""

# The header is that of the file: its commas stand inside of brackets, and each line ends with three more.
BOXES = """\
Image Index,Finding Label,Bbox [x,y,w,h],,,
00000001_000.png,Cardiomegaly,256.0,512.0,512.0,256.0,,,
00000003_000.png,Infiltrate,100.5,200.25,300.0,400.0,,,
"""

if __name__ == "__main__":
    text(FOLDER / "experiment.toml", 'data.nih-cxr14.root = "."\n')
    text(FOLDER / "Data_Entry_2017.csv", ENTRIES)
    text(FOLDER / "BBox_List_2017.csv", BOXES)
    text(FOLDER / "train_val_list.txt", "00000001_000.png\n00000001_001.png\n00000002_000.png\n")
    text(FOLDER / "test_list.txt", "00000003_000.png\n")
    for number, (name, part) in enumerate(
        [("00000001_000", 1), ("00000001_001", 1), ("00000002_000", 1), ("00000003_000", 2)]
    ):
        png(FOLDER / f"images_{part:03}" / "images" / f"{name}.png", 100 + 40 * number)
