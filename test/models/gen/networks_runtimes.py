"""What other runtimes make of the networks that networks.py wrote to test/models/networks.

ONNX Runtime quantises some: as QuantizeLinear and DequantizeLinear around float operators, and as QLinear operators.
TensorFlow Lite for Microcontrollers runs those that TensorFlow quantised. Needs onnx, onnxruntime and tflite_micro.
"""

import json
import pathlib
import tempfile

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from tflite_micro.python.tflite_micro import runtime

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "networks"
EXPECTED_ROWS = 32


class Rows(CalibrationDataReader):
    def __init__(self, model, path):
        self.name = onnx.load(model).graph.input[0].name
        self.rows = iter(np.load(path).astype(np.float32))

    def get_next(self):
        row = next(self.rows, None)
        return None if row is None else {self.name: row[None]}


def quantize(name, data, form, **options):
    with tempfile.TemporaryDirectory() as folder:
        prepared = pathlib.Path(folder, "prepared.onnx")
        quant_pre_process(FOLDER / f"{name}.onnx", prepared, skip_symbolic_shape=True)
        rows = Rows(prepared, FOLDER / f"{data}.calibration.npy")
        quantize_static(prepared, FOLDER / f"{name}.{form}.onnx", rows, **options)


def run_micro(path, rows):
    """Outputs as the model has them, integers."""
    interpreter = runtime.Interpreter.from_file(str(path))
    details = interpreter.get_input_details(0)
    scale, zero = (details["quantization_parameters"][key][0] for key in ("scales", "zero_points"))
    limits = np.iinfo(details["dtype"])
    outputs = []
    for row in rows.astype(np.float32):
        steps = np.round(row / np.float32(scale)) + zero
        interpreter.set_input(np.clip(steps, limits.min, limits.max).astype(details["dtype"])[None], 0)
        interpreter.invoke()
        outputs.append(interpreter.get_output(0)[0].copy())
    return np.stack(outputs)


def record_micro():
    for entry in json.loads((FOLDER / "networks.json").read_text()):
        rows = np.load(FOLDER / f"{entry['data']}.test.npy")[:EXPECTED_ROWS]
        for file in entry["files"]:
            if file.endswith((".int8.tflite", ".int16.tflite")):
                np.save(FOLDER / f"{file}.expected.npy", run_micro(FOLDER / file, rows))


INT8 = {"activation_type": QuantType.QInt8, "weight_type": QuantType.QInt8, "per_channel": True}
quantize("cnn", "fashion", "qdq", quant_format=QuantFormat.QDQ, **INT8)
quantize("separable_cnn", "fashion", "qoperator", quant_format=QuantFormat.QOperator, activation_type=QuantType.QUInt8)
quantize("residual_cnn", "fashion", "qdq", quant_format=QuantFormat.QDQ, **INT8)
record_micro()
