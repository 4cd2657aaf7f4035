"""Two logistic regressions from scikit-learn, exported with skl2onnx as a user would export them.

The binary one carries the coefficients of the classic published example that this project starts from, so
its probability can be checked by hand: p = 1 / (1 + exp(-(0.84576563 + 1.39541631 x0 - 0.47393112 x1))).
The three-class one is trained on two features of iris.

    PYTHONHASHSEED=0 python test/models/gen/logistic_regression.py

(skl2onnx writes its opset imports in the order of a Python set: the hash seed makes it repeatable.)
"""

import numpy as np
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from common import MODELS, compare_with_sklearn, describe, onnx_oracle, write_csv

INTERCEPT = np.array([0.84576563])
COEFFICIENTS = np.array([[1.39541631, -0.47393112]])
SEED = 20240101


def published_data(rng, count):
    """Standard-scaled features (count, 2), and labels drawn from the published model's own probability.

    Drawn labels leave the classes overlapping, as in real data: no model can reach 100 % on them.
    """
    features = np.round(rng.standard_normal((count, 2)), 4)
    logits = features @ COEFFICIENTS[0] + INTERCEPT[0]
    labels = (rng.random(count) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    return features, labels


def published_model(features, labels):
    """An estimator given the published values, after a fit that makes every fitted attribute exist."""
    model = LogisticRegression().fit(features, labels)
    model.intercept_ = INTERCEPT.copy()
    model.coef_ = COEFFICIENTS.copy()
    return model


def export_binary():
    rng = np.random.default_rng(SEED)
    calibration, calibration_labels = published_data(rng, 200)
    test, labels = published_data(rng, 200)
    model = published_model(calibration, calibration_labels)
    sample = calibration[:1].astype(np.float32)
    save("logistic_regression", to_onnx(model, sample, options={"zipmap": False}))
    save("logistic_regression_zipmap", to_onnx(model, sample))
    write_csv("logistic_regression.calibration.csv", ["x0", "x1"], calibration)
    write_csv("logistic_regression.test.csv", ["x0", "x1"], test, labels)
    report("logistic_regression", model, test, labels)
    report("logistic_regression_zipmap", model, test, labels)


def export_multinomial():
    """Petal length and width, scaled outside the model; 90 rows to train and calibrate, 60 to test."""
    iris = load_iris()
    names = ["petal_length", "petal_width"]
    train, test, train_labels, labels = train_test_split(
        iris.data[:, 2:], iris.target, test_size=60, stratify=iris.target, random_state=SEED
    )
    scaler = StandardScaler().fit(train)
    train, test = np.round(scaler.transform(train), 4), np.round(scaler.transform(test), 4)
    model = LogisticRegression().fit(train, train_labels)
    # convert_sklearn with initial_types is the other idiom in use; the caller names the input.
    onx = convert_sklearn(
        model,
        name="iris",
        initial_types=[("float_input", FloatTensorType([None, 2]))],
        options={id(model): {"zipmap": False}},
    )
    save("logistic_regression_multinomial", onx)
    write_csv("logistic_regression_multinomial.calibration.csv", names, train)
    write_csv("logistic_regression_multinomial.test.csv", names, test, labels)
    report("logistic_regression_multinomial", model, test, labels)


def save(name, onx):
    (MODELS / f"{name}.onnx").write_bytes(onx.SerializeToString())


def report(name, model, test, labels):
    describe(name)
    oracle = onnx_oracle(name, test)["probabilities"]
    compare_with_sklearn(model, oracle, test, labels)


if __name__ == "__main__":
    export_binary()
    export_multinomial()
