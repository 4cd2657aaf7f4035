"""Pipelines with columns of strings, as skl2onnx exports them: an input for each column.

    test/models/strings/<name>.onnx               the models
    test/models/strings/rows.calibration.csv      rows that they were trained on
    test/models/strings/rows.test.csv             held-out rows, some with strings that nobody has seen; the last column is the class

    PYTHONHASHSEED=0 python test/models/gen/strings.py
"""

import csv

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from common import MODELS

STRINGS = MODELS / "strings"
SEED = 20240101
COLOURS = np.array(["blue", "green", "light grey", "red"])
CITIES = np.array(["Berlin", "Köln", "München", "Ulm", "10"])


def rows(count, seed):
    """Two numbers, a colour and a city, and a class that depends on all of them."""
    random = np.random.default_rng(seed)
    numbers = np.round(random.normal(size=(count, 2)) * (3, 40), 2).astype(np.float32)
    colour, city = random.integers(0, 4, count), random.integers(0, 5, count)
    score = numbers[:, 0] / 3 + numbers[:, 1] / 40 + np.array([1, -1, 0.5, 2])[colour] + np.array([0, 1, -2, 1, 0.5])[city]
    target = (score + random.normal(size=count) * 0.3 > 0.5).astype(np.int64)
    return numbers, COLOURS[colour].astype(object), CITIES[city].astype(object), target


def write(path, columns, data):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*columns, "label"])
        for (a, b), colour, city, label in zip(*data):
            table.writerow([f"{a:.2f}", f"{b:.2f}", colour, city, label])


def model(encoder, classifier):
    parts = [("numbers", StandardScaler(), ["weight", "size"]), ("strings", encoder, ["colour", "city"])]
    return make_pipeline(ColumnTransformer(parts, sparse_threshold=0), classifier)


MODELS_BY_NAME = {
    "one_hot": model(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()),
    "ordinal": model(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        RandomForestClassifier(n_estimators=6, max_depth=4, random_state=SEED),
    ),
}
COLUMNS = ["weight", "size", "colour", "city"]


def main():
    import pandas as pd

    STRINGS.mkdir(exist_ok=True)
    train, test = rows(160, SEED), rows(120, SEED + 1)
    test[1][::30] = "violet"
    test[2][7::40] = ""
    frame = pd.DataFrame({"weight": train[0][:, 0], "size": train[0][:, 1], "colour": train[1], "city": train[2]})
    kinds = [(name, (FloatTensorType if i < 2 else StringTensorType)([None, 1])) for i, name in enumerate(COLUMNS)]
    write(STRINGS / "rows.calibration.csv", COLUMNS, train)
    write(STRINGS / "rows.test.csv", COLUMNS, test)
    for name, pipeline in MODELS_BY_NAME.items():
        pipeline.fit(frame, train[3])
        onx = to_onnx(pipeline, initial_types=kinds, options={"zipmap": False}, target_opset={"": 18, "ai.onnx.ml": 3})
        (STRINGS / f"{name}.onnx").write_bytes(onx.SerializeToString())


if __name__ == "__main__":
    main()
