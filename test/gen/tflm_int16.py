"""The cases of int16 activations (symmetric, weights int8): what the portable reference kernels make of them.

Scales are chosen so that outputs span the 16 bits: then the last bits of a multiplier show, and with them whether
a sum was rescaled by one of 16 bits and rounded once (biases of int64, or none) or by one of 31 bits and rounded
twice (biases of int32).
"""

from math import prod

import numpy as np

import tflm_layers as layers
from tflite_writer import ACTIVATIONS, PADDINGS, TENSOR_TYPES, Graph
from tflm_cases import BROADCASTS, MEANS, RESHAPES, SHORT, _window, _window_name, every_byte, int8_vectors, log_uniform, pow2

# "none32": no bias, and an option that says it would be of int32
BIASES = ("int64", "int64", "none", "int32", "none32")


def vectors_of(rng, shapes):
    return int8_vectors(rng, shapes, "int16")


class LinearScales:
    """Input, weights and output for a layer of so many taps. Mostly the output spans int16; now and then it takes
    few steps, saturates, or all scales are powers of two, where halves are common."""

    def __init__(self, rng, index, taps, channels):
        self.regime = ("fit", "fit", "pow2", "coarse", "gain", "fit", "spread")[index % 7]
        multiplier = 14000 / (np.sqrt(taps) * 74 * 18900)
        multiplier *= {"coarse": log_uniform(rng, 2**-14, 2**-5), "gain": log_uniform(rng, 8, 4000)}.get(self.regime, 1)
        weights, output = log_uniform(rng, 1e-4, 0.1), log_uniform(rng, 1e-5, 1e-3)
        if self.regime == "pow2":
            multiplier, weights, output = pow2(multiplier), pow2(weights), pow2(output)
        self.input, self.output = multiplier * output / weights, output
        lowest = 1e-4 if self.regime == "spread" else 0.35
        factors = 1.0 if channels == 0 else np.array([log_uniform(rng, lowest, 1) for _ in range(channels)])
        self.weights = weights * factors
        self._bias = int(min(2**30, 12000 / multiplier))

    def bias(self, rng, index, channels):
        dtype = BIASES[index % 5]
        return None if dtype.startswith("none") else rng.integers(-self._bias, self._bias + 1, channels).astype(dtype)


def _bias_options(index):
    return {"QuantizedBiasType": TENSOR_TYPES["int32"]} if BIASES[index % 5] == "none32" else {}


def _linear_name(index, per_channel, scales):
    return f"bias{BIASES[index % 5]}_{'pc' if per_channel else 'pt'}_{scales.regime}"


def fully_connected(rng, index):
    activation, per_channel, keep_dims = ACTIVATIONS[index % 4], index % 3 == 1, index % 5 in (1, 4)
    inputs, outputs = int(rng.integers(1, 60)), int(rng.integers(1, 9))
    if index % 8 == 6:  # more than 32 bits hold the sum of, of the greatest values
        inputs, outputs = 700, 2
    scales = LinearScales(rng, index, inputs, outputs if per_channel else 0)
    bias = scales.bias(rng, index, outputs)
    weights = rng.integers(-127, 128, (outputs, inputs)).astype("int8")
    if index % 8 == 6:
        weights[0] = 127
    g = Graph()
    leading = ((1,), (2,), (3, 1), (1, 2, 2))[index // 2 % 4] if inputs < 700 else (1,)
    x = g.tensor((*leading, inputs), scales.input, 0, "int16")
    out = (scales.output, 0, "int16")
    y = layers.fully_connected(g, x, weights, scales.weights, bias, out, activation, keep_dims, **_bias_options(index))
    name = f"{'x'.join(map(str, x.shape))}_to{outputs}_{SHORT[activation]}_{_linear_name(index, per_channel, scales)}"
    return name, g.finish([x], [y]), vectors_of(rng, [x.shape])


def values(rng, index):
    """Three times [1, 16, 16, 1]: every 256th value of the range, those about zero, and those at its ends."""
    wide = np.arange(-32768, 32768, 256) + int(rng.integers(0, 256))
    near = np.arange(-128, 128)
    ends = np.concatenate([np.arange(-32768, -32640), np.arange(32640, 32768)])
    return [[array.astype("int16").reshape(1, 16, 16, 1)] for array in (wide, near, ends)]


def _unary(kind, out_of):
    def case(rng, index):
        scale = (log_uniform(rng, 1e-4, 1e-3), log_uniform(rng, 1e-6, 1e-4), 2.0**-12, log_uniform(rng, 1e-3, 0.1))
        scale = scale[index % 4]
        g = Graph()
        x = g.tensor((1, 16, 16, 1), scale, 0, "int16")
        out = out_of(rng, index, scale)
        options = {"Alpha": (0.1, 0.3, 0.01, 1.5, -0.5, 0.0)[index % 6]} if kind == "LEAKY_RELU" else {}
        y = layers.unary(g, kind, x, out[:2], "int16", **options)
        return f"scale{scale:.2e}".replace("-", "m"), g.finish([x], [y]), values(rng, index)

    return case


def _rescaled(rng, index, scale):
    factor = (log_uniform(rng, 0.3, 1.5), log_uniform(rng, 1.5, 30), 1.0, log_uniform(rng, 0.02, 0.3))[index % 4]
    return scale * factor, 0


def quantize(rng, index):
    source, target = (("int16", "int16"), ("int16", "int8"), ("int8", "int16"))[index % 3]
    scale = log_uniform(rng, 1e-4, 1e-3)
    span = {"int16int8": 256, "int8int16": 1 / 256}.get(source + target, 1)
    factor = (log_uniform(rng, 0.5, 2), 1.0, log_uniform(rng, 0.01, 0.5), log_uniform(rng, 2, 300))[index % 4]
    zeros = [0 if dtype == "int16" else int(rng.integers(-128, 128)) for dtype in (source, target)]
    vectors = every_byte() if source == "int8" else values(rng, index)
    g = Graph()
    x = g.tensor(vectors[0][0].shape, scale, zeros[0], source)
    y = layers.unary(g, "QUANTIZE", x, (scale * span * factor, zeros[1]), target)
    return f"{source}_{target}_times{1 / factor:.2e}".replace("-", "m").replace("+", ""), g.finish([x], [y]), vectors


def _binary(kind):
    def case(rng, index):
        shapes, activation = BROADCASTS[index % len(BROADCASTS)], ACTIVATIONS[index % 4]
        regime = ("fit", "spread", "pow2", "fit", "coarse")[index % 5]
        a, b = log_uniform(rng, 1e-4, 1e-3), log_uniform(rng, 1e-4, 1e-3)
        if regime == "spread":
            b = a * log_uniform(rng, 1e-5, 1e3)
        if regime == "pow2":
            a, b = pow2(a), pow2(b)
        span = a * b * 20000 if kind == "MUL" else np.hypot(a, b) * 1.3
        span *= log_uniform(rng, 2, 2**5) if regime == "coarse" else 1
        out = (pow2(span) if regime == "pow2" else span, 0, "int16")
        constant = (None, None, "a", "b", None)[index // 2 % 5]
        g, operands = Graph(), []
        for which, shape, scale in zip("ab", shapes, (a, b)):
            data = rng.integers(-32768, 32768, shape).astype("int16") if which == constant else None
            operands.append(g.tensor(shape, scale, 0, "int16", data))
        y = layers.binary(g, kind, *operands, out, activation)
        inputs = [v for which, v in zip("ab", operands) if which != constant]
        shown = "_".join("x".join(map(str, v.shape)) or "scalar" for v in operands)
        name = f"{shown}_{SHORT[activation]}_{regime}" + (f"_const{constant}" if constant else "")
        return name, g.finish(inputs, [y]), vectors_of(rng, [v.shape for v in inputs])

    return case


def softmax(rng, index):
    depth, leading = (1, 2, 3, 7, 10, 33, 200)[index % 7], ((1,), (3,), (1, 2))[index % 3]
    beta = (1.0, 1.0, 0.5, 3.0)[index % 4]
    scale = (log_uniform(rng, 1e-4, 1e-3), log_uniform(rng, 1e-6, 1e-4), 10 / 65535, log_uniform(rng, 1e-3, 0.1))
    scale = scale[index % 4]
    g = Graph()
    x = g.tensor((*leading, depth), scale, 0, "int16")
    y = layers.softmax(g, x, beta)
    vectors = vectors_of(rng, [x.shape])
    reach = min(30000, int(8 / scale / beta))
    vectors[1] = [rng.integers(-reach, reach + 1, x.shape).astype("int16")]
    return "x".join(map(str, x.shape)) + f"_beta{beta}".replace(".", "p"), g.finish([x], [y]), vectors


def _sigmoid(kind):
    """Input scales that are general, and powers of two: the reference kernels tell 2^-12 (and for tanh 2^-11) from
    all others."""
    scales = (2.0**-12, 2.0**-11, 2.0**-13, 2.0**-10, 2.0**-15)

    def case(rng, index):
        scale = (log_uniform(rng, 1e-5, 1e-3), scales[index // 2 % 5])[index % 2]
        if index % 10 == 8:
            scale = 2.0**-12 * (1 + 1e-4)
        g = Graph()
        x = g.tensor((1, 16, 16, 1), scale, 0, "int16")
        y = layers.unary(g, kind, x, layers.INT16_OUTPUT[:2], "int16")
        reach = min(32767, int(9 / scale))
        vectors = [*values(rng, index), [rng.integers(-reach, reach + 1, x.shape).astype("int16")]]
        return f"scale{scale:.4e}".replace("-", "m"), g.finish([x], [y]), vectors

    return case


def conv2d(rng, index):
    padding, activation, per_channel = PADDINGS[index % 2], ACTIVATIONS[index // 2 % 4], index % 3 != 2
    kernel, stride, dilation, size = _window(rng, index, padding, 5)
    groups = 2 if index % 7 == 4 else 1
    inputs, filters = groups * int(rng.integers(1, 8)), groups * int(rng.integers(1, 5))
    scales = LinearScales(rng, index, prod(kernel) * inputs // groups, filters if per_channel else 0)
    bias = scales.bias(rng, index, filters)
    weights = rng.integers(-127, 128, (filters, *kernel, inputs // groups)).astype("int8")
    g = Graph()
    x = g.tensor((2 if index % 9 == 4 else 1, *size, inputs), scales.input, 0, "int16")
    out = (scales.output, 0, "int16")
    options = _bias_options(index)
    y = layers.conv2d(
        g, x, weights, scales.weights, bias, out, stride, dilation, padding, activation, **options
    )
    name = f"{_window_name(kernel, stride, dilation, padding, activation)}_c{inputs}to{filters}_g{groups}"
    return f"{name}_{_linear_name(index, per_channel, scales)}", g.finish([x], [y]), vectors_of(rng, [x.shape])


def depthwise_conv2d(rng, index):
    padding, activation, per_channel = PADDINGS[index % 2], ACTIVATIONS[index // 2 % 4], index % 3 != 2
    kernel, stride, dilation, size = _window(rng, index, padding, 5)
    channels, multiplier = int(rng.integers(1, 6)), 1 + (index + index // 4) % 3
    outputs = channels * multiplier
    scales = LinearScales(rng, index, prod(kernel), outputs if per_channel else 0)
    # of a bias of int32 TensorFlow Lite Micro reads twice the bytes
    bias = scales.bias(rng, 2 if index % 5 == 2 else 0, outputs)
    weights = rng.integers(-127, 128, (1, *kernel, outputs)).astype("int8")
    g = Graph()
    x = g.tensor((2 if index % 9 == 4 else 1, *size, channels), scales.input, 0, "int16")
    out = (scales.output, 0, "int16")
    y = layers.depthwise(g, x, weights, scales.weights, bias, out, stride, dilation, padding, activation)
    name = f"{_window_name(kernel, stride, dilation, padding, activation)}_c{channels}m{multiplier}"
    name += f"_{'pc' if per_channel else 'pt'}_{scales.regime}" + ("_nobias" if bias is None else "")
    return name, g.finish([x], [y]), vectors_of(rng, [x.shape])


def _pool(kind):
    def case(rng, index):
        padding, activation = PADDINGS[index % 2], ACTIVATIONS[index // 2 % 4]
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        least = kernel if padding == "valid" else (1, 1)
        size = tuple(int(rng.integers(low, low + 4)) for low in least)
        g = Graph()
        x = g.tensor((1 + index % 2, *size, int(rng.integers(1, 5))), log_uniform(rng, 1e-5, 1e-3), 0, "int16")
        y = layers.pool(g, x, kind, kernel, stride, padding, activation)
        vectors = vectors_of(rng, [x.shape])
        # small neighbouring values, where an average lies between two integers
        vectors[1] = [rng.integers(-3, 4, x.shape).astype("int16")]
        return _window_name(kernel, stride, (1, 1), padding, activation), g.finish([x], [y]), vectors

    return case


def mean(rng, index):
    shape, axes = MEANS[index % len(MEANS)]
    scale = log_uniform(rng, 1e-5, 1e-3)
    factor = 1.0 if index % 3 == 0 else log_uniform(rng, 0.3, 3)
    g = Graph()
    x = g.tensor(shape, scale, 0, "int16")
    y = layers.mean(g, x, axes, (scale * factor, 0, "int16"), index % 2 == 0)
    vectors = vectors_of(rng, [shape])
    vectors[1] = [rng.integers(-4, 4, shape).astype("int16")]
    name = "x".join(map(str, shape)) + "_axes" + "".join(f"_{a}".replace("-", "m") for a in axes)
    return name + ("_samescale" if index % 3 == 0 else "_rescale"), g.finish([x], [y]), vectors


def moves(rng, index):
    """Operators that only move values."""
    g, scale = Graph(), log_uniform(rng, 1e-5, 1e-3)
    kind = ("concatenation", "pad", "padv2", "reshape")[index % 4]
    if kind == "reshape":
        source, target, asked = RESHAPES[index // 4 % len(RESHAPES)]
        inputs = [g.tensor(source, scale, 0, "int16")]
        y = layers.reshape(g, inputs[0], target, asked)
    elif kind == "concatenation":
        axis = int(rng.integers(0, 3))
        shapes = [[2, 3, 2] for _ in range(2 + index % 3)]
        for shape in shapes:
            shape[axis] = int(rng.integers(1, 5))
        inputs = [g.tensor(shape, scale, 0, "int16") for shape in shapes]
        y = layers.concatenation(g, inputs, axis)
    else:
        inputs = [g.tensor((2, 2, 3, 2)[index // 4 % 3 :], scale, 0, "int16")]
        padding = rng.integers(0, 3, (len(inputs[0].shape), 2)).tolist()
        value = int(rng.integers(-32768, 32768)) if kind == "padv2" else None
        y = layers.pad(g, inputs[0], padding, value)
    return kind, g.finish(inputs, [y]), vectors_of(rng, [x.shape for x in inputs])


FAMILIES = {
    "int16_fully_connected": (30, fully_connected),
    "int16_conv2d": (30, conv2d),
    "int16_depthwise_conv2d": (30, depthwise_conv2d),
    "int16_average_pool_2d": (12, _pool("AVERAGE_POOL_2D")),
    "int16_max_pool_2d": (12, _pool("MAX_POOL_2D")),
    "int16_mean": (15, mean),
    "int16_moves": (24, moves),
    "int16_quantize": (12, quantize),
    "int16_add": (20, _binary("ADD")),
    "int16_sub": (12, _binary("SUB")),
    "int16_mul": (20, _binary("MUL")),
    "int16_softmax": (16, softmax),
    "int16_logistic": (12, _sigmoid("LOGISTIC")),
    "int16_tanh": (12, _sigmoid("TANH")),
    "int16_relu": (5, _unary("RELU", _rescaled)),
    "int16_relu6": (3, _unary("RELU6", lambda _, __, scale: (scale, 0))),
    "int16_leaky_relu": (6, _unary("LEAKY_RELU", _rescaled)),
}
