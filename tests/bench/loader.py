"""Sets the image store beside PyTorch's DataLoader: images a second from the same JPEGs, on the same cores, in turns.

    just bench-loader                                                # makes the JPEGs, too
    python3 tests/bench/loader.py FOLDER [--rounds 5] [--side 224]   # needs fixtures/encoders/requirements.txt

Both sides make batches of standardised, augmented grey images for training. Ours (lgdea/data/examples/store_rate.rs)
builds the store once, decoding and resizing on all cores, and from then on reads it, on one thread. The peer is given

- torchvision.io or Pillow to decode, each with 0, 1 and 2 workers; what it is compared by is the fastest of them;
- the same augmentation, as far as torchvision has it: a shift with repeated edges, contrast, brightness and noise, but
  no illumination; constants to normalise with, where we take each image's own mean and deviation;
- workers that run already, and a first epoch that is not counted. The files are in the system's cache on both sides.

Each is given in images a second, which is what counts but wants a machine that does nothing else, and in processor
time, which other programs hardly change (Linux only).

The peer decodes again in every epoch. "Cached" is the strongest that it can be made: all images resized beforehand and
held as uint8 in memory, which no epoch is charged for.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import time
from pathlib import Path

CORES = 2
BUILD, EPOCH = "store: building it", "store: an epoch"
WORKERS = [0, 1, 2]  # that are tried
EPOCHS = [1, 2, 5, 10]  # of trainings that are worked out
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


def rate(loader: DataLoader, epochs: int) -> list[float]:
    """Images a second, and milliseconds of processor time an image."""
    began, processor = time.perf_counter(), processor_seconds()
    images = sum(len(batch) for _ in range(epochs) for batch in loader)
    return [images / (time.perf_counter() - began), 1000 * (processor_seconds() - processor) / images]


def processor_seconds() -> float:
    """What this process and its workers have had of processors."""
    pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    stats = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids)
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def store_rate(folder: Path, side: int, batch: int) -> dict[str, list[float]]:
    """The same two numbers of the store's making and of an epoch."""
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

    rounds: list[dict[str, list[float]]] = []
    for turn in range(args.rounds):
        ours = store_rate(args.folder, args.side, args.batch)
        theirs = {f"DataLoader: {name}": rate(*loader) for name, loader in loaders.items()}
        rounds.append({BUILD: ours["build"], EPOCH: ours["epoch"], **theirs})
        # Said as they come, so that an interrupted comparison is not lost.
        said = ", ".join(f"{name} {values[0]:.0f}" for name, values in rounds[-1].items())
        print(f"round {turn + 1}: {said}", flush=True)
    setting = f"{len(paths)} JPEGs to {args.side} pixels, batches of {args.batch}, {CORES} cores"
    print(f"\n{setting}: median (least–greatest)")
    report(rounds)


def report(rounds: list[dict[str, list[float]]]) -> None:
    """Prints what was measured, and ratios round by round to the peer that is the fastest by the median."""
    rates = {name: [measured[name][0] for measured in rounds] for name in rounds[0]}
    costs = {name: [measured[name][1] for measured in rounds] for name in rounds[0]}
    print("\n| | images/s | processor, ms an image |\n|---|---|---|")
    for name in rates:
        print(f"| {name} | {spread(rates[name], '.0f')} | {spread(costs[name], '.2f')} |")

    def fastest(cached: bool) -> str:
        names = [name for name in rates if name.startswith("DataLoader") and ("cached" in name) == cached]
        return max(names, key=lambda name: statistics.median(rates[name]))

    decoding = fastest(cached=False)
    seconds = {name: [1 / value for value in values] for name, values in rates.items()}
    print("\n| ours : theirs | by the clock | by processor time |\n|---|---|---|")
    for what, builds, epochs, peer in [
        ("building the store", 1, 0, decoding),
        ("a later epoch", 0, 1, decoding),
        *((f"building the store and {epochs} of its epochs", 1, epochs, decoding) for epochs in EPOCHS),
        ("a later epoch", 0, 1, fastest(cached=True)),
    ]:
        clock, processor = (ratios(times, peer, builds, epochs) for times in (seconds, costs))
        print(f"| {what} : {peer} | {clock} | {processor} |")


def ratios(times: dict[str, list[float]], peer: str, builds: int, epochs: int) -> str:
    """How many times as long as we the peer takes for these epochs, or one where we build the store, round by round."""
    ours = [builds * build + epochs * epoch for build, epoch in zip(times[BUILD], times[EPOCH])]
    return spread([max(epochs, 1) * theirs / own for theirs, own in zip(times[peer], ours)], ".2f")


if __name__ == "__main__":
    main()
