#!/usr/bin/env python3
"""Joins what MIMIC-CXR-JPG distributes into the files that experiments/mimic_resnet50_10pct.toml reads.

    python3 experiments/mimic_cxr_jpg.py FOLDER --reports mimic_cxr_sectioned.csv [--boxes MS_CXR_Local_Alignment_v1.1.0.csv]

FOLDER is MIMIC-CXR-JPG's, with `files/` and its three tables (as .csv or .csv.gz):

- mimic-cxr-2.0.0-metadata.csv  which image is of which study, and its view
- mimic-cxr-2.0.0-split.csv     train, validate, test
- mimic-cxr-2.0.0-chexpert.csv  labels

`--reports` are MIMIC-CXR's reports in sections, one row a study (study, findings, impression), as `create_section_files.py` of
MIT-LCP's mimic-cxr repository writes them. FOLDER/master.csv is written: one row a frontal image.

`--boxes` is MS-CXR's table. FOLDER/boxes.csv is written then, and all studies of its patients go to the test split, as no model
may have trained on them. A study is read with one image: the one that has boxes, where one has.

Needs Python 3.9 or later and nothing else.
"""

import argparse
import csv
import gzip
import sys
from pathlib import Path
from typing import Iterator

FRONTAL = {"AP", "PA"}
SPLITS = {"train": "train", "validate": "validation", "test": "test"}
BOX = ["x", "y", "w", "h", "image_width", "image_height"]


def rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a table, plain or compressed, which must have the columns."""
    found = next((p for p in (path, path.with_name(path.name + ".gz")) if p.exists()), None)
    if found is None:
        sys.exit(f"{path} is missing (nor is there {path.name}.gz)")
    with (gzip.open if found.suffix == ".gz" else open)(found, "rt", newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        missing = [column for column in columns if column not in (table.fieldnames or [])]
        if missing:
            sys.exit(f"{found} has no column {', '.join(missing)}; its columns are {', '.join(table.fieldnames or [])}")
        yield from table


def number(identifier: str) -> str:
    """Patients and studies are written with and without their letter: p10000032, s50414267."""
    return identifier.strip().lstrip("ps")


def image_path(patient: str, study: str, image: str) -> str:
    return f"files/p{patient[:2]}/p{patient}/s{study}/{image}.jpg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reports", type=Path, required=True, help="mimic_cxr_sectioned.csv")
    parser.add_argument("--boxes", type=Path, help="MS_CXR_Local_Alignment_v1.1.0.csv")
    args = parser.parse_args()

    def table(name: str) -> Path:
        return args.folder / f"mimic-cxr-2.0.0-{name}.csv"

    reports = {number(row["study"]): row for row in rows(args.reports, "study", "findings", "impression")}
    split = {row["dicom_id"]: SPLITS[row["split"]] for row in rows(table("split"), "dicom_id", "split")}
    labels = {number(row["study_id"]): row for row in rows(table("chexpert"), "study_id")}
    findings = [name for name in next(iter(labels.values()), {}) if name not in ("subject_id", "study_id")]
    images = [
        (number(row["subject_id"]), number(row["study_id"]), row["dicom_id"], row["ViewPosition"])
        for row in rows(table("metadata"), "dicom_id", "subject_id", "study_id", "ViewPosition")
        if row["ViewPosition"] in FRONTAL
    ]
    without = [image for _, _, image, _ in images if image not in split]
    if without:
        sys.exit(f"{len(without)} images are in no split, such as {without[0]}: do the three tables belong together?")
    needed = ("dicom_id", "category_name", "label_text", *BOX)
    boxes = list(rows(args.boxes, *needed)) if args.boxes else []
    boxed = {row["dicom_id"] for row in boxes}
    held_out = {patient for patient, _, image, _ in images if image in boxed}
    # Stable: of a study's images those with boxes come first.
    images.sort(key=lambda image: image[2] not in boxed)

    header = ["Path", "subject_id", "study_id", "ViewPosition", "split", "findings", "impression", *findings]
    with open(args.folder / "master.csv", "w", newline="", encoding="utf-8") as file:
        master = csv.writer(file)
        master.writerow(header)
        for patient, study, image, view in images:
            report, label = reports.get(study, {}), labels.get(study, {})
            part = "test" if patient in held_out else split[image]
            texts = [report.get("findings", ""), report.get("impression", "")]
            values = [label.get(name, "") for name in findings]
            master.writerow([image_path(patient, study, image), patient, study, view, part, *texts, *values])
    with_report = sum(study in reports for _, study, _, _ in images)
    print(f"{args.folder / 'master.csv'}: {len(images)} frontal images, {with_report} of studies with a report")
    if not args.boxes:
        return
    where = {image: (patient, study) for patient, study, image, _ in images}
    with open(args.folder / "boxes.csv", "w", newline="", encoding="utf-8") as file:
        written = csv.writer(file)
        written.writerow(["study_id", "Path", "finding", "phrase", *BOX])
        for row in boxes:
            if row["dicom_id"] in where:
                patient, study = where[row["dicom_id"]]
                path = image_path(patient, study, row["dicom_id"])
                written.writerow([study, path, row["category_name"], row["label_text"], *(row[name] for name in BOX)])
    print(f"{args.folder / 'boxes.csv'}: {len(boxes)} boxes; {len(held_out)} patients who have some are in the test split")


if __name__ == "__main__":
    main()
