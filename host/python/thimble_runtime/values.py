"""Real values to a tensor's integers and back, and what they decide.

The steps of firmware/SPEC.md, section 2.2, each rounded to float32, in the order of firmware/core/values.c, so that all
bits are those of a device. Rows are the first axis of every array.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .descriptor import Column, Tensor

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What `write_integers` needs of an input: a number for each value of a row, or one for all."""

    tensor: Tensor
    #: None where values are taken as they are.
    offsets: Floats | None
    factors: Floats | None
    edges: tuple[tuple[int, Floats], ...]
    #: Where a value may be missing, and what stands for it (NaN: the greatest integer).
    may_miss: NDArray[np.bool_]
    missing: Floats | None
    most: Doubles
    unknown: Doubles


def _spread(columns: tuple[Column, ...], size: int) -> list[Column]:
    return [columns[i % len(columns)] for i in range(size)]


def plan_of(tensor: Tensor) -> Plan:
    """The plan of an input."""
    columns = _spread(tensor.columns, tensor.size)
    top = float(np.iinfo(tensor.dtype).max)
    reserved = np.array([column.may_miss and column.missing is None for column in columns])
    affine = any(column.offset != 0 or column.factor != 1 for column in columns)
    edges = ((i, np.array(column.edges, np.float32)) for i, column in enumerate(columns) if column.edges is not None)
    may_miss = np.array([column.may_miss for column in columns], np.bool_)
    stand_in = [np.nan if column.missing is None else column.missing for column in columns]
    return Plan(
        tensor,
        np.array([column.offset for column in columns], np.float32) if affine else None,
        np.array([column.factor for column in columns], np.float32) if affine else None,
        tuple(edges),
        may_miss,
        np.array(stand_in, np.float32) if may_miss.any() else None,
        top - reserved.astype(np.float64),
        np.where(reserved, top, float(tensor.zero_point)),
    )


def _to_bins(x: Floats, edges: tuple[tuple[int, Floats], ...]) -> None:
    """Puts the number of its bin in place of each value that has bins; what is not a number stays so."""
    for i, bounds in edges:
        known = ~np.isnan(x[:, i])
        below = np.searchsorted(bounds, x[known, i], side="left")
        x[known, i] = (below - ((len(bounds) + 1) >> 1)).astype(np.float32)


def write_integers(values: Floats, plan: Plan, target: NDArray[np.generic]) -> None:
    """The integers of rows of values, into `target` of the same shape; saturated, halves away from zero."""
    tensor = plan.tensor
    x = values
    with np.errstate(all="ignore"):
        if plan.missing is not None:
            x = np.where(np.isnan(x), plan.missing, x)
        if plan.offsets is not None and plan.factors is not None:
            x = (x - plan.offsets) * plan.factors
        if plan.edges:
            x = x.copy()
            _to_bins(x, plan.edges)
        real = (x / np.float32(tensor.scale)).astype(np.float64)
        rounded = np.trunc(real + np.copysign(0.5, real))
        rounded += tensor.zero_point
        np.clip(rounded, float(np.iinfo(tensor.dtype).min), plan.most, out=rounded)
        unknown = np.isnan(rounded)
        if unknown.any():
            rounded = np.where(unknown, plan.unknown, rounded)
    target[...] = rounded


def read_integers(raw: NDArray[np.generic], tensor: Tensor) -> Floats:
    """The real values of a tensor's integers."""
    shifted = (raw.astype(np.float64) - tensor.zero_point).astype(np.float32)
    with np.errstate(over="ignore", under="ignore"):
        return shifted * np.float32(tensor.scale)


def _mean_square(values: Floats, others: Floats) -> Floats:
    """The mean squared difference of each row, summed in order; infinite where it is not a number."""
    total = np.zeros(len(values), np.float32)
    with np.errstate(all="ignore"):
        for i in range(values.shape[1]):
            difference = values[:, i] - others[:, i]
            total = total + difference * difference
        mean = total / np.float32(values.shape[1])
    return np.where(np.isnan(mean), np.float32(np.inf), mean)


def decide(tensor: Tensor, values: Floats, first_input: Floats) -> tuple[NDArray[np.int64], Floats] | None:
    """Number of the class and deciding value of each row of an output; None where the output decides nothing."""
    if tensor.decision == "none":
        return None
    rows = np.arange(len(values))
    if tensor.decision == "greatest":
        best = np.argmax(values, axis=1)
        return best.astype(np.int64), values[rows, best]
    if tensor.decision == "index":
        return values[:, 0].astype(np.int64) & 0xFFFFFFFF, values[:, 0]
    if tensor.decision == "error":
        if first_input.shape != values.shape:
            return None
        score = _mean_square(values, first_input)
    else:
        score = values[:, 1 if tensor.decision == "second" else 0]
    threshold = 0.5 if tensor.threshold is None else tensor.threshold
    return (score > np.float32(threshold)).astype(np.int64), score
