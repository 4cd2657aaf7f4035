"""The descriptor of a module: names, shapes and scales of its inputs and outputs (firmware/SPEC.md, section 2.1)."""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .errors import ThimbleError, expected
from .sections import Reader

SECTION = "thimble.io"
VERSION = 1
TASKS = (None, "classification", "regression", "anomaly", "clustering", "autoencoder", "image")
TYPES = ("int8", "uint8", "int16", "int32", "float32")
DECISIONS = ("none", "greatest", "above", "second", "index", "error")
MOST_AXES = 8
MOST_TENSORS = 64
MOST_ELEMENTS = 2**26
MOST_NUMBERED = 65536

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """What happens to the values of one feature, in float32, before they become integers."""

    offset: float = 0.0
    factor: float = 1.0
    edges: tuple[float, ...] | None = None
    #: Whether values may be missing, and what stands for them; None: the greatest integer.
    may_miss: bool = False
    missing: float | None = None


@dataclass(frozen=True)
class Tensor:
    """An input or an output, as callers have to know it."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    #: One for each element of the last axis, or one for all.
    columns: tuple[Column, ...] = (Column(),)
    unit: str | None = None
    #: Names of an input's features, or of an output's classes.
    names: tuple[str, ...] | None = None
    units: tuple[str, ...] | None = None
    threshold: float | None = None
    decision: str = "none"

    @property
    def size(self) -> int:
        """Values of one row."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Descriptor:
    """All inputs and outputs of a module."""

    task: str | None
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class _Fields(Reader):
    """Reads what SPEC.md calls floats, texts and lists."""

    def any_float(self) -> float:
        value: float = struct.unpack("<f", self.take(4))[0]
        return value

    def number(self) -> float:
        value = self.any_float()
        if not math.isfinite(value):
            raise expected(f"{self.where}: offset {self.at - 4}", "a finite number", value)
        return value

    def text(self) -> str:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise expected(f"{self.where}: offset {self.at}", "a text that ends", "none")
        value = self.take(end - self.at).decode("utf8", "replace")
        self.take(1)
        return value

    def list(self, count: int, least: int, read: Callable[[], T]) -> tuple[T, ...]:
        """So many values of at least `least` bytes each."""
        if count * least > self.left:
            raise expected(f"{self.where}: offset {self.at}", f"{count} values", f"room for {self.left // least}")
        return tuple(read() for _ in range(count))


def _column(fields: _Fields) -> Column:
    head = fields.u32()
    offset, factor = (fields.number(), fields.number()) if head & 1 else (0.0, 1.0)
    edges = fields.list((head >> 1) - 1, 4, fields.number) if head > 1 else None
    if edges and any(not a < b for a, b in zip(edges, edges[1:])):
        raise expected(f"{fields.where}: edges", "ascending numbers", "others")
    return Column(offset, factor, edges)


def _with_missing(columns: tuple[Column, ...], values: tuple[float, ...], where: str) -> tuple[Column, ...]:
    infinite = [x for x in values if math.isinf(x)]
    if infinite:
        raise expected(f"{where}: missing values", "finite numbers", infinite[0])
    return tuple(
        Column(column.offset, column.factor, column.edges, True, None if math.isnan(x) else x)
        for column, x in zip(columns, values)
    )


def _columns(fields: _Fields, flags: int, count: int) -> tuple[Column, ...]:
    if not flags & 2:
        if flags & 4:
            raise expected(fields.where, "a scaling", "none")
        return (Column(),)
    columns = fields.list(count, 1, lambda: _column(fields))
    return _with_missing(columns, fields.list(count, 4, fields.any_float), fields.where) if flags & 4 else columns


def _names(fields: _Fields, flags: int, count: int) -> tuple[str, ...] | None:
    if flags & 8:
        return fields.list(fields.u32(), 1, fields.text)
    if not flags & 16:
        return None
    prefix, first = fields.text(), fields.u32()
    if count > MOST_NUMBERED:
        raise expected(fields.where, f"at most {MOST_NUMBERED} names", count)
    return tuple(f"{prefix}{first + i}" for i in range(count))


def _shape(fields: _Fields) -> tuple[int, ...]:
    rank = fields.u32()
    if rank > MOST_AXES:
        raise expected(fields.where, f"at most {MOST_AXES} axes", rank)
    shape = fields.list(rank, 1, fields.u32)
    if not 1 <= math.prod(shape) <= MOST_ELEMENTS:
        raise expected(fields.where, f"1 to {MOST_ELEMENTS} elements", list(shape))
    return shape


def _code(names: tuple[T, ...], code: int, where: str) -> T:
    if code >= len(names):
        raise expected(where, f"0 to {len(names) - 1}", code)
    return names[code]


def _record(reader: _Fields, where: str, is_input: bool) -> Tensor:
    fields = _Fields(reader.take(reader.u32()), where)
    types, flags = fields.byte(), fields.byte()
    dtype = _code(TYPES[:4], types & 15, f"{where}: type")
    decision = _code(DECISIONS, fields.byte(), f"{where}: decision")
    if is_input and decision != "none":
        raise expected(where, "no decision", decision)
    name = fields.text()
    shape = _shape(fields)
    scale, zero_point = fields.number(), fields.s32()
    if not scale > 0:
        raise expected(f"{where}: scale", "more than 0", scale)
    count = shape[-1] if shape else 1
    unit = fields.text() if flags & 1 else None
    columns = _columns(fields, flags, count)
    names = _names(fields, flags, count)
    if is_input and names is not None and len(names) != count:
        raise expected(f"{where}: names", count, len(names))
    threshold = fields.number() if flags & 32 else None
    if flags & 64:
        fields.list(3, 1, fields.u32)
    units = fields.list(count, 1, fields.text) if flags & 128 else None
    if fields.left:
        raise expected(where, "the end of its record", f"{fields.left} bytes more")
    return Tensor(name, dtype, shape, scale, zero_point, columns, unit, names, units, threshold, decision)


def _check_decision(tensor: Tensor, where: str) -> None:
    wanted = {"above": 1, "index": 1, "second": 2}.get(tensor.decision, tensor.size)
    if tensor.size != wanted:
        raise expected(f"{where}: decision {tensor.decision}", f"{wanted} values", tensor.size)
    if tensor.decision in ("second", "error") and tensor.threshold is None:
        raise expected(f"{where}: decision {tensor.decision}", "a threshold", "none")


def decode(section: bytes) -> Descriptor:
    """Reads untrusted bytes. Throws ThimbleError where they are not what SPEC.md says."""
    reader = _Fields(section, "descriptor")
    version, task, *counts = reader.byte(), reader.byte(), reader.byte(), reader.byte()
    if version != VERSION:
        raise expected("descriptor: version", VERSION, version)
    if not all(1 <= count <= MOST_TENSORS for count in counts):
        raise expected("descriptor: inputs and outputs", f"1 to {MOST_TENSORS} of each", counts)
    name = _code(TASKS, task, "descriptor: task")
    inputs = tuple(_record(reader, f"descriptor: input {i}", True) for i in range(counts[0]))
    outputs = tuple(_record(reader, f"descriptor: output {i}", False) for i in range(counts[1]))
    for i, output in enumerate(outputs):
        _check_decision(output, f"descriptor: output {i}")
    if reader.left:
        raise ThimbleError(f"descriptor: the end: expected no more bytes, found {reader.left}")
    return Descriptor(name, inputs, outputs)
