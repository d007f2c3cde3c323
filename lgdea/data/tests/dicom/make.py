"""Makes the compressed DICOM files of the tests: `python make.py` (numpy, pydicom, pylibjpeg[all], pyjpegls, python-gdcm).

Each has 40 × 32 pixels of `pixel(x, y)`, which the tests know, too. What is written here is committed, because no crate of the
project encodes these formats.
"""

import tempfile
from pathlib import Path

import gdcm
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000,
    JPEG2000Lossless,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

HERE = Path(__file__).parent
COLUMNS, ROWS = 40, 32


def pixels(bits, signed=False):
    """A slope, rough in the bits below the highest 8."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    low = 1 << (bits - 8)
    values = (3 * x + 4 * y) * low + 7 * x * y % low
    if signed:
        values = values - (1 << (bits - 1))
    return values


def dataset(bits, signed=False):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    ds = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID = meta.MediaStorageSOPClassUID
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.Rows, ds.Columns, ds.SamplesPerPixel = ROWS, COLUMNS, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = 8 if bits == 8 else 16
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, int(signed)
    kind = {(8, False): "u1", (8, True): "i1"}.get((bits, signed), "<i2" if signed else "<u2")
    ds.PixelData = pixels(bits, signed).astype(kind).tobytes()
    ds["PixelData"].VR = "OB" if bits == 8 else "OW"
    return ds


def save(name, ds):
    path = HERE / f"{name}.dcm"
    ds.save_as(path, enforce_file_format=True)
    assert path.stat().st_size <= 3000, path


def by_pydicom(name, syntax, bits, signed=False, **options):
    ds = dataset(bits, signed)
    ds.compress(syntax, generate_instance_uid=False, **options)
    save(name, ds)


def by_gdcm(name, syntax, bits, signed=False):
    """What pydicom has no encoder for."""
    with tempfile.TemporaryDirectory() as folder:
        source = str(Path(folder) / "source.dcm")
        dataset(bits, signed).save_as(source, enforce_file_format=True)
        reader = gdcm.ImageReader()
        reader.SetFileName(source)
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change(), name
        target = str(Path(folder) / "target.dcm")
        writer = gdcm.ImageWriter()
        writer.SetFileName(target)
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        save(name, pydicom.dcmread(target))


def main():
    by_gdcm("jpeg-baseline-8", gdcm.TransferSyntax.JPEGBaselineProcess1, 8)
    by_gdcm("jpeg-lossless-8", gdcm.TransferSyntax.JPEGLosslessProcess14_1, 8)
    by_gdcm("jpeg-lossless-12", gdcm.TransferSyntax.JPEGLosslessProcess14_1, 12)
    by_gdcm("jpeg-lossless-16", gdcm.TransferSyntax.JPEGLosslessProcess14_1, 16)
    by_gdcm("jpeg-lossless-signed-16", gdcm.TransferSyntax.JPEGLosslessProcess14_1, 16, signed=True)
    by_pydicom("jpeg-ls-8", JPEGLSLossless, 8)
    by_pydicom("jpeg-ls-12", JPEGLSLossless, 12)
    by_pydicom("jpeg-ls-16", JPEGLSLossless, 16)
    by_pydicom("jpeg-ls-near-12", JPEGLSNearLossless, 12, jls_error=3)
    by_pydicom("jpeg-2000-8", JPEG2000Lossless, 8)
    by_pydicom("jpeg-2000-12", JPEG2000Lossless, 12)
    by_pydicom("jpeg-2000-16", JPEG2000Lossless, 16)
    by_pydicom("jpeg-2000-signed-12", JPEG2000Lossless, 12, signed=True)
    by_pydicom("jpeg-2000-lossy-12", JPEG2000, 12, j2k_psnr=[70])
    by_pydicom("rle-12", RLELossless, 12)


main()
