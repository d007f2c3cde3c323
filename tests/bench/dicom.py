"""Sets the image store beside pydicom: images a second from the same DICOM files, on the same two cores, in turns.

    just bench-loader                                            # after the JPEGs
    python3 tests/bench/dicom.py FOLDER [--rounds 5] [--side 224]

FOLDER takes radiographs of 1024 x 1024 pixels of 12 bits (JPEG baseline: 8) in several transfer syntaxes (made once). Both sides read, window and
resize to one size. Ours (lgdea/data/examples/store_rate.rs) builds the store, on all cores. The peer is a pool of two processes
that run already, as a DataLoader has them, in which pydicom decodes by the plugin that it takes by itself, of pylibjpeg, pyjpegls,
GDCM and Pillow. Needs numpy, pydicom, pylibjpeg[all], pyjpegls, python-gdcm and pillow.

Each is given in images a second, which wants a machine that does nothing else, and in milliseconds of processor time an image,
which other programs hardly change (Linux only).
"""

import argparse
import io
import json
import multiprocessing
import os
import statistics
import subprocess
import time
from pathlib import Path

CORES = 2
os.environ["OPENBLAS_NUM_THREADS"] = "1"
# Processes inherit it.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])

import gdcm  # noqa: E402
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from pydicom import dcmread  # noqa: E402
from pydicom.dataset import FileDataset, FileMetaDataset  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.pixels import apply_modality_lut, apply_voi_lut  # noqa: E402
from pydicom.uid import (  # noqa: E402
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

FILES, SIDE = 24, 1024
STORE_RATE = ["cargo", "run", "--release", "--quiet", "-p", "lgdea-data", "--example", "store_rate", "--"]


def radiograph(seed):
    """Smooth shades of 12 bits with the noise of a detector."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = f"1.2.{seed + 1}"
    ds = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.Rows = ds.Columns = SIDE
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth, ds.RescaleSlope, ds.RescaleIntercept = 2048, 3000, 1, 0
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    noise = np.random.default_rng(seed).normal(0, 12, (SIDE, SIDE))
    shades = 2000 + 1200 * np.sin(x / 170 + seed) * np.cos(y / 210) + noise
    ds.PixelData = shades.clip(0, 4095).astype("<u2").tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def jpeg_lossless(source, target):
    reader = gdcm.ImageReader()
    reader.SetFileName(str(source))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def jpeg_baseline(seed, target):
    """As RSNA's and SIIM's files are: 8 bits, lossy."""
    ds = radiograph(seed)
    grey = (ds.pixel_array >> 4).astype("uint8")
    jpeg = io.BytesIO()
    Image.fromarray(grey).save(jpeg, "JPEG", quality=90)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.WindowCenter, ds.WindowWidth = 128, 188
    ds.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    ds.PixelData = encapsulate([jpeg.getvalue()])
    ds["PixelData"].VR = "OB"
    ds.save_as(target, enforce_file_format=True)


def make(folder):
    syntaxes = {"rle": RLELossless, "jpeg-ls": JPEGLSLossless, "jpeg-2000": JPEG2000Lossless}
    for kind in ["uncompressed", "jpeg-baseline", "jpeg-lossless", *syntaxes]:
        (folder / kind).mkdir(parents=True)
    for seed in range(FILES):
        plain = folder / "uncompressed" / f"{seed}.dcm"
        radiograph(seed).save_as(plain, enforce_file_format=True)
        jpeg_baseline(seed, folder / "jpeg-baseline" / plain.name)
        jpeg_lossless(plain, folder / "jpeg-lossless" / plain.name)
        for kind, syntax in syntaxes.items():
            ds = radiograph(seed)
            ds.compress(syntax, generate_instance_uid=False)
            ds.save_as(folder / kind / plain.name, enforce_file_format=True)


def square(task):
    """An image as pydicom and Pillow make it, and the processor seconds that it took."""
    file, side = task
    began = time.process_time()
    ds = dcmread(file)
    shades = apply_voi_lut(apply_modality_lut(ds.pixel_array, ds), ds)
    low, high = shades.min(), shades.max()
    grey = ((shades - low) / (high - low) * 255).astype("uint8")
    # Pillow's filter widens with the reduction, as ours does.
    pixels = np.asarray(Image.fromarray(grey).resize((side, side), Image.BILINEAR))
    return pixels, time.process_time() - began


def by_pydicom(pool, files, side):
    """Images a second, and milliseconds of processor time an image."""
    began = time.perf_counter()
    done = pool.map(square, [(file, side) for file in files], chunksize=1)
    return [len(files) / (time.perf_counter() - began), 1000 * sum(seconds for _, seconds in done) / len(files)]


def by_the_store(store_rate, folder, side):
    """The same two."""
    said = subprocess.run([*store_rate, folder, str(side), "8", "1"], capture_output=True, text=True, check=True)
    return json.loads(said.stdout)["build"]


def spread(values, form):
    median, least, greatest = (format(value, form) for value in (statistics.median(values), min(values), max(values)))
    return f"{median} ({least}–{greatest})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--side", type=int, default=224, help="of the images in training, in pixels")
    parser.add_argument("--store-rate", type=lambda path: [path], default=STORE_RATE, help="the built example `store_rate`")
    args = parser.parse_args()
    if not args.folder.exists():
        make(args.folder)
    kinds = sorted(path for path in args.folder.iterdir() if path.is_dir())
    files = {kind: sorted(kind.glob("*.dcm")) for kind in kinds}
    measured = {kind: ([], []) for kind in kinds}
    with multiprocessing.Pool(CORES) as pool:
        for kind in kinds:
            by_pydicom(pool, files[kind], args.side)
        for _ in range(args.rounds):
            for kind, (ours, theirs) in measured.items():
                ours.append(by_the_store(args.store_rate, kind, args.side))
                theirs.append(by_pydicom(pool, files[kind], args.side))
    print(f"{FILES} files of {SIDE} x {SIDE} pixels to {args.side}, {CORES} cores, {args.rounds} rounds: median (least–greatest)\n")
    print("| | store, images/s | pydicom, images/s | times as fast | store, processor ms | pydicom, processor ms | times as fast |")
    print("|---|---|---|---|---|---|---|")
    for kind, (ours, theirs) in measured.items():
        cells = []
        for which, form in [(0, ".0f"), (1, ".1f")]:
            own, other = ([one[which] for one in side] for side in (ours, theirs))
            ratios = [a / b if which == 0 else b / a for a, b in zip(own, other)]
            cells += [spread(own, form), spread(other, form), spread(ratios, ".1f")]
        print(f"| {kind.name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
