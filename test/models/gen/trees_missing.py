"""Forests that were trained with missing values and with categories, and of many features.

    PYTHONHASHSEED=0 python test/models/gen/trees_missing.py

Three sets of rows: trees/missing.*.csv, a tenth of whose values is missing; trees/categories.*.csv, whose last three
columns are whole numbers without an order; trees/wide.*.csv, of 160 columns. Models are trees/SET_FAMILY_KIND.onnx.
"""

import lightgbm
import numpy as np
import onnx.helper
import xgboost
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as ToolsTensorType
from skl2onnx import to_onnx
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from common import write_csv
from trees_families import save

SEED = 20240102
TRAIN, CALIBRATION, TEST = 800, 200, 600
SMALL = {"n_estimators": 12, "random_state": SEED}
CATEGORIES = (5, 12, 40)
WIDE = 160


make_attribute = onnx.helper.make_attribute


def integers(key, value, *rest, **named):
    """skl2onnx 1.20 gives truth values where onnx 1.23 takes integers alone."""
    flat = isinstance(value, list) and any(isinstance(each, (bool, np.bool_)) for each in value)
    return make_attribute(key, [int(each) for each in value] if flat else value, *rest, **named)


onnx.helper.make_attribute = integers


def write(name, features, calibration=CALIBRATION, test=TEST):
    names = [f"x{i}" for i in range(features.shape[1])]
    write_csv(f"trees/{name}.calibration.csv", names, features[:calibration])
    write_csv(f"trees/{name}.test.csv", names, features[TRAIN : TRAIN + test])


def missing():
    random = np.random.default_rng(SEED)
    features, classes = make_classification(
        TRAIN + TEST, n_features=8, n_informative=6, n_classes=3, class_sep=1.2, random_state=SEED
    )
    features = np.round(features, 4).astype(np.float32)
    # Whether a value is missing says something of the class, too.
    features[random.random(features.shape) < 0.1] = np.nan
    features[:, 2][(classes == 1) & (random.random(len(classes)) < 0.3)] = np.nan
    write("missing", features)
    values = np.nan_to_num(features[:, 0], nan=3) * 5 + np.nan_to_num(features[:, 1] ** 2, nan=-4)
    return features[:TRAIN], classes[:TRAIN], values[:TRAIN]


def categories():
    random = np.random.default_rng(SEED)
    rows = TRAIN + TEST
    numbers = np.round(random.normal(size=(rows, 3)), 4)
    columns = [random.integers(0, count, rows) for count in CATEGORIES]
    effects = [random.normal(size=count) for count in CATEGORIES]
    values = numbers[:, 0] + sum(effect[column] for effect, column in zip(effects, columns))
    features = np.column_stack([numbers, *columns]).astype(np.float32)
    write("categories", features)
    return features[:TRAIN], (values > 0).astype(int)[:TRAIN], values[:TRAIN]


def wide():
    features, classes = make_classification(
        TRAIN + 150, n_features=WIDE, n_informative=40, n_classes=2, random_state=SEED
    )
    features = np.clip(np.round(features * 10), -99, 99).astype(np.float32)
    write("wide", features, 60, 150)
    return features[:TRAIN], classes[:TRAIN]


def tools(columns):
    return [("input", ToolsTensorType([None, columns]))]


def save_sklearn(name, estimator, features, labels):
    estimator.fit(features, labels)
    last = estimator[-1] if hasattr(estimator, "steps") else estimator
    options = {id(last): {"zipmap": False}} if hasattr(last, "predict_proba") else None
    save(name, to_onnx(estimator, features[:1], options=options))


def with_missing():
    features, classes, values = missing()
    inputs = tools(features.shape[1])
    binary = (classes == 1).astype(int)
    boosted = {**SMALL, "max_depth": 4}
    for kind, labels in (("binary", binary), ("classifier", classes)):
        save(f"missing_xgboost_{kind}", convert_xgboost(xgboost.XGBClassifier(**boosted).fit(features, labels), initial_types=inputs))
        leaves = {**SMALL, "num_leaves": 12, "verbose": -1}
        model = lightgbm.LGBMClassifier(**leaves).fit(features, labels)
        save(f"missing_lightgbm_{kind}", convert_lightgbm(model, initial_types=inputs, zipmap=False))
    save("missing_xgboost_regressor", convert_xgboost(xgboost.XGBRegressor(**boosted).fit(features, values), initial_types=inputs))
    model = lightgbm.LGBMRegressor(**SMALL, num_leaves=12, verbose=-1).fit(features, values)
    save("missing_lightgbm_regressor", convert_lightgbm(model, initial_types=inputs))
    small = {"max_iter": 12, "max_depth": 4, "random_state": SEED}
    save_sklearn("missing_hist_classifier", HistGradientBoostingClassifier(**small), features, classes)
    save_sklearn("missing_hist_binary", HistGradientBoostingClassifier(**small), features, binary)
    save_sklearn("missing_hist_regressor", HistGradientBoostingRegressor(**small), features, values)
    forest = {**SMALL, "max_depth": 7}
    save_sklearn("missing_forest_classifier", RandomForestClassifier(**forest), features, classes)
    save_sklearn("missing_forest_regressor", RandomForestRegressor(**forest), features, values)
    save_sklearn("missing_tree_classifier", DecisionTreeClassifier(max_depth=7, random_state=SEED), features, classes)


def with_categories():
    features, classes, values = categories()
    inputs = tools(features.shape[1])
    columns = [3, 4, 5]
    small = {**SMALL, "num_leaves": 12, "verbose": -1, "min_data_per_group": 5, "cat_smooth": 1}
    for name, model, labels in (
        ("binary", lightgbm.LGBMClassifier(**small), classes),
        ("regressor", lightgbm.LGBMRegressor(**small), values),
    ):
        model.fit(features, labels, categorical_feature=columns)
        options = {"zipmap": False} if name == "binary" else {}
        save(f"categories_lightgbm_{name}", convert_lightgbm(model, initial_types=inputs, **options))


def with_many_features():
    features, classes = wide()
    forest = {**SMALL, "max_depth": 8}
    save_sklearn("wide_forest_classifier", RandomForestClassifier(**forest), features, classes)
    save_sklearn("wide_extra_classifier", ExtraTreesClassifier(**forest), features, classes)
    model = xgboost.XGBClassifier(**SMALL, max_depth=4).fit(features, classes)
    save("wide_xgboost_binary", convert_xgboost(model, initial_types=tools(WIDE)))
    # Feature selection before a forest.
    chosen = make_pipeline(SelectKBest(k=20), RandomForestClassifier(**forest))
    save_sklearn("wide_selected_classifier", chosen, features, classes)


if __name__ == "__main__":
    with_missing()
    with_categories()
    with_many_features()
