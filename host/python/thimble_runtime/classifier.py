"""A model as a classifier of scikit-learn's interface."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ThimbleError
from .model import Model, Predictions, Source
from .values import Floats

if TYPE_CHECKING:

    class ClassifierMixin:
        """scikit-learn's, of which nothing is needed but what it says of itself."""

    class BaseEstimator:
        """scikit-learn's."""

else:
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin
    except ImportError:

        class ClassifierMixin:
            """Stands in where scikit-learn is not installed."""

        class BaseEstimator:
            """Stands in where scikit-learn is not installed."""


def _classes(labels: list[str]) -> "NDArray[np.generic]":
    """Labels as they were before they became text: whole numbers, where all are such."""
    numbers = [int(label) if label.lstrip("-").isdecimal() else None for label in labels]
    is_whole = all(number is not None and str(number) == label for number, label in zip(numbers, labels))
    return np.array(numbers) if is_whole else np.array(labels)


class ThimbleClassifier(ClassifierMixin, BaseEstimator):
    """Predicts as scikit-learn's classifiers do: arrays and frames in, classes out. It was trained before: `fit` only
    checks."""

    def __init__(self, model: "Source | Model", key: bytes | str | None = None) -> None:
        """`model` is a file, its bytes, or a Model. Throws as Model once something is predicted, as usual there."""
        self.model = model
        self.key = key

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {"model": self.model, "key": self.key}

    def set_params(self, **params: Any) -> "ThimbleClassifier":
        """Takes other arguments. Throws ValueError for one that there is not."""
        for name, value in params.items():
            if name not in ("model", "key"):
                raise ValueError(f"parameter: expected model or key, found {name}")
            setattr(self, name, value)
        self.__dict__.pop("_loaded", None)
        return self

    @property
    def model_(self) -> Model:
        """The loaded model. Throws ThimbleError where it is not one that tells classes apart."""
        if "_loaded" not in self.__dict__:
            model = self.model if isinstance(self.model, Model) else Model(self.model, self.key)
            if all(tensor.decision not in ("greatest", "above", "second", "index") for tensor in model.outputs):
                raise ThimbleError(f"model: expected one that tells classes apart, found {model.task or 'another'}")
            self._loaded = model
        return self._loaded

    @property
    def _output(self) -> int:
        return next(i for i, tensor in enumerate(self.model_.outputs) if tensor.decision != "none")

    @property
    def classes_(self) -> "NDArray[np.generic]":
        """The classes, in the order of their numbers."""
        tensor = self.model_.outputs[self._output]
        count = 2 if tensor.decision in ("above", "second") else tensor.size
        if tensor.names:
            return _classes(list(tensor.names))
        return np.arange(count)

    @property
    def n_features_in_(self) -> int:
        """Values in a row."""
        return self.model_.input_length

    @property
    def feature_names_in_(self) -> "NDArray[np.object_]":
        """Names of the values of a row."""
        return np.array(self.model_.features, object)

    def fit(self, X: Any, y: Any = None) -> "ThimbleClassifier":
        """Checks that the rows are such as the model takes, and returns itself."""
        self.model_.quantize(X)
        return self

    def predict(self, X: Any) -> "NDArray[np.generic]":
        """The class of each row. Throws ValueError as Model.predict."""
        numbers = self._predictions(X).class_numbers
        if numbers is None:
            raise ThimbleError("model: expected a decision, found none")
        classes = self.classes_
        if len(numbers) and int(numbers.max()) >= len(classes):
            return numbers
        return classes[numbers]

    def predict_proba(self, X: Any) -> Floats:
        """The value of each class, shape (rows, classes): probabilities where the model gives such."""
        tensor = self.model_.outputs[self._output]
        values = self._predictions(X).outputs[tensor.name]
        flat = values.reshape(len(values), -1)
        if tensor.decision == "index":
            raise ThimbleError("model: expected values of classes, found the number of the class alone")
        return np.concatenate([1 - flat, flat], axis=1) if tensor.decision == "above" else flat

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The share of rows whose class is that of `y`."""
        hits = self.predict(X) == np.asarray(y)
        return float(np.average(hits, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def _predictions(self, X: Any) -> Predictions:
        return self.model_.predict_rows(X)


__all__ = ["ThimbleClassifier"]
