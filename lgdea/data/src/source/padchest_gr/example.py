#!/usr/bin/env python3
"""Writes `example/` in PadChest-GR's layout: `python3 lgdea/data/src/source/padchest_gr/example.py`."""

import csv
import io
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

FIRST, SECOND = "251488034557732338959601580328898734705", "216840111366964013340662495472014009121512000"
REPORTS = [
    {
        "StudyID": FIRST,
        "ImageID": f"{FIRST}_wigcpj.png",
        "PreviousStudyID": None,
        "PreviousImageID": None,
        "findings": [
            {
                "sentence_en": "Minimal biapical pleural thickening.",
                "sentence_es": "Mínimo engrosamiento pleural biapical.",
                "abnormal": True,
                "boxes": [[0.125, 0.125, 0.375, 0.25], [0.625, 0.125, 0.875, 0.25]],
                "extra_boxes": [],
                "labels": ["apical pleural thickening"],
                "locations": ["pleural", "apical", "bilateral"],
                "progression": None,
            },
            {"sentence_en": "No pleural effusion.", "sentence_es": "Sin derrame pleural.", "abnormal": False},
        ],
    },
    {
        "StudyID": SECOND,
        "ImageID": f"{SECOND}_02-070-191.png",
        "PreviousStudyID": None,
        "PreviousImageID": None,
        "findings": [
            {
                "sentence_en": "No relevant findings.",
                "sentence_es": "Sin hallazgos relevantes.",
                "abnormal": False,
                "boxes": [],
                "extra_boxes": [],
                "labels": ["Normal"],
                "locations": [],
                "progression": None,
            }
        ],
    },
]

COLUMNS = [
    "StudyID", "ImageID", "label", "boxes_count", "extra_boxes_count", "locations", "prior_study", "progression_status",
    "prior_imageID", "sentence_en", "sentence_es", "study_is_benchmark", "study_is_validation", "split", "PatientID",
    "patient_is_benchmark", "PatientBirth", "PatientSex_DICOM", "StudyDate_DICOM", "StudyDate", "PatientAge", "label_group",
    "Year",
]  # fmt: skip

PEOPLE = [
    {"split": "train", "PatientID": "87340916213437212135213406452019829911", "PatientSex_DICOM": "F", "PatientAge": "64"},
    {"split": "test", "PatientID": "154837113106310205943829016502741062711", "PatientSex_DICOM": "M", "PatientAge": "51"},
]

if __name__ == "__main__":
    text(FOLDER / "experiment.toml", 'data.padchest-gr.root = "."\n')
    text(FOLDER / "grounded_reports_20240819.json", json.dumps(REPORTS, ensure_ascii=False))
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, (report, person) in enumerate(zip(REPORTS, PEOPLE)):
        label = report["findings"][0]["labels"][0]
        writer.writerow({"StudyID": report["StudyID"], "ImageID": report["ImageID"], "label": label} | person)
        png(FOLDER / "PadChest_GR" / report["ImageID"], 160 + 40 * number, bits=16)
    text(FOLDER / "master_table.csv", table.getvalue())
