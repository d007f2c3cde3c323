"""Files as NumPy, safetensors, pandas and Polars write them, for formats.rs: writes the folder `files`.

    pip install numpy safetensors pandas pyarrow polars
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from numpy.lib import format as npy
from safetensors.numpy import save_file

HERE = Path(__file__).parent / "files"
HERE.mkdir(exist_ok=True)
# Exact in half precision.
SCORES = np.array([[0.5, -1.25], [2.0, 0.0], [0.75, 3.5]])
IDS, CLASSES = ["a", "b", "c"], ["Edema", "Pleural Effusion"]


def save(name, array, version=None):
    with open(HERE / f"{name}.npy", "wb") as file:
        npy.write_array(file, array, version=version, allow_pickle=True)


for kind in ["<f2", "<f4", "<f8", ">f4", ">f8"]:
    save(kind.replace("<", "little-").replace(">", "big-"), SCORES.astype(kind))
for number in (1, 2, 3):
    save(f"version-{number}", SCORES, (number, 0))
save("fortran", np.asfortranarray(SCORES))
save("fortran-3d", np.asfortranarray(np.stack([SCORES, SCORES + 1], axis=2)))
for kind in ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", ">i4"]:
    save("whole-" + kind.replace(">", "big-"), np.array([[1, 0], [0, 1], [1, 1]]).astype(kind))
# What is refused.
save("structured", np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f4")]))
save("objects", np.array([[0.5, None]], dtype=object))
save("complex", SCORES.astype("complex64"))
save("long-double", SCORES.astype("longdouble"))
save("one-dimension", SCORES[:, 0])
save("nan", np.where(SCORES == 2.0, np.nan, SCORES))
save("infinite", np.where(SCORES == 3.5, np.inf, SCORES))

arrays = {"scores": SCORES.astype("f4"), "ids": np.array(IDS), "classes": np.array(CLASSES)}
np.savez(HERE / "stored.npz", **arrays)
np.savez_compressed(HERE / "deflated.npz", **arrays)
np.savez(HERE / "bytes.npz", **{**arrays, "ids": np.array(IDS, dtype="S")})
np.savez(HERE / "numbers.npz", **{**arrays, "ids": np.array([10, 20, 30])})
np.savez(HERE / "object-ids.npz", **{**arrays, "ids": np.array(IDS, dtype=object)})
np.savez(HERE / "wrong-classes.npz", **{**arrays, "classes": np.array(["Edema"])})
np.savez(HERE / "other-name.npz", logits=SCORES)
metadata = {"ids": json.dumps(IDS), "classes": json.dumps(CLASSES), "format": "np"}
for kind in ["f2", "f4", "f8"]:
    save_file({"scores": SCORES.astype(kind)}, HERE / f"{kind}.safetensors", metadata=metadata)

table = pd.DataFrame(SCORES, columns=CLASSES).assign(id=IDS)
for packing in ["snappy", "gzip", "lz4", "zstd", None, "brotli"]:
    table.to_parquet(HERE / f"pandas-{packing}.parquet", index=False, compression=packing)
smaller = table.astype({name: "float32" for name in CLASSES}).astype({"id": "category"})
smaller.set_index("id").to_parquet(HERE / "pandas-index.parquet")
pl.DataFrame({"id": IDS, **dict(zip(CLASSES, SCORES.T))}).write_parquet(HERE / "polars.parquet")
numbers = pl.DataFrame({"id": [10, 20, 30], **dict(zip(CLASSES, SCORES.T))}, schema_overrides={"id": pl.UInt16})
numbers.write_parquet(HERE / "polars-numbers.parquet")
# Lists of numbers, as of embeddings.
rows = {"id": IDS, "image": list(SCORES.astype("f4")), "text": list(SCORES.astype("f2")), "split": ["test"] * 3}
pd.DataFrame(rows).to_parquet(HERE / "lists.parquet", index=False)
arrays = pl.DataFrame({**rows, "image": SCORES, "text": SCORES}, schema_overrides={"image": pl.Array(pl.Float64, 2)})
arrays.write_parquet(HERE / "arrays.parquet")
# A reference as it comes from a database, with what is missing.
pd.DataFrame(
    {
        "id": IDS,
        "patient": pd.array([1, 1, 2], dtype="Int64"),
        "text": ["t", None, "u"],
        "Edema": [1.0, None, -1.0],
        "Pleural Effusion": pd.array([True, None, False], dtype="boolean"),
    }
).to_parquet(HERE / "reference.parquet", index=False)
pl.DataFrame({"id": IDS, "label": [[], ["Edema"], ["Edema", "Pleural Effusion"]]}).write_parquet(HERE / "names.parquet")
# What is refused.
pd.DataFrame({"id": IDS, "image": [[1.0, 2.0], [1.0], [2.0, 3.0]]}).to_parquet(HERE / "uneven.parquet", index=False)
pd.DataFrame({"id": IDS, "image": [{"a": 1}] * 3}).to_parquet(HERE / "nested.parquet", index=False)
