"""The cases of int16 activations (symmetric, weights int8): what the portable reference kernels make of them.

Scales are chosen so that outputs span the 16 bits: then the last bits of a multiplier show, and with them whether
a sum was rescaled by one of 16 bits and rounded once (biases of int64, or none) or by one of 31 bits and rounded
twice (biases of int32).
"""

from math import prod

import numpy as np

import tflm_layers as layers
from tflite_writer import ACTIVATIONS, PADDINGS, Graph
from tflm_cases import BROADCASTS, MEANS, RESHAPES, SHORT, _window, _window_name, int8_vectors, log_uniform, pow2

BIASES = ("int64", "int64", "none", "int32", "int64")


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
        return None if dtype == "none" else rng.integers(-self._bias, self._bias + 1, channels).astype(dtype)


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
    y = layers.fully_connected(g, x, weights, scales.weights, bias, out, activation, keep_dims)
    name = f"{'x'.join(map(str, x.shape))}_to{outputs}_{SHORT[activation]}_{_linear_name(index, per_channel, scales)}"
    return name, g.finish([x], [y]), vectors_of(rng, [x.shape])


FAMILIES = {"int16_fully_connected": (30, fully_connected)}
