#!/usr/bin/env python3
"""Writes `example/` in the layout of CXR-LT 2024 and MIMIC-CXR-JPG: `python3 lgdea/data/src/source/cxr_lt/example.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import png, text

FOLDER = Path(__file__).with_name("example")

TASK_1 = (
    "Adenopathy,Atelectasis,Azygos Lobe,Calcification of the Aorta,Cardiomegaly,Clavicle Fracture,Consolidation,Edema,Emphysema,"
    "Enlarged Cardiomediastinum,Fibrosis,Fissure,Fracture,Granuloma,Hernia,Hydropneumothorax,Infarction,Infiltration,Kyphosis,"
    "Lobar Atelectasis,Lung Lesion,Lung Opacity,Mass,Nodule,Normal,Pleural Effusion,Pleural Other,Pleural Thickening,"
    "Pneumomediastinum,Pneumonia,Pneumoperitoneum,Pneumothorax,Pulmonary Embolism,Pulmonary Hypertension,Rib Fracture,"
    "Round(ed) Atelectasis,Subcutaneous Emphysema,Support Devices,Tortuous Aorta,Tuberculosis"
)

# Image, patient, study, view in a code and in words, and what is there.
IMAGES = {
    "train_labeled": [
        ("02aa804e-bde0afdd", 10000032, 50414267, "AP", "antero-posterior", {"Edema", "Support Devices"}),
        ("174413ec-4ec4c1f7", 10000032, 50414267, "LATERAL", "lateral", {"Edema", "Support Devices"}),
        ("2a2277a9-b0ded155", 10000032, 53189527, "PA", "postero-anterior", {"Normal"}),
    ],
    "development_labeled_task1": [("68b5c4b1-227d0485", 10000764, 57375967, "AP", "", {"Round(ed) Atelectasis"})],
    "test_labeled_task1": [("0d930f0a-46f813a9", 10000898, 50771383, "", "postero-anterior", {"Normal"})],
}


def path(image: str, patient: int, study: int) -> str:
    return f"files/p{str(patient)[:2]}/p{patient}/s{study}/{image}.jpg"


if __name__ == "__main__":
    settings = 'data.cxr-lt = { root = ".", tables = "cxr-lt-2024", views = "with-laterals" }\n'
    text(FOLDER / "experiment.toml", settings)
    for name, images in IMAGES.items():
        lines = [f"dicom_id,subject_id,study_id,ViewPosition,ViewCodeSequence_CodeMeaning,fpath,{TASK_1}"]
        for number, (image, patient, study, code, words, seen) in enumerate(images):
            labels = ",".join("1" if finding in seen else "0" for finding in TASK_1.split(","))
            file = path(image, patient, study)
            lines.append(f"{image},{patient},{study},{code},{words},{file},{labels}")
            # What a file is, its first bytes say, whatever it is called.
            png(FOLDER / file, 100 + 40 * number)
        text(FOLDER / "cxr-lt-2024" / f"{name}.csv", "\n".join(lines) + "\n")
