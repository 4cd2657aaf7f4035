"""The forest that `npm run bench:trees` is about: ten trees of depth 8 on scikit-learn's digits.

    PYTHONHASHSEED=0 python test/models/gen/trees.py

Writes trees/digits_forest.onnx with calibration and test data, and the classes it gives the latter. The same estimator is given to emlearn and m2cgen by
test/models/gen/trees_rivals.py.
"""

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

from common import MODELS, write_csv

SEED = 20240101
FOLDER = MODELS / "trees"


def digits():
    """Pixels 0..16 of 1437 pictures to train with and 360 to test."""
    data = load_digits()
    return train_test_split(
        data.data.astype(np.float32), data.target, test_size=360, stratify=data.target, random_state=SEED
    )


def digits_forest():
    train, test, train_labels, labels = digits()
    forest = RandomForestClassifier(n_estimators=10, max_depth=8, random_state=SEED).fit(train, train_labels)
    return forest, train, test, labels


if __name__ == "__main__":
    forest, train, test, labels = digits_forest()
    FOLDER.mkdir(exist_ok=True)
    onnx = to_onnx(forest, train[:1], options={"zipmap": False})
    (FOLDER / "digits_forest.onnx").write_bytes(onnx.SerializeToString())
    names = [f"p{i}" for i in range(64)]
    write_csv("trees/digits_forest.calibration.csv", names, train[:300])
    write_csv("trees/digits_forest.test.csv", names, test, labels)
    # What the estimator says of each test row, right or wrong.
    write_csv("trees/digits_forest.classes.csv", ["class"], forest.predict(test)[:, np.newaxis])
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    print(f"{nodes} nodes, test accuracy {forest.score(test, labels):.4f}")
