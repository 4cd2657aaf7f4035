/**
 * Networks as people train them (test/models/gen/networks.py), in the formats that people bring: the float graph value
 * by value against ONNX Runtime or TensorFlow, and modules in wasm3 by what they decide on rows that nobody trained on.
 * Which float models become modules here is a matter of time: networks.slow.test.ts builds them all.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { networkCases } from "./networks.ts";
import { checkFloat, checkModule } from "./networks_checks.ts";

const MODULE_ROWS = 300;
/** The smallest of each data set. */
const FLOAT_MODULES = ["digits_cnn.onnx", "motion_cnn.onnx", "mlp.h5"];

const cases = networkCases();

describe("the float graph computes what its maker does", () => {
  for (const network of cases.filter(({ isQuantized }) => !isQuantized))
    test(network.file, () => checkFloat(network));
});

describe("the module is as right as the float network", () => {
  for (const network of cases.filter(({ file, isQuantized }) => isQuantized || FLOAT_MODULES.includes(file)))
    test(network.file, () => checkModule(network, MODULE_ROWS));
});

test("the networks are of every family and format", () => {
  const endings = new Set(cases.map(({ file }) => file.slice(file.indexOf(".") + 1)));
  assert.deepEqual([...endings].sort(), [
    "h5",
    "int16.tflite",
    "int8.tflite",
    "keras",
    "onnx",
    "qdq.onnx",
    "qoperator.onnx",
    "tflite",
  ]);
  assert.equal(new Set(cases.map(({ family }) => family)).size, 15);
});
