"""The zoo: scikit-learn's classic models as skl2onnx writes them, and the rows they are compared on.

Every model is trained on half of a data set that comes with scikit-learn and tried on the other half:

    test/zoo/models/<name>.onnx             the model
    test/zoo/data/<rows>.calibration.csv    rows that it was trained on, 200 at most
    test/zoo/data/<rows>.test.csv           held-out rows; the last column is the class, or the number to predict
    test/zoo/zoo.json                       which model goes with which rows, and what it is

    PYTHONHASHSEED=0 python test/models/gen/zoo.py
"""

import json
import warnings

import numpy as np
from skl2onnx import to_onnx
from sklearn import datasets
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge, RidgeClassifier
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC, OneClassSVM

from common import MODELS, compact

ZOO = MODELS.parent / "zoo"
SEED = 20240101
CALIBRATION_ROWS = 200

MLP = {"hidden_layer_sizes": (16,), "max_iter": 600, "random_state": SEED}


def classes(data):
    return {"data": data.data, "target": data.target}


def rounded_iris():
    """Lengths in whole centimetres: categories that are integers."""
    iris = datasets.load_iris()
    return {"data": np.round(iris.data), "target": iris.target}


def holey_iris():
    """One value in eight is missing."""
    iris = datasets.load_iris()
    rows = iris.data.copy()
    rows[np.random.default_rng(SEED).random(rows.shape) < 0.125] = np.nan
    return {"data": rows, "target": iris.target}


SETS = {
    "iris": lambda: classes(datasets.load_iris()),
    "iris_rounded": rounded_iris,
    "iris_missing": holey_iris,
    "wine": lambda: classes(datasets.load_wine()),
    "breast_cancer": lambda: classes(datasets.load_breast_cancer()),
    "digits": lambda: classes(datasets.load_digits()),
    "diabetes": lambda: classes(datasets.load_diabetes(scaled=False)),
}

PLAIN = {"zipmap": False}
# The exporter asks this one for a ZipMap, which it does not know, unless told something else.
LINEAR_SVC = {LinearSVC: {"raw_scores": False}}


def scaled(*steps):
    return make_pipeline(StandardScaler(), *steps)


def columns():
    """Each column scaled by itself, one of them left out."""
    scalers = [("lengths", StandardScaler(), [2, 0]), ("width", MinMaxScaler(), [3])]
    return ColumnTransformer(scalers)


# name: (rows, kind, model, options of the exporter, rows to train on). kind: linear, svm, clusters, network, regressor.
MODELS_BY_NAME = {
    "logistic_scaled": ("breast_cancer", "linear", scaled(LogisticRegression()), PLAIN),
    "logistic_raw": ("breast_cancer", "linear", LogisticRegression(max_iter=5000), {}),
    "logistic_robust": ("wine", "linear", make_pipeline(RobustScaler(), LogisticRegression()), {}),
    "logistic_imputed": ("iris_missing", "linear", make_pipeline(SimpleImputer(), MinMaxScaler(), LogisticRegression()), {}),
    "logistic_digits": ("digits", "linear", make_pipeline(MaxAbsScaler(), LogisticRegression()), PLAIN),
    "logistic_normalized": ("iris", "linear", make_pipeline(Normalizer(), LogisticRegression(C=100)), PLAIN),
    "logistic_normalized_l1": ("digits", "linear", make_pipeline(Normalizer("l1"), LogisticRegression(C=1000)), PLAIN),
    "logistic_normalized_max": ("wine", "linear", make_pipeline(Normalizer("max"), scaled(LogisticRegression())), PLAIN),
    "logistic_one_vs_rest": ("iris", "linear", OneVsRestClassifier(LogisticRegression()), PLAIN),
    "logistic_columns": ("iris", "linear", make_pipeline(columns(), LogisticRegression()), {}),
    "ridge_classifier": ("wine", "linear", scaled(RidgeClassifier()), None),
    "discriminant": ("wine", "linear", LinearDiscriminantAnalysis(), {}),
    "linear_svc": ("iris", "linear", scaled(LinearSVC(random_state=SEED)), LINEAR_SVC),
    "linear_svc_binary": ("breast_cancer", "linear", scaled(LinearSVC(random_state=SEED)), LINEAR_SVC),
    "pca_logistic": ("digits", "linear", make_pipeline(PCA(16, random_state=SEED), LogisticRegression(max_iter=2000)), PLAIN),
    "pca_scaled_logistic": ("wine", "linear", scaled(PCA(4), LogisticRegression()), {}),
    "binarized_logistic": ("digits", "linear", make_pipeline(Binarizer(threshold=7.5), LogisticRegression()), PLAIN),
    "bins_one_hot": ("iris", "linear", make_pipeline(KBinsDiscretizer(4, encode="onehot-dense"), LogisticRegression()), PLAIN),
    "bins_ordinal": ("iris", "linear", make_pipeline(KBinsDiscretizer(4, encode="ordinal"), LogisticRegression()), PLAIN),
    "one_hot": ("iris_rounded", "linear", make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), PLAIN),
    "ordinal": (
        "iris_rounded",
        "linear",
        make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), LogisticRegression()),
        PLAIN,
    ),
    "naive_bayes_multinomial": ("digits", "linear", MultinomialNB(), PLAIN),
    "naive_bayes_bernoulli": ("digits", "linear", BernoulliNB(binarize=4.5), PLAIN),
    "naive_bayes_gaussian": ("iris", "linear", GaussianNB(), PLAIN),
    "naive_bayes_gaussian_raw": ("wine", "linear", GaussianNB(), {}),
    "svc_rbf": ("iris", "svm", scaled(SVC()), {}),
    "svc_rbf_plain": ("wine", "svm", scaled(SVC()), PLAIN),
    "svc_rbf_binary": ("breast_cancer", "svm", scaled(SVC()), PLAIN),
    "svc_rbf_digits": ("digits", "svm", SVC(gamma=0.001, C=10), PLAIN, 300),
    "svc_poly": ("wine", "svm", scaled(SVC(kernel="poly", coef0=1)), PLAIN),
    "svc_poly_binary": ("breast_cancer", "svm", scaled(SVC(kernel="poly", degree=2, coef0=0.5)), PLAIN),
    "svc_sigmoid": ("wine", "svm", scaled(SVC(kernel="sigmoid")), PLAIN),
    "svc_linear": ("breast_cancer", "svm", scaled(SVC(kernel="linear")), PLAIN),
    "svc_linear_classes": ("iris", "svm", SVC(kernel="linear"), PLAIN),
    "svc_pairs": ("wine", "svm", scaled(SVC(decision_function_shape="ovo")), PLAIN),
    "nu_svc": ("iris", "svm", scaled(NuSVC(nu=0.2)), PLAIN),
    "svr_rbf": ("diabetes", "regressor", scaled(SVR(C=50)), None),
    "svr_linear": ("diabetes", "regressor", scaled(SVR(kernel="linear", C=10)), None),
    "one_class": ("iris", "svm", scaled(OneClassSVM(nu=0.1)), None),
    "linear": ("diabetes", "regressor", LinearRegression(), None),
    "ridge": ("diabetes", "regressor", scaled(Ridge()), None),
    "poisson": ("diabetes", "regressor", scaled(PoissonRegressor()), None),
    "k_means": ("iris", "clusters", KMeans(3, n_init=4, random_state=SEED), None),
    "k_means_scaled": ("wine", "clusters", scaled(KMeans(3, n_init=4, random_state=SEED)), None),
    "k_means_digits": ("digits", "clusters", KMeans(10, n_init=2, random_state=SEED), None),
    "mlp_classes": ("wine", "network", scaled(MLPClassifier(**MLP)), PLAIN),
    "mlp_binary": ("breast_cancer", "network", scaled(MLPClassifier(**MLP)), PLAIN),
    "mlp_tanh": ("digits", "network", make_pipeline(MinMaxScaler(), MLPClassifier(activation="tanh", **MLP)), PLAIN),
    "mlp_regressor": ("diabetes", "regressor", scaled(MLPRegressor(alpha=1, **{**MLP, "max_iter": 2000})), None),
    "mlp_regressor_logistic": (
        "diabetes",
        "regressor",
        scaled(MLPRegressor(activation="logistic", learning_rate_init=0.02, **MLP)),
        None,
    ),
}


def write_rows(name, features, target):
    """Rows with nothing rounded off: half a digit moves a value across the edge of a bin."""
    lines = [",".join([*(f"x{i}" for i in range(features.shape[1])), "label"])]
    for row, value in zip(features, target):
        cells = ["nan" if np.isnan(x) else compact(x, 6) for x in row]
        lines.append(",".join([*cells, compact(value, 6)]))
    (ZOO / "data" / name).write_text("\n".join(lines) + "\n")


def split(name):
    data = SETS[name]()
    stratify = None if name == "diabetes" else data["target"]
    parts = train_test_split(data["data"], data["target"], test_size=0.5, stratify=stratify, random_state=SEED)
    train, test, train_target, test_target = parts
    if name != "iris_missing":
        write_rows(f"{name}.calibration.csv", train[:CALIBRATION_ROWS], train_target)
    write_rows(f"{name}.test.csv", test, test_target)
    return train.astype(np.float32), train_target


def main():
    warnings.filterwarnings("ignore")
    for folder in ("models", "data"):
        (ZOO / folder).mkdir(parents=True, exist_ok=True)
    rows = {name: split(name) for name in SETS}
    zoo = []
    for name, (data, kind, model, options, *count) in MODELS_BY_NAME.items():
        features, target = (part[: count[0]] if count else part for part in rows[data])
        model.fit(features, target)
        onx = to_onnx(model, features[:1], options=options or None)
        (ZOO / "models" / f"{name}.onnx").write_bytes(onx.SerializeToString())
        # A file with missing values is not what the quantiser takes; the rows without holes have the same ranges.
        calibration = "iris" if data == "iris_missing" else data
        zoo.append({"name": name, "kind": kind, "calibration": calibration, "data": data})
    (ZOO / "zoo.json").write_text(json.dumps(zoo, indent=2) + "\n")


if __name__ == "__main__":
    main()
