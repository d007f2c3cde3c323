#!/usr/bin/env python3
"""Writes `example/` in PadChest's layout: `python3 lgdea/data/src/source/padchest/example.py`."""

import csv
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

COLUMNS = [
    "", "ImageID", "ImageDir", "StudyDate_DICOM", "StudyID", "PatientID", "PatientBirth", "PatientSex_DICOM",
    "ViewPosition_DICOM", "Projection", "MethodProjection", "Pediatric", "Modality_DICOM", "Manufacturer_DICOM",
    "PhotometricInterpretation_DICOM", "PixelRepresentation_DICOM", "PixelAspectRatio_DICOM", "SpatialResolution_DICOM",
    "BitsStored_DICOM", "WindowCenter_DICOM", "WindowWidth_DICOM", "Rows_DICOM", "Columns_DICOM", "XRayTubeCurrent_DICOM",
    "Exposure_DICOM", "ExposureInuAs_DICOM", "ExposureTime", "RelativeXRayExposure_DICOM", "ReportID", "Report",
    "MethodLabel", "Labels", "Localizations", "LabelsLocalizationsBySentence", "labelCUIS", "LocalizationsCUIS",
]  # fmt: skip

FIRST, SECOND = "20536686640136348236148679891455886468", "135803415504923515076821959678074435083"
ROWS = [
    {
        "ImageID": f"{FIRST}_k6ga29.png", "ImageDir": "0", "StudyDate_DICOM": "20140915", "StudyID": FIRST,
        "PatientID": "839860488694292331637988235681460987", "PatientBirth": "1930.0", "PatientSex_DICOM": "F",
        "Projection": "PA", "Report": "sin hallazg patolog edad pacient .", "MethodLabel": "Physician", "Labels": "['normal']",
    },
    {
        "ImageID": f"{SECOND}_fzis7d.png", "ImageDir": "54", "StudyDate_DICOM": "20150914", "StudyID": SECOND,
        "PatientID": "313572750430997347502932654319389875966", "PatientBirth": "1951.0", "PatientSex_DICOM": "M",
        "Projection": "AP_horizontal", "Report": "cardiomegali . derram pleural bilateral .", "MethodLabel": "RNN_model",
        "Labels": "['pleural effusion', ' cardiomegaly']",
    },
]  # fmt: skip

if __name__ == "__main__":
    text(FOLDER / "experiment.toml", 'data.padchest.root = "."\n')
    table = io.StringIO()
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(ROWS):
        writer.writerow({"": number, "Modality_DICOM": "CR", "BitsStored_DICOM": "12"} | row)
        png(FOLDER / row["ImageDir"] / row["ImageID"], 160 + 40 * number, bits=16)
    text(FOLDER / "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv", table.getvalue())
