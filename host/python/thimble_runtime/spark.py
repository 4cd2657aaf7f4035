"""Models in Apache Spark: a function of columns, or whole frames. Needs pyspark and pandas where the job is written and
where it runs."""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql.functions import pandas_udf
from pyspark.sql.types import ArrayType, FloatType, IntegerType, StringType, StructField, StructType

from .frames import answer_types, model_of, with_answers
from .model import Model, Source

ANSWER = StructType(
    [
        StructField("class_number", IntegerType()),
        StructField("label", StringType()),
        StructField("score", FloatType()),
        StructField("scores", ArrayType(FloatType(), containsNull=False)),
    ]
)


def _file_of(model: "Source | Model", key: bytes | str | None) -> bytes:
    loaded = model if isinstance(model, Model) else Model(model, key)
    return loaded.file


def udf(model: "Source | Model", key: bytes | str | None = None) -> Callable[..., Any]:
    """A function of as many columns as a row has values: `frame.select(udf("m.img")(*features))`.

    Its answer is a struct: class_number, label, score, and scores, all values of the outputs. Throws ThimbleError as
    Model; a task whose rows the model does not take fails with the ValueError of Model.predict.
    """
    file = _file_of(model, key)

    def predict(batches: Iterator[tuple[pd.Series, ...]]) -> Iterator[pd.DataFrame]:
        loaded = model_of(file)
        for batch in batches:
            found = loaded.predict_rows(pd.concat(batch, axis=1, keys=loaded.features))
            scores = [values.reshape(len(values), -1) for values in found.outputs.values()]
            yield pd.DataFrame(
                {
                    "class_number": found.class_numbers,
                    "label": None if found.labels is None else found.labels.astype(object),
                    "score": found.scores,
                    "scores": [list(row) for row in (scores[0] if len(scores) == 1 else _joined(scores))],
                },
                index=range(len(batch[0])),
            )

    return pandas_udf(ANSWER)(predict)  # type: ignore[call-overload, no-any-return]


def _joined(parts: list[Any]) -> Any:
    return pd.concat([pd.DataFrame(part) for part in parts], axis=1).to_numpy()


def predict(frame: DataFrame, model: "Source | Model", key: bytes | str | None = None) -> DataFrame:
    """The frame with the answers to its rows in further columns, by mapInPandas: label, score, the value of each class
    and the module's SHA-256, as `thimble predict` names them. Throws as `udf`."""
    file = _file_of(model, key)
    loaded = model_of(file)
    types = {"str": StringType(), "float32": FloatType()}
    answers = [StructField(name, types[kind]) for name, kind in answer_types(loaded).items()]
    taken = {field.name for field in answers}
    kept = [field for field in frame.schema.fields if field.name not in taken]

    def answer(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        here = model_of(file)
        for batch in batches:
            yield with_answers(here, batch)

    return frame.mapInPandas(answer, StructType([*kept, *answers]))
