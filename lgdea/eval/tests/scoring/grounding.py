"""What the protocols of grounding say of random maps, by NumPy and SciPy: writes into the folder `files` for grounding.rs.

    pip install numpy scipy
"""

import json
from pathlib import Path

import numpy as np
from scipy import ndimage, stats

HERE = Path(__file__).parent / "files"
random = np.random.default_rng(7)
CLASSES = ["Edema", "Pleural Effusion", "Lung Nodule"]
phrases, rows = [], []
for phrase in range(12):
    width, height = (int(side) for side in random.integers(30, 60, 2))
    boxes = []
    for _ in range(0 if phrase % 4 == 3 else 1 + phrase % 2):
        # On pixel borders, so that pixels are wholly within or not.
        x, y = int(random.integers(0, width - 12)), int(random.integers(0, height - 12))
        boxes.append([x, y, int(random.integers(5, 12)), int(random.integers(5, 12))])
    phrases.append({"class": CLASSES[phrase % 3], "size": (width, height), "boxes": boxes})
    for box in boxes or [[""] * 4]:
        rows.append([f"p{phrase}", f"patient{phrase // 2}", CLASSES[phrase % 3], *box, width, height])
header = "id,patient,class,x,y,width,height,image_width,image_height"
lines = [header] + [",".join(str(cell) for cell in row) for row in rows]
(HERE / "boxes.csv").write_text("\n".join(lines) + "\n")
maps = np.round(random.normal(size=(12, 7, 5)), 3).astype(np.float32)
for phrase, one in enumerate(phrases):
    # Two of three maps peak in a box.
    if phrase % 3 and one["boxes"]:
        x, y, w, h = one["boxes"][0]
        maps[phrase, int((y + h / 2) / one["size"][1] * 7), int((x + w / 2) / one["size"][0] * 5)] += 4
order = random.permutation(12)
np.savez(HERE / "maps.npz", maps=maps[order], ids=np.array([f"p{i}" for i in range(12)])[order])


def linear(length_in, length_out):
    """The matrix of linear interpolation between pixel centres, edges repeated."""
    at = np.clip((np.arange(length_out) + 0.5) * length_in / length_out - 0.5, 0, length_in - 1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(length_in)[None, :]))


def to_frame(values, height, width, how):
    if how == "nearest":
        take = [np.floor(np.arange(out) * size / out).astype(int) for out, size in zip((height, width), values.shape)]
        return values[np.ix_(*take)]
    return linear(values.shape[0], height) @ values @ linear(values.shape[1], width).T


def region(boxes, size, height, width):
    ys, xs = (np.arange(height) + 0.5) / height * size[1], (np.arange(width) + 0.5) / width * size[0]
    covered = np.zeros((height, width), bool)
    for x, y, w, h in boxes:
        covered |= ((ys >= y) & (ys < y + h))[:, None] & ((xs >= x) & (xs < x + w))[None, :]
    return covered


def normalised(values, how):
    low, high = values.min(), values.max()
    scaled = (values - low) / (high - low)
    return {"none": values, "min-max": scaled, "symmetric": 2 * scaled - 1, "clamp-at-zero": np.maximum(values, 0)}[how]


def measure(values, phrase, boxes, sigma, how, frame, scale, thresholds, ties):
    width, height = phrase["size"] if frame == "image" else (frame, frame)
    smooth = ndimage.gaussian_filter(values.astype(float), sigma) if sigma else values.astype(float)
    shown, inside = to_frame(smooth, height, width, how), region(boxes, phrase["size"], height, width)
    maxima = shown >= shown.max() - 1e-12
    share = (maxima & inside).sum() / maxima.sum()
    found = {"pointing": float(share > 0) if ties == "any" else share}
    signed = (shown[inside].mean() - shown[~inside].mean()) / np.sqrt(shown[inside].var() + shown[~inside].var())
    found |= {"cnr": abs(signed), "cnr_signed": signed}
    predicted = [normalised(shown, scale) >= threshold for threshold in thresholds]
    if thresholds:
        found["miou"] = np.mean([(p & inside).sum() / (p | inside).sum() for p in predicted])
        found["dice"] = np.mean([2 * (p & inside).sum() / (p.sum() + inside.sum()) for p in predicted])
    return found


FIVE = [0.1, 0.2, 0.3, 0.4, 0.5]
PROTOCOLS = {
    "grounding/lgdea-v1": (0, "bilinear", 224, "min-max", FIVE, "share", "union", "phrases"),
    "ms-cxr/biovil-v1": (1.5, "nearest", "image", "clamp-at-zero", FIVE, "share", "union", "classes"),
    "ms-cxr/maco-v1": (1.5, "bilinear", 224, "symmetric", FIVE, "any", "union", "phrases"),
    "ms-cxr/radzero-v1": (0, "bilinear", "image", "none", [], "share", "each", "phrases"),
    "chestx-det10/radzero-v1": (0, "bilinear", "image", "none", [], "share", "union", "classes"),
    "rsna/medklip-v1": (0, "nearest", 224, "none", [0.008], "any", "union", "phrases"),
    "padchest-gr/v1": (0, "bilinear", "image", "min-max", FIVE, "share", "union", "phrases"),
}
expected = {}
for name, (*switches, merging, mean_over) in PROTOCOLS.items():
    found = [
        (phrase["class"], measure(values, phrase, boxes, *switches))
        for values, phrase in zip(maps, phrases)
        for boxes in ([phrase["boxes"]] if merging == "union" else [[box] for box in phrase["boxes"]])
        if phrase["boxes"]
    ]
    expected[name] = {}
    for metric in found[0][1]:
        values = [one[metric] for _, one in found]
        if mean_over == "classes":
            values = [np.mean([one[metric] for c, one in found if c == wanted]) for wanted in CLASSES]
        expected[name][f"grounding/{metric}"] = float(np.mean(values))
        edema = [one[metric] for c, one in found if c == "Edema"]
        expected[name][f"grounding/{metric}/edema"] = float(np.mean(edema))
there, peaks = np.array([bool(p["boxes"]) for p in phrases]), maps.max(axis=(1, 2))
auroc = stats.mannwhitneyu(peaks[there], peaks[~there]).statistic / (there.sum() * (~there).sum())
for name in ("grounding/lgdea-v1", "padchest-gr/v1"):
    expected[name]["grounding/groundability"] = float(auroc)
(HERE / "grounding.json").write_text(json.dumps(expected, indent=1) + "\n")
