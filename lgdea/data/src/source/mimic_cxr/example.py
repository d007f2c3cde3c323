#!/usr/bin/env python3
"""Writes `example/` in MIMIC-CXR-JPG's layout, with reports and MS-CXR's boxes:
`python3 lgdea/data/src/source/mimic_cxr/example.py`. All numbers, dates and texts are made up."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny import jpeg, text

FOLDER = Path(__file__).with_name("example")

EXPERIMENT = """\
[data.mimic-cxr]
root = "."
views = "with-laterals"
boxes = "MS_CXR_Local_Alignment_v1.1.0.csv"
patients = "patients.csv"
"""

METADATA = """\
dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime,\
ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning
0a1b0001-00000000-00000000-00000000-00000001,10000001,50000001,CHEST (PA AND LAT),PA,3056,2544,21800506,213014.531,\
CHEST (PA AND LAT),postero-anterior,Erect
0a1b0001-00000000-00000000-00000000-00000002,10000001,50000001,CHEST (PA AND LAT),LATERAL,3056,2544,21800506,213014.531,\
CHEST (PA AND LAT),lateral,Erect
0a1b0002-00000000-00000000-00000000-00000001,10000002,50000002,CHEST (PORTABLE AP),,2022,1736,21510312,93000.0,\
CHEST (PORTABLE AP),,Recumbent
0a1b0003-00000000-00000000-00000000-00000001,10000003,50000003,CHEST (PORTABLE AP),AP,2544,3056,21210101,1200.0,\
CHEST (PORTABLE AP),antero-posterior,
"""

SPLIT = """\
dicom_id,study_id,subject_id,split
0a1b0001-00000000-00000000-00000000-00000001,50000001,10000001,train
0a1b0001-00000000-00000000-00000000-00000002,50000001,10000001,train
0a1b0002-00000000-00000000-00000000-00000001,50000002,10000002,validate
0a1b0003-00000000-00000000-00000000-00000001,50000003,10000003,test
"""

LABELS = """\
subject_id,study_id,Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,\
Lung Opacity,No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices
10000001,50000001,,,,,,,,,1.0,,,,,
10000002,50000002,,1.0,,-1.0,,,,,,0.0,,,,1.0
10000003,50000003,,,,,,,,1.0,,1.0,,,,
"""

SECTIONED = """\
study,impression,findings,last_paragraph,comparison
s50000001,No acute cardiopulmonary process.,"The lungs are clear.
 Heart size is normal.",,None.
s50000002,,"The heart is enlarged. An endotracheal tube is in place.",,
s50000003,Small left pleural effusion.,,,___
"""

BOXES = """\
dicom_id,category_name,label_text,path,x,y,w,h,image_width,image_height,split
0a1b0003-00000000-00000000-00000000-00000001,Pleural Effusion,small left pleural effusion,\
files/p10/p10000003/s50000003/0a1b0003-00000000-00000000-00000000-00000001.jpg,1528,1272,764,636,3056,2544,test
0a1b0003-00000000-00000000-00000000-00000001,Pleural Effusion,small left pleural effusion,\
files/p10/p10000003/s50000003/0a1b0003-00000000-00000000-00000000-00000001.jpg,100,200,300,400,3056,2544,test
"""

PATIENTS = """\
subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod
10000001,F,52,2180,2014 - 2016,2180-09-09
10000002,M,70,2148,2011 - 2013,
10000003,F,91,2121,2008 - 2010,
"""

if __name__ == "__main__":
    text(FOLDER / "experiment.toml", EXPERIMENT)
    for name, content in (("metadata", METADATA), ("split", SPLIT), ("chexpert", LABELS)):
        text(FOLDER / f"mimic-cxr-2.0.0-{name}.csv", content)
    text(FOLDER / "mimic_cxr_sectioned.csv", SECTIONED)
    text(FOLDER / "MS_CXR_Local_Alignment_v1.1.0.csv", BOXES)
    text(FOLDER / "patients.csv", PATIENTS)
    for number, row in enumerate(METADATA.splitlines()[1:]):
        image, patient, study = row.split(",")[:3]
        jpeg(FOLDER / "files" / f"p{patient[:2]}" / f"p{patient}" / f"s{study}" / f"{image}.jpg", 100 + 40 * number)
