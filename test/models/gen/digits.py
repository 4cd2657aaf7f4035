"""A small convolutional classifier of scikit-learn's 8x8 digits, as float32 and as full-integer int8 TFLite.

digits.tflite is float: thimble's own quantiser makes it int8. digits_int8.tflite is quantised by TensorFlow's
converter, from the same weights and the same calibration images, to compare with.

    python test/models/gen/digits.py
"""

import os

# Set before TensorFlow is imported: oneDNN picks kernels by processor, and so would change the weights.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from common import MODELS, ORACLE_ROWS, write_csv, write_oracle

SEED = 11
EPOCHS = 120
BATCH = 32
CALIBRATION = 200


def split_digits():
    """Images (n, 8, 8, 1) in 0..1 in steps of 1/16, and labels: 1437 to train on, 360 to test with."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[..., np.newaxis]
    return train_test_split(images, digits.target, test_size=360, stratify=digits.target, random_state=SEED)


def build(batch=None):
    """10 234 parameters. The depthwise stage halves the image, so one later convolution sees all of it."""
    layers = tf.keras.layers
    return tf.keras.Sequential([
        layers.Input((8, 8, 1), batch_size=batch),
        layers.Conv2D(12, 3, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(32, 1, activation="relu"),
        layers.Conv2D(32, 3, activation="relu"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])


def shifted(images, rng):
    """Each image moved by at most one pixel each way: 1437 images alone are soon learnt by heart."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    offsets = rng.choice(3, size=(len(images), 2), p=[0.15, 0.7, 0.15])
    return np.stack([padded[i, y : y + 8, x : x + 8] for i, (y, x) in enumerate(offsets)])


def train(images, labels):
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    rng = np.random.default_rng(SEED)
    model = build()
    steps = EPOCHS * -(-len(images) // BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)
    # Smoothed targets: without them most probabilities round to 0 or 1, and comparing them says little.
    loss = tf.keras.losses.CategoricalCrossentropy(label_smoothing=0.1)
    model.compile(tf.keras.optimizers.Adam(rate), loss)
    targets = tf.one_hot(labels, 10)
    for _ in range(EPOCHS):
        model.fit(shifted(images, rng), targets, batch_size=BATCH, verbose=0)
    return model


def converter(model):
    """A converter with the batch fixed to 1: a free batch would add Shape and Pack around the Reshape."""
    single = build(batch=1)
    single.set_weights(model.get_weights())
    return tf.lite.TFLiteConverter.from_keras_model(single)


def convert_int8(model, images):
    convert = converter(model)
    convert.optimizations = [tf.lite.Optimize.DEFAULT]
    convert.representative_dataset = lambda: ([image[np.newaxis]] for image in images)
    convert.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    convert.inference_input_type = tf.int8
    convert.inference_output_type = tf.int8
    return convert.convert()


def run(name, images):
    """Images as MODELS/name takes them (n, 64), and the reference kernels' outputs (n, 10)."""
    interpreter = open_interpreter(name)
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    inputs, outputs = quantised(images, source), []
    for image in inputs:
        interpreter.set_tensor(source["index"], image[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(sink["index"])[0])
    return inputs.reshape(len(inputs), -1), np.array(outputs)


def open_interpreter(name):
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = tf.lite.Interpreter(str(MODELS / name), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    return interpreter


def quantised(images, detail):
    scale, zero_point = detail["quantization"]
    if detail["dtype"] == np.float32:
        return images
    return np.clip(np.round(images / scale) + zero_point, -128, 127).astype(np.int8)


def report(name, images, labels):
    """Writes the oracle of the first rows; prints operators and accuracy; returns the predictions."""
    inputs, outputs = run(name, images)
    oracle = name.replace(".tflite", ".expected.json")
    write_oracle(oracle, inputs[:ORACLE_ROWS], {"probabilities": outputs[:ORACLE_ROWS]})
    print(f"{name}: {(MODELS / name).stat().st_size} bytes")
    interpreter = open_interpreter(name)
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    for op in interpreter._get_ops_details():
        shapes = [tensor_text(details[i]) for i in [*op["inputs"], *op["outputs"]] if i in details]
        print(f"  {op['op_name']} {'  '.join(shapes)}")
    predictions = outputs.argmax(axis=1)
    print(f"  test accuracy {np.mean(predictions == labels):.4f} of {len(labels)}")
    return predictions


def tensor_text(detail):
    scales = detail["quantization_parameters"]["scales"]
    zero_points = detail["quantization_parameters"]["zero_points"]
    text = f"{np.dtype(detail['dtype']).name}{[int(n) for n in detail['shape']]}"
    if len(scales) == 1:
        return f"{text}(scale {scales[0]:.6g}, zero point {zero_points[0]})"
    return f"{text}({len(scales)} scales)" if len(scales) else text


def main():
    # Otherwise each conversion prints the captures of the Keras export.
    tf.keras.utils.disable_interactive_logging()
    images, test, labels, test_labels = split_digits()
    # The split is already shuffled, so its head is a fair sample.
    calibration = images[:CALIBRATION]
    columns = [f"p{i}" for i in range(64)]
    write_csv("digits.calibration.csv", columns, calibration.reshape(-1, 64))
    write_csv("digits.test.csv", columns, test.reshape(-1, 64), test_labels)
    model = train(images, labels)
    (MODELS / "digits.tflite").write_bytes(converter(model).convert())
    (MODELS / "digits_int8.tflite").write_bytes(convert_int8(model, calibration))
    print(f"{model.count_params()} parameters")
    exact = report("digits.tflite", test, test_labels)
    quantised_predictions = report("digits_int8.tflite", test, test_labels)
    print(f"  float and int8 agree on {np.sum(exact == quantised_predictions)} of {len(test)}")


if __name__ == "__main__":
    main()
