/** All passes together: results stay byte for byte what they were, on random graphs and on real ones. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { passes, simplify } from "../../../host/compiler/passes/index.ts";
import { fromBytes, type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { dumpGraph } from "../../../host/ir/text.ts";
import { borderOf, dequantizeBytes, quantizeToBytes, toFloatInputs } from "../../../host/ops/border.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { evaluateGraph, runReference } from "../../../host/runtime/engines/reference.ts";
import { ops } from "../../support/graphs.ts";
import { importCase, type VectorCase, vectorCases } from "../../support/models.ts";
import { inputsOf, randomGraphs } from "../../support/random_graphs.ts";

const SEEDS = [1, 2];

function assertSameResults(before: Graph, after: Graph): void {
  const vectors = SEEDS.map((seed) => inputsOf(before, seed));
  assert.deepEqual(runReference(after, vectors), runReference(before, vectors));
}

test("random int8 graphs: outputs stay byte-identical, and a second round finds little", () => {
  let fused = 0;
  fc.assert(
    fc.property(randomGraphs("int8"), (graph) => {
      const simplified = simplify(graph);
      assertSameResults(graph, simplified);
      if (simplified.nodes.length < graph.nodes.length) fused++;
      assert.deepEqual(simplified.inputs, graph.inputs);
    }),
    { numRuns: 300, seed: 1 },
  );
  assert.ok(fused > 100, `only ${fused} of 300 graphs had something to simplify`);
});

/** Passes that add and multiply in another order, or leave it to the caller. */
const ROUNDING: readonly string[] = [
  "columns at the border",
  "fold affine",
  "fold scale",
  "fuse bias",
  "fuse dense",
];

test("random float graphs: byte-identical but for sums in another order", () => {
  const exact = (graph: Graph): Graph =>
    passes.filter(({ name }) => !ROUNDING.includes(name)).reduce((current, pass) => pass.run(current), graph);
  fc.assert(
    fc.property(randomGraphs("float"), (graph) => {
      assertSameResults(graph, exact(graph));
      const inputs = inputsOf(graph, 3).map((bytes) => fromBytes("float32", bytes) as Float32Array);
      const simplified = simplify(graph);
      const [before, after] = [
        evaluateGraph(graph, inputs),
        evaluateGraph(simplified, toFloatInputs(simplified, inputs)),
      ];
      graph.outputs.forEach((name, i) => {
        const expected = before.get(name)!;
        after.get(simplified.outputs[i]!)!.forEach((value, j) => {
          const error = Math.abs(value - expected[j]!);
          assert.ok(
            error <= 1e-5 * Math.max(1, Math.abs(expected[j]!)),
            `${name}[${j}]: ${expected[j]} became ${value}`,
          );
        });
      });
    }),
    { numRuns: 300, seed: 2 },
  );
});

describe("networks of the test vectors keep their results", () => {
  for (const testCase of vectorCases("networks")) {
    test(testCase.name, () => {
      const graph = simplify(importCase(testCase));
      checkQuantized(graph, "simplify");
      const inputs = testCase.vectors.map((vector) => vector.inputs);
      const expected = testCase.vectors.map(({ outputs }) => outputs);
      assert.deepEqual(
        runReference(graph, inputs).map((outputs) => outputs.map((bytes) => new Uint8Array(bytes))),
        expected,
      );
    });
  }
  test("and simplifying twice changes nothing more", () => {
    for (const testCase of vectorCases("networks")) {
      const once = simplify(importCase(testCase));
      assert.equal(dumpGraph(simplify(once)), dumpGraph(once), testCase.name);
    }
  });
});

/** Runs the int8 graph on real inputs and gives real outputs, as whoever calls a module does. */
function runConverted(graph: Graph, inputs: readonly Uint8Array[]): Uint8Array[] {
  const converted = graph.inputs.map((name, i) =>
    quantizeToBytes(fromBytes("float32", inputs[i]!) as Float32Array, borderOf(tensorOf(graph, name))),
  );
  const outputs = runReference(graph, [converted])[0]!;
  return graph.outputs.map((name, i) => {
    const tensor = tensorOf(graph, name);
    return new Uint8Array(dequantizeBytes(outputs[i]!, borderOf(tensor)).buffer);
  });
}

describe("float borders go, and results stay what TensorFlow Lite Micro gave", () => {
  for (const testCase of vectorCases("borders") as readonly VectorCase[]) {
    test(testCase.name, () => {
      const graph = checkQuantized(simplify(importCase(testCase)), "simplify");
      assert.ok(!ops(graph).includes("dequantize"), dumpGraph(graph));
      const isBorder = (input: string | undefined): boolean => graph.inputs.includes(input ?? "");
      const rescaled = graph.nodes.filter(({ op, inputs }) => op === "quantize" && isBorder(inputs[0]));
      // The model "requantise" changes scales between its borders: that is work to be done.
      assert.equal(rescaled.length, testCase.name.includes("requantise") ? 1 : 0);
      for (const { inputs, outputs } of testCase.vectors) {
        assert.deepEqual(runConverted(graph, inputs), outputs);
      }
    });
  }
});
