/** Importers take from a file what the reference kernels use, and nothing else decides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { importTflite } from "../../../host/compiler/import/tflite/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { seededInputs } from "../../../host/compiler/verify/vectors.ts";
import { type Graph, ModelError } from "../../../host/ir/graph.ts";
import { checkGraph, checkQuantized } from "../../../host/ops/spec.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { fileOf, type Parts } from "../../support/tflite_writer.ts";
import { fieldCases, network } from "./tflite_fields.ts";

function importChanged(change: (parts: Parts) => void): Graph {
  const parts = network();
  change(parts);
  return checkGraph(importTflite(fileOf(parts), "model"), "import");
}

/** Names left out: they are the only thing that a change may touch. */
function nameless(graph: Graph): unknown {
  const numbers = new Map([...graph.tensors.keys()].map((name, i) => [name, i]));
  const number = (name: string): number | undefined => numbers.get(name);
  return {
    tensors: [...graph.tensors.values()].map((tensor) => ({ ...tensor, name: number(tensor.name) })),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(number),
      outputs: node.outputs.map(number),
    })),
    borders: [graph.inputs.map(number), graph.outputs.map(number)],
  };
}

const clean = importChanged(() => undefined);
const inputs = [1, 2, 3].map((seed) => seededInputs(clean, seed));

/** Computed by TensorFlow Lite Micro (PyPI tflite-micro) on the same file, and on each that it takes of those below. */
const ANSWERS = ["80827b83", "80bc4183", "80817f80"];

const answersOf = (graph: Graph): string[] =>
  runReference(checkQuantized(simplify(graph), "simplify"), inputs).map(([output]) =>
    Buffer.from(output!).toString("hex"),
  );

test("the network computes what TensorFlow Lite Micro does", () =>
  assert.deepEqual(answersOf(clean), ANSWERS));

for (const { name, change, refused } of fieldCases) {
  test(`${name}: ${refused ? "refused" : "the same model"}`, () => {
    if (refused) {
      assert.throws(
        () => importChanged(change),
        (error) => error instanceof ModelError && refused.test(error.message),
      );
      return;
    }
    const graph = importChanged(change);
    assert.deepEqual(answersOf(graph), ANSWERS);
    if (name.includes("name")) assert.deepEqual(nameless(graph), nameless(clean));
    else if (!name.includes("bias of many axes")) assert.deepEqual(graph, clean);
  });
}
