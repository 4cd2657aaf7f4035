/**
 * Every kernel against the reference interpreter on random graphs of one node, byte for byte, and
 * many such nodes together through the whole of lower, plan, emit, compile and optimise.
 * Replay a failure with the seed and path that it prints.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compileAssemblyScript } from "../../host/compile/asc.ts";
import { optimize } from "../../host/compile/optimize.ts";
import { emitAssemblyScript } from "../../host/emit/assemblyscript.ts";
import type { Vector } from "../../host/engines/engine.ts";
import { runReference } from "../../host/engines/reference.ts";
import { v8 } from "../../host/engines/v8.ts";
import type { Graph } from "../../host/ir/graph.ts";
import { checkGraph } from "../../host/ir/spec.ts";
import { dumpGraph } from "../../host/ir/text.ts";
import { operators } from "../../host/ops/index.ts";
import { lower } from "../../host/plan/lower.ts";
import { planMemory } from "../../host/plan/memory.ts";
import { seededInputs, standardVectors } from "../../host/verify/vectors.ts";
import { difference } from "../cases/table.ts";
import { graphs } from "./graphs.ts";
import { kernelMachine, runOnMachine } from "./machine.ts";

const SEED = 20;
const RUNS = 2000;
/** Operators that exist at a model's border only and become no kernel. */
const BORDER = ["dequantize"];

const machine = await kernelMachine();

/** Random inputs, and in turn each of the edges of the number range. */
function vectorsFor(graph: Graph, seed: number): Vector[] {
  const edges = standardVectors(graph, 0);
  return [seededInputs(graph, seed), edges[seed % edges.length]!.inputs];
}

function expectSame(graph: Graph, vectors: readonly Vector[], found: readonly Vector[]): void {
  const expected = runReference(graph, vectors);
  const pairs = vectors.map((inputs, i) => ({ inputs, outputs: expected[i]! }));
  const message = difference(pairs, found);
  if (message !== undefined) throw new Error(`${message}\n${dumpGraph(graph)}`);
}

function onMachine(graph: Graph, seed: number): void {
  checkGraph(graph, "generation");
  const vectors = vectorsFor(graph, seed);
  expectSame(graph, vectors, runOnMachine(machine, graph, vectors));
}

describe("kernels agree with the reference interpreter", () => {
  for (const [op, graph] of Object.entries(graphs)) {
    test(op, () => {
      const property = fc.property(graph, fc.nat(0xffff), onMachine);
      const result = fc.check(property, { seed: SEED, numRuns: RUNS });
      if (!result.failed) return;
      const { seed, counterexamplePath, errorInstance } = result;
      const cause = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
      assert.fail(`fast-check seed ${seed}, path ${counterexamplePath}: ${cause}`);
    });
  }
});

test("every operator has its graphs", () => {
  const expected = [...operators.keys()].filter((op) => !BORDER.includes(op)).sort();
  assert.deepEqual(Object.keys(graphs).sort(), expected);
});

/** Graphs side by side as one, each under its own prefix. */
function union(parts: readonly Graph[]): Graph {
  const renamed = parts.map((graph, i) => {
    const rename = (name: string): string => (name === "" ? "" : `${graph.name}_${i}_${name}`);
    return {
      tensors: [...graph.tensors.values()].map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
      nodes: graph.nodes.map((node) => ({
        ...node,
        name: rename(node.name),
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
      inputs: graph.inputs.map(rename),
      outputs: graph.outputs.map(rename),
    };
  });
  return {
    name: "union",
    tensors: new Map(
      renamed.flatMap(({ tensors }) => tensors.map((tensor) => [tensor.name, tensor] as const)),
    ),
    nodes: renamed.flatMap(({ nodes }) => nodes),
    inputs: renamed.flatMap(({ inputs }) => inputs),
    outputs: renamed.flatMap(({ outputs }) => outputs),
  };
}

/** The stages from a quantised graph to a module, without what only a real model has. */
async function compile(graph: Graph): Promise<Uint8Array> {
  const program = lower(graph);
  const plan = planMemory(program);
  const provenance = {
    name: "union",
    version: "1.0.0",
    sourceFile: "-",
    sourceSha256: "-",
    compiler: "tests",
  };
  const source = emitAssemblyScript(program, plan, provenance, []);
  const pages = Math.ceil(plan.memoryBytes / 65536);
  return optimize(await compileAssemblyScript(source, "release", pages), program.kernels);
}

describe("whole modules agree with the reference interpreter", () => {
  for (let seed = 1; seed <= 10; seed++) {
    test(`one node of every operator, seed ${seed}`, async () => {
      const parts = Object.values(graphs).map((graph) => fc.sample(graph, { seed, numRuns: 1 })[0]!);
      const graph = checkGraph(union(parts), "union");
      const vectors = [...vectorsFor(graph, seed), seededInputs(graph, seed + 10)];
      expectSame(graph, vectors, await v8.run(await compile(graph), vectors));
    });
  }
});
