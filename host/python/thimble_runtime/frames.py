"""Frames of pandas with the answers to their rows beside them, as engines of many machines hand them around."""

from typing import TYPE_CHECKING, Any

from .model import Model

if TYPE_CHECKING:
    import pandas

#: Names of columns that every answer has, as in the files of `thimble predict`; the first two where a model decides.
LABEL = "label"
SCORE = "score"
MODULE = "module"
OURS = ("row", LABEL, SCORE, MODULE)


def score_names(model: Model) -> list[str]:
    """Labels, where each value is that of a class; else the output's name, with the number of the value."""
    plain = [name for each in model.outputs for name in _numbered(each.name, each.size, alone=True)]
    names = [name for each in model.outputs if each.names and len(each.names) == each.size for name in each.names]
    names = names if len(names) == len(plain) else plain
    is_clear = len(set(names)) == len(names) and not set(names) & set(OURS)
    return names if is_clear else [name for each in model.outputs for name in _numbered(each.name, each.size)]


def _numbered(name: str, count: int, alone: bool = False) -> list[str]:
    return [name] if alone and count == 1 else [f"{name}[{i}]" for i in range(count)]


def answer_types(model: Model) -> dict[str, str]:
    """Columns of an answer with their types, which are those of NumPy, or "str"."""
    decides = any(tensor.decision != "none" for tensor in model.outputs)
    decided = {LABEL: "str", SCORE: "float32"} if decides else {}
    return {**decided, **{name: "float32" for name in score_names(model)}, MODULE: "str"}


def with_answers(model: Model, frame: "pandas.DataFrame") -> "pandas.DataFrame":
    """The frame with the answers to its rows in further columns. Throws ValueError as Model.predict."""
    found = model.predict_rows(frame)
    values = [part.reshape(len(frame), -1) for part in found.outputs.values()]
    columns: dict[str, Any] = {}
    if found.class_numbers is not None:
        labels = found.labels if found.labels is not None else found.class_numbers.astype(str)
        columns = {LABEL: labels.astype(object), SCORE: found.scores}
    names = iter(score_names(model))
    for part in values:
        columns.update({next(names): part[:, i] for i in range(part.shape[1])})
    columns[MODULE] = model.hash
    return frame.assign(**columns)


_KNOWN: dict[bytes, Model] = {}


def model_of(file: bytes) -> Model:
    """The model of a file that was checked before: a process loads it once."""
    if file not in _KNOWN:
        _KNOWN[file] = Model(file)
    return _KNOWN[file]
