"""Sets the image store beside PyTorch's DataLoader: images a second from the same JPEGs, on the same cores, in turns.

    just bench-loader                                                # makes the JPEGs, too
    python3 tests/bench/loader.py FOLDER [--rounds 5] [--side 224]   # needs fixtures/encoders/requirements.txt

Both sides make batches of standardised, augmented grey images for training. Ours (lgdea/data/examples/store_rate.rs)
builds the store once, decoding and resizing on all cores, and from then on reads it, on one thread. The peer is given

- torchvision.io or Pillow to decode, each with 0, 1 and 2 workers; what it is compared by is the fastest of them;
- the same augmentation, as far as torchvision has it: a shift with repeated edges, contrast, brightness and noise, but
  no illumination; constants to normalise with, where we take each image's own mean and deviation;
- workers that run already, and a first epoch that is not counted. The files are in the system's cache on both sides.

The peer decodes again in every epoch. "Cached" is the strongest that it can be made: all images resized beforehand and
held as uint8 in memory, which that first epoch is not charged for.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

CORES = 2
WORKERS = [0, 1, 2]  # that are tried
EPOCHS = [1, 2, 5, 10]  # trainings from JPEGs that rates are worked out for
STORE_RATE = ["cargo", "run", "--release", "--quiet", "-p", "lgdea-data", "--example", "store_rate", "--"]

# Before torch counts the cores; processes inherit it.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])

import torch  # noqa: E402
from PIL import Image  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402
from torchvision.io import ImageReadMode, decode_image  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

# As in workers. Without workers, threads that wait for each other are far slower where anything else runs.
torch.set_num_threads(1)


def augmentation(side: int) -> list:
    """[train.augment] of defaults.toml in torchvision's terms; a radiograph's deviation is about 0.25 of its range."""
    return [
        v2.RandomCrop(side, padding=round(0.0625 * side), padding_mode="edge"),
        v2.ColorJitter(brightness=0.15, contrast=0.15),
        v2.PILToTensor(),  # leaves tensors alone
        v2.ToDtype(torch.float32, scale=True),
        v2.GaussianNoise(sigma=0.15 / 2 * 0.25),
        v2.Normalize([0.5], [0.25]),
    ]


class Files(Dataset):
    """Images that are decoded whenever they are asked for."""

    def __init__(self, paths: list[str], side: int, decode):
        self.paths, self.decode = paths, decode
        self.transform = v2.Compose([v2.Resize((side, side), antialias=True), *augmentation(side)])

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        return self.transform(self.decode(self.paths[index]))


class Cached(Dataset):
    """Images that were decoded and resized before: uint8 [images, 1, side, side]."""

    def __init__(self, paths: list[str], side: int):
        resize = v2.Resize((side, side), antialias=True)
        self.images = torch.stack([resize(with_torchvision(path)) for path in paths])
        self.transform = v2.Compose(augmentation(side))

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(self.images[index])


def with_torchvision(path: str) -> torch.Tensor:
    return decode_image(path, ImageReadMode.GRAY)


def with_pillow(path: str) -> Image.Image:
    return Image.open(path).convert("L")


def peers(paths: list[str], side: int, batch: int) -> dict[str, tuple[DataLoader, int]]:
    """By name a loader and how many of its epochs are long enough to measure."""
    ways = {
        "torchvision.io": (Files(paths, side, with_torchvision), 1),
        "Pillow": (Files(paths, side, with_pillow), 1),
        "cached": (Cached(paths, side), 3),
    }
    return {
        f"{way}, workers: {workers}": (
            DataLoader(data, batch, shuffle=True, num_workers=workers, persistent_workers=workers > 0),
            epochs,
        )
        for way, (data, epochs) in ways.items()
        for workers in WORKERS
    }


def rate(loader: DataLoader, epochs: int) -> float:
    began = time.perf_counter()
    images = sum(len(batch) for _ in range(epochs) for batch in loader)
    return images / (time.perf_counter() - began)


def store_rate(folder: Path, side: int, batch: int) -> dict[str, float]:
    command = [*STORE_RATE, str(folder), str(side), str(batch)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def spread(values: list[float], form: str) -> str:
    median, least, greatest = (format(value, form) for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({least}–{greatest})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=224, help="of the images in training, in pixels")
    parser.add_argument("--batch", type=int, default=32)
    args = parser.parse_args()
    paths = sorted(str(path) for path in args.folder.resolve().glob("*.jpg"))
    loaders = peers(paths, args.side, args.batch)
    for loader, _ in loaders.values():
        rate(loader, 1)
    store_rate(args.folder, args.side, args.batch)

    rates: dict[str, list[float]] = {}
    for turn in range(args.rounds):
        ours = store_rate(args.folder, args.side, args.batch)
        rates.setdefault("store: building it", []).append(ours["build"])
        rates.setdefault("store: an epoch", []).append(ours["epoch"])
        for name, (loader, epochs) in loaders.items():
            rates.setdefault(f"DataLoader: {name}", []).append(rate(loader, epochs))
        print(f"round {turn + 1}:", ", ".join(f"{name} {values[-1]:.0f}" for name, values in rates.items()), flush=True)
    report(rates, f"{len(paths)} JPEGs to {args.side} pixels, batches of {args.batch}, {CORES} cores")


def report(rates: dict[str, list[float]], what: str) -> None:
    """Prints each rate, and ratios round by round to the peer whose median is the greatest."""
    print(f"\n{what}\n\n| images/s | median (least–greatest of {len(rates['store: an epoch'])} rounds) |\n|---|---|")
    for name, values in rates.items():
        print(f"| {name} | {spread(values, '.0f')} |")
    build, epoch = rates["store: building it"], rates["store: an epoch"]
    best = {
        is_cached: max(
            (name for name in rates if name.startswith("DataLoader") and ("cached" in name) == is_cached),
            key=lambda name: statistics.median(rates[name]),
        )
        for is_cached in (False, True)
    }
    decoding, cached = rates[best[False]], rates[best[True]]
    print("\n| ours : theirs | ratio, median (least–greatest) |\n|---|---|")
    rows = [
        (f"building the store : {best[False]}", build, decoding),
        (f"a later epoch : {best[False]}", epoch, decoding),
    ]
    for epochs in EPOCHS:
        # An image goes into the store once, and comes out of it in every epoch.
        training = [epochs / (1 / built + epochs / read) for built, read in zip(build, epoch)]
        rows.append((f"epochs with the store's making, {epochs} : {best[False]}", training, decoding))
    rows.append((f"a later epoch : {best[True]}", epoch, cached))
    for name, ours, theirs in rows:
        print(f"| {name} | {spread([own / other for own, other in zip(ours, theirs)], '.2f')} |")


if __name__ == "__main__":
    main()
