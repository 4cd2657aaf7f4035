"""The cases of operators with state: SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM. Each case is one sequence of vectors."""

import numpy as np

from tflite_writer import Graph
from tflm_cases import log_uniform, random_vectors, zero_point

def _weights(g, rng, shape, scale):
    return g.constant(rng.integers(-127, 128, shape), scale)


# inputs, units, rank, memory
SVDFS = ((4, 3, 1, 2), (8, 4, 2, 5), (10, 6, 1, 10), (3, 5, 2, 1), (16, 2, 4, 8), (1, 1, 1, 4))


def svdf(rng, index):
    inputs, units, rank, memory = SVDFS[index % len(SVDFS)]
    narrow = index // len(SVDFS) % 2 == 1  # int8 time weights and state
    filters = units * rank
    g = Graph()
    x = g.tensor((1, inputs), log_uniform(rng, 1e-3, 1), zero_point(rng, index))
    feature_scale = log_uniform(rng, 1e-3, 0.02)
    time_scale = log_uniform(rng, 1e-5, 1e-4) if not narrow else log_uniform(rng, 1e-3, 0.02)
    reach = 127 * inputs**0.5 * x.s * feature_scale * 40
    state_scale = reach / (127 if narrow else 32767)
    dtype = "int8" if narrow else "int16"
    feature = _weights(g, rng, (filters, inputs), feature_scale)
    limit = 127 if narrow else 32767
    time = g.constant(rng.integers(-limit, limit + 1, (filters, memory)), time_scale, dtype=dtype)
    bias_scale = float(np.float32(state_scale)) * float(np.float32(time_scale))
    spread = (127 * 40 if narrow else 32767 * 8000) * (rank * memory) ** 0.5
    bias = g.constant(rng.integers(-spread, spread, units), bias_scale, dtype="int32")
    state = g.tensor((1, filters * memory), state_scale, dtype=dtype)
    g.variable(state)
    y = g.tensor((1, units), spread * bias_scale / 100, zero_point(rng, index + 1))
    g.op("SVDF", [x, feature, time, bias, state], y, Rank=rank, FusedActivationFunction=1)
    name = f"{dtype}_{inputs}x{units}_rank{rank}_memory{memory}"
    return name, g.finish([x], [y]), random_vectors(rng, [x.shape], 4)


# steps, inputs, units
LSTMS = ((1, 3, 2), (5, 4, 4), (8, 2, 6), (3, 9, 5), (12, 3, 3), (1, 8, 8))


def lstm(rng, index):
    steps, inputs, units = LSTMS[index % len(LSTMS)]
    clip = 0.0 if index < len(LSTMS) else 0.6
    g = Graph()
    x = g.tensor((1, steps, inputs), log_uniform(rng, 0.005, 0.05), zero_point(rng, index))
    hidden_scale, hidden_zero = log_uniform(rng, 0.004, 0.0085), zero_point(rng, index + 1)
    w = [_weights(g, rng, (units, inputs), log_uniform(rng, 2e-3, 0.02)) for _ in range(4)]
    r = [_weights(g, rng, (units, units), log_uniform(rng, 2e-3, 0.02)) for _ in range(4)]
    b = [g.constant(rng.integers(-3000, 3000, units), float(np.float32(x.s)) * v.s, dtype="int32") for v in w]
    hidden = g.variable(g.tensor((1, units), hidden_scale, hidden_zero))
    cell = g.variable(g.tensor((1, units), 2.0 ** -(11 + index % 4), dtype="int16"))
    y = g.tensor((1, steps, units), hidden_scale, hidden_zero)
    none = [None] * 3
    operands = [x, *w, *r, *none, *b, None, None, hidden, cell, None, None, None, None]
    g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", operands, y, FusedActivationFunction=4, CellClip=clip)
    return f"{steps}x{inputs}x{units}", g.finish([x], [y]), random_vectors(rng, [x.shape], 3)


FAMILIES = {"svdf": (2 * len(SVDFS), svdf), "lstm": (2 * len(LSTMS), lstm)}
