"""Writes small quantised TFLite flatbuffers, straight from the schema of the `tflite` package.

There is no converter in between, so that a case may hold what no converter would write today but an
older one did: any scale, any zero point, any fused activation.
"""

from dataclasses import dataclass

import flatbuffers
import numpy as np
import tflite
from flatbuffers import flexbuffers

ACTIVATIONS = ("none", "relu", "relu_n1_to_1", "relu6")  # the schema's order, so the index is the code
PADDINGS = ("same", "valid")

TENSOR_TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
    "uint8": tflite.TensorType.UINT8,
    "int16": tflite.TensorType.INT16,
    "int8": tflite.TensorType.INT8,
    "uint32": tflite.TensorType.UINT32,
    "uint64": tflite.TensorType.UINT64,
    "bool": tflite.TensorType.BOOL,
}

# operator -> (options table, operator version); options that are lists are written as vectors
OPERATORS = {
    "ABS": ("AbsOptions", 2),
    "ADD": ("AddOptions", 2),
    "ARG_MAX": ("ArgMaxOptions", 2),
    "ARG_MIN": ("ArgMinOptions", 2),
    "AVERAGE_POOL_2D": ("Pool2DOptions", 2),
    "BATCH_TO_SPACE_ND": ("BatchToSpaceNDOptions", 2),
    "CAST": ("CastOptions", 1),
    "CONCATENATION": ("ConcatenationOptions", 2),
    "CONV_2D": ("Conv2DOptions", 3),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", 3),
    "DEPTH_TO_SPACE": ("DepthToSpaceOptions", 2),
    "DEQUANTIZE": ("DequantizeOptions", 2),
    "DIV": ("DivOptions", 1),
    "ELU": (None, 1),
    "FULLY_CONNECTED": ("FullyConnectedOptions", 4),
    "HARD_SWISH": ("HardSwishOptions", 1),
    "LEAKY_RELU": ("LeakyReluOptions", 2),
    "LOGISTIC": (None, 2),
    "LOG_SOFTMAX": ("LogSoftmaxOptions", 2),
    "MAXIMUM": ("MaximumMinimumOptions", 2),
    "MAX_POOL_2D": ("Pool2DOptions", 2),
    "MEAN": ("ReducerOptions", 2),
    "MINIMUM": ("MaximumMinimumOptions", 2),
    "MUL": ("MulOptions", 2),
    "PACK": ("PackOptions", 2),
    "PAD": ("PadOptions", 2),
    "PADV2": ("PadV2Options", 2),
    "PRELU": (None, 1),
    "QUANTIZE": ("QuantizeOptions", 2),
    "REDUCE_MAX": ("ReducerOptions", 2),
    "RELU": (None, 2),
    "RELU6": (None, 2),
    "RELU_N1_TO_1": (None, 2),
    "RESHAPE": ("ReshapeOptions", 1),
    "RESIZE_BILINEAR": ("ResizeBilinearOptions", 3),
    "RESIZE_NEAREST_NEIGHBOR": ("ResizeNearestNeighborOptions", 3),
    "SLICE": ("SliceOptions", 2),
    "SOFTMAX": ("SoftmaxOptions", 2),
    "SPACE_TO_BATCH_ND": ("SpaceToBatchNDOptions", 2),
    "SPACE_TO_DEPTH": ("SpaceToDepthOptions", 2),
    "SPLIT": ("SplitOptions", 2),
    "SPLIT_V": ("SplitVOptions", 2),
    "STRIDED_SLICE": ("StridedSliceOptions", 2),
    "SUB": ("SubOptions", 2),
    "SVDF": ("SVDFOptions", 3),
    "SUM": ("ReducerOptions", 2),
    "TANH": (None, 2),
    "TRANSPOSE": ("TransposeOptions", 2),
    "TRANSPOSE_CONV": ("TransposeConvOptions", 3),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": ("UnidirectionalSequenceLSTMOptions", 3),
    "UNPACK": ("UnpackOptions", 2),
}


@dataclass(frozen=True)
class Value:
    """One tensor of a graph. `scale` is a tuple; it has one element unless the tensor is per-channel."""

    index: int
    shape: tuple
    dtype: str = "int8"
    scale: tuple = ()
    zero_point: int = 0

    @property
    def s(self):
        return self.scale[0]


class Graph:
    """A TFLite model under construction: one subgraph, tensors and operators in the order they are added."""

    def __init__(self):
        self._tensors = []
        self._operators = []
        self._buffers = [b""]
        self._variables = set()

    def tensor(self, shape, scale=None, zero_point=0, dtype="int8", data=None, axis=0):
        """Adds a tensor. `scale`: None, a number, or one number a channel along `axis`. `data`: an array
        makes it a constant; constants with the same bytes share a buffer, as converters arrange it."""
        scales = () if scale is None else tuple(float(np.float32(s)) for s in np.atleast_1d(scale))
        buffer = 0 if data is None else self._buffer(np.ascontiguousarray(data, dtype).tobytes())
        value = Value(len(self._tensors), tuple(int(d) for d in shape), dtype, scales, int(zero_point))
        self._tensors.append((value, buffer, axis))
        return value

    def constant(self, data, scale=None, zero_point=0, dtype="int8", axis=0):
        """Adds a constant tensor with the shape of `data`."""
        data = np.asarray(data)
        return self.tensor(data.shape, scale, zero_point, dtype, data, axis)

    def variable(self, value):
        """Makes a tensor one that keeps its value between inferences."""
        self._variables.add(value.index)
        return value

    def _buffer(self, content):
        if content not in self._buffers:
            self._buffers.append(content)
        return self._buffers.index(content)

    def op(self, kind, inputs, output, **options):
        """Adds an operator and returns `output`, or a list of several. An input of None is an absent optional one.
        A kind that is not in OPERATORS is a custom one, with its options in FlexBuffers."""
        indices = [-1 if value is None else value.index for value in inputs]
        outputs = output if isinstance(output, list) else [output]
        self._operators.append((kind, indices, [value.index for value in outputs], options))
        return output

    def finish(self, inputs, outputs):
        """Returns the bytes of the .tflite file with these graph inputs and outputs."""
        b = flatbuffers.Builder(1024)
        buffers = _offsets(b, "Model", "Buffers", [_write_buffer(b, content) for content in self._buffers])
        tensors = _offsets(b, "SubGraph", "Tensors", [_write_tensor(b, *t, t[0].index in self._variables) for t in self._tensors])
        kinds = list(dict.fromkeys(operator[0] for operator in self._operators))
        operators = [_write_operator(b, kinds.index(o[0]), *o) for o in self._operators]
        operators = _offsets(b, "SubGraph", "Operators", operators)
        subgraph = _table(
            b,
            "SubGraph",
            Tensors=tensors,
            Inputs=_ints(b, [value.index for value in inputs]),
            Outputs=_ints(b, [value.index for value in outputs]),
            Operators=operators,
        )
        codes = _offsets(b, "Model", "OperatorCodes", [_write_code(b, kind) for kind in kinds])
        subgraphs = _offsets(b, "Model", "Subgraphs", [subgraph])
        model = _table(b, "Model", Version=3, OperatorCodes=codes, Subgraphs=subgraphs, Buffers=buffers)
        b.Finish(model, file_identifier=b"TFL3")
        return bytes(b.Output())


def _table(b, name, **fields):
    getattr(tflite, name + "Start")(b)
    for field, value in fields.items():
        getattr(tflite, f"{name}Add{field}")(b, value)
    return getattr(tflite, name + "End")(b)


def _offsets(b, table, field, offsets):
    getattr(tflite, f"{table}Start{field}Vector")(b, len(offsets))
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return b.EndVector()


def _ints(b, values):
    return b.CreateNumpyVector(np.asarray(values, np.int32))


def _write_buffer(b, content):
    if not content:
        return _table(b, "Buffer")
    # the schema asks for 16-byte alignment, which CreateByteVector does not give
    b.StartVector(1, len(content), 16)
    b.head = b.head - len(content)
    b.Bytes[b.head : b.head + len(content)] = content
    return _table(b, "Buffer", Data=b.EndVector())


def _write_tensor(b, value, buffer, axis, is_variable):
    fields = {"Name": b.CreateString(f"t{value.index}")}
    fields["Shape"] = _ints(b, value.shape)
    if value.scale:
        scale = b.CreateNumpyVector(np.asarray(value.scale, np.float32))
        zero_point = b.CreateNumpyVector(np.full(len(value.scale), value.zero_point, np.int64))
        fields["Quantization"] = _table(
            b, "QuantizationParameters", Scale=scale, ZeroPoint=zero_point, QuantizedDimension=axis
        )
    if is_variable:
        fields["IsVariable"] = True
    return _table(b, "Tensor", Type=TENSOR_TYPES[value.dtype], Buffer=buffer, **fields)


def _write_operator(b, code, kind, inputs, outputs, options):
    fields = {"Inputs": _ints(b, inputs), "Outputs": _ints(b, outputs)}
    if kind not in OPERATORS:
        fields["CustomOptions"] = b.CreateByteVector(bytes(flexbuffers.Dumps(options)))
        return _table(b, "Operator", OpcodeIndex=code, **fields)
    name = OPERATORS[kind][0]
    if name is not None:
        vectors = {k: _ints(b, v) for k, v in options.items() if isinstance(v, list)}
        fields["BuiltinOptions"] = _table(b, name, **{**options, **vectors})
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, name)
    return _table(b, "Operator", OpcodeIndex=code, **fields)


def _write_code(b, kind):
    if kind not in OPERATORS:
        custom = tflite.BuiltinOperator.CUSTOM
        name = b.CreateString(kind)
        return _table(b, "OperatorCode", DeprecatedBuiltinCode=custom, BuiltinCode=custom, CustomCode=name, Version=1)
    code = getattr(tflite.BuiltinOperator, kind)
    return _table(
        b, "OperatorCode", DeprecatedBuiltinCode=min(code, 127), BuiltinCode=code, Version=OPERATORS[kind][1]
    )
