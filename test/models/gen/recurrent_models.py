"""Layers over time trained on made-up gestures, for test/models/recurrent.

Needs tensorflow-cpu (Keras 3), tf_keras and tf2onnx.

A gesture is 24 steps of three accelerations: a circle one way, a circle the other way, a shake, or one jerk; with
a random start, speed, strength, tilt and noise. Two of the classes differ in nothing but the order of their steps.
expected.json has what Keras computes of the first gestures of the test.
"""

import json
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
import tf_keras
from common import MODELS, write_csv

L = keras.layers
FOLDER = MODELS / "recurrent"
STEPS, AXES, CLASSES, UNITS = 24, 3, 4, 12


def gesture(random, label):
    time = np.arange(STEPS)
    angle = random.uniform(0, 2 * np.pi) + time * random.uniform(0.25, 0.6)
    strength = random.uniform(0.5, 1.5)
    if label < 2:
        sideways = np.sin(angle) if label == 0 else -np.sin(angle)
        moved = np.stack([np.cos(angle), sideways, np.zeros(STEPS)], axis=1)
    elif label == 2:
        moved = np.stack([np.cos(3 * angle), 0.4 * np.cos(3 * angle), np.zeros(STEPS)], axis=1)
    else:
        jerk = np.exp(-((time - random.uniform(6, 18)) ** 2) / 4)
        moved = np.stack([jerk, np.zeros(STEPS), 1.5 * jerk], axis=1)
    tilt = random.normal(0, 0.2, AXES) + [0, 0, 1]
    return strength * moved + tilt + random.normal(0, 0.35, (STEPS, AXES))


def gestures(seed, count):
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    return np.stack([gesture(random, label) for label in labels]).astype(np.float32).round(3), labels


def train(layer):
    keras.utils.set_random_seed(5)
    model = keras.Sequential([keras.Input((STEPS, AXES)), layer, L.Dense(CLASSES, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*gestures(1, 1500), epochs=14, batch_size=50, verbose=0)
    return model


def save_onnx(model, layer, name):
    """tf2onnx knows the layers of Keras 2 only: of those of Keras 3 it makes loops."""
    signature = [tf.TensorSpec((1, STEPS, AXES), tf.float32, name="motion")]
    dense = tf_keras.layers.Dense(CLASSES, activation="softmax")
    same = tf_keras.Sequential([tf_keras.Input((STEPS, AXES)), layer, dense])
    same.set_weights(model.get_weights())
    tf2onnx.convert.from_keras(same, signature, opset=17, output_path=str(FOLDER / name))


def main():
    FOLDER.mkdir(exist_ok=True)
    columns = [f"{axis}{step}" for step in range(STEPS) for axis in "xyz"]
    for name, seed, count in (("calibration", 2, 60), ("test", 3, 300)):
        values, labels = gestures(seed, count)
        write_csv(f"recurrent/gestures.{name}.csv", columns, values.reshape(count, -1), labels, digits=3)
    layers = {
        "lstm": (L.LSTM(UNITS), tf_keras.layers.LSTM(UNITS)),
        "gru": (L.GRU(UNITS), tf_keras.layers.GRU(UNITS)),
        # tf2onnx makes a loop of this one in any case.
        "gru_reset_before": (L.GRU(UNITS, reset_after=False), None),
    }
    expected = {}
    for name, (layer, same) in layers.items():
        model = train(layer)
        print(name, "accuracy", model.evaluate(*gestures(3, 300), verbose=0)[1])
        values, _ = gestures(3, 300)
        expected[name] = [[float(x) for x in row] for row in model.predict(values[:20], verbose=0)]
        model.save(FOLDER / f"{name}.keras")
        if same:
            save_onnx(model, same, f"{name}.onnx")
    (FOLDER / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
