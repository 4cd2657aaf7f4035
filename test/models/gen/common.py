"""Files that every generator writes: CSVs, oracle JSON, and the ONNX node listing."""

import json
import sys
from pathlib import Path

import numpy as np

MODELS = Path(__file__).resolve().parent.parent
ORACLE_ROWS = 20


def write_csv(name, columns, rows, labels=None, digits=4):
    """Writes rows (n, features) with a header; integer labels, if given, become the last column `label`."""
    header = ",".join([*columns, "label"] if labels is not None else columns)
    lines = [header]
    for i, row in enumerate(rows):
        cells = [compact(value, digits) for value in row]
        if labels is not None:
            cells.append(str(int(labels[i])))
        lines.append(",".join(cells))
    (MODELS / name).write_text("\n".join(lines) + "\n")


def compact(value, digits=4):
    """A decimal without trailing zeros: 0.0625, 1, -0.5; never -0."""
    text = f"{float(value):.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def write_oracle(name, inputs, outputs):
    """Writes {"inputs": rows, "outputs": {name: values}}; one row a line so that a change can be reviewed."""
    body = [f'  "inputs": {json_rows(inputs)}']
    parts = [f'    "{key}": {json_rows(value, 4)}' for key, value in outputs.items()]
    body.append('  "outputs": {\n' + ",\n".join(parts) + "\n  }")
    (MODELS / name).write_text("{\n" + ",\n".join(body) + "\n}\n")


def json_rows(array, indent=2):
    array = np.asarray(array)
    if array.ndim == 1:
        return json.dumps([shortest(value) for value in array])
    pad = " " * (indent + 2)
    rows = [pad + json.dumps([shortest(value) for value in row]) for row in array]
    return "[\n" + ",\n".join(rows) + "\n" + " " * indent + "]"


def shortest(value):
    """The shortest decimal that reads back as the same float32; integers stay integers."""
    if isinstance(value, np.integer):
        return int(value)
    number = float(np.format_float_scientific(np.float32(value), unique=True))
    return int(number) if number == int(number) else number


def onnx_oracle(model_name, rows):
    """Runs onnx's reference evaluator on the first rows (n, features) and writes model_name.expected.json.

    Outputs, which are also returned, are renamed `label` and `probabilities` whatever the model calls them.
    A ZipMap gives one dictionary per row; its values are laid out in class order.
    """
    import onnx
    from onnx.reference import ReferenceEvaluator

    model = onnx.load(MODELS / f"{model_name}.onnx")
    session = ReferenceEvaluator(model, new_ops=[zip_map_op()])
    rows = np.asarray(rows[:ORACLE_ROWS], dtype=np.float32)
    outputs = {}
    for name, value in zip(session.output_names, session.run(None, {session.input_names[0]: rows})):
        if isinstance(value, list):
            value = zip_map_rows(value)
        outputs["label" if "label" in name else "probabilities"] = value
    write_oracle(f"{model_name}.expected.json", rows, outputs)
    return outputs


def zip_map_op():
    """ai.onnx.ml ZipMap, which onnx's reference evaluator lacks."""
    from onnx.reference.op_run import OpRun

    class ZipMap(OpRun):
        op_domain = "ai.onnx.ml"

        def _run(self, rows, classlabels_int64s=None, classlabels_strings=None):
            labels = classlabels_int64s or classlabels_strings
            return ([dict(zip(labels, row)) for row in rows],)

    return ZipMap


def zip_map_rows(dictionaries):
    """ZipMap's dictionaries as a float32 array (rows, classes), in ascending order of class label."""
    return np.array([[row[key] for key in sorted(row)] for row in dictionaries], dtype=np.float32)


def compare_with_sklearn(estimator, oracle, test, labels):
    """Prints the accuracy on all test rows, and the largest difference from the float64 probabilities."""
    error = np.abs(oracle - estimator.predict_proba(test[: len(oracle)])).max()
    accuracy = estimator.score(test, labels)
    print(f"  test accuracy {accuracy:.4f} of {len(labels)}; oracle and scikit-learn differ by {error:.1e}\n")


def describe(model_name, out=sys.stdout):
    """Prints inputs, nodes with every attribute, initialisers and outputs of MODELS/model_name.onnx."""
    import onnx

    path = MODELS / f"{model_name}.onnx"
    model = onnx.load(path)
    opsets = ", ".join(f'"{o.domain}" {o.version}' for o in model.opset_import)
    print(f"{path.name}: {path.stat().st_size} bytes, IR {model.ir_version}, opsets {opsets}", file=out)
    for value in model.graph.input:
        print(f"  input  {value_info(value)}", file=out)
    for node in model.graph.node:
        domain = f"{node.domain}." if node.domain else ""
        print(f"  {domain}{node.op_type} \"{node.name}\" {list(node.input)} -> {list(node.output)}", file=out)
        for attribute in node.attribute:
            print(f"      {attribute_text(attribute)}", file=out)
    for tensor in model.graph.initializer:
        kind = onnx.TensorProto.DataType.Name(tensor.data_type)
        print(f"  initialiser {tensor.name} {kind} {list(tensor.dims)}", file=out)
    for value in model.graph.output:
        print(f"  output {value_info(value)}", file=out)


def value_info(value):
    import onnx

    if value.type.WhichOneof("value") != "tensor_type":
        pair = value.type.sequence_type.elem_type.map_type
        kind = onnx.TensorProto.DataType.Name
        key, element = kind(pair.key_type), kind(pair.value_type.tensor_type.elem_type)
        return f"{value.name}: sequence of map {key} -> {element}"
    tensor = value.type.tensor_type
    dims = [d.dim_param or (d.dim_value if d.HasField("dim_value") else "?") for d in tensor.shape.dim]
    return f"{value.name}: {onnx.TensorProto.DataType.Name(tensor.elem_type)} {dims}"


def attribute_text(attribute):
    import onnx

    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        value = value.decode()
    elif attribute.type in (onnx.AttributeProto.FLOATS, onnx.AttributeProto.INTS):
        value = list(value)
    return f"{attribute.name} = {value!r}"
