/** From operators to kernel calls: arguments, constants stored once, views that cost nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ModelError } from "../../host/ir/graph.ts";
import { exportName, kernelFolder, loadKernel } from "../../host/plan/kernels.ts";
import { lower, storageOf } from "../../host/plan/lower.ts";
import { planMemory } from "../../host/plan/memory.ts";
import { dumpPlan, dumpProgram } from "../../host/plan/text.ts";
import { DENSE, graphOf, int8, int8Weights, int32Bias, NONE, node } from "../support/graphs.ts";

const tanh = (name: string, shape: readonly number[]) => int8(name, shape, 1 / 128, 0);

const dense = graphOf({
  name: "dense",
  tensors: [
    int8("x", [1, 2], 0.5, 0),
    { ...int8Weights("w", [2, 2], 1, 0.25), data: Int8Array.of(1, 2, 3, 4) },
    { ...int32Bias("b", 2), data: Int32Array.of(10, -10) },
    int8("y", [1, 2], 0.125, 5),
    int8("z", [2], 0.125, 5),
  ],
  nodes: [
    node("fully_connected", ["x", "w", "b"], "y", { ...DENSE, activation: "relu" }, "layer"),
    node("reshape", ["y"], "z", { shape: [2] }, "flat"),
  ],
  inputs: ["x"],
  outputs: ["z"],
});

test("a dense layer and a view, as text", () => {
  const text = dumpProgram(lower(dense)).split("\n").slice(-3);
  assert.deepEqual(text, [
    "layer: fully_connected_s8.1(input=x, output=y, weights=&w, bias=&layer_bias, multiplier=1073741824, " +
      "shift=1, batches=1, depth=2, outputs=2, outputZeroPoint=5, activationMin=5, activationMax=127)",
    "z is a view of y",
    "",
  ]);
});

test("its addresses, as text", () => {
  // x and y meet in the one call; which of them comes first is the planner's business.
  const [x, y] = ["x: 2 bytes, steps 0..1", "y: 2 bytes, steps 1..2"];
  const head = ["16 layer_bias", "24 w", "arena at 32: 10 bytes, lower bound 10; memory 42"];
  const text = dumpPlan(planMemory(lower(dense)));
  const possible = [
    [...head, `32 ${x}`, `40 ${y}`, ""],
    [...head, `40 ${x}`, `32 ${y}`, ""],
  ];
  assert.ok(
    possible.some((lines) => lines.join("\n") === text),
    text,
  );
});

describe("constants", () => {
  test("equal tables are stored once, under the first one's name", () => {
    const program = lower(
      graphOf({
        tensors: [int8("x", [2]), tanh("y", [2]), int8("x2", [3]), tanh("y2", [3])],
        nodes: [node("tanh", ["x"], "y", {}, "a"), node("tanh", ["x2"], "y2", {}, "b")],
        inputs: ["x", "x2"],
        outputs: ["y", "y2"],
      }),
    );
    assert.deepEqual(
      program.constants.map(({ name }) => name),
      ["a_table"],
    );
    assert.deepEqual(
      program.calls.map((call) => call.arguments.find(({ kind }) => kind === "constant")),
      [
        { kind: "constant", name: "a_table" },
        { kind: "constant", name: "a_table" },
      ],
    );
  });

  test("equal bytes of another width are another constant: their alignment differs", () => {
    const zeros = { ...int8Weights("c", [8]), data: new Int8Array(8) };
    const program = lower(
      graphOf({
        tensors: [
          int8("x", [1, 8]),
          zeros,
          int8("y", [1, 8]),
          { ...int8Weights("w", [2, 8]), data: new Int8Array(16) },
          int8("z", [1, 2]),
        ],
        nodes: [
          node("add", ["x", "c"], "y", NONE, "sum"),
          node("fully_connected", ["y", "w"], "z", DENSE, "layer"),
        ],
        inputs: ["x"],
        outputs: ["z"],
      }),
    );
    assert.deepEqual(
      program.constants.map(({ name, data }) => [name, data.BYTES_PER_ELEMENT, data.byteLength]),
      [
        ["c", 1, 8],
        ["layer_bias", 4, 8],
        ["w", 1, 16],
      ],
    );
  });

  test("a constant that is called like another one's table keeps its own place", () => {
    const program = lower(
      graphOf({
        tensors: [int8("x", [4]), int8Weights("f_table", [4]), int8("y", [4]), tanh("z", [4])],
        nodes: [node("add", ["x", "f_table"], "y", NONE, "sum"), node("tanh", ["y"], "z", {}, "f")],
        inputs: ["x"],
        outputs: ["z"],
      }),
    );
    assert.equal(new Set(program.constants.map(({ name }) => name)).size, 2);
    const places = [...planMemory(program).constants.values()];
    assert.equal(new Set(places).size, 2);
    const used = program.calls.flatMap((call) => call.arguments.filter(({ kind }) => kind === "constant"));
    assert.equal(new Set(used.map((argument) => JSON.stringify(argument))).size, 2);
  });
});

describe("views", () => {
  test("a chain of views is the buffer at its start", () => {
    const aliases = new Map([
      ["c", "b"],
      ["b", "a"],
    ]);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((name) => storageOf({ aliases }, name)),
      ["a", "a", "a", "d"],
    );
  });

  test("a node that only views makes no call", () => {
    const { calls, aliases, kernels } = lower(dense);
    assert.deepEqual(
      calls.map((call) => call.node),
      ["layer"],
    );
    assert.deepEqual([...aliases], [["z", "y"]]);
    assert.deepEqual(kernels.map(exportName), ["kernel.fully_connected_s8.1"]);
  });
});

describe("what can't be lowered is refused by name", () => {
  test("an output that is a constant", () => {
    const graph = graphOf({
      tensors: [int8("x", [2]), int8Weights("c", [2]), int8("y", [2])],
      nodes: [node("relu", ["x"], "y", { activation: "relu" })],
      inputs: ["x"],
      outputs: ["y", "c"],
    });
    assert.throws(() => lower(graph), new ModelError("output c is a constant: nothing is left to compute"));
  });

  test("a dequantisation inside", () => {
    const graph = graphOf({
      tensors: [int8("x", [2]), { name: "y", dtype: "float32", shape: [2] }],
      nodes: [node("dequantize", ["x"], "y", {}, "back")],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.throws(() => lower(graph), /^ModelError: node back: dequantize inside a quantised model/);
  });
});

describe("kernels", () => {
  test("every kernel's file says its version and parameters", () => {
    const files = readdirSync(kernelFolder).filter((file) =>
      readFileSync(join(kernelFolder, file), "utf8").includes("VERSION"),
    );
    assert.ok(files.length >= 10);
    for (const file of files) {
      const kernel = loadKernel(file.replace(/\.ts$/, ""));
      assert.ok(kernel.version >= 1 && kernel.parameters.length >= 3, file);
      assert.equal(exportName(kernel), `kernel.${kernel.name}.${kernel.version}`);
    }
  });

  test("a file that is no kernel is a fault", () => {
    assert.throws(() => loadKernel("dot"), /^Error: assembly\/kernels\/dot\.ts: expected a VERSION/);
  });
});
