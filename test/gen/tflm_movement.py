"""The cases of operators that move, compare, reduce or map values, and of the transposed convolution."""

from math import prod

import numpy as np

import tflm_layers as layers
from tflite_writer import ACTIVATIONS, PADDINGS, Graph
from tflm_cases import (
    BROADCASTS,
    LINEAR_REGIMES,
    MEANS,
    SHORT,
    LinearScales,
    every_byte,
    int8_vectors,
    linear_bias,
    linear_vectors,
    linear_weights,
    log_uniform,
    output_zero_point,
    random_vectors,
    zero_point,
)


def _input(g, rng, index, shape):
    return g.tensor(shape, log_uniform(rng, 1e-3, 1), zero_point(rng, index))


def _shown(shape):
    return "x".join(map(str, shape)) or "scalar"


def _ints(g, values):
    return g.constant(np.asarray(values, "int32"), dtype="int32")


def _case(name, g, x, outputs, count=2):
    return name, g.finish([x], outputs), random_vectors(g.rng, [x.shape], count)


def _graph(rng):
    g = Graph()
    g.rng = rng
    return g


TRANSPOSES = (
    ((2, 3), (1, 0)),
    ((2, 3, 4), (0, 2, 1)),
    ((2, 3, 4), (2, 1, 0)),
    ((2, 3, 4), (1, 2, 0)),
    ((1, 3, 4, 5), (0, 3, 1, 2)),
    ((1, 5, 3, 4), (0, 2, 3, 1)),
    ((2, 3, 4, 5), (3, 2, 1, 0)),
    ((2, 3, 4, 5), (1, 0, 3, 2)),
    ((2, 1, 4, 1), (2, 0, 3, 1)),
    ((1, 1, 1, 6), (3, 0, 1, 2)),
    ((2, 3, 2, 2, 3), (4, 2, 0, 3, 1)),
    ((7,), (0,)),
    ((3, 3, 2), (0, 1, 2)),
)


def transpose(rng, index):
    shape, permutation = TRANSPOSES[index]
    g = _graph(rng)
    x = _input(g, rng, index, shape)
    y = g.tensor([shape[axis] for axis in permutation], x.s, x.zero_point)
    g.op("TRANSPOSE", [x, _ints(g, permutation)], y)
    return _case(f"{_shown(shape)}_by" + "".join(map(str, permutation)), g, x, [y])


# shape, and the slices as NumPy writes them: an integer drops the axis
SLICES = (
    ((10,), np.s_[2:7]),
    ((10,), np.s_[::3]),
    ((10,), np.s_[::-1]),
    ((9,), np.s_[7:1:-2]),
    ((4, 5), np.s_[1:3, 1:4]),
    ((4, 5), np.s_[-2:, :-1]),
    ((4, 5), np.s_[2, :]),
    ((4, 5), np.s_[:, -1]),
    ((3, 4, 5), np.s_[:, 1, ::2]),
    ((1, 5, 5, 3), np.s_[:, 1:4, 2:5, :]),
    ((1, 6, 6, 2), np.s_[:, ::2, ::2, :]),
    ((1, 6, 5, 2), np.s_[:, 1::2, ::-2, 1:2]),
    ((2, 3, 4, 2), np.s_[1, 0:2, ::-1, :]),
    ((2, 3, 4, 2), np.s_[0:9, -9:2, 3:, 0:1]),
)


def strided_slice(rng, index):
    shape, slices = SLICES[index]
    slices = slices if isinstance(slices, tuple) else (slices,)
    g = _graph(rng)
    x = _input(g, rng, index, shape)
    begin, end, strides, masks = [], [], [], [0, 0, 0]
    for axis, part in enumerate(slices):
        if isinstance(part, int):
            part = slice(part, part + 1)
            masks[2] |= 1 << axis
        masks[0] |= (part.start is None) << axis
        masks[1] |= (part.stop is None) << axis
        # what a mask covers must not matter
        begin.append(3 if part.start is None else part.start)
        end.append(1 if part.stop is None else part.stop)
        strides.append(part.step or 1)
    y = g.tensor(np.empty(shape)[slices].shape, x.s, x.zero_point)
    options = dict(zip(("BeginMask", "EndMask", "ShrinkAxisMask"), masks))
    g.op("STRIDED_SLICE", [x, _ints(g, begin), _ints(g, end), _ints(g, strides)], y, **options)
    name = "_".join(str(s).replace("slice", "").replace("None", "") for s in slices)
    name = "".join(c if c.isalnum() or c == "_" else {"-": "m"}.get(c, "") for c in name)
    return _case(f"{_shown(shape)}_{name}", g, x, [y])


PARTS = (
    ((10,), (2,), (5,)),
    ((10,), (4,), (-1,)),
    ((4, 5), (1, 1), (2, 3)),
    ((4, 5), (0, 2), (-1, 2)),
    ((3, 4, 5), (1, 0, 2), (1, -1, 3)),
    ((3, 4, 5), (0, 0, 0), (3, 4, 5)),
    ((1, 5, 5, 3), (0, 1, 2, 0), (1, 3, 2, 3)),
    ((1, 5, 5, 3), (0, 0, 0, 1), (1, 5, 5, 1)),
    ((2, 3, 4, 5), (1, 1, 1, 1), (1, 2, 3, 4)),
    ((2, 3, 4, 5), (0, 2, 0, 3), (2, 1, 4, -1)),
)


def slice_(rng, index):
    shape, begin, size = PARTS[index]
    g = _graph(rng)
    x = _input(g, rng, index, shape)
    sizes = [n - b if s == -1 else s for n, b, s in zip(shape, begin, size)]
    y = g.op("SLICE", [x, _ints(g, begin), _ints(g, size)], g.tensor(sizes, x.s, x.zero_point))
    return _case(f"{_shown(shape)}_to_{_shown(sizes)}", g, x, [y])


SPLITS = (((6,), 0, 2), ((4, 6), 1, 3), ((4, 6), 0, 4), ((1, 4, 4, 6), 3, 2), ((1, 4, 4, 6), -1, 3), ((1, 6, 2, 2), 1, 2))


def split(rng, index):
    shape, axis, count = SPLITS[index]
    g = _graph(rng)
    x = _input(g, rng, index, shape)
    part = list(shape)
    part[axis] //= count
    outputs = [g.tensor(part, x.s, x.zero_point) for _ in range(count)]
    g.op("SPLIT", [_ints(g, axis), x], outputs, NumSplits=count)
    return _case(f"{_shown(shape)}_axis{axis}_in{count}".replace("-", "m"), g, x, outputs)


SPLITS_V = (((6,), 0, (2, 4)), ((4, 7), 1, (3, 1, 3)), ((4, 6), -2, (1, 3)), ((1, 4, 4, 6), 3, (4, 2)), ((1, 5, 2, 2), 1, (1, 1, 3)))


def split_v(rng, index):
    shape, axis, sizes = SPLITS_V[index]
    g = _graph(rng)
    x = _input(g, rng, index, shape)
    outputs = []
    for size in sizes:
        part = list(shape)
        part[axis] = size
        outputs.append(g.tensor(part, x.s, x.zero_point))
    g.op("SPLIT_V", [x, _ints(g, sizes), _ints(g, axis)], outputs, NumSplits=len(sizes))
    return _case(f"{_shown(shape)}_axis{axis}_in{len(sizes)}".replace("-", "m"), g, x, outputs)


def pack(rng, index):
    shape, axis, count = (((5,), 0, 2), ((5,), 1, 3), ((2, 3), 1, 2), ((2, 3), -1, 2), ((2, 2, 3), 0, 2))[index]
    scale, zero = log_uniform(rng, 1e-3, 1), zero_point(rng, index)
    g = Graph()
    values = [g.tensor(shape, scale, zero) for _ in range(count)]
    y = g.tensor(np.stack([np.empty(shape)] * count, axis).shape, scale, zero)
    g.op("PACK", values, y, ValuesCount=count, Axis=axis)
    name = f"{count}of_{_shown(shape)}_axis{axis}".replace("-", "m")
    return name, g.finish(values, [y]), random_vectors(rng, [shape] * count, 2)


def unpack(rng, index):
    shape, axis = (((2, 5), 0), ((4, 3), 1), ((2, 3, 4), 1), ((2, 3, 4), -1))[index]
    g = _graph(rng)
    x = _input(g, rng, index, shape)
    part = np.delete(shape, axis)
    outputs = [g.tensor(part, x.s, x.zero_point) for _ in range(shape[axis])]
    g.op("UNPACK", [x], outputs, Num=shape[axis], Axis=axis)
    return _case(f"{_shown(shape)}_axis{axis}".replace("-", "m"), g, x, outputs)


BLOCKS = (((1, 4, 6, 3), 2), ((2, 3, 6, 1), 3), ((1, 4, 4, 5), 4), ((1, 2, 2, 8), 2))


def _blocks(kind):
    def case(rng, index):
        (batch, height, width, depth), block = BLOCKS[index]
        wide, deep = (batch, height * block, width * block, depth), (batch, height, width, depth * block**2)
        source, target = (wide, deep) if kind == "SPACE_TO_DEPTH" else (deep, wide)
        g = _graph(rng)
        x = _input(g, rng, index, source)
        y = g.op(kind, [x], g.tensor(target, x.s, x.zero_point), BlockSize=block)
        return _case(f"{_shown(source)}_block{block}", g, x, [y])

    return case


# the image, the blocks, and for each axis what is added before and behind
BATCHES = (
    ((1, 4, 6, 3), (2, 2), ((0, 0), (0, 0))),
    ((1, 5, 4, 2), (2, 3), ((0, 1), (1, 1))),
    ((2, 3, 4, 1), (3, 2), ((1, 2), (0, 0))),
    ((1, 7, 3), (2,), ((2, 1),)),
    ((1, 4, 4, 2), (1, 2), ((0, 0), (2, 0))),
)


def _batches(kind):
    def case(rng, index):
        shape, blocks, margins = BATCHES[index]
        m = len(blocks)
        spatial = [(n + sum(p)) // b for n, b, p in zip(shape[1:], blocks, margins)]
        apart = (shape[0] * prod(blocks), *spatial, *shape[1 + m :])
        source, target = (shape, apart) if kind == "SPACE_TO_BATCH_ND" else (apart, shape)
        g = _graph(rng)
        # TensorFlow Lite Micro pads with a byte of 0 whatever the zero point is, unlike TensorFlow Lite
        padded = kind == "SPACE_TO_BATCH_ND" and np.any(margins)
        x = g.tensor(source, log_uniform(rng, 1e-3, 1), 0 if padded else zero_point(rng, index))
        y = g.tensor(target, x.s, x.zero_point)
        g.op(kind, [x, _ints(g, blocks), _ints(g, margins)], y)
        return _case(f"{_shown(source)}_blocks{_shown(blocks)}", g, x, [y])

    return case


RESIZES = (((3, 3), (6, 6)), ((4, 5), (7, 3)), ((2, 3), (5, 9)), ((6, 6), (3, 2)), ((5, 1), (4, 4)), ((1, 1), (3, 2)), ((4, 4), (4, 4)), ((7, 5), (10, 12)))


def _resize(op):
    def case(rng, index):
        size, target = RESIZES[index % len(RESIZES)]
        align, half = ((False, False), (True, False), (False, True))[index % 3]
        batch, channels = 1 + (index % 5 == 4), (1, 3, 4, 8)[index % 4]
        g = _graph(rng)
        x = _input(g, rng, index, (batch, *size, channels))
        y = g.tensor((batch, *target, channels), x.s, x.zero_point)
        g.op(op, [x, _ints(g, target)], y, AlignCorners=align, HalfPixelCenters=half)
        name = f"{_shown(x.shape)}_to_{_shown(target)}" + "_align" * align + "_half" * half
        return _case(name, g, x, [y], 1)

    return case


def _extremum(kind):
    def case(rng, index):
        shapes = BROADCASTS[index % len(BROADCASTS)]
        scale, zero = log_uniform(rng, 1e-3, 1), zero_point(rng, index)
        constant = (None, None, "b")[index % 3]
        g, operands = Graph(), []
        for which, shape in zip("ab", shapes):
            data = rng.integers(-128, 128, shape).astype("int8") if which == constant else None
            operands.append(g.tensor(shape, scale, zero, data=data))
        y = g.tensor(np.broadcast_shapes(*shapes), scale, zero)
        g.op(kind, operands, y)
        inputs = operands[: 1 if constant else 2]
        name = "_".join(_shown(v.shape) for v in operands) + ("_constb" if constant else "")
        return name, g.finish(inputs, [y]), random_vectors(rng, [v.shape for v in inputs], 2)

    return case


SLOPES = (((1, 3, 4, 5), (1, 1, 5)), ((1, 4, 4, 3), (4, 4, 3)), ((2, 3, 2, 4), (1, 1, 4)), ((1, 5, 3, 2), (1,)), ((1, 9), (9,)), ((1, 2, 2, 16), (1, 1, 16)), ((3, 7), (1, 7)))


def prelu(rng, index):
    shape, slopes = SLOPES[index % len(SLOPES)]
    scale, factor = log_uniform(rng, 0.004, 0.2), (1.0, log_uniform(rng, 0.3, 3), log_uniform(rng, 2**-6, 2**7))[index % 3]
    g = Graph()
    x = g.tensor(shape, scale, zero_point(rng, index))
    alpha_zero = zero_point(rng, index + index // 5 + 1) if index % 2 else 0
    data = rng.integers(-128, 128, slopes).astype("int8")
    alpha = g.constant(data, log_uniform(rng, 1e-3, 0.02), alpha_zero)
    y = g.op("PRELU", [x, alpha], g.tensor(shape, scale * factor, zero_point(rng, index + 2)))
    return f"{_shown(shape)}_by_{_shown(slopes)}", g.finish([x], [y]), int8_vectors(rng, [shape])


def _argument(kind):
    def case(rng, index):
        shape, axis = (((7,), 0), ((2, 9), 1), ((1, 10), -1), ((3, 4), 0), ((2, 3, 4), 1), ((1, 3, 3, 5), 3), ((1, 4, 3, 2), 1))[index]
        g = Graph()
        x = g.tensor(shape, log_uniform(rng, 1e-3, 1), zero_point(rng, index))
        y = g.tensor(np.delete(shape, axis), dtype="int32")
        g.op(kind, [x, _ints(g, axis)], y, OutputType=2)
        vectors = random_vectors(rng, [shape], 2)
        vectors.append([rng.integers(-2, 2, shape).astype("int8")])  # ties
        vectors.append([np.full(shape, -128, "int8")])
        vectors.append([np.full(shape, 127, "int8")])
        return f"{_shown(shape)}_axis{axis}".replace("-", "m"), g.finish([x], [y]), vectors

    return case


def _reduction(kind):
    def case(rng, index):
        shape, axes = MEANS[index % len(MEANS)]
        keep_dims = index % 2 == 0
        reduced = {axis % len(shape) for axis in axes}
        kept = [1 if i in reduced else n for i, n in enumerate(shape) if keep_dims or i not in reduced]
        scale, zero = log_uniform(rng, 0.004, 0.2), zero_point(rng, index)
        out = (scale, zero)
        if kind == "SUM":
            out = (scale * prod(shape[i] for i in reduced) * log_uniform(rng, 0.1, 1.5), zero_point(rng, index + 1))
            if index % 4 == 3:
                out = (scale, zero_point(rng, index + 1))
        g = Graph()
        x = g.tensor(shape, scale, zero)
        y = g.op(kind, [x, _ints(g, axes)], g.tensor(kept, *out), KeepDims=keep_dims)
        vectors = int8_vectors(rng, [shape])
        vectors[1] = [rng.integers(-4, 4, shape).astype("int8")]
        name = _shown(shape) + "_axes" + "".join(f"_{a}".replace("-", "m") for a in axes)
        return name + ("_keepdims" if keep_dims else ""), g.finish([x], [y]), vectors

    return case


def _function(kind):
    """Operators of one operand, fed every byte."""

    def case(rng, index):
        scale = (log_uniform(rng, 0.01, 0.1), log_uniform(rng, 1e-3, 0.01), log_uniform(rng, 0.1, 1), 2.0**-4)[index % 4]
        zero = zero_point(rng, index)
        factor = 1.0 if index % 3 == 0 else log_uniform(rng, 0.2, 2)
        g = Graph()
        x = g.tensor((1, 16, 16, 1), scale, zero)
        y = layers.unary(g, kind, x, (scale * factor, zero if factor == 1.0 else zero_point(rng, index + 1)))
        return f"scale{scale:.2e}_zero{zero}".replace("-", "m"), g.finish([x], [y]), every_byte()

    return case


def float_island(rng, index):
    """What converters leave in float between two scales: one function, or several with a constant."""
    scale, zero = (log_uniform(rng, 0.01, 0.1), 2.0**-4, log_uniform(rng, 0.1, 0.5))[index % 3], zero_point(rng, index)
    out = (log_uniform(rng, 0.01, 0.05), zero_point(rng, index + 1))
    kinds = (("ELU",), ("LOGISTIC",), ("ABS", "ELU"), ("RELU",), (), ("TANH", "MUL"), ("ADD", "ELU"))[index]
    g = Graph()
    x = g.tensor((1, 16, 16, 1), scale, zero)
    y = layers.unary(g, "DEQUANTIZE", x, (), "float32")
    for kind in kinds:
        if kind in ("MUL", "ADD"):
            constant = g.constant(np.array([0.7], "float32"), dtype="float32")
            y = g.op(kind, [y, constant], g.tensor(y.shape, dtype="float32"), FusedActivationFunction=0)
        else:
            y = layers.unary(g, kind, y, (), "float32")
    y = layers.unary(g, "QUANTIZE", y, out)
    return "_".join(kinds).lower() or "nothing", g.finish([x], [y]), every_byte()


def log_softmax(rng, index):
    depth = (1, 2, 3, 10, 17)[index % 5]
    leading = ((1,), (3,), (1, 2), (2, 2))[index % 4]
    scale = (log_uniform(rng, 0.01, 0.3), log_uniform(rng, 1e-3, 0.01), log_uniform(rng, 0.3, 4), 2.0**-5)
    g = Graph()
    x = g.tensor((*leading, depth), scale[index % 4], zero_point(rng, index))
    y = layers.unary(g, "LOG_SOFTMAX", x, (16 / 256, 127))
    vectors = int8_vectors(rng, [x.shape])
    centre = rng.integers(-100, 100)
    vectors[1] = [np.clip(rng.integers(centre - 12, centre + 13, x.shape), -128, 127).astype("int8")]
    return f"{_shown(x.shape)}_scale{x.s:.1e}".replace("-", "m"), g.finish([x], [y]), vectors


def transpose_conv(rng, index):
    padding, regime, per_channel = PADDINGS[index % 2], LINEAR_REGIMES[index % 13], index % 5 != 2
    activation = "none" if index % 4 else ACTIVATIONS[index // 4 % 4]
    kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    stride = ((2, 2), (1, 1), (2, 1), (3, 2), (2, 3))[index % 5]
    size = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    batch, inputs, filters = 1 + (index % 9 == 4), int(rng.integers(1, 9)), int(rng.integers(1, 9))
    x_zero, y_zero = zero_point(rng, index), output_zero_point(rng, index, activation)
    taps = max(1, prod(kernel) * inputs // prod(stride))
    scales = LinearScales(rng, regime, taps, filters if per_channel else 0, x_zero, activation)
    bias = linear_bias(rng, index, filters, scales)
    g = Graph()
    x = g.tensor((batch, *size, inputs), scales.input, x_zero)
    weights = linear_weights(rng, index, (filters, *kernel, inputs), regime)
    target = [
        n * s if padding == "same" else (n - 1) * s + max(k, s) for n, s, k in zip(size, stride, kernel)
    ]
    y = g.tensor((batch, *target, filters), scales.output, y_zero)
    operands = [_ints(g, y.shape), g.constant(weights, scales.weights, 0, axis=0), x]
    if bias is not None:
        operands.append(g.constant(bias, np.atleast_1d(scales.weights) * x.s, 0, "int32"))
    options = {"Padding": PADDINGS.index(padding), "StrideH": stride[0], "StrideW": stride[1]}
    g.op("TRANSPOSE_CONV", operands, y, FusedActivationFunction=ACTIVATIONS.index(activation), **options)
    name = f"b{batch}_k{_shown(kernel)}_s{_shown(stride)}_{padding}_{SHORT[activation]}_c{inputs}to{filters}"
    name += f"_{'nobias' if bias is None else 'bias'}_{'pc' if per_channel else 'pt'}_{regime}"
    return name, g.finish([x], [y]), linear_vectors(rng, x.shape, x_zero, regime)


FAMILIES = {
    "abs": (9, _function("ABS")),
    "arg_max": (7, _argument("ARG_MAX")),
    "arg_min": (7, _argument("ARG_MIN")),
    "batch_to_space": (5, _batches("BATCH_TO_SPACE_ND")),
    "depth_to_space": (4, _blocks("DEPTH_TO_SPACE")),
    "elu": (13, _function("ELU")),
    "float_island": (7, float_island),
    "log_softmax": (14, log_softmax),
    "maximum": (12, _extremum("MAXIMUM")),
    "minimum": (12, _extremum("MINIMUM")),
    "pack": (5, pack),
    "prelu": (14, prelu),
    "reduce_max": (14, _reduction("REDUCE_MAX")),
    "resize_bilinear": (18, _resize("RESIZE_BILINEAR")),
    "resize_nearest": (15, _resize("RESIZE_NEAREST_NEIGHBOR")),
    "slice": (10, slice_),
    "space_to_batch": (5, _batches("SPACE_TO_BATCH_ND")),
    "space_to_depth": (4, _blocks("SPACE_TO_DEPTH")),
    "split": (6, split),
    "split_v": (5, split_v),
    "strided_slice": (14, strided_slice),
    "sum": (15, _reduction("SUM")),
    "transpose": (13, transpose),
    "transpose_conv": (26, transpose_conv),
    "unpack": (4, unpack),
}
