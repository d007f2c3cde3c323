"""How fast DICOM files become an image store, beside pydicom, on one thread: `python tests/bench/dicom.py FOLDER STORE_RATE`.

FOLDER takes radiographs of 1024 x 1024 in several transfer syntaxes (made once); STORE_RATE is the built example
`store_rate` of `lgdea-data`. Both read, window and resize to 224. Needs numpy, pydicom, pylibjpeg[all], pyjpegls, python-gdcm and pillow.
Prints milliseconds of processor time an image, which other programs hardly change.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import gdcm
import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

FILES, SIDE = 24, 1024


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


def make(folder):
    syntaxes = {"rle": RLELossless, "jpeg-ls": JPEGLSLossless, "jpeg-2000": JPEG2000Lossless}
    for kind in ["uncompressed", "jpeg-lossless", *syntaxes]:
        (folder / kind).mkdir(parents=True)
    for seed in range(FILES):
        plain = folder / "uncompressed" / f"{seed}.dcm"
        radiograph(seed).save_as(plain, enforce_file_format=True)
        jpeg_lossless(plain, folder / "jpeg-lossless" / plain.name)
        for kind, syntax in syntaxes.items():
            ds = radiograph(seed)
            ds.compress(syntax, generate_instance_uid=False)
            ds.save_as(folder / kind / plain.name, enforce_file_format=True)


def by_pydicom(files):
    """Milliseconds an image."""
    start = time.process_time()
    for file in files:
        ds = dcmread(file)
        shades = apply_voi_lut(apply_modality_lut(ds.pixel_array, ds), ds)
        low, high = shades.min(), shades.max()
        grey = ((shades - low) / (high - low) * 255).astype("uint8")
        Image.fromarray(grey).resize((224, 224), Image.BILINEAR)
    return 1000 * (time.process_time() - start) / len(files)


def main():
    folder, store_rate = Path(sys.argv[1]), sys.argv[2]
    if not folder.exists():
        make(folder)
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        theirs = by_pydicom(sorted(kind.glob("*.dcm")))
        one_thread = {**os.environ, "RAYON_NUM_THREADS": "1"}
        said = subprocess.run([store_rate, kind, "224", "8", "1"], env=one_thread, capture_output=True, text=True, check=True)
        ours = json.loads(said.stdout)["build"][1]
        print(f"{kind.name}: pydicom {theirs:.1f} ms, lgdea {ours:.1f} ms an image: {theirs / ours:.1f} times as fast")


main()
