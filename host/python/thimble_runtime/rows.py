"""Rows of float32 values from what people have: arrays, lists, mappings by name, frames of pandas."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .descriptor import Tensor
from .values import Floats


def feature_names(inputs: tuple[Tensor, ...]) -> list[str] | None:
    """Names of all values of a row, where every input has such."""
    names = [name for tensor in inputs if tensor.names and len(tensor.names) == tensor.size for name in tensor.names]
    return names if len(names) == sum(tensor.size for tensor in inputs) else None


def value_name(inputs: tuple[Tensor, ...], i: int) -> str:
    """The name of value number `i` of a row: of its feature, or of its input with its place there."""
    for tensor in inputs:
        if i < tensor.size:
            return tensor.names[i % len(tensor.names)] if tensor.names else f"{tensor.name}[{i}]"
        i -= tensor.size
    raise IndexError(i)


def _number(x: Any, where: str) -> float:
    """A value of a list of mixed ones; None is missing. Throws ValueError."""
    if x is None:
        return math.nan
    if isinstance(x, (str, bytes)) or not hasattr(x, "__float__"):
        raise ValueError(f"{where}: expected a number, found {str(x)!r}")
    return float(x)


def _array(values: Any, where: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{where}: expected rows of one length, found several") from None


def singles(values: Any, where: str) -> Floats:
    """Values as float32. Throws ValueError where they are no numbers."""
    array = _array(values, where)
    if array.dtype.kind in "OUS":
        array = np.array([_number(x, where) for x in array.ravel()]).reshape(array.shape)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{where}: expected numbers, found {array.dtype}")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _by_name(values: Mapping[str, Any], inputs: tuple[Tensor, ...]) -> Floats:
    """The row of a mapping: by the names of features, else by those of inputs. Throws ValueError."""
    features = feature_names(inputs)
    by_feature = features is not None and any(name in values for name in features)
    wanted = [(name, 1) for name in features or []] if by_feature else [(each.name, each.size) for each in inputs]
    parts = []
    for name, size in wanted:
        if name not in values:
            raise ValueError(f"{name}: expected {size} value{'s' * (size > 1)}, found none")
        part = singles(values[name], name).ravel()
        if part.size != size:
            raise ValueError(f"{name}: expected {size} value{'s' * (size > 1)}, found {part.size}")
        parts.append(part)
    return np.concatenate(parts)


def is_frame(values: Any) -> bool:
    """Whether this is a table with named columns, such as a DataFrame of pandas."""
    return hasattr(values, "columns") and hasattr(values, "to_numpy")


def _frame(values: Any, inputs: tuple[Tensor, ...]) -> Floats:
    columns = list(values.columns)
    names = feature_names(inputs)
    if names is not None and any(name in columns for name in names):
        absent = [name for name in names if name not in columns]
        if absent:
            raise ValueError(f"{absent[0]}: expected a column, found none")
        columns = names
    parts = [singles(values[column].to_numpy(), str(column)) for column in columns]
    return np.stack(parts, axis=1) if parts else np.empty((len(values), 0), np.float32)


def is_row(values: Any, inputs: tuple[Tensor, ...]) -> bool:
    """Whether these are the values of one row: a mapping, one axis, or all axes together as many values as a row has."""
    if isinstance(values, Mapping):
        return True
    if is_frame(values):
        return False
    length = sum(tensor.size for tensor in inputs)
    shape = _array(values, "input").shape
    return len(shape) <= 1 or (math.prod(shape[1:]) != length and math.prod(shape) == length)


def row_of(values: Any, inputs: tuple[Tensor, ...]) -> Floats:
    """One row, of shape (1, values). Throws ValueError."""
    length = sum(tensor.size for tensor in inputs)
    row = _by_name(values, inputs) if isinstance(values, Mapping) else singles(values, "input").ravel()
    if row.size != length:
        raise ValueError(f"input: expected {length} values, found {row.size}")
    return row.reshape(1, -1)


def rows_of(values: Any, inputs: tuple[Tensor, ...]) -> Floats:
    """Rows, of shape (rows, values). Throws ValueError."""
    length = sum(tensor.size for tensor in inputs)
    rows = _frame(values, inputs) if is_frame(values) else singles(values, "input")
    shape = rows.shape
    if rows.size == 0 and len(rows) == 0:
        rows = np.empty((0, length), np.float32)
    elif rows.ndim > 1 or length == 1:
        rows = rows.reshape(len(rows), -1)
    if rows.ndim != 2 or rows.shape[1] != length:
        raise ValueError(f"input: expected rows of {length} values, found an array of shape {shape}")
    return np.ascontiguousarray(rows)
