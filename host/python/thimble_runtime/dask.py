"""Models in Dask: frames of many partitions. Needs dask and pandas."""

from typing import Any

import pandas as pd

from .frames import answer_types, model_of, with_answers
from .model import Model, Source


def _answer(partition: pd.DataFrame, file: bytes) -> pd.DataFrame:
    return with_answers(model_of(file), partition)


def predict(frame: Any, model: "Source | Model", key: bytes | str | None = None) -> Any:
    """The frame with the answers to its rows in further columns: label, score, the value of each class and the module's
    SHA-256, as `thimble predict` names them. Throws ThimbleError as Model; ValueError, once computed, as Model.predict."""
    loaded = model if isinstance(model, Model) else Model(model, key)
    meta = frame._meta.assign(
        **{name: pd.Series(dtype=object if kind == "str" else kind) for name, kind in answer_types(loaded).items()}
    )
    return frame.map_partitions(_answer, loaded.file, meta=meta)
