"""The zoo's second half: pipelines whose parts read an input in different ways, and models of every task.

As zoo.py, whose rows it takes; the models go to test/zoo/tasks/<name>.onnx and are listed in test/zoo/tasks.json.

    PYTHONHASHSEED=0 python test/models/gen/zoo_tasks.py
"""

import json
import warnings

import numpy as np
from skl2onnx import to_onnx
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import MiniBatchKMeans
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from zoo import SEED, SETS, ZOO, split

FOREST = {"n_estimators": 8, "max_depth": 4, "random_state": SEED}
BOOSTED = {"n_estimators": 12, "max_depth": 2, "random_state": SEED}


def scaled(model):
    return make_pipeline(StandardScaler(), model)


def logistic():
    return scaled(LogisticRegression())


def forest():
    return RandomForestClassifier(**FOREST)


def tree():
    return DecisionTreeClassifier(max_depth=4, random_state=SEED)


def stack(*parts):
    return StackingClassifier(list(zip("abc", parts)), final_estimator=LogisticRegression(), cv=3)


def vote(*parts):
    return VotingClassifier(list(zip("abc", parts)), voting="soft", flatten_transform=False)


# name: rows, task, model; an autoencoder and a multi-output regressor make their own targets
MODELS_BY_NAME = {
    "stack_linear": ("wine", "classification", stack(logistic(), scaled(LogisticRegression(C=0.1)))),
    "stack_forest": ("breast_cancer", "classification", stack(scaled(LogisticRegression()), forest())),
    "vote_linear_tree": ("breast_cancer", "classification", vote(logistic(), tree())),
    "vote_bayes": ("wine", "classification", vote(logistic(), GaussianNB())),
    "selected_forest": ("breast_cancer", "classification", make_pipeline(SelectKBest(k=6), forest())),
    "selected_logistic": ("digits", "classification", make_pipeline(SelectKBest(k=24), StandardScaler(), LogisticRegression())),
    "scaled_forest": ("wine", "classification", scaled(forest())),
    "calibrated_forest": ("breast_cancer", "classification", CalibratedClassifierCV(forest(), cv=2)),
    "calibrated_logistic": ("wine", "classification", CalibratedClassifierCV(logistic(), cv=2)),
    "sgd_log": ("digits", "classification", scaled(SGDClassifier(loss="log_loss", random_state=SEED))),
    "sgd_binary": ("breast_cancer", "classification", scaled(SGDClassifier(loss="log_loss", random_state=SEED))),
    "perceptron": ("wine", "classification", scaled(Perceptron(random_state=SEED))),
    "extra_trees": ("wine", "classification", ExtraTreesClassifier(**FOREST)),
    "gradient_boosting": ("breast_cancer", "classification", GradientBoostingClassifier(**BOOSTED)),
    "gradient_boosting_classes": ("wine", "classification", GradientBoostingClassifier(**BOOSTED)),
    "bagging": ("iris", "classification", BaggingClassifier(tree(), n_estimators=6, random_state=SEED)),
    "lasso": ("diabetes", "regression", scaled(Lasso())),
    "elastic_net": ("diabetes", "regression", scaled(ElasticNet())),
    "huber": ("diabetes", "regression", scaled(HuberRegressor())),
    "linear_svr": ("diabetes", "regression", scaled(LinearSVR(C=10, max_iter=20000))),
    "sgd_regressor": ("diabetes", "regression", scaled(SGDRegressor(random_state=SEED))),
    "forest_regressor": ("diabetes", "regression", RandomForestRegressor(**FOREST)),
    "boosted_regressor": ("diabetes", "regression", GradientBoostingRegressor(**BOOSTED)),
    "tree_regressor": ("diabetes", "regression", DecisionTreeRegressor(max_depth=5, random_state=SEED)),
    "vote_regressor": ("diabetes", "regression", VotingRegressor([("a", scaled(Ridge())), ("b", DecisionTreeRegressor(max_depth=4, random_state=SEED))])),
    "several_outputs": ("diabetes", "regression", scaled(LinearRegression())),
    "isolation_forest": ("breast_cancer", "anomaly", IsolationForest(n_estimators=12, max_samples=64, random_state=SEED)),
    "one_class_scaled": ("wine", "anomaly", scaled(OneClassSVM(nu=0.1))),
    "mini_batch_k_means": ("wine", "clustering", scaled(MiniBatchKMeans(3, n_init=4, random_state=SEED))),
    "reconstruction": ("digits", "autoencoder", make_pipeline(MinMaxScaler(), MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, random_state=SEED))),
}


def target_of(name, task, features, target):
    if task == "autoencoder":
        return features / 16
    return np.stack([target, features[:, 2] * 3, -target], axis=1) if name == "several_outputs" else target


def main():
    warnings.filterwarnings("ignore")
    (ZOO / "tasks").mkdir(parents=True, exist_ok=True)
    rows = {name: split(name) for name in SETS if name in {data for data, *_ in MODELS_BY_NAME.values()}}
    listed = []
    for name, (data, task, model) in MODELS_BY_NAME.items():
        features, target = rows[data]
        model.fit(features, target_of(name, task, features, target))
        options = {"zipmap": False} if task == "classification" else None
        onx = to_onnx(model, features[:1], options=options, target_opset={"": 18, "ai.onnx.ml": 3})
        (ZOO / "tasks" / f"{name}.onnx").write_bytes(onx.SerializeToString())
        listed.append({"name": name, "task": task, "data": data})
    (ZOO / "tasks.json").write_text(json.dumps(listed, indent=2) + "\n")


if __name__ == "__main__":
    main()
