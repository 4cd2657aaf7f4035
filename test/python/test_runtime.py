"""Tests of thimble_runtime on the files that python.test.ts writes to the folder CASES."""

import json
import os
import pickle
import threading
import unittest
from pathlib import Path

import numpy as np
import pandas as pd
from thimble_runtime import Model, Predictions, ThimbleClassifier, ThimbleError
from thimble_runtime.frames import with_answers

FOLDER = Path(os.environ["CASES"])
CASES = json.loads((FOLDER / "cases.json").read_text())
MODELS = {case["name"]: case for case in CASES["models"]}


def wasm(name):
    return FOLDER / f"{name}.wasm"


def numbers(name, ending, rows, dtype=np.float32):
    return np.frombuffer((FOLDER / f"{name}.{ending}").read_bytes(), dtype).reshape(rows, -1)


class Bits(unittest.TestCase):
    def check(self, case):
        name, rows = case["name"], case["rows"]
        model = Model(wasm(name))
        values = numbers(name, "rows", rows)
        self.assertEqual(values.shape[1], model.input_length)
        given = np.concatenate([np.ascontiguousarray(part).view(np.uint8) for part in model.quantize(values)], axis=1)
        np.testing.assert_array_equal(given, numbers(name, "raw", rows, np.uint8), name)
        found = model.predict_batch(values)
        np.testing.assert_array_equal(found.view(np.uint32), numbers(name, "outputs", rows, np.uint32), name)
        answers = model.predict(values)
        self.assertIsInstance(answers, Predictions)
        for i, answer in enumerate(answers):
            self.assertEqual((answer.class_number, answer.label or None), (case["classes"][i], case["labels"][i] or None), name)
        one = model.predict(values[0])
        self.assertEqual((one.class_number, one.score), (answers[0].class_number, answers[0].score))

    def test_models(self):
        for case in MODELS.values():
            self.check(case)

    def test_borders_of_every_kind(self):
        refused = 0
        for case in CASES["borders"]:
            if "refused" not in case:
                self.check(case)
                continue
            refused += 1
            model = Model(wasm(case["name"]))
            with self.assertRaises(ValueError) as caught:
                model.predict(numbers(case["name"], "rows", 1)[0])
            self.assertEqual(str(caught.exception), case["refused"])
        self.assertGreater(refused, 3)

    def test_many_rows_pass_by_way_of_the_stage_in_parts(self):
        name = "digits"
        model = Model(wasm(name))
        values = numbers(name, "rows", MODELS[name]["rows"])
        times = 3 * model._instance.most // len(values)
        found = model.predict_batch(np.tile(values, (times, 1)))
        expected = numbers(name, "outputs", len(values))
        np.testing.assert_array_equal(found, np.tile(expected, (times, 1)))


class Files(unittest.TestCase):
    def setUp(self):
        self.image = (FOLDER / "digits.img").read_bytes()
        self.key = (FOLDER / "key.pem").read_text()

    def test_an_image_is_its_module(self):
        signed, plain = Model(FOLDER / "digits.img", self.key), Model(str(wasm("digits")))
        self.assertEqual(signed.hash, plain.hash)
        self.assertEqual(signed.version, "1.2.3+4")

    def test_what_was_stated_of_a_model_is_read_beside_it(self):
        model = Model(wasm("digits"))
        self.assertIsNone(model.meta)
        for module, meta in [(model.hash, {"owner": "us"}), ("0" * 64, None)]:
            (FOLDER / "report.json").write_text(json.dumps({"moduleSha256": module, "meta": {"owner": "us"}}))
            self.assertEqual(Model(FOLDER / "digits.img").meta, meta)
        (FOLDER / "report.json").unlink()

    def test_what_the_key_did_not_sign_is_refused(self):
        with self.assertRaisesRegex(ThimbleError, "expected a signature of the key, found another's"):
            Model(self.image, (FOLDER / "other.pem").read_text())
        with self.assertRaisesRegex(ThimbleError, "expected an image .* found no image"):
            Model(wasm("digits"), self.key)
        with self.assertRaisesRegex(ValueError, "key: expected an Ed25519 public key"):
            Model(self.image, "no key")
        forged = bytearray(self.image)
        forged[-1] ^= 1
        Model(bytes(forged))
        with self.assertRaises(ThimbleError):
            Model(bytes(forged), self.key)

    def test_every_damage_is_told(self):
        for place in [1, 5, 9, 13, 17, 29, 40, len(self.image) // 2, len(self.image) - 130]:
            damaged = bytearray(self.image)
            damaged[place] ^= 1
            with self.assertRaisesRegex(ThimbleError, "expected .*, found ", msg=place):
                Model(bytes(damaged))
        for end in range(0, len(self.image), 997):
            with self.assertRaises(ThimbleError, msg=end):
                Model(self.image[:end])

    def test_a_module_that_is_cut_or_changed_anywhere_is_loaded_or_told(self):
        random = np.random.default_rng(5)
        module = wasm(CASES["borders"][0]["name"]).read_bytes()
        loaded = 0
        for _ in range(150):
            damaged = bytearray(module[: random.integers(1, len(module) + 1)] if random.random() < 0.2 else module)
            damaged[random.integers(len(damaged))] = random.integers(256)
            try:
                Model(bytes(damaged))
                loaded += 1
            except ThimbleError:
                pass
        self.assertLess(loaded, 120)

    def test_modules_that_remember_fail_and_ask(self):
        model = Model(wasm("counting"))
        self.assertEqual(model.predict_batch([[0], [0]]).ravel().tolist(), [1, 2])
        self.assertEqual(model.predict([0]).outputs["x"].tolist(), [3])
        model.reset()
        self.assertEqual(model.predict([0]).outputs["x"].tolist(), [1])
        with self.assertRaisesRegex(ThimbleError, "^invoke: expected 0, found 7$"):
            Model(wasm("failing")).predict([[0], [3], [0]])
        for name, message in [("starting", "no imports and no start function, found section 8"), ("newer", "2, found 3")]:
            with self.assertRaisesRegex(ThimbleError, f"expected {message}"):
                Model(wasm(name))
        with self.assertRaisesRegex(ThimbleError, "^invoke: "):
            Model(wasm("trapping")).predict([0])

    def test_pickles_and_threads(self):
        model = Model(FOLDER / "forest.img", self.key)
        values = numbers("forest", "rows", MODELS["forest"]["rows"])
        expected = numbers("forest", "outputs", len(values))
        copy = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(copy.predict_batch(values), expected)
        wrong = []

        def work():
            for _ in range(5):
                wrong.extend([1] if not np.array_equal(model.predict_batch(values), expected) else [])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Values(unittest.TestCase):
    def setUp(self):
        self.model = Model(wasm("forest"))
        self.values = numbers("forest", "rows", MODELS["forest"]["rows"])
        self.frame = pd.DataFrame(self.values, columns=self.model.features)

    def test_by_name_by_place_and_out_of_order(self):
        expected = self.model.predict_batch(self.values)
        mixed = self.frame[reversed(self.model.features)].assign(other="x")
        np.testing.assert_array_equal(self.model.predict_batch(mixed), expected)
        np.testing.assert_array_equal(self.model.predict_batch(self.values.astype(np.float64).tolist()), expected)
        row = dict(zip(self.model.features, self.values[7].tolist()))
        np.testing.assert_array_equal(self.model.predict(row).outputs["probabilities"].ravel(), expected[7])
        self.assertEqual(len(self.model.predict(self.values[:0])), 0)
        image = Model(wasm("digits"))
        self.assertEqual(image.predict(np.zeros((8, 8))).class_number, image.predict(np.zeros(64)).class_number)

    def test_errors_name_feature_expected_and_found(self):
        broken = self.values.copy()
        broken[3, 9] = np.nan
        name = self.model.features[9]
        for values, message in [
            (broken, f"row 3: {name}: expected a number, found NaN"),
            (broken[3], f"{name}: expected a number, found NaN"),
            (self.values[0, :5], "input: expected 64 values, found 5"),
            (self.values[:, :5], r"input: expected rows of 64 values, found an array of shape \(200, 5\)"),
            (self.frame.drop(columns=name), f"{name}: expected a column, found none"),
            ({name: 1}, "p0: expected 1 value, found none"),
            (self.frame.assign(**{name: "x"}), f"{name}: expected a number, found 'x'"),
            (["a"] * 64, "input: expected a number, found 'a'"),
            ([[1], [1, 2]], "input: expected rows of one length, found several"),
        ]:
            with self.assertRaisesRegex(ValueError, f"^{message}$"):
                self.model.predict(values)

    def test_a_frame_with_answers(self):
        found = with_answers(self.model, self.frame.head(5))
        self.assertEqual(list(found.columns[64:]), ["label", "score", *"0123456789", "module"])
        self.assertEqual(list(found["label"]), MODELS["forest"]["labels"][:5])
        self.assertEqual(set(found["module"]), {self.model.hash})


class Classifier(unittest.TestCase):
    def test_classes_and_values(self):
        values = numbers("forest", "rows", MODELS["forest"]["rows"])
        classes = np.array(MODELS["forest"]["classes"])
        classifier = ThimbleClassifier(FOLDER / "forest.img", key=(FOLDER / "key.pem").read_text())
        self.assertEqual(classifier.classes_.tolist(), list(range(10)))
        np.testing.assert_array_equal(classifier.fit(values).predict(values), classes)
        np.testing.assert_array_equal(classifier.predict_proba(values), numbers("forest", "outputs", len(values)))
        self.assertEqual(classifier.score(values, classes), 1)
        self.assertEqual(classifier.score(values, 1 - classes), 0)
        self.assertEqual(classifier.get_params()["model"], FOLDER / "forest.img")
        self.assertEqual(classifier.set_params(model=wasm("digits"), key=None).predict(values[:1]).shape, (1,))
        named = ThimbleClassifier(wasm("zero"))
        self.assertEqual(named.predict([[0, 9], [0, -9]]).tolist(), ["heavy", "young"])
        with self.assertRaisesRegex(ThimbleError, "expected one that tells classes apart, found another"):
            ThimbleClassifier(wasm("missing")).predict([[1, 1]])
        with self.assertRaisesRegex(ValueError, "expected model or key, found depth"):
            classifier.set_params(depth=1)


if __name__ == "__main__":
    unittest.main()
