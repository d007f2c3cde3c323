#!/usr/bin/env python3
"""Writes `example/` in SIIM-ACR's layout: `python3 lgdea/data/src/source/siim_acr/example.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

IMAGES = [f"1.2.276.0.7230010.3.1.4.8323329.{number}.1517875200.27780{number}" for number in range(3)]

# The name of the second column begins with a space, as do the cells without a mask.
MASKS = f"""\
ImageId, EncodedPixels
{IMAGES[0]}, -1
{IMAGES[1]},261251 20 1004 20 1004 20
{IMAGES[1]},600000 30
{IMAGES[2]}, -1
"""

if __name__ == "__main__":
    # The challenge's images are DICOM files, each in folders of its study and series; many convert them.
    text(FOLDER / "experiment.toml", 'data.siim-acr = { root = ".", images = ["png"] }\n')
    text(FOLDER / "train-rle.csv", MASKS)
    for number, image in enumerate(IMAGES):
        png(FOLDER / "png" / f"{image}.png", 100 + 40 * number)
