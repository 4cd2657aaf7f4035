"""Keras models with random weights for test/models/keras, and what Keras computes with them.

Run with `3` for the files of Keras 3 (pip install tensorflow-cpu), with `2` for those of Keras 2 (pip install
tf_keras too). The outputs are in expected.<file>.json beside each file: a few samples, one list per input and output.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
VERSION = int(sys.argv[1])
if VERSION == 2:
    import tf_keras as keras
else:
    import keras
import numpy as np

L = keras.layers
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "keras"
SAMPLES = 3


def input_of(*shape, name=None):
    return keras.Input(shape, name=name)


def randomize(model, random):
    """Weights of the size that training leaves; variances are positive."""
    weights = []
    for array in model.get_weights():
        fan = max(1, int(np.prod(array.shape[:-1])))
        weights.append(random.normal(0, 1 / np.sqrt(fan) if array.ndim > 1 else 0.3, array.shape).astype(np.float32))
    model.set_weights(weights)
    for layer in model._flatten_layers() if hasattr(model, "_flatten_layers") else model.layers:
        if isinstance(layer, L.BatchNormalization):
            values = layer.get_weights()
            values[-1] = random.uniform(0.5, 2, values[-1].shape).astype(np.float32)
            layer.set_weights(values)


def save(name, model, formats, inputs=None):
    """`inputs`: for a model that has its weights already."""
    random = np.random.default_rng(len(name))
    if inputs is None:
        randomize(model, random)
        inputs = [random.normal(0, 1, (SAMPLES, *tensor.shape[1:])).astype(np.float32) for tensor in model.inputs]
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    samples = [
        {
            "inputs": [[float(x) for x in array[i].flatten()] for array in inputs],
            "outputs": [[float(x) for x in np.asarray(array)[i].flatten()] for array in outputs],
        }
        for i in range(SAMPLES)
    ]
    for ending in formats:
        file = f"{name}_keras{VERSION}.{ending}"
        model.save(FOLDER / file)
        (FOLDER / f"expected.{file}.json").write_text(json.dumps(samples, separators=(",", ":")) + "\n")


def image():
    x0 = input_of(12, 10, 2, name="image")
    x = L.ZeroPadding2D(((0, 1), (1, 0)))(x0)
    x = L.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(x)
    x = L.ReLU(6.0)(L.BatchNormalization()(x))
    y = L.DepthwiseConv2D((3, 2), padding="same", depth_multiplier=1, activation="relu")(x)
    y = L.SeparableConv2D(6, 3, padding="same", depth_multiplier=2)(y)
    x = L.Add()([x, y])
    x = L.SpatialDropout2D(0.2)(x)
    a = L.MaxPooling2D(2, padding="same")(x)
    b = L.AveragePooling2D((3, 2), strides=2, padding="same")(x)
    x = L.Concatenate()([a, b])
    x = L.Conv2D(8, (1, 3), groups=4, dilation_rate=(1, 1), activation="tanh")(x)
    x = L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(x)
    x = L.UpSampling2D((1, 2))(L.Cropping2D(((1, 0), (0, 1)))(x))
    x = L.Conv2DTranspose(3, (2, 3), padding="valid")(x)
    x = L.Permute((2, 1, 3))(x)
    outputs = [L.GlobalAveragePooling2D(name="mean")(x), L.GlobalMaxPooling2D(name="peak")(x)]
    outputs.append(L.Dense(4, activation="softmax", name="classes")(L.Flatten()(x)))
    return keras.Model(x0, outputs)


def signal():
    return keras.Sequential(
        [
            input_of(20, 3),
            L.Conv1D(6, 3, padding="causal", dilation_rate=2, activation="relu"),
            L.BatchNormalization(),
            L.Dropout(0.2),
            L.Conv1D(8, 4, strides=2, padding="same"),
            L.BatchNormalization(scale=False),
            L.Activation("relu"),
            L.MaxPooling1D(2),
            L.ZeroPadding1D((1, 2)),
            L.SeparableConv1D(5, 3),
            L.AveragePooling1D(2, padding="same"),
            L.UpSampling1D(2),
            L.Reshape((-1, 10)),
            L.Dense(7, activation="elu"),
            L.GlobalAveragePooling1D(),
            L.Dense(3, activation="softmax"),
        ],
        name="signal",
    )


def activations():
    x0 = input_of(6)
    names = "relu sigmoid tanh softmax elu selu softplus softsign swish gelu hard_sigmoid exponential linear".split()
    if VERSION == 3:
        names += ["relu6", "silu", "leaky_relu", "hard_swish", "mish"]
    branches = [L.Activation(name)(x0) for name in names]
    slope = {"negative_slope": 0.15} if VERSION == 3 else {"alpha": 0.15}
    layers = [L.ReLU(), L.ReLU(max_value=1.5), L.ReLU(negative_slope=0.2), L.ReLU(max_value=1, negative_slope=0.1)]
    layers += [L.LeakyReLU(), L.LeakyReLU(**slope), L.ELU(0.7), L.PReLU(), L.Softmax()]
    branches += [layer(x0) for layer in layers]
    branches.append(L.Dense(3, activation=L.LeakyReLU(**slope))(x0))
    return keras.Model(x0, L.Concatenate()(branches))


def tabular():
    """A model within the model that is called twice, merging layers, two inputs."""
    x0, x1 = input_of(5, name="features"), input_of(4, name="others")
    normal = L.Normalization(mean=[1.0, 20.0, -300.0, 0.5, 0.0], variance=[1.0, 100.0, 9.0, 0.25, 4.0])
    inner = keras.Sequential([input_of(4), L.Dense(5, activation="relu"), L.BatchNormalization(), L.Dense(4)], name="inner")
    a = inner(L.Dense(4, activation="tanh")(normal(x0)))
    b = inner(L.Rescaling(0.5, offset=0.1)(x1))
    merged = [merge([a, b]) for merge in (L.Add(), L.Multiply(), L.Maximum(), L.Minimum(), L.Average(), L.Subtract())]
    x = L.Concatenate()(merged)
    x = L.Dense(6, activation="relu")(x)
    return keras.Model([x0, x1], [L.Dense(2, name="scores")(x), L.Dense(1, activation="sigmoid", name="chance")(x)])


def normalized():
    """Statistics from data, at features of very different sizes."""
    random = np.random.default_rng(5)
    data = random.normal([1, 2000, -3], [1, 300, 0.01], (64, 3)).astype(np.float32)
    normal = L.Normalization()
    normal.adapt(data)
    model = keras.Sequential([input_of(3), normal, L.Dense(4, activation="relu"), L.Dense(2)])
    return model, [data[:SAMPLES]]


def sequences():
    """Words as numbers, an encoder of their order and a decoder, a layer for each step."""
    random = np.random.default_rng(7)
    model = keras.Sequential(
        [
            keras.Input((6,), name="words"),
            L.Embedding(30, 4),
            L.LSTM(4),
            L.RepeatVector(5),
            L.LSTM(4, return_sequences=True),
            L.TimeDistributed(L.Dense(3, activation="tanh")),
            L.Flatten(),
            L.Dense(2),
        ]
    )
    randomize(model, random)
    return model, [random.integers(0, 30, (SAMPLES, 6)).astype(np.float32)]


def attention():
    """Blocks of a transformer, and each way of normalising by data or along other axes."""
    x0 = input_of(6, 8, name="steps")
    x = L.LayerNormalization()(x0)
    x = L.Add()([x0, L.MultiHeadAttention(2, 4)(x, x)])
    y = L.LayerNormalization(scale=False, epsilon=1e-2)(x)
    x = L.Add()([x, L.Dense(8)(L.Dense(12, activation="gelu")(y))])
    y = L.MultiHeadAttention(3, 2, use_bias=False)(x, x0)
    x = L.Concatenate()([y, L.Attention(use_scale=True)([x, x0]), L.Dot((2, 2))([x, x0])])
    outputs = [L.GlobalAveragePooling1D()(x)]
    z = L.Reshape((6, 4, 2))(x0)
    outputs.append(L.Flatten(name="groups")(L.GroupNormalization(2)(L.Reshape((3, 4, 4))(x0))))
    outputs.append(L.Flatten(name="plane")(L.LayerNormalization(axis=[-2, -1])(z)))
    outputs.append(L.Flatten(name="rms")(L.RMSNormalization()(z)))
    outputs.append(L.Flatten(name="unit")(L.UnitNormalization()(z)))
    outputs.append(L.Flatten(name="batch")(L.BatchNormalization(axis=2)(z)))
    outputs.append(L.Flatten(name="shares")(L.Softmax(axis=1)(x0)))
    return keras.Model(x0, outputs)


def both_ways():
    """Recurrent layers over the steps in either order, an encoder of them and a decoder."""
    x0 = input_of(7, 3)
    x = L.Bidirectional(L.LSTM(4, return_sequences=True))(x0)
    y = L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="ave")(x)
    y = L.SimpleRNN(4, return_sequences=True, go_backwards=True)(y)
    code = L.LSTM(4)(L.LSTM(5, return_sequences=True)(x0))
    decoded = L.LSTM(5, return_sequences=True)(L.RepeatVector(7)(code))
    outputs = [L.Bidirectional(L.SimpleRNN(3))(L.Concatenate()([x, y])), L.TimeDistributed(L.Dense(3))(decoded)]
    return keras.Model(x0, outputs)


def recurrent():
    return keras.Sequential(
        [input_of(12, 3), L.LSTM(6, return_sequences=True), L.LSTM(5), L.Dense(3, activation="softmax")]
    )


FOLDER.mkdir(exist_ok=True)
if VERSION == 3:
    save("image", image(), ["h5"])
    save("activations", activations(), ["keras"])
    save("tabular", tabular(), ["h5", "keras"])
    save("recurrent", recurrent(), ["keras"])
    save("attention", attention(), ["keras"])
    save("both_ways", both_ways(), ["keras"])
    model, inputs = normalized()
    save("normalized", model, ["keras"], inputs)
    model, inputs = sequences()
    save("sequences", model, ["keras", "h5"], inputs)
else:
    save("recurrent", recurrent(), ["h5"])
    save("signal", signal(), ["h5", "keras"])
    save("activations", activations(), ["h5"])
    save("tabular", tabular(), ["h5"])
