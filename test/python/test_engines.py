"""Spark with executors in processes of their own, one of which is killed amid a job; Dask; scikit-learn. The model is
FOLDER/forest.wasm, whose rows and outputs python_engines.slow.test.ts writes."""

import json
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import dask.dataframe
import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from thimble_runtime import Model, ThimbleClassifier, spark
from thimble_runtime import dask as thimble_dask

FOLDER = Path(os.environ["CASES"])
CASE = json.loads((FOLDER / "cases.json").read_text())
FILE = FOLDER / "forest.wasm"
PARTS = 16
TIMES = int(os.environ.get("TIMES", "10"))


def numbers(ending):
    return np.frombuffer((FOLDER / f"forest.{ending}").read_bytes(), np.float32).reshape(CASE["rows"], -1)


MODEL = Model(FILE)
ROWS = numbers("rows")
FRAME = pd.DataFrame(ROWS, columns=MODEL.features)


def executors():
    """Processes of Java that run tasks of this cluster."""
    found = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    mine, rows = {os.getpid()}, [line.split(None, 2) for line in found.splitlines()[1:]]
    for _ in range(4):
        mine |= {int(pid) for pid, parent, _ in rows if int(parent) in mine}
    return [int(pid) for pid, _, args in rows if int(pid) in mine and "CoarseGrainedExecutorBackend" in args]


class Spark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["PYSPARK_PYTHON"] = sys.executable
        cls.session = (
            SparkSession.builder.master("local-cluster[2,1,1024]")
            .config("spark.ui.enabled", "false")
            .config("spark.executorEnv.PYTHONPATH", os.environ["PYTHONPATH"])
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate()
        )
        cls.session.sparkContext.setLogLevel("ERROR")
        folder = FOLDER / "parquet"
        folder.mkdir(exist_ok=True)
        for part in range(PARTS):
            FRAME.assign(id=np.arange(len(FRAME)) + part * len(FRAME)).to_parquet(folder / f"{part:02}.parquet")
        cls.frame = cls.session.read.parquet(str(folder)).repartition(PARTS)

    @classmethod
    def tearDownClass(cls):
        cls.session.stop()

    def check(self, found):
        """All rows are there once, with the bits of the one module."""
        found = found.sort_values("id")
        self.assertEqual(found["id"].tolist(), list(range(PARTS * len(ROWS))))
        self.assertEqual(found["label"].tolist(), CASE["labels"] * PARTS)
        scores = np.stack(found["scores"].to_numpy()).astype(np.float32)
        np.testing.assert_array_equal(scores, np.tile(numbers("outputs"), (PARTS, 1)))

    def test_a_function_of_columns(self):
        answer = spark.udf(FILE)(*MODEL.features).alias("answer")
        self.check(self.frame.select("id", answer).select("id", "answer.label", "answer.scores").toPandas())

    def test_frames_while_an_executor_is_killed(self):
        slow = self.frame.mapInPandas(slowly, self.frame.schema)
        job = spark.predict(slow, MODEL)
        before = executors()
        self.assertEqual(len(before), 2)
        killer = subprocess.Popen([sys.executable, "-c", f"import time, os; time.sleep(4); os.kill({before[0]}, {signal.SIGKILL})"])
        found = job.toPandas()
        self.assertEqual(killer.wait(), 0)
        self.assertNotIn(before[0], executors())
        found["scores"] = list(found[list("0123456789")].to_numpy())
        self.check(found)
        self.assertEqual(set(found["module"]), {MODEL.hash})

    def test_what_it_costs_beside_an_empty_function(self):
        # Cached, so that reading files counts for none of them.
        many = self.session.range(0, TIMES * 10_000, numPartitions=2).selectExpr(
            "id", *[f"cast((id * {i + 1}) % 17 as float) as `{name}`" for i, name in enumerate(MODEL.features)]
        )
        many.cache().count()
        times = {"empty": [], "model": []}
        for _ in range(3):
            for name, job in [
                ("empty", lambda: many.mapInPandas(empty, "label string")),
                ("model", lambda: spark.predict(many, MODEL).select("label")),
            ]:
                began = time.monotonic()
                self.assertEqual(job().count(), TIMES * 10_000)
                times[name].append(time.monotonic() - began)
        empty_s, model_s = min(times["empty"]), min(times["model"])
        print(f"{TIMES * 10_000} rows: empty {empty_s:.1f} s, model {model_s:.1f} s", file=sys.stderr)


def slowly(batches):
    for batch in batches:
        time.sleep(1)
        yield batch


def empty(batches):
    for batch in batches:
        yield pd.DataFrame({"label": ["0"] * len(batch)})


class Others(unittest.TestCase):
    def test_dask(self):
        found = thimble_dask.predict(dask.dataframe.from_pandas(FRAME, npartitions=3), FILE)
        self.assertEqual(found["label"].compute().tolist(), CASE["labels"])
        scores = found[list("0123456789")].compute().to_numpy()
        np.testing.assert_array_equal(scores, numbers("outputs"))

    def test_scikit_learn(self):
        classifier = clone(ThimbleClassifier(str(FILE)))
        classes = np.array([int(label) for label in CASE["labels"]])
        pipeline = make_pipeline(FunctionTransformer(), classifier).fit(FRAME, classes)
        np.testing.assert_array_equal(pipeline.predict(FRAME), classes)
        self.assertEqual(cross_val_score(classifier, FRAME, classes, cv=3).tolist(), [1, 1, 1])


if __name__ == "__main__":
    unittest.main()
