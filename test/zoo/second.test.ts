/** The proof that imports are right: ONNX Runtime beside the imported graph, on every model of zoo, trees and networks. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { importModel, openSource } from "../../host/compiler/import/index.ts";
import { checkImport, edgeSamples } from "../../host/compiler/verify/second.ts";
import { floatAfter, floatBefore } from "../../host/ir/float_order.ts";
import { elements, type Graph, ModelError, tensorOf, withTensors } from "../../host/ir/graph.ts";
import { inputInfos, type Sample } from "../../host/ops/border.ts";
import { LEAF, NODE_COLUMNS } from "../../host/ops/tree_nodes.ts";
import { root } from "../../host/root.ts";

const FOLDERS = ["test/zoo/models", "test/models/trees", "test/models/networks", "test/models"];
const models = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => join(root, folder, name)),
);
/** Integers of the file's own: ONNX Runtime rounds halves to even, and may be a step apart. */
const isQuantised = (name: string): boolean => /\.(qdq|qoperator)\.onnx$/.test(name);

const ROWS = 6;

/** Seeded rows within what tables of these models hold. */
function rowsFor(graph: Graph): Sample[] {
  let state = 7;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: ROWS }, () =>
    inputInfos(graph).map(({ shape }) => Float32Array.from({ length: elements(shape) }, () => 10 * next())),
  );
}

async function importedFrom(path: string) {
  const source = await openSource(path);
  return { source, graph: importModel(source, "model") };
}

describe("ONNX Runtime says the same, on rows and at the edges", () => {
  for (const path of models.filter((name) => !isQuantised(name))) {
    test(path.slice(root.length + 1), async () => {
      const { source, graph } = await importedFrom(path);
      const { rows, edges } = await checkImport(source, graph, rowsFor(graph));
      assert.equal(rows, edges + ROWS);
    });
  }
});

describe("what the check is for", () => {
  const forest =
    models.find((name) => name.endsWith("iris_forest.onnx")) ??
    models.find((name) => name.includes("trees"))!;

  test("a threshold that is one step of float32 off is found, at its edge", async () => {
    const { source, graph } = await importedFrom(forest);
    const node = graph.nodes.find(({ op }) => op === "tree_ensemble")!;
    const nodes = tensorOf(graph, node.inputs[1]!);
    const first = Array.from(nodes.data!).findIndex(
      (feature, i) => i % NODE_COLUMNS === 0 && feature !== LEAF,
    );
    const moved = nodes.data!.slice();
    moved[first + 1] = floatAfter(moved[first + 1]!);
    const wrong = withTensors(graph, [{ ...nodes, data: moved }]);
    await assert.rejects(checkImport(source, wrong, rowsFor(graph)), {
      name: ModelError.name,
      message: /^check: edge \d+, output .+: expected .+ \(ONNX Runtime\), found .+$/,
    });
  });

  test("a label on the wrong score is found", async () => {
    const { source, graph } = await importedFrom(forest);
    const output = graph.outputs.map((name) => tensorOf(graph, name)).find(({ labels }) => labels)!;
    const wrong = withTensors(graph, [{ ...output, labels: output.labels!.toReversed() }]);
    await assert.rejects(checkImport(source, wrong, rowsFor(graph)), /expected label .+, found /);
  });

  test("edges are each threshold and its neighbours in float32", async () => {
    const { graph } = await importedFrom(forest);
    const node = graph.nodes.find(({ op }) => op === "tree_ensemble")!;
    const nodes = tensorOf(graph, node.inputs[1]!).data!;
    const samples = edgeSamples(graph, rowsFor(graph));
    const values = new Set(samples.flatMap(([values]) => [...values!]));
    const first = nodes.findIndex((feature, i) => i % NODE_COLUMNS === 0 && feature !== LEAF);
    const threshold = nodes[first + 1]!;
    for (const value of [threshold, floatAfter(threshold), floatBefore(threshold)])
      assert.ok(values.has(value));
    assert.ok(floatAfter(threshold) > threshold && floatBefore(floatAfter(threshold)) === threshold);
  });

  test("a model of another format is refused", async () => {
    const { source, graph } = await importedFrom(join(root, "test", "models", "digits.tflite"));
    await assert.rejects(
      checkImport(source, graph, []),
      /^ModelError: --check: expected an \.onnx model, found tflite/,
    );
  });
});
