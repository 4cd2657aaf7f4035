"""A model that answers real values with the bits of a device."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import rows as rows_
from .descriptor import SECTION, Tensor, decode
from .image import module_of
from .instance import Instance, Raw
from .sections import custom_section
from .values import Floats, decide, plan_of, read_integers, write_integers

#: A path, or the bytes of a file.
Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview"


@dataclass(frozen=True)
class Prediction:
    """The answer to one row. Class, label and score are None where the model decides nothing."""

    class_number: int | None
    label: str | None
    #: The value that decides: the greatest, that of a detector, or the error of an autoencoder.
    score: float | None
    #: Real values by the names of the outputs, in their shapes.
    outputs: dict[str, Floats]


@dataclass(frozen=True)
class Predictions:
    """The answers to rows; each array has one element, or one row, for each."""

    class_numbers: NDArray[np.int64] | None
    #: Text, where classes have names.
    labels: NDArray[np.str_] | None
    scores: Floats | None
    outputs: dict[str, Floats]

    def __len__(self) -> int:
        return len(next(iter(self.outputs.values())))

    def __getitem__(self, i: int) -> Prediction:
        return Prediction(
            None if self.class_numbers is None else int(self.class_numbers[i]),
            None if self.labels is None else str(self.labels[i]),
            None if self.scores is None else float(self.scores[i]),
            {name: values[i] for name, values in self.outputs.items()},
        )

    def __iter__(self) -> Iterator[Prediction]:
        return (self[i] for i in range(len(self)))


def _bytes_of(source: Source) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    with open(source, "rb") as file:
        return file.read()


def _meta_beside(source: Source, module: str) -> dict[str, Any] | None:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return None
    try:
        with open(os.path.join(os.path.dirname(source), "report.json"), encoding="utf8") as file:
            report = json.load(file)
    except (OSError, ValueError):
        return None
    known = isinstance(report, dict) and report.get("moduleSha256") == module
    return report.get("meta") if known else None


class Model:
    """A module (.wasm) or a signed image (.img). It can be pickled, and used by several threads, one at a time."""

    def __init__(self, source: Source, key: bytes | str | None = None) -> None:
        """Loads a file; with a key (PEM text, or 32 bytes) only an image that it signed.

        Throws ThimbleError where the file is no model, is damaged, or is not signed with the key; OSError where it
        can't be read.
        """
        #: All bytes of the file.
        self.file: bytes = _bytes_of(source)
        image = module_of(self.file, key)
        descriptor = decode(custom_section(image.module, SECTION))
        self.task: str | None = descriptor.task
        self.inputs: tuple[Tensor, ...] = descriptor.inputs
        self.outputs: tuple[Tensor, ...] = descriptor.outputs
        #: SHA-256 of the module, in hex: signed or not, a model has one hash.
        self.hash: str = hashlib.sha256(image.module).hexdigest()
        #: Of an image; empty and None without.
        self.version: str = image.version
        self.id: str | None = image.id
        #: What `thimble build --meta` stated, where report.json lies beside the file; None without.
        self.meta: dict[str, Any] | None = _meta_beside(source, self.hash)
        self._instance = Instance(image.module, descriptor)
        self._plans = [plan_of(tensor) for tensor in self.inputs]
        self._ends = list(np.cumsum([tensor.size for tensor in self.inputs]))
        self._may_miss = np.concatenate([plan.may_miss for plan in self._plans])
        deciding = [tensor for tensor in self.outputs if tensor.decision != "none"]
        self._deciding = self.outputs.index(deciding[0]) if deciding else 0
        self._lock = threading.Lock()

    def __reduce__(self) -> "tuple[type[Model], tuple[bytes]]":
        # The signature has been checked where the model was loaded.
        return Model, (self.file,)

    def __repr__(self) -> str:
        kind = self.task or "model"
        return f"<thimble {kind} {self.input_length} -> {self.output_length}, {self.hash[:12]}>"

    @property
    def input_length(self) -> int:
        """Values in a row of all inputs."""
        return int(self._ends[-1])

    @property
    def output_length(self) -> int:
        """Values in a row of all outputs."""
        return sum(tensor.size for tensor in self.outputs)

    @property
    def features(self) -> list[str]:
        """The name of each value of a row."""
        return [rows_.value_name(self.inputs, i) for i in range(self.input_length)]

    @property
    def labels(self) -> list[str] | None:
        """Names of the classes of the output that decides."""
        names = self.outputs[self._deciding].names
        return None if names is None else list(names)

    @property
    def threshold(self) -> float | None:
        """Above it, the output that decides says yes."""
        return self.outputs[self._deciding].threshold

    def predict(self, values: Any) -> "Prediction | Predictions":
        """The answer to one row (a mapping by names, or an array of its values), or those to rows (the first axis, a frame).

        Throws ValueError, which names the feature, what was expected and what was found.
        """
        if rows_.is_row(values, self.inputs):
            return self._answers(rows_.row_of(values, self.inputs))[0]
        return self.predict_rows(values)

    def predict_rows(self, values: Any) -> Predictions:
        """The answers to rows, even where there is one alone: an array with rows as its first axis, or a frame."""
        return self._answers(rows_.rows_of(values, self.inputs))

    def predict_batch(self, values: ArrayLike) -> Floats:
        """The outputs of rows, shape (rows, output_length). Throws as `predict`."""
        return self._run(rows_.rows_of(values, self.inputs))

    def quantize(self, values: ArrayLike) -> list[Raw]:
        """The integers that the module is given: an array (rows, values) for each input. Throws as `predict`."""
        rows = self._checked(rows_.rows_of(values, self.inputs))
        found: list[Raw] = [np.empty((len(rows), tensor.size), tensor.dtype) for tensor in self.inputs]
        self._write(rows, found)
        return found

    def reset(self) -> None:
        """Forgets what the model remembers from row to row, where it does."""
        with self._lock:
            self._instance.reset()

    def _checked(self, rows: Floats) -> Floats:
        absent = np.isnan(rows) & ~self._may_miss
        if absent.any():
            row, i = (int(n) for n in np.argwhere(absent)[0])
            place = f"row {row}: " if len(rows) > 1 else ""
            raise ValueError(f"{place}{rows_.value_name(self.inputs, i)}: expected a number, found NaN")
        return rows

    def _write(self, rows: Floats, targets: list[Raw]) -> None:
        for plan, end, target in zip(self._plans, self._ends, targets):
            write_integers(rows[:, end - plan.tensor.size : end], plan, target[: len(rows)])

    def _run(self, rows: Floats) -> Floats:
        self._checked(rows)
        instance = self._instance
        found = np.empty((len(rows), self.output_length), np.float32)
        with self._lock:
            for start in range(0, len(rows), instance.most):
                part = rows[start : start + instance.most]
                self._write(part, instance.inputs)
                instance.run(len(part))
                at = 0
                for tensor, raw in zip(self.outputs, instance.outputs):
                    values = read_integers(raw[: len(part)], tensor)
                    found[start : start + len(part), at : at + tensor.size] = values
                    at += tensor.size
        return found

    def _answers(self, rows: Floats) -> Predictions:
        found = self._run(rows)
        ends = np.cumsum([tensor.size for tensor in self.outputs])
        parts = [found[:, end - tensor.size : end] for end, tensor in zip(ends, self.outputs)]
        deciding = self.outputs[self._deciding]
        decided = decide(deciding, parts[self._deciding], rows[:, : self.inputs[0].size])
        outputs = {
            tensor.name: part.reshape(len(rows), *tensor.shape) for tensor, part in zip(self.outputs, parts)
        }
        if decided is None:
            return Predictions(None, None, None, outputs)
        numbers, scores = decided
        names = deciding.names
        labels = None
        if names is not None and len(rows) and int(numbers.max()) < len(names):
            labels = np.array(names)[numbers]
        elif names is not None:
            labels = np.array([names[n] if n < len(names) else "" for n in numbers], np.str_)
        return Predictions(numbers, labels, scores, outputs)
