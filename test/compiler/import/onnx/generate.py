"""Writes the node tests of the ONNX backend suite as folders of a model, its inputs and its outputs.

Usage: generate.py FOLDER. The layout is the one in which ONNX publishes them: NAME/model.onnx and
NAME/test_data_set_0/input_0.pb. Tests whose values are no tensors get a model only.
"""

import pathlib
import sys
import warnings

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases


def write_case(folder, case):
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(case.model, folder / "model.onnx")
    inputs, outputs = case.data_sets[0]
    values = [(f"{kind}_{i}", value) for kind, group in (("input", inputs), ("output", outputs)) for i, value in enumerate(group)]
    if any(not isinstance(value, (np.ndarray, np.generic, onnx.TensorProto)) for _, value in values):
        return
    data = folder / "test_data_set_0"
    data.mkdir(exist_ok=True)
    for name, value in values:
        tensor = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
        (data / f"{name}.pb").write_bytes(tensor.SerializeToString())


def main(target):
    warnings.simplefilter("ignore")
    cases = collect_testcases(None)
    for case in cases:
        write_case(target / case.name, case)
    (target / "version.txt").write_text(onnx.__version__ + "\n")
    print(f"{len(cases)} tests of onnx {onnx.__version__}")


main(pathlib.Path(sys.argv[1]))
