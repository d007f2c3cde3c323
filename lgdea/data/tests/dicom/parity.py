"""What pydicom reads in the files of its packages, for a comparison pixel by pixel.

    python parity.py FOLDER [FILE…]     (numpy, pydicom, pydicom-data, pylibjpeg[all], pyjpegls, python-gdcm, pillow)
    LGDEA_DICOM_PARITY=FOLDER cargo test -p lgdea-data parity -- --ignored --nocapture

Of a file of several frames, a copy with the first frame alone is compared as well. Nothing is downloaded.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pydicom
from pydicom import dcmread
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRLittleEndian

warnings.simplefilter("ignore")


def files():
    """Every file in pydicom's packages that is DICOM."""
    roots = [Path(pydicom.__file__).parent / "data" / "test_files"]
    try:
        import data_store

        roots += [Path(path) for path in data_store.__path__]
    except ImportError:
        pass
    found = []
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.stat().st_size > 132:
                with path.open("rb") as file:
                    start = file.read(132)
                if start[128:] == b"DICM" or path.suffix == ".dcm":
                    found.append(path)
    return found


def luminance(rgb):
    rgb = rgb.astype(np.int64)
    return (2126 * rgb[..., 0] + 7152 * rgb[..., 1] + 722 * rgb[..., 2]) // 10_000


def nominal(ds):
    """The range of a window's output in pydicom."""
    if ds.get("ModalityLUTSequence"):
        low, high = 0, 2 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    elif ds.PixelRepresentation == 0:
        low, high = 0, 2**ds.BitsStored - 1
    else:
        low, high = -(2 ** (ds.BitsStored - 1)), 2 ** (ds.BitsStored - 1) - 1
    if "RescaleSlope" in ds and "RescaleIntercept" in ds:
        low, high = (float(end) * ds.RescaleSlope + ds.RescaleIntercept for end in (low, high))
    return low, high


def arrays(ds):
    """Stored values and shown values; the luminance of colours. A window's output as shares of its range."""
    stored = ds.pixel_array
    photometric = ds.get("PhotometricInterpretation", "MONOCHROME2")
    if photometric == "PALETTE COLOR":
        if not ds.file_meta.TransferSyntaxUID.is_little_endian:
            # pydicom takes the smaller byte of an entry first in every transfer syntax.
            for element in [element for element in ds if element.keyword.endswith("ColorLookupTableData")]:
                element.value = np.frombuffer(element.value, "<u2").byteswap().tobytes()
        return stored, luminance(apply_color_lut(stored, ds))
    if ds.get("SamplesPerPixel", 1) == 3:
        return luminance(stored), luminance(stored)
    values = apply_modality_lut(stored, ds)
    has_table = ds.get("VOILUTSequence") and ds.VOILUTSequence[0].get("LUTDescriptor")
    width = ds.get("WindowWidth")
    if has_table:
        return stored, apply_voi_lut(values, ds)
    if ds.get("WindowCenter") is None or width is None:
        return stored, values
    width = width[0] if isinstance(width, pydicom.multival.MultiValue) else width
    if width < 1 and ds.get("VOILUTFunction", "LINEAR") == "LINEAR":
        return stored, values
    low, high = nominal(ds)
    return stored, (apply_voi_lut(values, ds) - low) / (high - low)


def first_frame(ds):
    """The data set with its first frame alone."""
    frames = int(ds.NumberOfFrames)
    if ds.file_meta.TransferSyntaxUID.is_compressed and not ds.file_meta.TransferSyntaxUID.is_deflated:
        frame = next(generate_frames(ds.PixelData, number_of_frames=frames))
        ds.PixelData = encapsulate([frame])
        ds["PixelData"].is_undefined_length = True
    else:
        length = len(ds.PixelData) // frames
        ds.PixelData = ds.PixelData[:length] + bytes(length % 2)
    ds.NumberOfFrames = 1
    return ds


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    index = []

    def add(name, path):
        entry = {"name": name, "file": str(path.resolve()), "stored": None, "values": None}
        try:
            ds = dcmread(path, force=True)
            ds.file_meta.setdefault("TransferSyntaxUID", ds.original_encoding and ExplicitVRLittleEndian)
            if int(ds.get("NumberOfFrames") or 1) == 1:
                stored, values = arrays(ds)
                number = len(index)
                entry["stored"], entry["values"] = f"{number}.stored", f"{number}.values"
                np.ascontiguousarray(stored, dtype="<f8").tofile(folder / entry["stored"])
                np.ascontiguousarray(values, dtype="<f8").tofile(folder / entry["values"])
            else:
                copy = folder / f"{len(index)}.dcm"
                first_frame(ds).save_as(copy)
                add(f"{name}, first frame", copy)
        except Exception as error:
            print(f"{name}: pydicom: {type(error).__name__}: {str(error)[:100]}")
        index.append(entry)

    for path in [Path(name) for name in sys.argv[2:]] or files():
        add(path.name, path)
    (folder / "index.json").write_text(json.dumps(index, indent=1))
    print(f"{len(index)} files, {sum(entry['stored'] is not None for entry in index)} read by pydicom")


main()
