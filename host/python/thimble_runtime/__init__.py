"""Runs the models of thimble on a computer, with the bits of the device."""

from .classifier import ThimbleClassifier
from .descriptor import Column, Tensor
from .errors import ThimbleError
from .model import Model, Prediction, Predictions

__all__ = ["Column", "Model", "Prediction", "Predictions", "Tensor", "ThimbleClassifier", "ThimbleError"]
