"""Models with float32 at the borders: QUANTIZE at the way in, DEQUANTIZE at the way out."""

import numpy as np

import tflm_layers as layers
from tflite_writer import Graph
from tflm_cases import LinearScales, linear_bias, linear_weights, log_uniform, zero_point


def float_vectors(rng, shape, scale, zero):
    """Values in and about the range, exact halves of a step with their neighbours, and extremes."""
    steps = rng.integers(-140, 140, shape).astype("float32")
    scale = np.float32(scale)
    halves = ((steps + np.float32(0.5)) * scale).astype("float32")
    nudged = np.nextafter(halves, rng.choice(np.array([-np.inf, np.inf], "float32"), shape))
    extremes = np.array([0.0, -0.0, 1e-40, -1e-40, 1e5, -1e5, 3, -3], "float32") * scale
    values = rng.uniform((-140 - zero) * scale, (140 - zero) * scale, shape).astype("float32")
    return [[values], [halves], [nudged.astype("float32")], [np.resize(extremes, shape)]]


def _nothing(g, x, rng, index):
    return x


def _convolution(g, x, rng, index):
    scales = LinearScales(rng, "fit", 9 * x.shape[3], 3, x.zero_point)
    weights = linear_weights(rng, index, (3, 3, 3, x.shape[3]))
    out = (x.s * scales.output / scales.input, zero_point(rng, index))
    bias = linear_bias(rng, 0, 3, scales)
    return layers.conv2d(g, x, weights, scales.weights, bias, out, activation="relu")


def _dense(g, x, rng, index):
    scales = LinearScales(rng, "fit", x.shape[-1], 0, x.zero_point)
    weights = linear_weights(rng, index, (4, x.shape[-1]))
    out = (x.s * scales.output / scales.input, zero_point(rng, index))
    bias = linear_bias(rng, 0, 4, scales)
    return layers.fully_connected(g, x, weights, scales.weights, bias, out, keep_dims=True)


def _softmax(g, x, rng, index):
    return layers.softmax(g, x)


def _logistic(g, x, rng, index):
    return layers.unary(g, "LOGISTIC", x, layers.LOGISTIC_OUTPUT)


def _mean(g, x, rng, index):
    return layers.mean(g, x, (1, 2), (x.s * 0.7, zero_point(rng, index + 1)), keep_dims=False)


def _requantise(g, x, rng, index):
    return layers.unary(g, "QUANTIZE", x, (x.s * 1.7, zero_point(rng, index + 1)))


MIDDLES = (_nothing, _convolution, _dense, _softmax, _logistic, _mean, _requantise)


def borders(rng, index):
    middle = MIDDLES[index % len(MIDDLES)]
    scale = (log_uniform(rng, 0.01, 0.1), 2.0**-6, log_uniform(rng, 1e-4, 10))[index % 3]
    zero = zero_point(rng, index)
    g = Graph()
    source = g.tensor((1, 4, 3, 2), dtype="float32")
    x = layers.unary(g, "QUANTIZE", source, (scale, zero))
    y = middle(g, x, rng, index)
    target = layers.unary(g, "DEQUANTIZE", y, (), "float32")
    name = f"{middle.__name__[1:]}_zero{zero}".replace("-", "m")
    return name, g.finish([source], [target]), float_vectors(rng, source.shape, x.s, zero)


FAMILIES = {"borders": (21, borders)}
