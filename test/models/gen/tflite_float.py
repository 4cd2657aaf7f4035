"""Float .tflite files as TensorFlow's converter writes them, for test/models/tflite_float: plain, with float16 weights, and
with int8 weights and float activations ("dynamic range"). Beside each, what TensorFlow Lite's interpreter computes.

Needs tensorflow-cpu.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras
import numpy as np
import tensorflow as tf

L = keras.layers
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "tflite_float"
SAMPLES = 3


def cnn():
    x0 = keras.Input((12, 12, 1))
    x = L.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x0)
    x = L.ReLU(6.0)(L.BatchNormalization()(x))
    y = L.ReLU()(L.BatchNormalization()(L.DepthwiseConv2D(3, padding="same")(x)))
    x = L.Add()([L.Conv2D(8, 1)(y), x])
    x = L.MaxPooling2D()(x)
    x = L.Conv2D(16, 3, padding="same", activation="relu")(L.ZeroPadding2D(1)(x))
    x = L.AveragePooling2D(3, strides=2, padding="same")(x)
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(x0, L.Dense(5, activation="softmax")(x))


def signal():
    return keras.Sequential(
        [
            keras.Input((24, 3)),
            L.Conv1D(8, 5, strides=2, activation="relu"),
            L.BatchNormalization(),
            L.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="tanh"),
            L.MaxPooling1D(2),
            L.Flatten(),
            L.Dense(3, activation="sigmoid"),
        ]
    )


def dense():
    x0 = keras.Input((40,))
    x = L.Dense(32, activation="relu")(x0)
    x = L.LeakyReLU()(L.Dense(32)(x))
    x = L.Concatenate()([x, L.Dense(6, activation="elu")(x)])
    return keras.Model(x0, L.Dense(4)(x))


def randomize(model, random):
    weights = []
    for array in model.get_weights():
        fan = max(1, int(np.prod(array.shape[:-1])))
        weights.append(random.normal(0, 1 / np.sqrt(fan) if array.ndim > 1 else 0.3, array.shape).astype(np.float32))
    model.set_weights(weights)
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            values = layer.get_weights()
            values[-1] = random.uniform(0.5, 2, values[-1].shape).astype(np.float32)
            layer.set_weights(values)


def run(content, inputs):
    """With hybrid kernels TensorFlow Lite quantises activations as it goes; the plain model's results are told too."""
    interpreter = tf.lite.Interpreter(model_content=content)
    detail, out = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(detail["index"], [1, *inputs.shape[1:]])
    interpreter.allocate_tensors()
    results = []
    for sample in inputs:
        interpreter.set_tensor(detail["index"], sample[None])
        interpreter.invoke()
        results.append([float(x) for x in interpreter.get_tensor(out["index"]).flatten()])
    return results


def convert(model, kind):
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    return converter.convert()


FOLDER.mkdir(exist_ok=True)
for name, model in (("cnn", cnn()), ("signal", signal()), ("dense", dense())):
    random = np.random.default_rng(len(name))
    randomize(model, random)
    inputs = random.normal(0, 1, (SAMPLES, *model.inputs[0].shape[1:])).astype(np.float32)
    for kind in ("float32", "float16", "dynamic"):
        content = convert(model, kind)
        (FOLDER / f"{name}_{kind}.tflite").write_bytes(content)
        samples = [
            {"input": [float(x) for x in sample.flatten()], "output": output}
            for sample, output in zip(inputs, run(content, inputs))
        ]
        (FOLDER / f"{name}_{kind}.expected.json").write_text(json.dumps(samples, separators=(",", ":")) + "\n")
