"""Trains the networks of networks_zoo.py and writes them to test/models/networks in the formats that people bring, with
what TensorFlow makes of rows that nobody trained on. `python networks.py [NAME...]`: all, or some of them.

Needs tensorflow-cpu, tf2onnx and what networks_data.py reads. Then networks_runtimes.py quantises some with ONNX Runtime,
and records what the kernels for microcontrollers make of those that TensorFlow quantised.
"""

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import keras
import networks_data
import networks_zoo
import numpy as np
import tensorflow as tf
import tf2onnx

FOLDER = networks_data.FOLDER
EXPECTED_ROWS = 32
BATCH = 64
INT16 = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
INT8 = tf.lite.OpsSet.TFLITE_BUILTINS_INT8
PLAIN_KERNELS = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES

# Name, data, epochs, formats.
NETWORKS = [
    ("mlp", "fashion", 8, "onnx h5 int8.tflite"),
    ("digits_cnn", "digits", 40, "onnx keras tflite"),
    ("cnn", "fashion", 8, "onnx keras tflite int8.tflite int16.tflite"),
    ("separable_cnn", "fashion", 10, "onnx h5 int8.tflite"),
    ("residual_cnn", "fashion", 6, "onnx tflite int16.tflite"),
    ("inverted_residual_cnn", "fashion", 6, "onnx int8.tflite"),
    ("squeeze_excite_cnn", "fashion", 8, "onnx keras int8.tflite"),
    ("activations_cnn", "fashion", 8, "onnx h5 tflite"),
    ("branches_cnn", "fashion", 6, "onnx tflite int8.tflite"),
    ("transposed_autoencoder", "fashion", 6, "onnx keras int8.tflite"),
    ("upsampling_autoencoder", "fashion", 6, "onnx keras"),
    ("motion_cnn", "motions", 60, "onnx keras int8.tflite"),
    ("motion_dilated_cnn", "motions", 60, "onnx tflite int8.tflite"),
    ("motion_lstm", "motions", 60, "onnx keras"),
    ("motion_transformer", "motions", 60, "onnx keras"),
]
# What networks_runtimes.py adds.
RUNTIME = {"cnn": ["qdq.onnx"], "separable_cnn": ["qoperator.onnx"], "residual_cnn": ["qdq.onnx"]}


def make(name, data):
    network = getattr(networks_zoo, name)
    if not name.startswith("motion"):
        return network()
    # Given rather than learnt: a clone of the model would not have them.
    statistics = {"mean": data.train.mean((0, 1)).tolist(), "variance": data.train.var((0, 1)).tolist()}
    return network(keras.layers.Normalization(**statistics))


def train(name, data, epochs):
    # Names of layers, which are numbered, are to be the same whatever was trained before.
    keras.utils.clear_session()
    keras.utils.set_random_seed(len(name))
    model = make(name, data)
    pictures = name.endswith("autoencoder")
    loss = "mse" if pictures else keras.losses.SparseCategoricalCrossentropy()
    steps = epochs * (len(data.train) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(1e-5, steps, warmup_target=5e-3, warmup_steps=steps // 10)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    inputs = data.train.astype(np.float32)
    targets = inputs / 255 if pictures else data.train_labels
    model.fit(inputs, targets, epochs=epochs, batch_size=BATCH, verbose=0)
    # A copy without the optimiser, which would make up two thirds of a file.
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def to_onnx(model):
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            # Constants of the graph: tensors from outside would become further inputs.
            layer.mean, layer.variance = np.array(layer.mean), np.array(layer.variance)
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32, model.inputs[0].name)]
    function = tf.function(lambda x: model(x, training=False), input_signature=signature)
    return tf2onnx.convert.from_function(function, signature, opset=17)[0].SerializeToString()


def to_tflite(model, form, data):
    # A batch of one, as devices have it.
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if form != "tflite":
        rows = networks_data.calibration_rows(data).astype(np.float32)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([row[None]] for row in rows)
        converter.target_spec.supported_ops = [INT8 if form == "int8.tflite" else INT16]
        kind = tf.int8 if form == "int8.tflite" else tf.int16
        converter.inference_input_type = converter.inference_output_type = kind
    return converter.convert()


def run_tflite(content, rows):
    """Outputs as the model has them, integers where it is quantised."""
    options = {"model_content": content, "experimental_op_resolver_type": PLAIN_KERNELS}
    interpreter = tf.lite.Interpreter(**options)
    source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.allocate_tensors()
    outputs = []
    for row in rows.astype(np.float32):
        if source["dtype"] != np.float32:
            scale, zero = source["quantization"]
            limits = np.iinfo(source["dtype"])
            row = np.clip(np.round(row / np.float32(scale)) + zero, limits.min, limits.max).astype(source["dtype"])
        interpreter.set_tensor(source["index"], row[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"])[0])
    return np.stack(outputs)


def export(name, model, form, data):
    """Writes the model, and returns the outputs of all rows."""
    path = FOLDER / f"{name}.{form}"
    rows = data.test.astype(np.float32)
    if form in ("h5", "keras"):
        model.save(path)
        return model.predict(rows, verbose=0)
    path.write_bytes(to_onnx(model) if form == "onnx" else to_tflite(model, form, data))
    # ONNX Runtime is asked by the tests themselves.
    return None if form == "onnx" else run_tflite(path.read_bytes(), data.test)


def write_data(name, data):
    np.save(FOLDER / f"{name}.calibration.npy", networks_data.calibration_rows(data))
    np.save(FOLDER / f"{name}.test.npy", data.test)
    np.save(FOLDER / f"{name}.labels.npy", data.test_labels)


def accuracy(name, outputs, data):
    if name.endswith("autoencoder"):
        return f"mean squared error {np.mean((outputs - data.test / 255) ** 2):.5f}"
    return f"accuracy {np.mean(outputs.argmax(1) == data.test_labels):.4f}"


def main(names):
    tf.config.experimental.enable_op_determinism()
    FOLDER.mkdir(exist_ok=True)
    for name, source, epochs, forms in NETWORKS:
        if names and name not in names:
            continue
        data = getattr(networks_data, source)()
        write_data(source, data)
        model = train(name, data, epochs)
        floats = model.predict(data.test.astype(np.float32), verbose=0)
        print(f"{name}: {model.count_params()} parameters, {accuracy(name, floats, data)}", flush=True)
        for form in forms.split():
            outputs = export(name, model, form, data)
            if outputs is not None and outputs.dtype == np.float32:
                np.save(FOLDER / f"{name}.{form}.expected.npy", outputs[:EXPECTED_ROWS])
            if outputs is not None and not name.endswith("autoencoder"):
                same = np.mean(outputs.argmax(1) == floats.argmax(1))
                print(f"  {form}: {accuracy(name, outputs, data)}, {same:.4f} of classes as in Keras", flush=True)
    manifest = [
        {"name": name, "data": source, "files": [f"{name}.{form}" for form in [*forms.split(), *RUNTIME.get(name, [])]]}
        for name, source, _, forms in NETWORKS
    ]
    (FOLDER / "networks.json").write_text(json.dumps(manifest, indent=2) + "\n")


main(sys.argv[1:])
