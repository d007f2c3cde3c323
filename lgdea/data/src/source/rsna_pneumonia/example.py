#!/usr/bin/env python3
"""Writes `example/` in the layout of RSNA's challenge: `python3 lgdea/data/src/source/rsna_pneumonia/example.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

LABELS = """\
patientId,x,y,width,height,Target
0004cfab-14fd-4e49-80ba-63a80b6bddd6,,,,,0
00313ee0-9eaa-42f4-b0ab-c148ed3241cd,,,,,0
00436515-870c-4b36-a041-de91049b9ab4,264.0,152.0,213.0,379.0,1
00436515-870c-4b36-a041-de91049b9ab4,562.0,152.0,256.0,453.0,1
"""

CLASSES = """\
patientId,class
0004cfab-14fd-4e49-80ba-63a80b6bddd6,No Lung Opacity / Not Normal
00313ee0-9eaa-42f4-b0ab-c148ed3241cd,Normal
00436515-870c-4b36-a041-de91049b9ab4,Lung Opacity
00436515-870c-4b36-a041-de91049b9ab4,Lung Opacity
"""

if __name__ == "__main__":
    # Kaggle's images are DICOM files; many convert them.
    text(FOLDER / "experiment.toml", 'data.rsna-pneumonia = { root = ".", images = "png" }\n')
    text(FOLDER / "stage_2_train_labels.csv", LABELS)
    text(FOLDER / "stage_2_detailed_class_info.csv", CLASSES)
    for number, line in enumerate(LABELS.splitlines()[1:4]):
        png(FOLDER / "png" / f"{line.split(',')[0]}.png", 100 + 40 * number)
