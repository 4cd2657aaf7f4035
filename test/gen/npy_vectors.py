"""Generates test/vectors/npy: small .npy files as NumPy writes them, and the rows they hold.

Needs Python 3.9 or newer and NumPy (made with 2.4.6). Run, from the top of the repository:
    python test/gen/npy_vectors.py

vectors.json lists {"file", "elements", "rows"} for files that are to be read and {"file", "elements",
"error"} for those to be refused, where error is a part of the message. Rows are float32 values. Integers
stay within 2^53 and most floats are not float32 numbers, so that rounding is seen to be done, and done once.
"""

import json
import warnings
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "vectors" / "npy"
DTYPES = ["<f4", "<f8", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "|b1"]


def values(dtype):
    """Six values of the type, its extremes among them."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return np.array([True, False, False, True, True, False])
    if kind.kind == "f":
        tiny = float(np.finfo(np.float32).smallest_subnormal)
        return np.array([0.1, -1 / 3, float(np.finfo(np.float32).max), -0.0, tiny, 1e-3]).astype(kind)
    low, high = max(np.iinfo(kind).min, -(2**53)), min(np.iinfo(kind).max, 2**53)
    return np.array([low, high, 0, 1, high - 1, low + 100], dtype=kind)


def write(name, array, version=(1, 0)):
    with open(TARGET / name, "wb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy warns that versions 2 and 3 need a newer reader.
        np.lib.format.write_array(file, array, version=version, allow_pickle=False)


def accepted():
    for dtype in DTYPES:
        yield f"{dtype[1:]}.npy", values(dtype).reshape(2, 3), 3, (1, 0)
    f4 = values("<f4")
    yield "version2.npy", f4.reshape(3, 2), 2, (2, 0)
    yield "version3.npy", f4.reshape(3, 2), 2, (3, 0)
    yield "one_dimension.npy", f4, 1, (1, 0)
    yield "one_sample.npy", f4.reshape(2, 3), 6, (1, 0)
    yield "one_flat_sample.npy", f4, 6, (1, 0)
    yield "scalar.npy", np.array(0.1), 1, (1, 0)
    yield "images.npy", np.arange(36, dtype=np.uint8).reshape(2, 3, 3, 2), 18, (1, 0)


def refused():
    f4 = values("<f4").reshape(2, 3)
    yield "big_endian.npy", f4.astype(">f4"), 3, "big-endian"
    yield "big_endian_i8.npy", np.zeros((2, 3), ">i8"), 3, 'array.astype("<i8")'
    yield "fortran.npy", np.asfortranarray(f4), 3, "np.ascontiguousarray"
    yield "f2.npy", np.zeros((2, 3), "<f2"), 3, 'found "<f2"'
    yield "complex.npy", np.zeros((2, 3), "<c8"), 3, 'found "<c8"'
    yield "string.npy", np.array([["a", "b", "c"]]), 3, 'found "<U1"'
    yield "structured.npy", np.zeros(3, [("a", "<f4"), ("b", "<f4")]), 3, "expected a type name"
    yield "empty.npy", np.zeros((0, 3), "<f4"), 3, "found none"
    yield "other_shape.npy", np.zeros((2, 4), "<f4"), 3, "found shape (2, 4)"
    yield "other_length.npy", np.zeros(4, "<f4"), 3, "found shape (4,)"
    finite = "expected a finite float32, found"
    yield "nan.npy", np.array([[0, 1, 2], [0, np.nan, 2]], "<f4"), 3, f"value [1, 1]: {finite} NaN"
    yield "too_large.npy", np.array([[0, 0, -1e39]]), 3, f"value [0, 2]: {finite} -1e+39"


def main():
    TARGET.mkdir(parents=True, exist_ok=True)
    vectors = []
    for name, array, elements, version in accepted():
        write(name, array, version)
        rows = np.load(TARGET / name).astype(np.float32).reshape(-1, elements)
        vectors.append({"file": name, "elements": elements, "rows": rows.tolist()})
    for name, array, elements, error in refused():
        write(name, array)
        vectors.append({"file": name, "elements": elements, "error": error})
    lines = ",\n".join(json.dumps(vector) for vector in vectors)
    (TARGET / "vectors.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
