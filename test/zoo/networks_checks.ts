/** What a network has to show, in any format: see networks.test.ts. */
import assert from "node:assert/strict";
import { importModel, openSource } from "../../host/compiler/import/index.ts";
import { simplify } from "../../host/compiler/passes/index.ts";
import { fromBytes, tensorOf } from "../../host/ir/graph.ts";
import { toFloatInputs } from "../../host/ops/border.ts";
import { argmax } from "../../host/ops/decision.ts";
import { checkGraph } from "../../host/ops/spec.ts";
import { evaluateGraph } from "../../host/runtime/engines/reference.ts";
import {
  type BuiltNetwork,
  buildNetwork,
  floatOf,
  hasIntegers,
  type NetworkCase,
  recordedOutputs,
  runtimeOutputs,
} from "./networks.ts";

/** Rows whose outputs are compared value by value. */
const COMPARED_ROWS = 8;
const TOLERANCE = 1e-5;
/** By how much the share of rows decided right may fall. */
const MOST_ACCURACY_LOST = 0.005;
/** Of autoencoders, by how much the mean squared error may grow. */
const MOST_ERROR_GROWN = 1.05;

const isOnnx = ({ path }: NetworkCase): boolean => path.endsWith(".onnx");

/** The float graph gives what ONNX Runtime, or TensorFlow, gives. */
export async function checkFloat(network: NetworkCase): Promise<void> {
  const source = await openSource(network.path);
  const graph = simplify(checkGraph(importModel(source, network.family), "import"));
  const rows = network.rows.slice(0, COMPARED_ROWS);
  const expected = isOnnx(network)
    ? await runtimeOutputs(network.path, rows)
    : recordedOutputs(network, graph).slice(0, COMPARED_ROWS);
  rows.forEach((row, i) => {
    const found = evaluateGraph(graph, toFloatInputs(graph, [row])).get(graph.outputs[0]!)!;
    assert.equal(found.length, expected[i]!.length);
    expected[i]!.forEach((value, j) => {
      const error = Math.abs(value - found[j]!);
      assert.ok(error <= TOLERANCE, `row ${i + 1}: expected ${value}, found ${found[j]}`);
    });
  });
}

export const accuracyOf = ({ labels }: NetworkCase, values: readonly Float32Array[]): number =>
  values.filter((value, i) => argmax(value) === labels[i]).length / values.length;

/** Mean squared error of pictures that an autoencoder gives back. */
export function errorOf({ rows }: NetworkCase, values: readonly Float32Array[]): number {
  const errors = values.flatMap((picture, i) => Array.from(picture, (x, j) => (x - rows[i]![j]! / 255) ** 2));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

/** A quantised .tflite has one right answer: the integers of the kernels for microcontrollers. */
function checkExact(network: NetworkCase, { graph, bytes }: BuiltNetwork): void {
  const { dtype } = tensorOf(graph, graph.outputs[0]!);
  recordedOutputs(network, graph).forEach((expected, i) => {
    if (i >= bytes.length) return;
    assert.deepEqual([...fromBytes(dtype, bytes[i]![0]!)], [...expected], `row ${i + 1}`);
  });
}

/** What the module has to be as good as: the float network, or what others made of it before it came here. */
const rivalOf = (network: NetworkCase): NetworkCase =>
  network.isQuantized && isOnnx(network) ? network : floatOf(network);

/** The module decides as rightly as the model that it was built from, or gives back pictures as well. */
export async function checkModule(network: NetworkCase, mostRows: number): Promise<void> {
  const rows = network.rows.slice(0, mostRows);
  const built = await buildNetwork(network, rows);
  if (hasIntegers(network)) {
    checkExact(network, built);
    return;
  }
  const expected = await runtimeOutputs(rivalOf(network).path, rows);
  if (network.isClassifier) {
    const [before, after] = [accuracyOf(network, expected), accuracyOf(network, built.values)];
    assert.ok(after >= before - MOST_ACCURACY_LOST, `${after} of rows are right, before ${before}`);
  } else {
    const [before, after] = [errorOf(network, expected), errorOf(network, built.values)];
    assert.ok(after <= before * MOST_ERROR_GROWN, `mean squared error ${after}, before ${before}`);
  }
}
