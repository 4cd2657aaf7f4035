"""Compares every *.expected.json of an ONNX model with ONNX Runtime, a second independent implementation.

    python test/models/gen/check_oracle.py
"""

import json

import numpy as np
import onnxruntime

from common import MODELS, zip_map_rows

TOLERANCE = 1e-6


def worst_difference(path):
    """The largest absolute difference over all outputs of one model; a wrong label counts as 1 or more."""
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rows = np.array(expected["inputs"], dtype=np.float32)
    worst = 0.0
    for info, value in zip(session.get_outputs(), session.run(None, {session.get_inputs()[0].name: rows})):
        if isinstance(value, list):
            value = zip_map_rows(value)
        wanted = np.array(expected["outputs"]["label" if "label" in info.name else "probabilities"])
        worst = max(worst, float(np.abs(value - wanted).max()))
    return worst


def main():
    differences = {path.name: worst_difference(path) for path in sorted(MODELS.glob("*.onnx"))}
    for name, difference in differences.items():
        print(f"{name}: {difference:.1e}")
    failed = sum(difference > TOLERANCE for difference in differences.values())
    print(f"{len(differences) - failed} passed, {failed} failed")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()
