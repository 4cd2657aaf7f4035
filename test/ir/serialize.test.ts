/** Graphs as JSON: what is read back is what was written, byte for byte. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Graph, ModelError } from "../../host/ir/graph.ts";
import { graphFromJson, graphToJson } from "../../host/ir/serialize.ts";
import { checkGraph } from "../../host/ops/spec.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { float, graphOf, int8, int8Weights, node } from "../support/graphs.ts";
import { inputsOf, randomGraphs } from "../support/random_graphs.ts";

const graphs = fc.oneof(randomGraphs("int8"), randomGraphs("float"));

test("round trip of random graphs: the same graph, text and results", () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const text = graphToJson(graph);
      const restored = checkGraph(graphFromJson(text), "reading");
      assert.deepEqual(restored, graph);
      assert.equal(graphToJson(restored), text);
      const inputs = [inputsOf(graph, 5)];
      assert.deepEqual(runReference(restored, inputs), runReference(graph, inputs));
    }),
    { numRuns: 150, seed: 1 },
  );
});

const labelled = graphOf({
  name: 'quotes " and\nlines',
  tensors: [
    { ...int8("x", [1, 2]), labels: ["a", "ü"] },
    {
      ...int8Weights("w", [2, 2]),
      quantization: { scales: [0.1, Math.fround(0.1)], zeroPoints: [0, 0], axis: 0 },
    },
    int8("y", [1, 2]),
  ],
  nodes: [node("fully_connected", ["x", "w"], "y", { keepDims: true, activation: "relu6" })],
  inputs: ["x"],
  outputs: ["y"],
});

test("labels, names and exact scales survive", () => {
  assert.deepEqual(graphFromJson(graphToJson(labelled)), labelled);
});

test("equal graphs give equal text, in whatever order their parts were made", () => {
  const backwards = <T extends object>(value: T): T =>
    Object.fromEntries(Object.entries(value).reverse()) as T;
  const tensors = [...labelled.tensors].map(([name, tensor]) => {
    const { quantization } = tensor;
    return [
      name,
      backwards({ ...tensor, ...(quantization && { quantization: backwards(quantization) }) }),
    ] as const;
  });
  const nodes = labelled.nodes.map((each) => backwards({ ...each, attributes: backwards(each.attributes) }));
  const other: Graph = backwards({ ...labelled, nodes, tensors: new Map(tensors) });
  assert.deepEqual(other, labelled);
  assert.equal(graphToJson(other), graphToJson(labelled));
});

test("a constant on odd bytes of a larger buffer is stored alone", () => {
  const bytes = new Uint8Array([9, 1, 2, 3, 9]);
  const data = new Int8Array(bytes.buffer, 1, 3);
  const graph = graphOf({
    tensors: [int8("x", [3]), { ...int8("c", [3]), data }, int8("y", [3])],
    nodes: [node("add", ["x", "c"], "y", { activation: "none" })],
    inputs: ["x"],
    outputs: ["y"],
  });
  assert.deepEqual(graphFromJson(graphToJson(graph)).tensors.get("c")!.data, Int8Array.of(1, 2, 3));
});

describe("what is no such text is refused", () => {
  const refuses = (text: string, message: RegExp): void =>
    assert.throws(
      () => graphFromJson(text),
      (error: Error) => error instanceof ModelError && message.test(error.message),
    );
  const text = graphToJson(labelled);

  test("another version", () => {
    refuses(text.replace('"version":1', '"version":2'), /^graph: .*version.* expected .*1.* found 2$/);
  });

  test("data of another size, by the tensor's name", () => {
    const short = { ...float("w", [2]), data: new Int8Array(2) };
    const graph = { ...labelled, tensors: new Map(labelled.tensors).set("w", short) };
    refuses(graphToJson(graph), /^tensor w: expected 8 bytes$/);
  });

  test("no JSON, or JSON of something else", () => {
    refuses(text.slice(0, -5), /^graph: expected JSON: /);
    for (const other of ["null", "[]", "{}", "1", text.replace('"nodes":[', '"nodes":[7,')])
      refuses(other, /^graph\b.*expected /);
  });
});
