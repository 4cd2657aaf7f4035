"""Layers for the generated models: each adds one operator with its constants to a graph, with given scales.

Output shapes are worked out here because TensorFlow Lite Micro takes them from the file. Scales and zero
points are the caller's, so that the same functions serve ordinary and nasty cases.
"""

import numpy as np

from tflite_writer import ACTIVATIONS, PADDINGS

SOFTMAX_OUTPUT = (1 / 256, -128)
LOGISTIC_OUTPUT = (1 / 256, -128)
TANH_OUTPUT = (1 / 128, 0)
INT16_OUTPUT = (2**-15, 0, "int16")


def window_size(size, kernel, stride, dilation, padding):
    """Number of positions of a sliding window along one axis."""
    if padding == "same":
        return -(-size // stride)
    return -(-(size - (kernel - 1) * dilation) // stride)


def _windowed(x, kernel, stride, dilation, padding):
    sizes = zip(x.shape[1:3], kernel, stride, dilation)
    return tuple(window_size(*axis, padding) for axis in sizes)


def _window_options(stride, padding, activation):
    return {
        "Padding": PADDINGS.index(padding),
        "StrideH": stride[0],
        "StrideW": stride[1],
        "FusedActivationFunction": ACTIVATIONS.index(activation),
    }


def _operands(g, x, weights, scale, bias, axis, absent=()):
    """Input, weights and a bias (int32, or int64 beside int16) of the scale the format prescribes, input scale times filter scale.
    `absent`: what stands for a missing bias, either nothing or an explicit None."""
    operands = [x, g.constant(weights, scale, 0, axis=axis)]
    if bias is None:
        return operands + list(absent)
    return operands + [g.constant(bias, np.atleast_1d(scale) * x.s, 0, str(bias.dtype))]


def conv2d(
    g, x, weights, scale, bias, out, stride=(1, 1), dilation=(1, 1), padding="same", activation="none",
    **more
):
    """`weights` OHWI; `scale` one number or one a filter; `out` = (scale, zero point); `more` options."""
    height, width = _windowed(x, weights.shape[1:3], stride, dilation, padding)
    y = g.tensor((x.shape[0], height, width, weights.shape[0]), *out)
    inputs = _operands(g, x, weights, scale, bias, 0, absent=[None])
    options = _window_options(stride, padding, activation)
    return g.op("CONV_2D", inputs, y, DilationHFactor=dilation[0], DilationWFactor=dilation[1], **options, **more)


def depthwise(
    g, x, weights, scale, bias, out, stride=(1, 1), dilation=(1, 1), padding="same", activation="none"
):
    """`weights` 1HWC with C = channels of `x` times the depth multiplier."""
    height, width = _windowed(x, weights.shape[1:3], stride, dilation, padding)
    y = g.tensor((x.shape[0], height, width, weights.shape[3]), *out)
    # TensorFlow Lite Micro crashes on an explicit -1 here, though not in the other two operators
    inputs = _operands(g, x, weights, scale, bias, 3)
    options = _window_options(stride, padding, activation)
    options |= {"DilationHFactor": dilation[0], "DilationWFactor": dilation[1]}
    options["DepthMultiplier"] = weights.shape[3] // x.shape[3]
    return g.op("DEPTHWISE_CONV_2D", inputs, y, **options)


def fully_connected(g, x, weights, scale, bias, out, activation="none", keep_dims=False, explicit=True, **more):
    """`weights` [outputs, inputs]; without `keep_dims` everything that is not contracted becomes the batch.
    `explicit`: a missing bias is written as -1."""
    outputs, inputs = weights.shape
    batch = x.shape[:-1] if keep_dims else (int(np.prod(x.shape)) // inputs,)
    y = g.tensor((*batch, outputs), *out)
    operands = _operands(g, x, weights, scale, bias, 0, absent=[None] if explicit else [])
    code = ACTIVATIONS.index(activation)
    return g.op("FULLY_CONNECTED", operands, y, FusedActivationFunction=code, KeepNumDims=keep_dims, **more)


def pool(g, x, kind, kernel, stride=(1, 1), padding="valid", activation="none"):
    """`kind` AVERAGE_POOL_2D or MAX_POOL_2D. Pools do not requantise: output and input share scale."""
    height, width = _windowed(x, kernel, stride, (1, 1), padding)
    y = g.tensor((x.shape[0], height, width, x.shape[3]), x.s, x.zero_point, x.dtype)
    options = _window_options(stride, padding, activation)
    return g.op(kind, [x], y, FilterHeight=kernel[0], FilterWidth=kernel[1], **options)


def binary(g, kind, a, b, out, activation="none"):
    """ADD, SUB or MUL with broadcasting."""
    y = g.tensor(np.broadcast_shapes(a.shape, b.shape), *out)
    return g.op(kind, [a, b], y, FusedActivationFunction=ACTIVATIONS.index(activation))


def reshape(g, x, shape, asked=None, as_input=True):
    """`asked`: the shape as the file states it (it may hold a -1), as a constant input, an option or both."""
    asked = list(shape if asked is None else asked)
    inputs = [x] + ([g.constant(asked, dtype="int32")] if as_input else [])
    return g.op("RESHAPE", inputs, g.tensor(shape, x.s, x.zero_point, x.dtype), NewShape=asked)


def softmax(g, x, beta=1.0):
    out = SOFTMAX_OUTPUT if x.dtype == "int8" else INT16_OUTPUT
    return g.op("SOFTMAX", [x], g.tensor(x.shape, *out), Beta=beta)


def pad(g, x, padding, value=None):
    """`padding`: one (before, after) an axis. With `value`, a number of its type, this is PADV2."""
    shape = [before + size + after for (before, after), size in zip(padding, x.shape)]
    y = g.tensor(shape, x.s, x.zero_point, x.dtype)
    inputs = [x, g.constant(padding, dtype="int32")]
    if value is None:
        return g.op("PAD", inputs, y)
    return g.op("PADV2", inputs + [g.constant([value], x.s, x.zero_point, x.dtype)], y)


def mean(g, x, axes, out, keep_dims=True):
    """`axes` may be negative."""
    reduced = {axis % len(x.shape) for axis in axes}
    kept = [1 if i in reduced else size for i, size in enumerate(x.shape) if keep_dims or i not in reduced]
    return g.op("MEAN", [x, g.constant(axes, dtype="int32")], g.tensor(kept, *out), KeepDims=keep_dims)


def concatenation(g, values, axis):
    """All operands and the output share the first one's scale and zero point."""
    first = values[0]
    at = axis % len(first.shape)
    shape = list(first.shape)
    shape[at] = sum(value.shape[at] for value in values)
    y = g.tensor(shape, first.s, first.zero_point, first.dtype)
    return g.op("CONCATENATION", values, y, Axis=axis, FusedActivationFunction=0)


def unary(g, kind, x, out, dtype="int8", **options):
    """An operator of one operand that keeps the shape. `out` = (scale, zero point), or () for float32."""
    return g.op(kind, [x], g.tensor(x.shape, *out, dtype=dtype), **options)
