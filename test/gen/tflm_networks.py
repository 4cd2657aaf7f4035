"""Small networks of several layers: the ways in which operators and tensors meet in real models."""

import numpy as np

import tflm_layers as layers
from tflite_writer import Graph
from tflm_cases import int8_vectors, log_uniform, pick, random_vectors

ACTIVATIONS = ("none", "relu", "relu6")


class Net:
    """A graph with layers whose scales are chosen so that the activations fill int8 without saturating."""

    def __init__(self, rng):
        self.rng = rng
        self.g = Graph()

    def input(self, *shape):
        return self.g.tensor(shape, log_uniform(self.rng, 0.01, 0.1), int(self.rng.integers(-128, 128)))

    def _linear(self, shape, taps, channels, x):
        rng = self.rng
        weights = rng.integers(-127, 128, shape).astype("int8")
        scale = np.array([log_uniform(rng, 0.005, 0.02) for _ in range(channels)])
        bias = rng.integers(-3000, 3001, channels).astype("int32")
        spread = np.sqrt(taps) * 74 * np.hypot(50, 40)
        return weights, scale, bias, x.s * float(scale.max()) * spread / 60

    def _activation(self, scale):
        """An activation with its output pair; after a rectifier the zero point is usually the lowest."""
        activation = pick(self.rng, ACTIVATIONS)
        zero = -128 if activation != "none" and self.rng.random() < 0.8 else int(self.rng.integers(-40, 41))
        if activation == "relu6" and self.rng.random() < 0.5:
            scale = 6 / 255
        return activation, (scale, zero)

    def conv(self, x, filters, kernel=(3, 3), activation=None, **window):
        taps = kernel[0] * kernel[1] * x.shape[3]
        weights, scale, bias, out = self._linear((filters, *kernel, x.shape[3]), taps, filters, x)
        chosen, pair = self._activation(out)
        return layers.conv2d(self.g, x, weights, scale, bias, pair, activation=activation or chosen, **window)

    def depthwise(self, x, multiplier=1, kernel=(3, 3), **window):
        channels = x.shape[3] * multiplier
        weights, scale, bias, out = self._linear((1, *kernel, channels), kernel[0] * kernel[1], channels, x)
        activation, pair = self._activation(out)
        return layers.depthwise(self.g, x, weights, scale, bias, pair, activation=activation, **window)

    def dense(self, x, outputs, per_tensor=True):
        inputs = x.shape[-1]
        weights, scale, bias, out = self._linear((outputs, inputs), inputs, outputs, x)
        scale = float(scale.max()) if per_tensor else scale
        activation, pair = self._activation(out)
        return layers.fully_connected(self.g, x, weights, scale, bias, pair, activation)

    def binary(self, kind, a, b, activation="none"):
        scale = a.s * b.s * 60 if kind == "MUL" else np.hypot(a.s, b.s)
        return layers.binary(self.g, kind, a, b, (scale, int(self.rng.integers(-60, 61))), activation)

    def pool(self, x, kind="MAX_POOL_2D", kernel=(2, 2), stride=(2, 2), padding="valid"):
        return layers.pool(self.g, x, kind, kernel, stride, padding)

    def flatten(self, x):
        return layers.reshape(self.g, x, (x.shape[0], int(np.prod(x.shape[1:]))), (x.shape[0], -1))

    def requantise(self, x, scale, zero):
        return layers.unary(self.g, "QUANTIZE", x, (scale, zero))

    def concat(self, values, axis=-1):
        """Brings all operands to the first one's scale, as a converter would."""
        first = values[0]
        same = [first] + [self.requantise(value, first.s, first.zero_point) for value in values[1:]]
        return layers.concatenation(self.g, same, axis)

    def mean(self, x, keep_dims=False):
        return layers.mean(self.g, x, (1, 2), (x.s * 0.6, int(self.rng.integers(-60, 61))), keep_dims)

    def softmax(self, x):
        return layers.softmax(self.g, x)


def plain(net):
    """conv, depthwise, pool, reshape, dense, softmax"""
    x = net.input(1, 6, 5, 2)
    y = net.pool(net.depthwise(net.conv(x, 4, stride=(1, 1)), multiplier=2))
    return [x], [net.softmax(net.dense(net.flatten(y), 5))]


def separable(net):
    """a stack of depthwise and pointwise convolutions, closed by an average pool over everything"""
    x = net.input(1, 8, 4, 1)
    y = net.conv(x, 6, (4, 2), stride=(2, 2))
    for _ in range(2):
        y = net.conv(net.depthwise(y), 6, (1, 1))
    y = net.pool(y, "AVERAGE_POOL_2D", y.shape[1:3], (1, 1))
    return [x], [net.softmax(net.dense(net.flatten(y), 4))]


def residual(net):
    """a residual addition, the skipped tensor used twice"""
    x = net.input(1, 4, 4, 3)
    y = net.conv(x, 4)
    z = net.conv(net.conv(y, 4), 4, activation="none")
    return [x], [net.dense(net.flatten(net.pool(net.binary("ADD", y, z, "relu"))), 3)]


def residual_projected(net):
    """a residual block with stride and a pointwise projection on the skip"""
    x = net.input(1, 5, 5, 2)
    y = net.conv(net.conv(x, 4, stride=(2, 2)), 4, activation="none")
    skip = net.conv(x, 4, (1, 1), stride=(2, 2), activation="none")
    return [x], [net.mean(net.binary("ADD", skip, y, "relu"))]


def branches(net):
    """three branches with different kernels, concatenated along the channels"""
    x = net.input(1, 4, 4, 2)
    a, b = net.conv(x, 3, (1, 1)), net.conv(x, 2, (3, 3))
    c = net.conv(net.pool(x, kernel=(3, 3), stride=(1, 1), padding="same"), 2, (1, 1))
    return [x], [net.softmax(net.dense(net.mean(net.concat([a, b, c])), 4))]


def padded(net):
    """an explicit PAD before a VALID convolution with stride"""
    x = net.input(1, 5, 5, 2)
    y = layers.pad(net.g, x, [(0, 0), (0, 1), (0, 1), (0, 0)])
    y = net.conv(y, 4, stride=(2, 2), padding="valid")
    y = net.depthwise(layers.pad(net.g, y, [(0, 0), (1, 1), (1, 1), (0, 0)]), padding="valid")
    return [x], [net.dense(net.flatten(y), 3)]


def mean_head(net):
    """MEAN in place of a pool, then a per-channel dense layer"""
    x = net.input(1, 6, 4, 3)
    y = net.conv(net.depthwise(x, stride=(2, 1)), 6, (1, 1))
    return [x], [net.softmax(net.dense(net.mean(y), 5, per_tensor=False))]


def two_inputs(net):
    """two graph inputs of different scale, joined halfway"""
    x, z = net.input(1, 4, 3, 2), net.input(1, 7)
    y = net.flatten(net.conv(x, 2))
    return [x, z], [net.dense(net.concat([net.dense(y, 5), z]), 4)]


def three_inputs(net):
    """three graph inputs added and multiplied, one broadcast over the others"""
    a, b, c = net.input(1, 3, 3, 4), net.input(1, 3, 3, 4), net.input(1, 1, 1, 4)
    y = net.binary("MUL", net.binary("ADD", a, b), c)
    return [a, b, c], [net.binary("SUB", y, a)]


def two_outputs(net):
    """two heads on one trunk"""
    x = net.input(1, 5, 4, 2)
    trunk = net.conv(x, 4, stride=(2, 2))
    return [x], [net.softmax(net.dense(net.flatten(trunk), 3)), net.dense(net.mean(trunk), 2)]


def output_used_inside(net):
    """a graph output that later operators read too, listed before the last one"""
    x = net.input(1, 4, 4, 2)
    features = net.conv(x, 3)
    logits = net.dense(net.flatten(net.pool(features)), 4)
    return [x], [logits, net.softmax(logits), features]


def input_is_shared(net):
    """the graph input read by four operators, late ones too"""
    x = net.input(1, 4, 4, 3)
    y = net.binary("ADD", net.conv(x, 3), x)
    y = net.binary("MUL", net.depthwise(y), x)
    return [x], [net.binary("SUB", y, x)]


def dense_only(net):
    """a multilayer perceptron, as in anomaly detection"""
    x = net.input(1, 20)
    y = net.dense(net.dense(net.dense(x, 12), 3), 12, per_tensor=False)
    return [x], [net.dense(y, 20)]


def batch_of_two(net):
    """batch 2 all the way"""
    x = net.input(2, 5, 4, 2)
    y = net.pool(net.conv(x, 3), "AVERAGE_POOL_2D")
    return [x], [net.softmax(net.dense(net.flatten(y), 3))]


def gated(net):
    """a gate: mean, two dense layers, logistic, multiplied over the channels"""
    x = net.input(1, 4, 3, 4)
    y = net.conv(x, 4)
    gate = net.dense(net.dense(net.mean(y), 2), 4)
    gate = layers.unary(net.g, "LOGISTIC", gate, layers.LOGISTIC_OUTPUT)
    gate = layers.reshape(net.g, gate, (1, 1, 1, 4))
    return [x], [net.binary("MUL", y, gate)]


def activations_apart(net):
    """rectifiers and sigmoids as operators of their own"""
    x = net.input(1, 4, 3, 3)
    y = net.conv(x, 4, activation="none")
    y = layers.unary(net.g, "RELU", y, (y.s * 0.6, -128))
    y = layers.unary(net.g, "HARD_SWISH", net.conv(y, 4, (1, 1), activation="none"), (y.s, -90))
    y = layers.unary(net.g, "LEAKY_RELU", y, (y.s * 0.8, -20), Alpha=0.2)
    return [x], [layers.unary(net.g, "TANH", y, layers.TANH_OUTPUT)]


def temporal(net):
    """one-dimensional convolutions over time, dilated, as height 1"""
    x = net.input(1, 1, 16, 3)
    y = net.conv(x, 4, (1, 3))
    y = net.conv(y, 4, (1, 3), dilation=(1, 2))
    y = net.conv(y, 4, (1, 3), dilation=(1, 4), padding="valid")
    return [x], [net.softmax(net.dense(net.mean(y), 3))]


def long_lived(net):
    """tensors that stay alive across many operators, so that the arena's planner must keep them apart"""
    x = net.input(1, 4, 4, 2)
    early, y = net.conv(x, 3), x
    kept = []
    for _ in range(3):
        y = net.depthwise(y)
        kept.append(y)
    z = net.concat([kept[2], kept[0], kept[1]])
    return [x], [net.binary("ADD", net.conv(z, 3, (1, 1)), early)]


def reshape_in_the_middle(net):
    """shapes changed back and forth between the operators; the model ends in a reshape"""
    x = net.input(1, 24)
    y = layers.reshape(net.g, x, (1, 4, 3, 2))
    y = net.pool(net.conv(y, 4), kernel=(2, 1), stride=(2, 1))
    return [x], [layers.reshape(net.g, net.dense(net.flatten(y), 6), (1, 2, 3))]


def constants_inside(net):
    """normalisation with constant tensors: MUL and ADD by a number a channel"""
    x = net.input(1, 3, 4, 4)
    factor = net.g.constant(net.rng.integers(20, 128, (1, 1, 1, 4)), 0.01)
    offset = net.g.constant(net.rng.integers(-128, 128, (4,)), x.s, 11)
    y = net.binary("ADD", net.binary("MUL", x, factor), offset, "relu")
    return [x], [net.conv(y, 2)]


def outputs_of_inputs(net):
    """several independent paths: each output depends on one input alone"""
    a, b = net.input(1, 6), net.input(1, 3, 3, 2)
    return [a, b], [net.conv(b, 2, padding="valid"), net.softmax(a), net.dense(a, 3)]


NETWORKS = (
    plain,
    separable,
    residual,
    residual_projected,
    branches,
    padded,
    mean_head,
    two_inputs,
    three_inputs,
    two_outputs,
    output_used_inside,
    input_is_shared,
    dense_only,
    batch_of_two,
    gated,
    activations_apart,
    temporal,
    long_lived,
    reshape_in_the_middle,
    constants_inside,
    outputs_of_inputs,
)


def networks(rng, index):
    build = NETWORKS[index % len(NETWORKS)]
    net = Net(rng)
    inputs, outputs = build(net)
    shapes = [value.shape for value in inputs]
    vectors = int8_vectors(rng, shapes) + random_vectors(rng, shapes, 1)
    return build.__name__, net.g.finish(inputs, outputs), vectors


FAMILIES = {"networks": (len(NETWORKS), networks)}
