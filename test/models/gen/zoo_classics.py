"""The zoo's third part: the rest of scikit-learn that skl2onnx exports, calibrated, boosted, of several labels, of products.

As zoo.py, whose rows it takes; the models go to test/zoo/tasks/<name>.onnx and are listed in test/zoo/classics.json.

    PYTHONHASHSEED=0 python test/models/gen/zoo_classics.py
"""

import json
import warnings

import numpy as np
from skl2onnx import to_onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.feature_selection import RFE
from sklearn.linear_model import (
    BayesianRidge,
    GammaRegressor,
    LogisticRegression,
    OrthogonalMatchingPursuit,
    PassiveAggressiveClassifier,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    SGDOneClassSVM,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NeighborhoodComponentsAnalysis
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from zoo import SEED, SETS, ZOO, split

FOREST = {"n_estimators": 8, "max_depth": 4, "random_state": SEED}


def scaled(*steps):
    return make_pipeline(StandardScaler(), *steps)


def logistic():
    return scaled(LogisticRegression())


def tree(depth):
    return DecisionTreeClassifier(max_depth=depth, random_state=SEED)


def regression_tree(depth):
    return DecisionTreeRegressor(max_depth=depth, random_state=SEED)


def boosted(base, count):
    return AdaBoostClassifier(base, n_estimators=count, random_state=SEED)


def mixture(kind):
    return scaled(GaussianMixture(3, covariance_type=kind, random_state=SEED))


MLP = MLPClassifier((16,), max_iter=600, alpha=1, random_state=SEED)
CLASSES, VALUES, ODD = "classification", "regression", "anomaly"
PAIRS = {"interaction_only": True, "include_bias": False}

# name: rows, task, model, rows to train on
MODELS_BY_NAME = {
    "adaboost_stumps": ("breast_cancer", CLASSES, boosted(tree(1), 10)),
    "adaboost_classes": ("wine", CLASSES, boosted(tree(2), 8)),
    "adaboost_logistic": ("wine", CLASSES, scaled(boosted(LogisticRegression(), 4))),
    "isotonic_forest": ("breast_cancer", CLASSES, CalibratedClassifierCV(RandomForestClassifier(**FOREST), method="isotonic", cv=2)),
    "isotonic_logistic": ("wine", CLASSES, CalibratedClassifierCV(logistic(), method="isotonic", cv=2)),
    "polynomial_logistic": ("breast_cancer", CLASSES, scaled(PolynomialFeatures(2), LogisticRegression())),
    "polynomial_before_scaler": ("iris", CLASSES, make_pipeline(PolynomialFeatures(2), logistic())),
    "polynomial_pairs": ("wine", CLASSES, scaled(PolynomialFeatures(2, **PAIRS), LogisticRegression())),
    "polynomial_cubes": ("iris", CLASSES, scaled(PolynomialFeatures(3), LogisticRegression())),
    "polynomial_ridge": ("diabetes", VALUES, scaled(PolynomialFeatures(2), Ridge(10))),
    "svc_probability": ("breast_cancer", CLASSES, scaled(SVC(probability=True, random_state=SEED))),
    "svc_probability_linear": ("breast_cancer", CLASSES, scaled(SVC(kernel="linear", probability=True, random_state=SEED))),
    "quadratic_discriminant": ("wine", CLASSES, QuadraticDiscriminantAnalysis()),
    "quadratic_discriminant_scaled": ("iris", CLASSES, scaled(QuadraticDiscriminantAnalysis())),
    "labels_logistic": ("wine", CLASSES, scaled(MultiOutputClassifier(LogisticRegression()))),
    "labels_one_vs_rest": ("wine", VALUES, scaled(OneVsRestClassifier(LogisticRegression()))),
    "labels_network": ("wine", VALUES, scaled(MLP)),
    "labels_forest": ("wine", VALUES, RandomForestClassifier(**FOREST)),
    "outputs_ridge": ("diabetes", VALUES, scaled(MultiOutputRegressor(Ridge()))),
    "outputs_forest": ("diabetes", VALUES, RandomForestRegressor(**FOREST)),
    "outputs_pls": ("diabetes", VALUES, PLSRegression(2)),
    "nearest_one": ("iris", CLASSES, KNeighborsClassifier(1)),
    "nearest_raw": ("wine", CLASSES, KNeighborsClassifier(5)),
    "nearest_classes": ("wine", CLASSES, scaled(KNeighborsClassifier(5))),
    "nearest_binary": ("breast_cancer", CLASSES, scaled(KNeighborsClassifier(7)), 120),
    # skl2onnx gives all neighbours the same weight here, whatever their distances.
    "nearest_by_distance": ("wine", CLASSES, scaled(KNeighborsClassifier(5, weights="distance"))),
    "nearest_digits": ("digits", CLASSES, KNeighborsClassifier(3), 200),
    "nearest_angle": ("iris", CLASSES, KNeighborsClassifier(3, metric="cosine")),
    "nearest_components": ("wine", CLASSES, scaled(NeighborhoodComponentsAnalysis(2, random_state=SEED), KNeighborsClassifier(3))),
    "nearest_regressor": ("diabetes", VALUES, scaled(KNeighborsRegressor(5))),
    "labels_nearest": ("wine", VALUES, scaled(KNeighborsClassifier(3))),
    "outputs_nearest": ("diabetes", VALUES, scaled(KNeighborsRegressor(4))),
    "mixture": ("iris", CLASSES, mixture("full")),
    "mixture_diagonal": ("wine", CLASSES, mixture("diag")),
    "mixture_bayesian": ("iris", CLASSES, scaled(BayesianGaussianMixture(n_components=3, random_state=SEED))),
    "svd_logistic": ("digits", CLASSES, make_pipeline(TruncatedSVD(12, random_state=SEED), LogisticRegression(max_iter=800))),
    "incremental_pca": ("digits", CLASSES, make_pipeline(IncrementalPCA(12), LogisticRegression(max_iter=800))),
    "eliminated": ("wine", CLASSES, scaled(RFE(LogisticRegression(), n_features_to_select=5), LogisticRegression())),
    "passive_aggressive": ("wine", CLASSES, scaled(PassiveAggressiveClassifier(random_state=SEED))),
    "bagged_logistic": ("wine", CLASSES, scaled(BaggingClassifier(LogisticRegression(), n_estimators=4, random_state=SEED))),
    "stack_passthrough": (
        "wine",
        CLASSES,
        StackingClassifier([("a", logistic()), ("b", tree(3))], cv=3, passthrough=True, final_estimator=LogisticRegression(max_iter=3000)),
    ),
    "stack_regressor": ("diabetes", VALUES, StackingRegressor([("a", scaled(Ridge())), ("b", regression_tree(3))], cv=3)),
    "bagged_trees": ("diabetes", VALUES, BaggingRegressor(regression_tree(3), n_estimators=4, random_state=SEED)),
    "gamma": ("diabetes", VALUES, scaled(GammaRegressor())),
    "tweedie": ("diabetes", VALUES, scaled(TweedieRegressor(power=1.5))),
    "quantile": ("diabetes", VALUES, scaled(QuantileRegressor(alpha=0.01))),
    "bayesian_ridge": ("diabetes", VALUES, scaled(BayesianRidge())),
    "ransac": ("diabetes", VALUES, scaled(RANSACRegressor(random_state=SEED))),
    "theil_sen": ("diabetes", VALUES, scaled(TheilSenRegressor(random_state=SEED))),
    "matching_pursuit": ("diabetes", VALUES, scaled(OrthogonalMatchingPursuit(n_nonzero_coefs=5))),
    "one_class_sgd": ("wine", ODD, scaled(SGDOneClassSVM(nu=0.1, random_state=SEED))),
}


def target_of(name, features, target):
    if name.startswith("labels_"):
        return np.stack([target == 0, target != 2, features[:, 0] > 13], axis=1).astype(np.int64)
    return np.stack([target, features[:, 2] * 3], axis=1) if name.startswith("outputs_") else target


def options_of(model):
    last = model[-1] if hasattr(model, "steps") else model
    has_zipmap = hasattr(last, "predict_proba") and not isinstance(last, (GaussianMixture, BayesianGaussianMixture))
    return {"zipmap": False} if has_zipmap else None


def main():
    warnings.filterwarnings("ignore")
    rows = {name: split(name) for name in SETS if name in {data for data, *_ in MODELS_BY_NAME.values()}}
    listed = []
    for name, (data, task, model, *count) in MODELS_BY_NAME.items():
        features, target = (part[: count[0]] if count else part for part in rows[data])
        model.fit(features, target_of(name, features, target))
        onx = to_onnx(model, features[:1], options=options_of(model), target_opset={"": 18, "ai.onnx.ml": 3})
        (ZOO / "tasks" / f"{name}.onnx").write_bytes(onx.SerializeToString())
        listed.append({"name": name, "task": task, "data": data})
    (ZOO / "classics.json").write_text(json.dumps(listed, indent=2) + "\n")


if __name__ == "__main__":
    main()
