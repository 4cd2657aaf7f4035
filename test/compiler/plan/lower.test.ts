/** From operators to kernel calls: arguments, constants stored once, views that cost nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { exportName, kernelFolder, loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { lower, storageOf } from "../../../host/compiler/plan/lower.ts";
import { lifetimes, planMemory } from "../../../host/compiler/plan/memory.ts";
import { dumpPlan, dumpProgram } from "../../../host/compiler/plan/text.ts";
import { type Graph, ModelError, type Node, type Shape } from "../../../host/ir/graph.ts";
import { type Choice, type Choices, SMALL } from "../../../host/ops/lowering.ts";
import {
  CONV,
  DENSE,
  DEPTHWISE,
  graphOf,
  int8,
  int8Weights,
  int32Bias,
  NONE,
  node,
  type Sketch,
} from "../../support/graphs.ts";
import { type Channel, everywhere, FAST, pointwise } from "../../support/layers.ts";

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
    "layer: fully_connected_s8.2(input=x, output=y, weights=&layer_weights, bias=&layer_bias, " +
      "multiplier=1073741824, scratch=0, batches=1, depth=2, outputs=2, shift=1, outputZeroPoint=5, activationMin=5, activationMax=127)",
    "z is a view of y",
    "",
  ]);
});

test("its addresses, as text", () => {
  // x and y meet in the one call; which of them comes first is the planner's business.
  const [x, y] = ["x: 2 bytes, steps 0..1", "y: 2 bytes, steps 1..2"];
  const head = "arena at 16: 10 bytes, lower bound 10; memory 83, constants from 28";
  const tail = ["28 layer_bias", "36 layer_weights", "40 arguments of call 0", ""];
  const text = dumpPlan(planMemory(lower(dense)));
  const possible = [
    [head, `16 ${x}`, `24 ${y}`, ...tail],
    [head, `24 ${x}`, `16 ${y}`, ...tail],
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
        ["layer_weights", 1, 16],
        ["layer_bias", 4, 8],
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
    assert.deepEqual(kernels.map(exportName), ["kernel.fully_connected_s8.2"]);
  });
});

/** x -> a -> b -> y, all of one shape: two pointwise convolutions around a depthwise one. */
const shape = [1, 3, 4, 4];
const stages = {
  tensors: [
    ...["x", "a", "b", "y"].map((name) => int8(name, shape)),
    int8Weights("w1", [4, 1, 1, 4]),
    int8Weights("w2", [1, 3, 3, 4]),
    int8Weights("w3", [4, 1, 1, 4]),
  ],
  nodes: [
    node("conv2d", ["x", "w1"], "a", CONV, "first"),
    node("depthwise_conv2d", ["a", "w2"], "b", DEPTHWISE, "second"),
    node("conv2d", ["b", "w3"], "y", CONV, "third"),
  ],
  inputs: ["x"],
  outputs: ["y"],
};
const chain = graphOf(stages);
const inPlace: Choice = { ...SMALL, inPlace: true };

describe("scratch", () => {
  const bytesOf = (graph: Graph, choice: Choice): readonly number[] => [
    ...lower(graph, everywhere(graph, choice)).scratch.values(),
  ];

  test("of small kernels: a tile of gathered inputs, one padded plane", () => {
    assert.deepEqual(bytesOf(chain, SMALL), [4 * 4, 5 * 6, 4 * 4]);
    assert.deepEqual(bytesOf(chain, { ...SMALL, tile: 7 }), [7 * 4, 5 * 6, 7 * 4]);
  });

  test("a tile is never larger than what there is to compute", () => {
    assert.deepEqual(bytesOf(chain, { ...SMALL, tile: 100 }), [12 * 4, 5 * 6, 12 * 4]);
    const tiles = lower(chain, everywhere(chain, { ...SMALL, tile: 100 })).calls.flatMap((call) =>
      call.arguments.filter((_, i) => call.kernel.parameters[i] === "tile"),
    );
    assert.deepEqual(tiles, Array(2).fill({ kind: "number", value: 12 }));
  });

  test("of fast kernels: weights and lanes, and inputs where they can't be read as they lie", () => {
    const lanes = 7 + 8 * 32 + 8 * 4;
    assert.deepEqual(bytesOf(chain, FAST), [4 * 4 + lanes, 5 * 6, 4 * 4 + lanes]);
    const channel: Channel = { weights: Array<number>(8).fill(1), bias: 0, factor: 0.01 };
    const eight = pointwise(Array<Channel>(8).fill(channel), { pixels: 6 });
    assert.deepEqual(bytesOf(eight, SMALL), [4 * 8]);
    assert.deepEqual(bytesOf(eight, FAST), [lanes]);
    // The output would be written over inputs that other channels still need.
    assert.deepEqual(bytesOf(eight, { ...FAST, inPlace: true }), [4 * 8 + lanes]);
  });

  test("of dense layers: the sums, for the fast kernels alone", () => {
    assert.deepEqual(bytesOf(dense, SMALL), []);
    assert.deepEqual(bytesOf(dense, FAST), [4 * 2]);
  });

  test("lives in its own step and nowhere else", () => {
    for (const choice of [SMALL, FAST]) {
      const program = lower(chain, everywhere(chain, choice));
      const spans = lifetimes(program).filter(({ name }) => program.scratch.has(name));
      assert.deepEqual(
        spans.map(({ name, start, end }) => [name, start, end]),
        [
          ["first scratch", 1, 1],
          ["second scratch", 2, 2],
          ["third scratch", 3, 3],
        ],
      );
    }
  });

  test("has a name that no tensor has", () => {
    const taken = graphOf({
      ...stages,
      tensors: [...stages.tensors, int8("first scratch", [2]), int8("first scratch_", [2])],
      nodes: [
        ...stages.nodes,
        node("relu", ["first scratch"], "first scratch_", { activation: "relu" }, "other"),
      ],
      inputs: ["x", "first scratch"],
      outputs: ["y", "first scratch_"],
    });
    const { scratch, graph } = lower(taken);
    assert.deepEqual([...scratch.keys()], ["first scratch#1", "second scratch", "third scratch"]);
    assert.ok([...scratch.keys()].every((name) => !graph.tensors.has(name)));
  });
});

describe("choices", () => {
  const kernels = (graph: Graph, choices?: Choices): readonly string[] =>
    lower(graph, choices).calls.map((call) => call.kernel.name);

  test("a node that none is made for is computed by the small kernel, in a place of its own", () => {
    assert.deepEqual(kernels(chain), ["conv2d_s8", "depthwise_conv2d_s8", "conv2d_s8"]);
    assert.deepEqual([...lower(chain).aliases], []);
  });

  test("each is for its own node", () => {
    const choices = new Map([
      ["second", FAST],
      ["third", inPlace],
      ["nobody", FAST],
    ]);
    assert.deepEqual(kernels(chain, choices), ["conv2d_s8", "depthwise_conv2d_lanes_s8", "conv2d_s8"]);
    assert.deepEqual([...lower(chain, choices).aliases], [["y", "b"]]);
  });

  test("fast", () => {
    assert.deepEqual(kernels(chain, everywhere(chain, FAST)), [
      "conv2d_lanes_s8",
      "depthwise_conv2d_lanes_s8",
      "conv2d_lanes_s8",
    ]);
    assert.deepEqual(kernels(dense, everywhere(dense, FAST)), ["fully_connected_stationary_s8"]);
    const scales = { scales: [0.25, 0.5], zeroPoints: [0, 0], axis: 0 };
    const perChannel = graphOf({
      ...dense,
      tensors: [...dense.tensors.values()].map((tensor) =>
        tensor.name === "w" ? { ...tensor, quantization: scales } : tensor,
      ),
    });
    assert.deepEqual(kernels(perChannel, everywhere(perChannel, FAST)), [
      "fully_connected_per_channel_stationary_s8",
    ]);
  });

  test("lanes have a kernel of their own for sums that they do not hold, and none for groups", () => {
    const deep = (terms: number): Graph =>
      pointwise([{ weights: Array<number>(terms).fill(127), bias: 0, factor: 0.01 }]);
    assert.deepEqual(kernels(deep(64), everywhere(deep(64), FAST)), ["conv2d_lanes_s8"]);
    assert.deepEqual(kernels(deep(65), everywhere(deep(65), FAST)), ["conv2d_long_lanes_s8"]);
    const grouped = graphOf({
      tensors: [int8("x", shape), int8Weights("w", [4, 1, 1, 2]), int8("y", shape)],
      nodes: [node("conv2d", ["x", "w"], "y", { ...CONV, groups: 2 }, "layer")],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(kernels(grouped, everywhere(grouped, FAST)), ["conv2d_s8"]);
  });

  test("weights of four bits are packed where that pays in the whole graph", () => {
    const layer = (shape: Shape, weight: number) => ({
      ...int8Weights(`w${shape}`, shape),
      data: new Int8Array(1024).fill(weight),
    });
    const two = (weight: number): Graph =>
      graphOf({
        tensors: [
          ...[int8("x", [1, 64]), int8("y", [1, 16]), int8("z", [1, 64])],
          ...[layer([16, 64], -8), layer([64, 16], weight)],
        ],
        nodes: [
          node("fully_connected", ["x", "w16,64"], "y", DENSE, "first"),
          node("fully_connected", ["y", "w64,16"], "z", DENSE, "second"),
        ],
        inputs: ["x"],
        outputs: ["z"],
      });
    assert.deepEqual(kernels(two(7)), ["conv2d_w4_s8", "conv2d_w4_s8"]);
    // The first alone would save 512 bytes, which its kernel takes more than.
    assert.deepEqual(kernels(two(8)), ["fully_connected_s8", "fully_connected_s8"]);
  });

  test("a window that is not 3x3 without dilation has no fast depthwise kernel", () => {
    for (const [size, attributes] of [
      [2, { ...DEPTHWISE, padding: [0, 0, 1, 1] }],
      [3, { ...DEPTHWISE, dilation: [1, 2], padding: [1, 2, 1, 2] }],
    ] as const) {
      const graph = graphOf({
        tensors: [int8("x", shape), int8Weights("w", [1, size, size, 4]), int8("y", shape)],
        nodes: [node("depthwise_conv2d", ["x", "w"], "y", attributes, "layer")],
        inputs: ["x"],
        outputs: ["y"],
      });
      assert.deepEqual(kernels(graph, everywhere(graph, FAST)), ["depthwise_conv2d_s8"]);
    }
  });

  test("the fast and the small kernels of one contract have the same parameters", () => {
    for (const [small, fast] of [
      ["conv2d_s8", "conv2d_lanes_s8"],
      ["conv2d_s8", "conv2d_long_lanes_s8"],
      ["depthwise_conv2d_s8", "depthwise_conv2d_lanes_s8"],
      ["fully_connected_s8", "fully_connected_stationary_s8"],
      ["fully_connected_per_channel_s8", "fully_connected_per_channel_stationary_s8"],
    ] as const) {
      assert.deepEqual(loadKernel(fast).parameters, loadKernel(small).parameters);
    }
  });
});

describe("in place", () => {
  const aliases = (graph: Graph, names: readonly string[] = graph.nodes.map(({ name }) => name)) => [
    ...lower(graph, new Map(names.map((name) => [name, inPlace]))).aliases,
  ];
  /** The chain with other layers, inputs or outputs. */
  const changed = (change: Partial<Sketch>): Graph => graphOf({ ...stages, ...change });

  test("a chain is one buffer, also when its end and its start are the model's", () => {
    assert.deepEqual(aliases(chain), [
      ["a", "x"],
      ["b", "a"],
      ["y", "b"],
    ]);
    const program = lower(chain, everywhere(chain, inPlace));
    assert.equal(storageOf(program, "y"), "x");
    const { tensors, arena } = planMemory(program);
    assert.equal(tensors.get("y"), tensors.get("x"));
    assert.equal(arena.bytes, 48 + 30);
    assert.equal(planMemory(lower(chain)).arena.bytes, 48 + 48 + 30);
  });

  test("not where it was not chosen", () => {
    assert.deepEqual(aliases(chain, ["second"]), [["b", "a"]]);
  });

  test("not over an input that is read later", () => {
    const graph = changed({
      nodes: [...stages.nodes.slice(0, 2), node("add", ["b", "a"], "y", NONE)],
      tensors: stages.tensors.filter(({ name }) => name !== "w3"),
    });
    // The sum may take either operand's place: both have had their last reader.
    assert.deepEqual(aliases(graph), [
      ["a", "x"],
      ["y", "b"],
    ]);
  });

  test("a sum takes the place of an operand of its own shape, not of one that it broadcasts or reads twice", () => {
    const sum = (a: Shape, b: Shape, operands = ["p", "q"]): readonly (readonly [string, string])[] =>
      aliases(
        graphOf({
          tensors: [int8("p", a), int8("q", b), int8("y", shape)],
          nodes: [node("add", operands, "y", NONE)],
          inputs: ["p", "q"],
          outputs: ["y"],
        }),
      );
    const row: Shape = [1, 1, 1, 4];
    assert.deepEqual(sum(shape, shape), [["y", "p"]]);
    assert.deepEqual(sum(shape, row), [["y", "p"]]);
    assert.deepEqual(sum(row, shape), [["y", "q"]]);
    assert.deepEqual(sum(shape, shape, ["p", "p"]), []);
  });

  test("nor over an output of the model, be it a view of the input", () => {
    assert.deepEqual(aliases(changed({ outputs: ["y", "a"] })), [
      ["a", "x"],
      ["y", "b"],
    ]);
    const viewed = changed({
      tensors: [...stages.tensors, int8("v", [12, 4])],
      nodes: [
        ...stages.nodes.slice(0, 1),
        node("reshape", ["a"], "v", { shape: [12, 4] }),
        ...stages.nodes.slice(1),
      ],
      outputs: ["y", "v"],
    });
    assert.deepEqual(aliases(viewed), [
      ["a", "x"],
      ["v", "a"],
      ["y", "b"],
    ]);
  });

  test("nor over a constant", () => {
    const graph = graphOf({
      tensors: [
        int8("x", shape),
        { ...int8("c", shape), data: new Int8Array(48) },
        int8Weights("w1", [4, 1, 1, 4]),
        int8("a", shape),
        int8("y", shape),
      ],
      nodes: [node("conv2d", ["c", "w1"], "a", CONV, "first"), node("add", ["a", "x"], "y", NONE)],
      inputs: ["x"],
      outputs: ["y"],
    });
    assert.deepEqual(aliases(graph), [["y", "a"]]);
  });

  /** The second layer reads a view of `a`; what else happens is the test's. */
  const throughView = (...more: readonly Node[]): Graph =>
    changed({
      tensors: [...stages.tensors, int8("v", [1, 4, 3, 4]), int8("c", [1, 4, 3, 4]), int8("z", shape)],
      nodes: [
        node("conv2d", ["x", "w1"], "a", CONV, "first"),
        node("reshape", ["a"], "v", { shape: [1, 4, 3, 4] }),
        node("conv2d", ["v", "w3"], "c", CONV, "second"),
        node("reshape", ["c"], "b", { shape }),
        node("relu", ["b"], "y", { activation: "relu" }),
        ...more,
      ],
      outputs: ["y", ...more.flatMap(({ outputs }) => outputs)],
    });

  test("over a view, if what it views is of no more use", () => {
    const graph = throughView();
    assert.ok(aliases(graph).some(([output, input]) => output === "c" && input === "v"));
    assert.equal(storageOf(lower(graph, everywhere(graph, inPlace)), "b"), "x");
  });

  test("not over a view of something that is read later, by whatever name", () => {
    for (const name of ["a", "v"]) {
      const later =
        name === "a"
          ? node("relu", ["a"], "z", { activation: "relu" })
          : node("reshape", ["v"], "z", { shape });
      const graph = throughView(later);
      assert.ok(!aliases(graph).some(([output]) => output === "c"), name);
    }
  });

  test("not with more channels than there were, nor under a window", () => {
    const wider = changed({
      tensors: [int8("x", shape), int8Weights("w1", [5, 1, 1, 4]), int8("y", [1, 3, 4, 5])],
      nodes: [node("conv2d", ["x", "w1"], "y", CONV, "first")],
    });
    assert.deepEqual(aliases(wider), []);
    const windowed = changed({
      tensors: [int8("x", shape), int8Weights("w1", [4, 3, 3, 4]), int8("y", shape)],
      nodes: [node("conv2d", ["x", "w1"], "y", { ...CONV, padding: [1, 1, 1, 1] }, "first")],
    });
    assert.deepEqual(aliases(windowed), []);
    const grouped = changed({
      tensors: [int8("x", shape), int8Weights("w1", [4, 1, 1, 2]), int8("y", shape)],
      nodes: [node("conv2d", ["x", "w1"], "y", { ...CONV, groups: 2 }, "first")],
    });
    assert.deepEqual(aliases(grouped), []);
    const multiplied = changed({
      tensors: [int8("x", shape), int8Weights("w1", [1, 3, 3, 8]), int8("y", [1, 3, 4, 8])],
      nodes: [node("depthwise_conv2d", ["x", "w1"], "y", { ...DEPTHWISE, depthMultiplier: 2 }, "first")],
    });
    assert.deepEqual(aliases(multiplied), []);
  });

  test("with fewer channels the buffer keeps its size", () => {
    const graph = changed({
      tensors: [int8("x", shape), int8Weights("w1", [2, 1, 1, 4]), int8("y", [1, 3, 4, 2])],
      nodes: [node("conv2d", ["x", "w1"], "y", CONV, "first")],
    });
    const program = lower(graph, everywhere(graph, inPlace));
    assert.deepEqual([...program.aliases], [["y", "x"]]);
    assert.equal(lifetimes(program).find(({ name }) => name === "x")!.bytes, 48);
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
    assert.throws(() => loadKernel("gather"), /^Error: assembly\/kernels\/gather\.ts: expected a VERSION/);
  });
});
