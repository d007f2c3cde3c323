#!/usr/bin/env python3
"""Writes `example/` in the layout of COVIDx CXR-4: `python3 lgdea/data/src/source/covidx/example.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

LISTS = {
    "train": """\
5 ARDSSevere.png negative cohen
419639-003251 MIDRC-RICORD-1C-419639-003251-46647-0.png positive ricord
419639-003251 MIDRC-RICORD-1C-419639-003251-46647-1.png positive ricord
""",
    "val": "47c78742-4998-4878-aec4-37b11b1354ac 47c78742-4998-4878-aec4-37b11b1354ac.png negative rsna\n",
    "test": "SITE2-000265 MIDRC-RICORD-1C-SITE2-000265-99793-1.png positive ricord\n",
}

if __name__ == "__main__":
    text(FOLDER / "experiment.toml", 'data.covidx = { root = ".", validation-list = "val.txt" }\n')
    for part, lines in LISTS.items():
        text(FOLDER / f"{part}.txt", lines)
        for number, line in enumerate(lines.splitlines()):
            png(FOLDER / part / line.split()[1], 100 + 40 * number)
