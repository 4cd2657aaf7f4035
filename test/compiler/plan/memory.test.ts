/** Who lives when, and where: views, inputs that are outputs, constants, alignment. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { importTflite } from "../../../host/compiler/import/tflite/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import type { Buffer } from "../../../host/compiler/plan/arena.ts";
import { lower, storageOf } from "../../../host/compiler/plan/lower.ts";
import { constantOrder, lifetimes, planMemory } from "../../../host/compiler/plan/memory.ts";
import { byteSize, type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { type Choice, SMALL } from "../../../host/ops/lowering.ts";
import { checkGraph } from "../../../host/ops/spec.ts";
import { loadTable } from "../../cases/table.ts";
import { DENSE, graphOf, int8, int8Weights, NONE, node } from "../../support/graphs.ts";
import { everywhere, FAST } from "../../support/layers.ts";
import { randomGraphs } from "../../support/random_graphs.ts";

const relu = (from: string, to: string) => node("relu", [from], to, { activation: "relu" });
const view = (from: string, to: string, shape: readonly number[]) => node("reshape", [from], to, { shape });

/** name: [first step, last step] */
const spans = (graph: Graph): Record<string, readonly [number, number]> =>
  Object.fromEntries(lifetimes(lower(graph)).map(({ name, start, end }) => [name, [start, end]]));

describe("lifetimes", () => {
  test("a chain: the input from the start, the output past the end", () => {
    const graph = graphOf({
      tensors: ["x", "a", "b", "y"].map((name) => int8(name, [4])),
      nodes: [relu("x", "a"), relu("a", "b"), relu("b", "y")],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 1], a: [1, 2], b: [2, 3], y: [3, 4] });
  });

  test("a skipped tensor lives until it is added", () => {
    const graph = graphOf({
      tensors: ["x", "a", "b", "y"].map((name) => int8(name, [4])),
      nodes: [relu("x", "a"), relu("a", "b"), node("add", ["a", "b"], "y", NONE)],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 1], a: [1, 3], b: [2, 3], y: [3, 4] });
  });

  test("an output that is read inside lives to the end all the same", () => {
    const graph = graphOf({
      tensors: ["x", "a", "y"].map((name) => int8(name, [4])),
      nodes: [relu("x", "a"), relu("a", "y")],
      inputs: ["x"],
      outputs: ["a", "y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 1], a: [1, 3], y: [2, 3] });
  });

  test("an input that is an output too lives all the time", () => {
    const graph = graphOf({
      tensors: ["x", "a", "y"].map((name) => int8(name, [4])),
      nodes: [relu("x", "a"), relu("a", "y")],
      inputs: ["x"],
      outputs: ["y", "x"],
    });
    assert.deepEqual(spans(graph), { x: [0, 3], a: [1, 2], y: [2, 3] });
  });

  test("an input that nothing reads has a place to be written to", () => {
    const graph = graphOf({
      tensors: ["x", "spare", "y"].map((name) => int8(name, [4])),
      nodes: [relu("x", "y")],
      inputs: ["x", "spare"],
      outputs: ["y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 1], spare: [0, 0], y: [1, 2] });
  });

  test("the readers of a view of a view keep its buffer alive", () => {
    const graph = graphOf({
      tensors: [
        int8("x", [4]),
        int8("a", [4]),
        int8("v", [2, 2]),
        int8("w", [1, 4]),
        int8("b", [4]),
        int8("y", [1, 4]),
      ],
      nodes: [
        relu("x", "a"),
        view("a", "v", [2, 2]),
        view("v", "w", [1, 4]),
        relu("x", "b"),
        node("add", ["w", "b"], "y", NONE),
      ],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 2], a: [1, 3], b: [2, 3], y: [3, 4] });
  });

  test("an output that is a view keeps its buffer to the end, be it an input's", () => {
    const graph = graphOf({
      tensors: [int8("x", [4]), int8("v", [2, 2]), int8("a", [4]), int8("y", [4]), int8("w", [2, 2])],
      nodes: [view("x", "v", [2, 2]), relu("x", "a"), view("a", "w", [2, 2]), relu("a", "y")],
      inputs: ["x"],
      outputs: ["v", "w", "y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 3], a: [1, 3], y: [2, 3] });
    const { tensors } = planMemory(lower(graph));
    assert.equal(tensors.get("v"), tensors.get("x"));
    assert.equal(tensors.get("w"), tensors.get("a"));
  });

  test("a model without a single call: its output is a view of its input", () => {
    const graph = graphOf({
      tensors: [int8("x", [4]), int8("y", [2, 2])],
      nodes: [view("x", "y", [2, 2])],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 1] });
    const plan = planMemory(lower(graph));
    assert.deepEqual([plan.memoryBytes, plan.constantBytes], [23, 3]);
  });

  test("the parts of a concatenation are written to one buffer, call by call", () => {
    const graph = graphOf({
      tensors: [int8("x", [1, 4]), int8("a", [1, 4]), int8("y", [1, 8])],
      nodes: [relu("x", "a"), node("concatenation", ["a", "x"], "y", { axis: 1 })],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(spans(graph), { x: [0, 3], a: [1, 2], y: [2, 4] });
  });
});

describe("places", () => {
  const mixed = lower(
    graphOf({
      tensors: [
        int8("x", [1, 3]),
        int8Weights("w", [5, 3]),
        int8("y", [1, 5]),
        int8("z", [1, 5], 1 / 128, 0),
      ],
      nodes: [node("fully_connected", ["x", "w"], "y", DENSE, "a"), node("tanh", ["y"], "z", {}, "b")],
      inputs: ["x"],
      outputs: ["z"],
    }),
  );

  test("the arena, wide constants before others, argument blocks: each aligned, nothing lost to padding", () => {
    assert.deepEqual(
      constantOrder(mixed).map(({ name }) => name),
      ["a_bias", "a_weights", "b_table"],
    );
    const plan = planMemory(mixed);
    assert.equal(plan.arena.offset, 16);
    const [dense, lookup] = mixed.calls.map(({ kernel }) => kernel.block.bytes) as [number, number];
    assert.equal(plan.constantsOffset, 16 + ((plan.arena.bytes + 3) & -4));
    const constants = plan.constantsOffset;
    assert.deepEqual(
      [...plan.constants],
      [
        ["a_bias", constants],
        ["a_weights", constants + 20],
        ["b_table", constants + 35],
      ],
    );
    const blocks = (constants + 20 + 15 + 256 + 3) & -4;
    assert.deepEqual(plan.blocks, [blocks, blocks + ((dense + 3) & -4)]);
    // Three bytes behind the last one may be read.
    assert.equal(plan.memoryBytes, plan.blocks[1]! + lookup + 3);
    assert.equal(plan.constantBytes, plan.memoryBytes - plan.constantsOffset);
  });
});

/** Everything that must hold of any plan, whatever the planner does and the tuner chose. */
function checkPlaces(graph: Graph, choice: Choice): void {
  const program = lower(graph, everywhere(graph, choice));
  const plan = planMemory(program);
  const constants = program.constants.map(({ name, data }) => {
    const at = plan.constants.get(name)!;
    assert.equal(at % data.BYTES_PER_ELEMENT, 0, `${name} at ${at}`);
    return [at, at + data.byteLength] as const;
  });
  const blocks = program.calls.map(({ kernel }, i) => {
    const at = plan.blocks[i]!;
    assert.equal(at % 4, 0, `block ${i} at ${at}`);
    return [at, at + kernel.block.bytes] as const;
  });
  const written = program.states.map((name) => plan.constants.get(name)!);
  for (const [i, [start, end]] of [...constants, ...blocks].entries()) {
    const isState = written.includes(start);
    assert.ok(isState ? start >= 16 && end <= plan.arena.offset : start >= plan.constantsOffset);
    assert.ok(end <= plan.memoryBytes - 3);
    for (const [otherStart, otherEnd] of [...constants, ...blocks].slice(0, i))
      assert.ok(end <= otherStart || otherEnd <= start);
  }
  const place = ({ name, bytes }: Buffer) =>
    [plan.tensors.get(name)!, plan.tensors.get(name)! + bytes] as const;
  for (const [i, buffer] of plan.buffers.entries()) {
    const [start, end] = place(buffer);
    assert.equal(start % 8, 0);
    assert.ok(start >= plan.arena.offset && end <= plan.constantsOffset);
    for (const other of plan.buffers.slice(0, i)) {
      if (other.end < buffer.start || buffer.end < other.start) continue;
      const [otherStart, otherEnd] = place(other);
      assert.ok(end <= otherStart || otherEnd <= start, `${buffer.name} on ${other.name}`);
    }
  }
  for (const name of [...graph.inputs, ...graph.outputs]) {
    const storage = storageOf(program, name);
    assert.equal(plan.tensors.get(name), plan.tensors.get(storage));
    // What is computed in place may be smaller than its input.
    assert.ok(byteSize(tensorOf(graph, name)) <= byteSize(tensorOf(graph, storage)));
  }
  assert.ok(plan.arena.bytes >= plan.arena.lowerBound);
  assert.equal(plan.constantsOffset, (plan.arena.offset + plan.arena.bytes + 3) & -4);
}

test("random graphs: what lives at the same time shares no byte", () => {
  fc.assert(
    fc.property(
      randomGraphs("int8", 12),
      fc.constantFrom<Choice>(SMALL, { ...SMALL, inPlace: true }, FAST, { ...FAST, inPlace: true }),
      (graph, choice) => checkPlaces(simplify(graph), choice),
    ),
    { numRuns: 400, seed: 5 },
  );
});

/** The keyword spotting model lies beside the checkout, not in it. */
const kws = loadTable().cases.find(({ name }) => name === "kws_ref_model");

test("keyword spotting in place needs one activation of 8000 bytes, not two", {
  skip: kws ? false : "no kws_ref_model.tflite in shared/models/mlperf-tiny",
}, () => {
  const graph = simplify(checkGraph(importTflite(kws!.model, kws!.name), "import"));
  for (const choice of [SMALL, FAST]) {
    const arena = (inPlace: boolean): number =>
      planMemory(lower(graph, everywhere(graph, { ...choice, inPlace }))).arena.bytes;
    assert.ok(arena(false) > 16_000, `${arena(false)} bytes`);
    assert.ok(arena(true) < 10_000, `${arena(true)} bytes`);
  }
});
