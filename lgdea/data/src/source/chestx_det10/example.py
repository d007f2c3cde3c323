#!/usr/bin/env python3
"""Writes `example/` in ChestX-Det10's layout: `python3 lgdea/data/src/source/chestx_det10/example.py`."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

TRAIN = [
    {"file_name": "00000042_006.png", "syms": ["Fibrosis", "Effusion"], "boxes": [[632, 721, 909, 969], [129, 611, 474, 909]]},
    {"file_name": "00000057_000.png", "syms": [], "boxes": []},
]
TEST = [{"file_name": "00000063_001.png", "syms": ["Nodule"], "boxes": [[256, 512, 384, 640]]}]

if __name__ == "__main__":
    text(FOLDER / "experiment.toml", 'data.chestx-det10.root = "."\n')
    for part, entries in [("train", TRAIN), ("test", TEST)]:
        text(FOLDER / f"{part}.json", json.dumps(entries))
        for number, entry in enumerate(entries):
            png(FOLDER / f"{part}_data" / entry["file_name"], 120 + 40 * number)
