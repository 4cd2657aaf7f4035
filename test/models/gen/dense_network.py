"""Dense networks on the wine data, in three ONNX spellings.

wine_dense.onnx is what skl2onnx writes for an MLPClassifier; wine_gemm.onnx is the same network as Gemm and
Relu (weights stored transposed, as PyTorch exports them); wine_sigmoid.onnx has a logistic hidden layer and
is written as MatMul and Add. Scaling is done outside the models, whose inputs are standard-scaled features.

    PYTHONHASHSEED=0 python test/models/gen/dense_network.py

(skl2onnx writes its opset imports in the order of a Python set: the hash seed makes it repeatable.)
"""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from common import MODELS, compare_with_sklearn, describe, onnx_oracle, write_csv

HIDDEN = 16
SEED = 7
OPSET = 17


def scaled_wine():
    """Column names, and (features, labels) to train on (118 rows) and to test with (60 rows)."""
    wine = load_wine()
    train, test, train_labels, labels = train_test_split(
        wine.data, wine.target, test_size=60, stratify=wine.target, random_state=SEED
    )
    scaler = StandardScaler().fit(train)
    names = [name.replace("/", "_") for name in wine.feature_names]
    # Rounded before training, so that the CSVs hold exactly what the network saw.
    train, test = np.round(scaler.transform(train), 4), np.round(scaler.transform(test), 4)
    return names, train, train_labels, test, labels


def fit(activation, features, labels):
    model = MLPClassifier(
        (HIDDEN,), activation=activation, solver="lbfgs", alpha=1.0, max_iter=1000, random_state=SEED
    )
    return model.fit(features, labels)


def constant(name, array):
    return numpy_helper.from_array(np.ascontiguousarray(array, dtype=np.float32), name)


def gemm_model(mlp):
    (w0, w1), (b0, b1) = mlp.coefs_, mlp.intercepts_
    nodes = [
        helper.make_node("Gemm", ["features", "fc1.weight", "fc1.bias"], ["hidden"], "/fc1/Gemm", transB=1),
        helper.make_node("Relu", ["hidden"], ["active"], "/relu/Relu"),
        helper.make_node("Gemm", ["active", "fc2.weight", "fc2.bias"], ["logits"], "/fc2/Gemm", transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], "/softmax/Softmax", axis=-1),
    ]
    constants = [
        constant("fc1.weight", w0.T), constant("fc1.bias", b0),
        constant("fc2.weight", w1.T), constant("fc2.bias", b1),
    ]
    return network("wine_gemm", nodes, constants)


def sigmoid_model(mlp):
    (w0, w1), (b0, b1) = mlp.coefs_, mlp.intercepts_
    nodes = [
        helper.make_node("MatMul", ["features", "dense_1_kernel"], ["product_1"], "dense_1_matmul"),
        helper.make_node("Add", ["product_1", "dense_1_bias"], ["sum_1"], "dense_1_add"),
        helper.make_node("Sigmoid", ["sum_1"], ["active_1"], "dense_1_sigmoid"),
        helper.make_node("MatMul", ["active_1", "dense_2_kernel"], ["product_2"], "dense_2_matmul"),
        helper.make_node("Add", ["product_2", "dense_2_bias"], ["sum_2"], "dense_2_add"),
        helper.make_node("Softmax", ["sum_2"], ["probabilities"], "softmax", axis=1),
    ]
    constants = [
        constant("dense_1_kernel", w0), constant("dense_1_bias", b0),
        constant("dense_2_kernel", w1), constant("dense_2_bias", b1),
    ]
    return network("wine_sigmoid", nodes, constants)


def network(name, nodes, constants):
    """A checked model with one input `features` (N, 13) and one output `probabilities` (N, 3)."""
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", 13])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph(nodes, name, [features], [probabilities], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    checker.check_model(model, full_check=True)
    return model


def report(name, onx, mlp, test, labels):
    (MODELS / f"{name}.onnx").write_bytes(onx.SerializeToString())
    describe(name)
    oracle = onnx_oracle(name, test)["probabilities"]
    compare_with_sklearn(mlp, oracle, test, labels)


def main():
    names, train, train_labels, test, labels = scaled_wine()
    write_csv("wine.calibration.csv", names, train)
    write_csv("wine.test.csv", names, test, labels)
    relu = fit("relu", train, train_labels)
    sigmoid = fit("logistic", train, train_labels)
    dense = to_onnx(relu, train[:1].astype(np.float32), options={"zipmap": False})
    report("wine_dense", dense, relu, test, labels)
    report("wine_gemm", gemm_model(relu), relu, test, labels)
    report("wine_sigmoid", sigmoid_model(sigmoid), sigmoid, test, labels)


if __name__ == "__main__":
    main()
