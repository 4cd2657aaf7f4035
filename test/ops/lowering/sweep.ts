/**
 * Every kernel against the reference interpreter on random graphs of one node, byte for byte, and
 * many such nodes together through the whole of lower, plan, emit, compile and optimise. Replay a failure with the seed
 * and path that it prints. `lowering.test.ts` has few of each, `lowering.slow.test.ts` many.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { compileAssemblyScript } from "../../../host/compiler/compile/asc.ts";
import { optimize } from "../../../host/compiler/compile/optimize.ts";
import { emitAssemblyScript } from "../../../host/compiler/emit/assemblyscript.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { lower } from "../../../host/compiler/plan/lower.ts";
import { planMemory } from "../../../host/compiler/plan/memory.ts";
import { seededInputs, standardVectors } from "../../../host/compiler/verify/vectors.ts";
import type { Graph, Vector } from "../../../host/ir/graph.ts";
import { dumpGraph } from "../../../host/ir/text.ts";
import { type Choice, type Choices, SMALL } from "../../../host/ops/lowering.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { difference } from "../../cases/table.ts";
import { randomGraphs } from "../../support/random_graphs.ts";
import { graphs } from "./graphs.ts";
import { int16Graphs } from "./int16_graphs.ts";
import { kernelMachine, runOnMachine } from "./machine.ts";

const SEED = 20;
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

/** Whatever the tuner may choose. */
const choice: fc.Arbitrary<Choice> = fc.record({
  kernel: fc.constantFrom("small", "fast"),
  tile: fc.integer({ min: 1, max: 9 }),
  inPlace: fc.boolean(),
  packed: fc.boolean(),
});
/** One for each node in turn, from the first again where there are more nodes. */
const choiceLists = fc.array(choice, { minLength: 1, maxLength: 7 });

const choicesFor = (graph: Graph, chosen: readonly Choice[]): Choices =>
  new Map(graph.nodes.map(({ name }, i) => [name, chosen[i % chosen.length]!]));

function onMachine(graph: Graph, seed: number, chosen: readonly Choice[]): void {
  checkGraph(graph, "generation");
  const vectors = vectorsFor(graph, seed);
  expectSame(graph, vectors, runOnMachine(machine, graph, vectors, choicesFor(graph, chosen)));
}

/** Checks random graphs with random choices, `runs` of them. */
function checkOnMachine(graph: fc.Arbitrary<Graph>, runs: number): void {
  const property = fc.property(graph, fc.nat(0xffff), choiceLists, onMachine);
  const result = fc.check(property, { seed: SEED, numRuns: runs });
  if (!result.failed) return;
  const { seed, counterexamplePath, errorInstance } = result;
  const cause = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  assert.fail(`fast-check seed ${seed}, path ${counterexamplePath}: ${cause}`);
}

/** Tests of every kernel on `runs` random graphs. */
function kernelTests(runs: number): void {
  for (const [op, graph] of Object.entries(graphs)) test(op, () => checkOnMachine(graph, runs));
  for (const [op, graph] of Object.entries(int16Graphs))
    test(`${op} of int16`, () => checkOnMachine(graph, runs));
}

const networks = randomGraphs("int8", 12).map(simplify);

/** Tests of `runs` networks of several operators. */
function networkTests(runs: number): void {
  test("whatever is chosen for each", () => checkOnMachine(networks, runs));

  test("and many of them have something to compute in place", () => {
    const views = (graph: Graph, inPlace: boolean): number =>
      lower(graph, choicesFor(graph, [{ ...SMALL, inPlace }])).aliases.size;
    const samples = fc.sample(networks, { seed: SEED, numRuns: 300 });
    const found = samples.filter((graph) => views(graph, true) > views(graph, false)).length;
    assert.ok(found >= 30, `${found} networks`);
  });
}

/** Graphs side by side as one, each under its own prefix. */
function union(parts: readonly Graph[]): Graph {
  const renamed = parts.map((graph, i) => {
    const rename = (name: string): string => (name === "" ? "" : `${graph.name}_${i}_${name}`);
    return {
      tensors: [...graph.tensors.values()].map((tensor) => ({
        ...tensor,
        name: rename(tensor.name),
        ...(tensor.next !== undefined && { next: rename(tensor.next) }),
      })),
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
async function compile(graph: Graph, choices: Choices): Promise<Uint8Array> {
  const program = lower(graph, choices);
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

/** The corners of what can be chosen. */
const CHOICES: readonly Choice[] = [
  { kernel: "small", tile: 4, inPlace: true },
  { kernel: "fast", tile: 4, inPlace: false },
  { kernel: "fast", tile: 64, inPlace: true },
  { kernel: "fast", tile: 3, inPlace: true, packed: true },
];

/** Tests of modules that hold one node of every operator, two for each seed from 1. */
function moduleTests(seeds: number): void {
  const sample = <T>(arbitrary: fc.Arbitrary<T>, seed: number): T =>
    fc.sample(arbitrary, { seed, numRuns: 1 })[0]!;

  for (let seed = 1; seed <= seeds; seed++) {
    // A graph has at most 64 inputs: two halves.
    for (const half of [0, 1]) {
      test(`one node of every operator, seed ${seed}, half ${half}`, async () => {
        const all = [...Object.values(graphs), ...Object.values(int16Graphs)];
        const kinds = all.filter((_, i) => i % 2 === half);
        const parts = kinds.map((graph) => sample(graph, seed));
        const graph = checkGraph(union(parts), "union");
        const vectors = [...vectorsFor(graph, seed), seededInputs(graph, seed + 10)];
        const choices = choicesFor(graph, sample(choiceLists, seed));
        expectSame(graph, vectors, await v8.run(await compile(graph, choices), vectors));
      });
    }
  }

  for (const chosen of CHOICES) {
    test(`networks side by side, ${JSON.stringify(chosen)}`, async () => {
      const graph = checkGraph(union(fc.sample(networks, { seed: SEED, numRuns: 8 })), "union");
      const vectors = [...vectorsFor(graph, 1), seededInputs(graph, 2)];
      const module = await compile(graph, choicesFor(graph, [chosen]));
      expectSame(graph, vectors, await v8.run(module, vectors));
    });
  }
}

/** All tests, of `runs` random graphs for each kernel and of modules from `seeds` seeds. */
export function sweep(runs: number, seeds: number): void {
  describe("kernels agree with the reference interpreter", () => kernelTests(runs));
  describe("networks of several operators agree, too", () => networkTests(runs));
  describe("whole modules agree with the reference interpreter", () => moduleTests(seeds));
}
