"""Made-up inputs for scale.py: a long sweep file, reports, and a MIMIC-CXR without pixels."""

import csv
import gzip
import random
from pathlib import Path

SMOKE = Path(__file__).resolve().parents[2] / "experiments" / "smoke.toml"

# What a report may say: most of it is denied or normal, as in real ones.
NORMAL = """
The heart is normal in size.
The cardiomediastinal silhouette is within normal limits.
The mediastinum is unremarkable.
The lungs are clear.
No focal consolidation, pleural effusion or pneumothorax.
There is no evidence of pneumonia.
No acute bony abnormality.
The pulmonary vascularity is normal.
No pneumothorax is seen.
The hilar contours are normal.
Degenerative changes of the thoracic spine.
No suspicious pulmonary nodules.
""".strip().splitlines()
ABNORMAL = """
There is a {grade} {side} pleural effusion with adjacent atelectasis.
{Grade} cardiomegaly is unchanged.
Patchy opacity in the {side} lower lobe, which may represent pneumonia or aspiration.
{Grade} interstitial edema, improved since {month}.
A calcified granuloma in the {side} upper lobe is stable.
Low lung volumes with bibasilar atelectasis.
The {side} PICC line ends in the superior vena cava.
A {size} mm nodule projects over the {side} mid lung.
Old healed fracture of the {side} sixth rib.
The endotracheal tube has been removed. {Grade} vascular congestion persists.
""".strip().splitlines()
IMPRESSIONS = """
No acute cardiopulmonary disease.
{Grade} {side} effusion, possibly with superimposed infection.
Stable cardiomegaly without overt edema.
No change since the prior study of {month}.
""".strip().splitlines()


def make_plan(path, trials):
    """A sweep file of so many trials, a thousand a seed and point of the first axis."""
    points = trials // 10_000
    axes = {
        "train.learning-rate": [1e-4 * (1 + point) for point in range(points)],
        "train.weight-decay": [0.01 * (1 + point) for point in range(10)],
        "loss.evidence-local.weight": [0.1 * (1 + point) for point in range(10)],
        "graph.share": [0.05 * point for point in range(10)],
    }
    grid = "\n".join(f"{key} = {[round(value, 6) for value in values]}" for key, values in axes.items())
    path.write_text(f'experiment = "{SMOKE}"\n\n[grid]\n{grid}\n\n[seeds]\ncount = 10\n')
    return path


def sentences(rng):
    grade, side = rng.choice(["mild", "moderate", "large", "small"]), rng.choice(["left", "right"])
    words = {"grade": grade, "Grade": grade.capitalize(), "side": side, "size": rng.randint(3, 19), "month": "March"}
    said = rng.sample(NORMAL, rng.randint(2, 4)) + rng.sample(ABNORMAL, rng.choice([0, 1, 1, 2]))
    rng.shuffle(said)
    return " ".join(said).format(**words), rng.choice(IMPRESSIONS).format(**words)


def make_reports(path, count):
    """A CSV file of reports in two sections, some 290 characters each, as Open-I's are."""
    if not path.exists():
        rng = random.Random(0)
        with open(path.with_suffix(".new"), "w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["report_id", "report"])
            for number in range(count):
                findings, impression = sentences(rng)
                rows.writerow([f"s{number:08}", f"FINDINGS: {findings}\nIMPRESSION: {impression}"])
        path.with_suffix(".new").rename(path)
    return path


def make_data(folder, images):
    """The tables, the table of reports and the empty image files of a MIMIC-CXR-JPG; returns a sweep file that reads it."""
    file = folder / "sweep.toml"
    if file.exists():
        return file
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(0)
    studies = [(10_000_000 + number // 3 * 7, 50_000_000 + number * 3) for number in range(images * 227_835 // 377_110)]
    films = [*studies, *(rng.choice(studies) for _ in range(images - len(studies)))]
    films = [(f"{number:08x}-{'0' * 8}-{'0' * 8}-{'0' * 8}-{'0' * 8}", *film) for number, film in enumerate(films)]
    for image, patient, study in films:
        place = folder / f"files/p{str(patient)[:2]}/p{patient}/s{study}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{image}.jpg").touch()
    views = {image: rng.choice(["PA", "AP", "AP", "LATERAL"]) if number >= len(studies) else "PA" for number, (image, *_) in enumerate(films)}
    split = {study: rng.choices(["train", "validate", "test"], [97, 1, 2])[0] for _, study in studies}
    table(folder, "metadata", ["dicom_id", "subject_id", "study_id", "ViewPosition"], ([*film, views[film[0]]] for film in films))
    table(folder, "split", ["dicom_id", "study_id", "subject_id", "split"], ([i, s, p, split[s]] for i, p, s in films))
    findings = ["Atelectasis", "Cardiomegaly", "Edema", "No Finding", "Pleural Effusion", "Pneumonia"]
    labels = ([p, s, *(rng.choice(["", "", "1.0", "0.0", "-1.0"]) for _ in findings)] for p, s in studies)
    table(folder, "chexpert", ["subject_id", "study_id", *findings], labels)
    with open(folder / "mimic_cxr_sectioned.csv", "w", newline="") as reports:
        rows = csv.writer(reports)
        rows.writerow(["study", "impression", "findings", "last_paragraph", "comparison"])
        for _, study in studies:
            said, impression = sentences(rng)
            rows.writerow([f"s{study}", impression, said, "", ""])
    file.write_text(f'experiment = "{made_up_experiment(folder)}"\n\n[seeds]\ncount = 5\n')
    return file


def made_up_experiment(folder):
    """The experiment that reads the set: the one that is shipped, without its boxes, weights and variables."""
    path = folder / "experiment.toml"
    path.write_text(
        f'extends = "{SMOKE.with_name("low_pair.toml")}"\nname = "made-up-mimic"\n\n[data.mimic-cxr]\nroot = "{folder}"\n'
        'reports = ""\n\n[eval]\nzero-shot.prompts = "chexpert"\ngrounding.enabled = false\n'
    )
    return path


def table(folder, name, header, rows):
    with gzip.open(folder / f"mimic-cxr-2.0.0-{name}.csv.gz", "wt", compresslevel=1, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
