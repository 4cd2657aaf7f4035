"""Generates test/vectors/tflm/: small quantised TFLite models with what TensorFlow Lite Micro answers.

Requirements (Python 3.11):
    pip install tflite==2.18.0 tflite_micro==0.dev20261023182759 flatbuffers==25.12.19 numpy==2.4.6
Run, from the top of the repository (all files, or the named ones):
    python test/gen/tflm_vectors.py [operator ...]

The interpreter of tflite_micro runs the portable reference kernels with double rounding; that is the
project's definition of exact. Each case is a complete .tflite file (base64) with input and output tensors
as raw little-endian bytes (hex). Cases that TensorFlow Lite Micro refuses are not written; they are listed
on stderr. A seed comes from the operator and the index, so the output is the same in every run and adding
a case changes no other.
"""

import base64
import json
import sys
import zlib
from pathlib import Path

import numpy as np

import tflm_borders
import tflm_cases
import tflm_int16
import tflm_movement
import tflm_networks
import tflm_recurrent
import tflm_signal
from tflm_runner import hex_bytes, run_isolated

TARGET = Path(__file__).resolve().parent.parent / "vectors" / "tflm"
FAMILIES = {
    **tflm_cases.OPERATORS,
    **tflm_borders.FAMILIES,
    **tflm_int16.FAMILIES,
    **tflm_networks.FAMILIES,
    **tflm_movement.FAMILIES,
    **tflm_recurrent.FAMILIES,
    **tflm_signal.FAMILIES,
}

HAVE_STATE = {*tflm_recurrent.FAMILIES, *tflm_signal.HAVE_STATE}


def make_case(family, make, index):
    """One case as it is written to the file, or None when TensorFlow Lite Micro refuses the model."""
    rng = np.random.default_rng(zlib.crc32(f"{family}:{index}".encode()))
    suffix, model, vectors = make(rng, index)
    name = f"{family}_{index:03}_{suffix}"
    outputs = run_isolated(model, vectors, family in HAVE_STATE, tflm_signal.cleaner(family))
    if isinstance(outputs, str):
        print(f"{name}: {outputs}", file=sys.stderr)
        return None
    pairs = [
        {"inputs": [hex_bytes(array) for array in inputs], "outputs": answer}
        for inputs, answer in zip(vectors, outputs)
    ]
    return {"name": name, "model": base64.b64encode(model).decode(), "vectors": pairs}


def write_family(family):
    """Writes one file, a case a line so that a change shows as a short diff; returns (cases, bytes)."""
    count, make = FAMILIES[family]
    cases = [case for index in range(count) if (case := make_case(family, make, index))]
    path = TARGET / f"{family}.json"
    if not cases:
        path.unlink(missing_ok=True)
        return 0, 0
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")
    return len(cases), path.stat().st_size


def main(names):
    TARGET.mkdir(parents=True, exist_ok=True)
    total = 0
    for family in names or FAMILIES:
        cases, size = write_family(family)
        total += size
        print(f"{family:20} {cases:4} cases {size:9} bytes")
    print(f"{'total':31} {total:9} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
