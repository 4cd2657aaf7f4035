/** What the importer makes of 16-bit layers, and what it refuses of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importTflite } from "../../../host/compiler/import/tflite/index.ts";
import { type Graph, ModelError, quantized } from "../../../host/ir/graph.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { loadTable } from "../../cases/table.ts";
import { replaceOperators } from "../../support/tflite.ts";

const CONV_2D = 3;
const DEPTHWISE_CONV_2D = 4;
const LOGISTIC = 14;
const HARD_SWISH = 117;

const { cases } = loadTable();

function modelOf(pattern: RegExp): Uint8Array {
  const found = cases.find(({ name }) => pattern.test(name));
  assert.ok(found, `no case ${pattern}`);
  return found.model;
}

const graphOf = (pattern: RegExp): Graph => importTflite(modelOf(pattern), "model");

function refused(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error) => error instanceof ModelError && message.test(error.message));
}

test("a bias of int32, or none that would be of int32, makes sums narrow; others are wide", () => {
  for (const op of ["fully_connected", "conv2d"]) {
    for (const [bias, narrow] of [
      ["int64", undefined],
      ["none", undefined],
      ["int32", true],
      ["none32", true],
    ] as const) {
      const graph = graphOf(new RegExp(`^int16_${op}_.*bias${bias}_`));
      assert.equal(graph.nodes[0]!.attributes["narrowSums"], narrow, `${op} ${bias}`);
    }
  }
});

test("a bias of int64 becomes one of int32, and is refused where it does not fit", () => {
  const model = modelOf(/^int16_fully_connected_.*biasint64_/);
  const graph = importTflite(model, "model");
  const bias = graph.tensors.get(graph.nodes[0]!.inputs[2]!)!;
  assert.ok(bias.data instanceof Int32Array);
  const stored = Buffer.from(BigInt64Array.from(bias.data, BigInt).buffer);
  const at = Buffer.from(model).indexOf(stored);
  assert.ok(at > 0);
  const changed = model.slice();
  new DataView(changed.buffer).setBigInt64(at, 2n ** 31n, true);
  refused(
    () => importTflite(changed, "model"),
    /tensor t3: expected int64 values that fit 32 bits, found 2147483648/,
  );
});

test("what TensorFlow Lite Micro has no int16 kernel for is refused", () => {
  const hardSwish = replaceOperators(modelOf(/^int16_logistic_/), new Map([[LOGISTIC, HARD_SWISH]]));
  refused(() => importTflite(hardSwish, "model"), /HARD_SWISH: output type int16: expected int8/);
  const conv = modelOf(/^int16_conv2d_.*biasint32_pt/);
  const depthwise = replaceOperators(conv, new Map([[CONV_2D, DEPTHWISE_CONV_2D]]));
  refused(() => importTflite(depthwise, "model"), /bias of int32 beside int16: expected int64/);
});

test("int16 values have a zero point of 0", () => {
  for (const pattern of [/^int16_fully_connected_/, /^int16_add_/, /^int16_quantize_/]) {
    const graph = graphOf(pattern);
    const tensors = new Map(graph.tensors);
    const output = tensors.get(graph.outputs[0]!)!;
    tensors.set(output.name, { ...output, quantization: quantized(0.5, 3) });
    refused(() => checkGraph({ ...graph, tensors }, "test"), /expected int16 with zero point 0, found 3/);
  }
});
