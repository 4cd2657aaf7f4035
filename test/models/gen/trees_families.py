"""Small forests of every family that people export, with rows to calibrate and to test them on.

    PYTHONHASHSEED=0 python test/models/gen/trees_families.py

(skl2onnx writes its opset imports in the order of a Python set: the hash seed makes it repeatable.) Two sets of rows,
trees/classes.*.csv and trees/values.*.csv, serve all models; the models are trees/FAMILY_KIND.onnx.
"""

import lightgbm
import numpy as np
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsTensorType
from skl2onnx import to_onnx
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from common import MODELS, write_csv

SEED = 20240101
TRAIN, CALIBRATION = 800, 200
FOLDER = MODELS / "trees"
SMALL = {"n_estimators": 12, "random_state": SEED}


def split(name, features, labels):
    """Rows of four decimals, as the files have them; the last ones are to test."""
    features = np.round(features, 4).astype(np.float32)
    names = [f"x{i}" for i in range(features.shape[1])]
    write_csv(f"trees/{name}.calibration.csv", names, features[:CALIBRATION])
    write_csv(f"trees/{name}.test.csv", names, features[TRAIN:])
    return features[:TRAIN], labels[:TRAIN]


def classes():
    features, labels = make_classification(
        TRAIN + 1000, n_features=10, n_informative=6, n_classes=3, class_sep=1.2, random_state=SEED
    )
    return split("classes", features, labels)


def values():
    return split("values", *make_friedman1(TRAIN + 1000, n_features=10, noise=0.5, random_state=SEED))


def save(name, onnx):
    onnx.graph.name = name
    path = FOLDER / f"{name}.onnx"
    path.write_bytes(onnx.SerializeToString())
    print(f"{path.name}: {path.stat().st_size} bytes, {[node.op_type for node in onnx.graph.node]}")


def save_sklearn(name, model, features, options=None):
    save(name, to_onnx(model, features[:1], options=options))


def classifiers(features, labels):
    probabilities = {"zipmap": False}
    models = {
        "decision_tree_classifier": DecisionTreeClassifier(max_depth=7, random_state=SEED),
        "random_forest_classifier": RandomForestClassifier(max_depth=6, **SMALL),
        "extra_trees_classifier": ExtraTreesClassifier(max_depth=6, **SMALL),
        "gradient_boosting_classifier": GradientBoostingClassifier(max_depth=3, **SMALL),
    }
    for name, model in models.items():
        save_sklearn(name, model.fit(features, labels), features, probabilities)
    binary = labels > 0
    two = GradientBoostingClassifier(max_depth=3, **SMALL).fit(features, binary)
    save_sklearn("gradient_boosting_binary", two, features, probabilities)
    two = RandomForestClassifier(max_depth=5, **SMALL).fit(features, binary)
    save_sklearn("random_forest_binary", two, features, probabilities)


def regressors(features, targets):
    models = {
        "decision_tree_regressor": DecisionTreeRegressor(max_depth=7, random_state=SEED),
        "random_forest_regressor": RandomForestRegressor(max_depth=6, **SMALL),
        "extra_trees_regressor": ExtraTreesRegressor(max_depth=6, **SMALL),
        "gradient_boosting_regressor": GradientBoostingRegressor(max_depth=3, **SMALL),
    }
    for name, model in models.items():
        save_sklearn(name, model.fit(features, targets), features)
    two = np.stack([targets, targets * targets / 10], axis=1)
    save_sklearn("two_targets_regressor", RandomForestRegressor(max_depth=6, **SMALL).fit(features, two), features)


def boosted(class_rows, class_labels, value_rows, targets):
    of = [("input", ToolsTensorType([None, class_rows.shape[1]]))]
    settings = {"n_estimators": 12, "max_depth": 4, "random_state": SEED}
    quiet = {"verbose": -1}
    for name, labels in {"classifier": class_labels, "binary": (class_labels > 0).astype(int)}.items():
        model = xgboost.XGBClassifier(**settings).fit(class_rows, labels)
        save(f"xgboost_{name}", convert_xgboost(model, initial_types=of))
        model = lightgbm.LGBMClassifier(**settings, **quiet).fit(class_rows, labels)
        save(f"lightgbm_{name}", convert_lightgbm(model, initial_types=of, zipmap=False))
    save("xgboost_regressor", convert_xgboost(xgboost.XGBRegressor(**settings).fit(value_rows, targets), initial_types=of))
    model = lightgbm.LGBMRegressor(**settings, **quiet).fit(value_rows, targets)
    save("lightgbm_regressor", convert_lightgbm(model, initial_types=of))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    class_rows, class_labels = classes()
    value_rows, targets = values()
    classifiers(class_rows, class_labels)
    regressors(value_rows, targets)
    boosted(class_rows, class_labels, value_rows, targets)
