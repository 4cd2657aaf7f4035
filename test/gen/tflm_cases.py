"""The cases of every operator: small models with seeded shapes, scales and zero points, ordinary and nasty.

Choices that must all be met (activation, padding, scaling regime, zero points) cycle with the case's index,
over lists of coprime lengths, so that combinations do not repeat; everything else is drawn at random.
"""

import math
from math import prod

import numpy as np

import tflm_layers as layers
from tflite_writer import ACTIVATIONS, PADDINGS, Graph

REGIMES = ("fit", "pow2", "coarse", "fit", "gain", "spread", "pow2", "fit", "zero", "fit", "fit")
LINEAR_REGIMES = (*REGIMES, "edge", "edge")
ZERO_POINTS = (-128, 127, 0, None, None)  # None: drawn
SHORT = {"none": "none", "relu": "relu", "relu6": "relu6", "relu_n1_to_1": "relun1"}


def log_uniform(rng, low, high):
    """Few digits, so that the last bit of one machine's exp() cannot change a file."""
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.6g}")


def pow2(value):
    return float(2.0 ** np.round(np.log2(value)))


def zero_point(rng, index):
    fixed = ZERO_POINTS[index % len(ZERO_POINTS)]
    return int(rng.integers(-128, 128)) if fixed is None else fixed


def output_zero_point(rng, index, activation):
    """Mostly one that leaves room on the side that the activation keeps."""
    if activation == "none" or index % 10 == 9:
        return zero_point(rng, index)
    if activation == "relu_n1_to_1":
        return int(rng.integers(-110, 110))
    return (-128, -128, int(rng.integers(-128, 0)), 0)[index // 4 % 4]


def pick(rng, options):
    return options[int(rng.integers(len(options)))]


def int8_vectors(rng, shapes, dtype="int8"):
    """Random, all lowest, all highest and alternating bytes for inputs of these shapes."""
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max

    def alternating(shape, phase):
        return np.where((np.arange(prod(shape)) + phase) % 2, high, low).astype(dtype).reshape(shape)

    return [
        [rng.integers(low, high + 1, shape).astype(dtype) for shape in shapes],
        [np.full(shape, low, dtype) for shape in shapes],
        [np.full(shape, high, dtype) for shape in shapes],
        [alternating(shape, phase) for phase, shape in enumerate(shapes)],
    ]


def random_vectors(rng, shapes, count):
    return [[rng.integers(-128, 128, shape).astype("int8") for shape in shapes] for _ in range(count)]


def every_byte(dtype="int8"):
    """One vector of shape [1, 16, 16, 1] that holds all 256 values, for operators of one operand."""
    info = np.iinfo(dtype)
    return [[np.arange(info.min, info.max + 1).astype(dtype).reshape(1, 16, 16, 1)]]


class LinearScales:
    """Scales of a convolution or fully connected layer for one regime.

    fit: the output spans int8. pow2: the same with powers of two, where halves are common and rounding
    shows. coarse: a very small multiplier, with a bias that is large in turn. gain: a multiplier over one.
    spread: channels whose scales lie decades apart. zero: a multiplier flushed to zero, or nearly. edge:
    biases on and beside the sums at which the rounded output steps, so that the last bits of the multiplier
    show; this tells a product of scales in float32 from one in float64.
    """

    def __init__(self, rng, regime, taps, channels, input_zero_point, activation="none"):
        spread = np.sqrt(taps) * 74 * np.hypot(74, input_zero_point + 0.5)
        multiplier = {
            "coarse": 50 / spread * log_uniform(rng, 2**-12, 2**-5),
            "gain": log_uniform(rng, 1, 12),
            "zero": log_uniform(rng, 2**-40, 2**-29),
            "edge": log_uniform(rng, 4e-7, 1e-5),
        }.get(regime, 50 / spread)
        output = self._output(rng, activation)
        weights = log_uniform(rng, 1e-4, 0.1)
        if regime == "pow2":
            multiplier, output, weights = pow2(multiplier), pow2(output), pow2(weights)
        self.regime = regime
        self.output = output
        self.input = multiplier * output / weights
        self.weights = weights * self._channel_factors(rng, regime, channels)
        bounds = {"coarse": 100 / multiplier, "gain": 30 / multiplier, "zero": 2**30}
        self._bias_bound = int(min(2**30, bounds.get(regime, np.sqrt(taps) * 12000)))

    def bias(self, rng, channels):
        """int32, one a channel."""
        if self.regime != "edge":
            return rng.integers(-self._bias_bound, self._bias_bound + 1, channels).astype("int32")
        # the scales as the file holds them, in float32
        x, w, y = (np.float64(np.float32(scale)) for scale in (self.input, self.weights, self.output))
        steps = (rng.integers(-100, 100, channels) + 0.5) / (x * w / y)
        beside = np.where(rng.random(channels) < 0.3, 1, np.abs(steps) * 1.2e-7)
        return np.rint(steps + beside * rng.uniform(-1, 1, channels)).astype("int32")

    @staticmethod
    def _output(rng, activation):
        if rng.random() < 0.15:
            return log_uniform(rng, 1e-6, 60)
        if activation == "relu_n1_to_1":
            return log_uniform(rng, 0.004, 0.03)
        return log_uniform(rng, 0.015, 0.07)

    @staticmethod
    def _channel_factors(rng, regime, channels):
        if channels == 0:  # per-tensor
            return 1.0
        if regime == "pow2":
            return 2.0 ** rng.integers(-2, 2, channels)
        lowest = 1e-5 if regime == "spread" else 0.35
        factors = np.array([log_uniform(rng, lowest, 1) for _ in range(channels)])
        if regime == "spread" and channels > 1:
            factors[-1] = 1e-9
        return factors


def linear_weights(rng, index, shape, regime="fit"):
    lowest = -128 if index % 7 == 5 else -127  # a few files hold a weight of -128
    weights = rng.integers(lowest, 128, shape).astype("int8")
    if regime == "gain":  # sums small enough that the output is not all saturated
        return (weights // 100).astype("int8")
    return weights if index % 10 != 6 else np.where(rng.random(shape) < 0.6, 0, weights).astype("int8")


def linear_bias(rng, index, channels, scales):
    if index % 9 in (3, 7) and scales.regime != "edge":
        return None
    return scales.bias(rng, channels)


def linear_vectors(rng, shape, zero, regime):
    """As int8_vectors, but the first vector lies about the zero point where the multiplier is over one, and
    at it where the bias alone is to count."""
    vectors = int8_vectors(rng, [shape])
    if regime == "gain":
        vectors[0] = [np.clip(zero + rng.integers(-9, 10, shape), -128, 127).astype("int8")]
    if regime == "edge":
        vectors[0] = [np.full(shape, zero, "int8")]
    return vectors


def _window(rng, index, padding, largest):
    """Kernel, stride, dilation and an input size that leaves at least one output position."""
    kernel = (1, 1) if index % 8 == 0 else (int(rng.integers(1, 6)), int(rng.integers(1, 5)))
    stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    dilation = (int(rng.integers(1, 4)), int(rng.integers(1, 4))) if index % 3 == 1 else (1, 1)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation)]
    least = reach if padding == "valid" else (1, 1)
    size = tuple(int(rng.integers(low, max(low + 2, largest + 1))) for low in least)
    return kernel, stride, dilation, size


def _window_name(kernel, stride, dilation, padding, activation):
    k, s, d = (f"{h}x{w}" for h, w in (kernel, stride, dilation))
    return f"k{k}_s{s}_d{d}_{padding}_{SHORT[activation]}"


def _linear_name(bias, per_channel, regime):
    return f"{'nobias' if bias is None else 'bias'}_{'pc' if per_channel else 'pt'}_{regime}"


def conv2d(rng, index, groups=1):
    padding, activation = PADDINGS[index % 2], ACTIVATIONS[index // 2 % 4]
    regime, per_channel = LINEAR_REGIMES[index % 13], index % 5 != 2
    kernel, stride, dilation, size = _window(rng, index, padding, 5)
    inputs, filters = int(rng.integers(1, 10)), int(rng.integers(1, 10))
    if index % 12 == 8:
        inputs, filters = (16, filters) if index % 24 == 8 else (inputs, 16)
    if groups > 1:
        inputs, filters = groups * int(rng.integers(1, 3)), groups * int(rng.integers(1, 4))
    batch = 2 if index % 9 == 4 else 1
    taps = prod(kernel) * inputs // groups
    x_zero, y_zero = zero_point(rng, index), output_zero_point(rng, index, activation)
    scales = LinearScales(rng, regime, taps, filters if per_channel else 0, x_zero, activation)
    bias = linear_bias(rng, index, filters, scales)
    g = Graph()
    x = g.tensor((batch, *size, inputs), scales.input, x_zero)
    weights = linear_weights(rng, index, (filters, *kernel, inputs // groups), regime)
    out = (scales.output, y_zero)
    y = layers.conv2d(g, x, weights, scales.weights, bias, out, stride, dilation, padding, activation)
    name = f"b{batch}_{_window_name(kernel, stride, dilation, padding, activation)}"
    name += f"_c{inputs}to{filters}_{_linear_name(bias, per_channel, regime)}"
    return name, g.finish([x], [y]), linear_vectors(rng, x.shape, x_zero, regime)


def conv2d_grouped(rng, index):
    return conv2d(rng, index, groups=2 + index % 3)


def depthwise_conv2d(rng, index):
    padding, activation = PADDINGS[index % 2], ACTIVATIONS[index // 2 % 4]
    regime, per_channel = LINEAR_REGIMES[index % 13], index % 5 != 2
    kernel, stride, dilation, size = _window(rng, index, padding, 6)
    channels, multiplier = int(rng.integers(1, 10)), 1 + (index + index // 4) % 4
    if multiplier > 1:
        channels = int(rng.integers(1, 5))
    if index % 12 == 8:
        channels = 16
    batch = 2 if index % 9 == 4 else 1
    outputs = channels * multiplier
    x_zero, y_zero = zero_point(rng, index), output_zero_point(rng, index, activation)
    scales = LinearScales(rng, regime, prod(kernel), outputs if per_channel else 0, x_zero, activation)
    bias = linear_bias(rng, index, outputs, scales)
    g = Graph()
    x = g.tensor((batch, *size, channels), scales.input, x_zero)
    weights = linear_weights(rng, index, (1, *kernel, outputs), regime)
    out = (scales.output, y_zero)
    y = layers.depthwise(g, x, weights, scales.weights, bias, out, stride, dilation, padding, activation)
    name = f"b{batch}_{_window_name(kernel, stride, dilation, padding, activation)}"
    name += f"_c{channels}m{multiplier}_{_linear_name(bias, per_channel, regime)}"
    return name, g.finish([x], [y]), linear_vectors(rng, x.shape, x_zero, regime)


def fully_connected(rng, index):
    activation, regime = ACTIVATIONS[index % 4], LINEAR_REGIMES[index % 13]
    per_channel, keep_dims = index % 3 == 1, index % 5 in (1, 4)
    inputs, outputs = int(rng.integers(1, 34)), int(rng.integers(1, 12))
    leading = ((1,), (1,), (3,), (2, 2), (1, 3), (1, 2, 2), (1, 1, 1))[index % 7]
    x_zero, y_zero = zero_point(rng, index), output_zero_point(rng, index, activation)
    scales = LinearScales(rng, regime, inputs, outputs if per_channel else 0, x_zero, activation)
    bias = linear_bias(rng, index, outputs, scales)
    shape = (*leading, inputs)
    if not keep_dims and index % 5 == 3:  # the last axis need not be the one that is contracted
        inputs *= 2
        shape = (2, *leading[:2], inputs // 2)
    g = Graph()
    x = g.tensor(shape, scales.input, x_zero)
    weights = linear_weights(rng, index, (outputs, inputs), regime)
    out = (scales.output, y_zero)
    y = layers.fully_connected(
        g, x, weights, scales.weights, bias, out, activation, keep_dims, index % 2 == 0
    )
    shapes = "x".join(map(str, x.shape)) + "_to_" + "x".join(map(str, y.shape))
    name = f"{shapes}_{SHORT[activation]}_{_linear_name(bias, per_channel, regime)}"
    return (
        name + ("_keepdims" if keep_dims else ""),
        g.finish([x], [y]),
        linear_vectors(rng, x.shape, x_zero, regime),
    )


def _pool(kind):
    def case(rng, index):
        padding, activation = PADDINGS[index % 2], ACTIVATIONS[index // 2 % 4]
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        least = kernel if padding == "valid" else (1, 1)
        size = tuple(int(rng.integers(low, low + 5)) for low in least)
        batch, channels = (2 if index % 7 == 3 else 1), (9 if index % 10 == 9 else int(rng.integers(1, 5)))
        scale = log_uniform(rng, 0.005, 0.1) if index % 4 else log_uniform(rng, 1e-5, 10)
        g = Graph()
        x = g.tensor((batch, *size, channels), scale, output_zero_point(rng, index, activation))
        y = layers.pool(g, x, kind, kernel, stride, padding, activation)
        vectors = int8_vectors(rng, [x.shape])
        # small neighbouring values, where an average lies between two integers
        vectors[1] = [rng.integers(-3, 4, x.shape).astype("int8")]
        name = f"b{batch}_{_window_name(kernel, stride, (1, 1), padding, activation)}_c{channels}"
        return name, g.finish([x], [y]), vectors

    return case


BROADCASTS = (
    ((1, 3, 4, 5), (1, 3, 4, 5)),
    ((2, 7), (2, 7)),
    ((1, 3, 2, 5), (1, 1, 1, 5)),
    ((1, 1, 1, 4), (1, 3, 3, 4)),
    ((1, 3, 4, 3), (3, 1, 3)),
    ((3, 1, 3), (1, 3, 4, 3)),
    ((2, 3, 4), (1,)),
    ((1,), (2, 9)),
    ((2, 3, 4), ()),
    ((1, 4, 1, 3), (1, 1, 5, 3)),
    ((1, 4, 5, 1), (1, 4, 5, 3)),
    ((3, 1), (1, 5)),
    ((2, 1, 3, 1), (1, 4, 1, 2)),
    ((2, 3, 4), (4,)),
    ((1, 1, 1, 1), (1, 2, 3, 4)),
    ((7,), (7,)),
    ((2, 2, 3, 2), (1, 2, 3, 2)),
)


def _binary_scales(rng, kind, regime):
    """Operand scales and output scale. ADD and SUB need the output scale above 2^-19 times the larger."""
    a, b = log_uniform(rng, 0.004, 0.1), log_uniform(rng, 0.004, 0.1)
    if regime == "spread":
        b = a * log_uniform(rng, 1e-7, 1e5)
    if regime == "pow2":
        a, b = pow2(a), pow2(b)
    span = a * b * 80 if kind == "MUL" else np.hypot(a, b) * 1.3
    factor = {
        "coarse": log_uniform(rng, 2, 2**5),
        "gain": log_uniform(rng, 2**-6, 2**-1),
        "zero": log_uniform(rng, 2**25, 2**40) if kind == "MUL" else log_uniform(rng, 2**9, 2**14),
    }.get(regime, 1.0)
    return a, b, pow2(span) if regime == "pow2" else span * factor


def _from_step(kind, pairs, out):
    """How far the exact result of each of the 65536 pairs of bytes lies from where the output steps, relative
    to the result: below 1e-7 the last bits of the multipliers show."""
    byte = np.arange(-128, 128)
    scales = [np.float64(np.float32(scale)) for scale in (pairs[0][0], pairs[1][0], out[0])]
    x, y = ((byte - zero) * scale for (_, zero), scale in zip(pairs, scales))
    function = {"ADD": np.add, "SUB": np.subtract, "MUL": np.multiply}[kind]
    steps = function.outer(x, y) / scales[2]
    # rounding twice moves a product's step inwards by half a unit of the first rounding
    early = 2.0 ** (math.frexp(scales[0] * scales[1] / scales[2])[1] - 1) if kind == "MUL" else 0
    size = np.abs(steps)
    distance = np.abs(size - np.floor(size) - 0.5 + early) / np.maximum(size, 0.5)
    distance[np.abs(steps + out[1]) > 127] = 1  # saturated, so it would show nothing
    return distance


def binary_edge(rng, kind, index):
    """Of several draws of scales the one with the result nearest to a step, with its 48 nearest pairs."""

    def draw():
        a, b, y = _binary_scales(rng, kind, "spread" if index % 3 == 0 else "fit")
        zeros = rng.integers(-128, 128, 2).tolist()
        return list(zip((a, b), zeros)), (y * log_uniform(rng, 0.5, 2), int(rng.integers(-60, 61)))

    draws = [draw() for _ in range(60)]
    pairs, out = min(draws, key=lambda parts: _from_step(kind, *parts).min())
    order = np.argsort(_from_step(kind, pairs, out), axis=None, kind="stable")[:48]
    vector = [side.astype("int8").reshape(1, -1) for side in (order // 256 - 128, order % 256 - 128)]
    g = Graph()
    a, b = (g.tensor((1, 48), *pair) for pair in pairs)
    return "edge", g.finish([a, b], [layers.binary(g, kind, a, b, out)]), [vector]


def _binary(kind):
    def case(rng, index):
        if index % 6 == 5:
            return binary_edge(rng, kind, index)
        shapes = BROADCASTS[index % len(BROADCASTS)]
        activation, regime = ACTIVATIONS[index % 4], REGIMES[index % 11]
        a_scale, b_scale, out_scale = _binary_scales(rng, kind, regime)
        zeros = [zero_point(rng, index), zero_point(rng, index + index // 5 + 1)]
        out = (out_scale, output_zero_point(rng, index, activation))
        constant = (None, None, "a", "b", None)[index % 5]
        g, operands = Graph(), []
        for which, shape, scale, zero in zip("ab", shapes, (a_scale, b_scale), zeros):
            data = rng.integers(-128, 128, shape).astype("int8") if which == constant else None
            operands.append(g.tensor(shape, scale, zero, data=data))
        same = index % 17 == 1 and constant is None
        if same:
            operands[1] = operands[0]
        y = layers.binary(g, kind, *operands, out, activation)
        inputs = [v for which, v in zip("ab", operands) if which != constant][: 1 if same else 2]
        vectors = int8_vectors(rng, [v.shape for v in inputs])
        vectors[1] = random_vectors(rng, [v.shape for v in inputs], 1)[0]
        shown = "_".join("x".join(map(str, v.shape)) or "scalar" for v in operands)
        name = f"{shown}_{SHORT[activation]}_{regime}"
        name += (f"_const{constant}" if constant else "") + ("_itself" if same else "")
        return name, g.finish(inputs, [y]), vectors

    return case


RESHAPES = (
    ((1, 2, 3, 4), (1, 24), None),
    ((1, 24), (1, 2, 3, 4), None),
    ((2, 3, 4), (6, 4), (-1, 4)),
    ((2, 3, 4), (24,), (-1,)),
    ((1, 1, 1, 10), (1, 10), (1, -1)),
    ((12,), (3, 1, 4), None),
    ((2, 6), (2, 6), None),
    ((1, 4, 4, 1), (4, 4), None),
    ((5, 1), (5,), None),
    ((1, 2, 2, 2), (2, 2, 2), (2, -1, 2)),
)


def reshape(rng, index):
    source, target, asked = RESHAPES[index % len(RESHAPES)]
    as_input = index < len(RESHAPES)
    g = Graph()
    x = g.tensor(source, log_uniform(rng, 1e-3, 1), zero_point(rng, index))
    y = layers.reshape(g, x, target, asked, as_input)
    name = "_".join("x".join(map(str, shape)) for shape in (source, asked or target))
    return name + ("" if as_input else "_option"), g.finish([x], [y]), random_vectors(rng, [source], 2)


def softmax(rng, index):
    depth = 1 + index % 17
    leading = ((1,), (3,), (), (1, 2), (2, 3), (1, 2, 2))[index % 6]
    beta = (1.0, 1.0, 0.5, 2.0, 10.0, 0.1)[index // 2 % 6]
    scale = (log_uniform(rng, 0.01, 0.3), log_uniform(rng, 1e-4, 0.01), log_uniform(rng, 0.3, 4), 2.0**-5)
    g = Graph()
    x = g.tensor((*leading, depth), scale[index % 4], zero_point(rng, index))
    y = layers.softmax(g, x, beta)
    vectors = int8_vectors(rng, [x.shape])
    centre = rng.integers(-100, 100)
    near = np.clip(rng.integers(centre - 12, centre + 13, x.shape), -128, 127).astype("int8")
    vectors[1] = [near]
    name = "x".join(map(str, x.shape)) + f"_beta{beta}".replace(".", "p")
    return name, g.finish([x], [y]), vectors


def _pad(with_value):
    def case(rng, index):
        shape = ((5,), (2, 3), (2, 3, 2), (1, 2, 3, 2), (2, 2, 2, 2), (1, 3, 3, 1), (1, 4, 4, 2))[index % 7]
        padding = rng.integers(0, 3, (len(shape), 2))
        if index % 3 == 0 and len(shape) == 4:
            padding[0] = padding[3] = 0
        if index == 9:
            padding[:] = 0
        g = Graph()
        x = g.tensor(shape, log_uniform(rng, 1e-3, 1), zero_point(rng, index))
        value = int(rng.integers(-128, 128)) if with_value else None
        y = layers.pad(g, x, padding.tolist(), value)
        name = "x".join(map(str, shape)) + "_by" + "".join(f"_{a}{b}" for a, b in padding)
        return name, g.finish([x], [y]), random_vectors(rng, [shape], 2)

    return case


MEANS = (
    ((1, 4, 5, 3), (1, 2)),
    ((1, 4, 5, 3), (2, 1)),
    ((2, 3, 3, 2), (1, 2)),
    ((1, 4, 5, 3), (-3, -2)),
    ((1, 3, 4, 2), (2,)),
    ((1, 3, 4, 2), (-1,)),
    ((2, 3, 4), (1,)),
    ((2, 12), (-1,)),
    ((2, 3, 2, 2), (0,)),
    ((2, 3, 4), (0, 2)),
    ((1, 3, 3, 4), (1, 3)),
    ((1, 7, 7, 2), (1, 2)),
    ((11,), (0,)),
    ((2, 3, 4), (0, 1, 2)),
    ((2, 2, 3, 4), (1, 2, 3)),
)


def mean(rng, index):
    shape, axes = MEANS[index % len(MEANS)]
    keep_dims, same_scale = index // len(MEANS) % 2 == 0, index % 3 == 0
    scale, zero = log_uniform(rng, 0.004, 0.2), zero_point(rng, index)
    out = (scale, zero)
    if not same_scale:
        factor = log_uniform(rng, 0.3, 3)
        centred = int(zero / factor + rng.integers(-40, 41))
        out = (
            scale * factor,
            zero_point(rng, index) if index % 10 == 4 else int(np.clip(centred, -128, 127)),
        )
    g = Graph()
    x = g.tensor(shape, scale, zero)
    y = layers.mean(g, x, axes, out, keep_dims)
    vectors = int8_vectors(rng, [shape])
    vectors[1] = [rng.integers(-4, 4, shape).astype("int8")]
    name = "x".join(map(str, shape)) + "_axes" + "".join(f"_{a}".replace("-", "m") for a in axes)
    name += ("_keepdims" if keep_dims else "") + ("_samescale" if same_scale else "_rescale")
    return name, g.finish([x], [y]), vectors


def concatenation(rng, index):
    rank = (4, 4, 2, 3, 1)[index % 5]
    axis = index % rank if index % 4 != 3 else index % rank - rank
    shape = [1 if i == 0 and rank == 4 and axis % rank else int(rng.integers(1, 4)) for i in range(rank)]
    scale, zero = log_uniform(rng, 1e-3, 1), zero_point(rng, index)
    g, values = Graph(), []
    count = 2 + index % 4
    for i in range(count):
        part = list(shape)
        part[axis % rank] = int(rng.integers(1, 5))
        constant = index % 6 == 4 and i == 1
        data = rng.integers(-128, 128, part).astype("int8") if constant else None
        values.append((g.tensor(part, scale, zero, data=data), constant))
    y = layers.concatenation(g, [value for value, _ in values], axis)
    inputs = [value for value, constant in values if not constant]
    name = f"rank{rank}_axis{axis}_of{count}".replace("-", "m") + ("_const" if index % 6 == 4 else "")
    return name, g.finish(inputs, [y]), random_vectors(rng, [value.shape for value in inputs], 2)


def _lookup(kind, output):
    """Operators of one operand, fed every byte. `output(rng, index, scale, zero)` gives the output's pair."""

    def case(rng, index):
        regimes = (
            log_uniform(rng, 0.01, 0.1),
            log_uniform(rng, 1e-4, 0.01),
            log_uniform(rng, 0.1, 3),
            2.0**-4,
        )
        scale, zero = regimes[index % 4], zero_point(rng, index)
        g = Graph()
        x = g.tensor((1, 16, 16, 1), scale, zero)
        options = {"Alpha": (0.1, 0.3, 0.01, 1.5, -0.5, 0.0)[index % 6]} if kind == "LEAKY_RELU" else {}
        y = layers.unary(g, kind, x, output(rng, index, scale, zero), **options)
        return f"scale{scale:.2e}_zero{zero}".replace("-", "m"), g.finish([x], [y]), every_byte()

    return case


def _same(rng, index, scale, zero):
    return scale, zero


def _rescaled(rng, index, scale, zero):
    if index % 4 == 3:
        return scale, zero
    factor = (log_uniform(rng, 0.3, 1.5), log_uniform(rng, 1.5, 30), log_uniform(rng, 0.02, 0.3))[index % 3]
    return scale * factor, output_zero_point(rng, index, "relu")


def quantize(rng, index):
    source, target = (("int8", "int8"), ("uint8", "int8"), ("int8", "uint8"), ("int8", "int8"))[index % 4]
    scale = log_uniform(rng, 1e-4, 1)
    factor = (1.0, log_uniform(rng, 0.5, 2), 2.0, log_uniform(rng, 0.01, 0.5), log_uniform(rng, 2, 300))[
        index % 5
    ]
    offsets = {"int8": 0, "uint8": 128}
    zeros = [zero_point(rng, index + 3 * i) + offsets[dtype] for i, dtype in enumerate((source, target))]
    g = Graph()
    x = g.tensor((1, 16, 16, 1), scale, zeros[0], source)
    y = layers.unary(g, "QUANTIZE", x, (scale * factor, zeros[1]), target)
    name = f"{source}_{target}_times{1 / factor:.2e}_zeros{zeros[0]}_{zeros[1]}".replace("-", "m")
    return name.replace("+", ""), g.finish([x], [y]), every_byte(source)


# operator file -> (cases to try, function of a generator and an index). RELU_N1_TO_1 as an operator of its
# own is unknown to TensorFlow Lite Micro; it occurs here as a fused activation only.
OPERATORS = {
    "conv2d": (60, conv2d),
    "conv2d_grouped": (6, conv2d_grouped),
    "depthwise_conv2d": (60, depthwise_conv2d),
    "fully_connected": (56, fully_connected),
    "average_pool_2d": (24, _pool("AVERAGE_POOL_2D")),
    "max_pool_2d": (20, _pool("MAX_POOL_2D")),
    "add": (58, _binary("ADD")),
    "sub": (42, _binary("SUB")),
    "mul": (58, _binary("MUL")),
    "reshape": (14, reshape),
    "softmax": (34, softmax),
    "pad": (14, _pad(False)),
    "padv2": (14, _pad(True)),
    "mean": (30, mean),
    "concatenation": (20, concatenation),
    "relu": (12, _lookup("RELU", _rescaled)),
    "relu6": (10, _lookup("RELU6", _same)),
    "leaky_relu": (12, _lookup("LEAKY_RELU", _rescaled)),
    "hard_swish": (12, _lookup("HARD_SWISH", _rescaled)),
    "logistic": (12, _lookup("LOGISTIC", lambda *_: layers.LOGISTIC_OUTPUT)),
    "tanh": (12, _lookup("TANH", lambda *_: layers.TANH_OUTPUT)),
    "quantize": (20, quantize),
}
