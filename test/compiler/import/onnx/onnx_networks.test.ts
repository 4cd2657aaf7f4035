/**
 * Networks as frameworks export them, channels first: the imported and the simplified graph against ONNX
 * Runtime, how many transpositions are left, and two of them built into modules.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { importOnnx } from "../../../../host/compiler/import/onnx/index.ts";
import { simplify } from "../../../../host/compiler/passes/index.ts";
import { calibrate } from "../../../../host/compiler/quantize/calibrate.ts";
import { compareWithFloat } from "../../../../host/compiler/quantize/compare.ts";
import { quantizeGraph } from "../../../../host/compiler/quantize/quantize.ts";
import { verify } from "../../../../host/compiler/verify/ladder.ts";
import { standardVectors } from "../../../../host/compiler/verify/vectors.ts";
import { elements, type Graph, ModelError, tensorOf } from "../../../../host/ir/graph.ts";
import { checkGraph, checkQuantized, checkWork } from "../../../../host/ops/spec.ts";
import { build, compileGraph } from "../../../../host/pipeline.ts";
import { evaluateGraph } from "../../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";
import { scratchFolder } from "../../../support/folders.ts";
import {
  floatTensor,
  generator,
  int,
  int64Tensor,
  ints,
  type NodeInit,
  node,
  onnx,
  type TensorInit,
  value,
} from "../../../support/onnx.ts";

/** Collects nodes and weights: each call adds a layer to `x`, or to the tensor named. */
function network(seed: number) {
  const random = generator(seed);
  const nodes: NodeInit[] = [];
  const constants: TensorInit[] = [];
  const numbers = (count: number, size: number, offset = 0): number[] =>
    Array.from({ length: count }, () => offset + random() * size);
  const constant = (name: string, shape: number[], size: number, offset = 0): string => {
    constants.push(floatTensor(name, shape, numbers(elements(shape), size, offset)));
    return name;
  };
  const add = (
    op: string,
    inputs: string[],
    attributes: NonNullable<Parameters<typeof node>[3]> = {},
  ): string => {
    const output = `${op}${nodes.length}`;
    nodes.push(node(op, inputs, [output], attributes));
    return output;
  };
  const conv = (x: string, shape: number[], attributes: Parameters<typeof add>[2] = {}): string => {
    const id = nodes.length;
    const fan = elements(shape.slice(1));
    const inputs = [x, constant(`w${id}`, shape, 1 / Math.sqrt(fan)), constant(`b${id}`, [shape[0]!], 0.1)];
    return add("Conv", inputs, attributes);
  };
  const norm = (x: string, channels: number): string => {
    const id = nodes.length;
    const list = ["scale", "shift", "mean"].map((name) => constant(`${name}${id}`, [channels], 0.25, 0.5));
    return add("BatchNormalization", [x, ...list, constant(`variance${id}`, [channels], 0.2, 1)]);
  };
  const dense = (x: string, outputs: number, depth: number): string => {
    const id = nodes.length;
    const weights = constant(`w${id}`, [outputs, depth], 1 / Math.sqrt(depth));
    return add("Gemm", [x, weights, constant(`b${id}`, [outputs], 0.1)], { transB: int(1) });
  };
  /** One number without axes, or a list. */
  const given = (name: string, list: number[]): string => {
    constants.push(floatTensor(name, list.length === 1 ? [] : [list.length], list));
    return name;
  };
  const integers = (list: number[]): string => {
    const name = `integers${constants.length}`;
    constants.push(int64Tensor(name, list));
    return name;
  };
  return { nodes, constants, constant, add, conv, norm, dense, given, integers };
}

type Network = ReturnType<typeof network>;

interface Example {
  readonly input: number[];
  /** How many are left when it is simplified; changes of shape cost nothing. */
  readonly transpositions: number;
  readonly make: (net: Network) => string;
}

const same = ints([1, 1, 1, 1]);

const EXAMPLES: Readonly<Record<string, Example>> = {
  "residual network with depthwise convolutions": {
    input: [1, 3, 12, 12],
    transpositions: 1,
    make({ add, conv, norm, dense, given }) {
      const stem = add("Relu", [norm(conv("x", [8, 3, 3, 3], { pads: same, strides: ints([2, 2]) }), 8)]);
      const deep = norm(conv(stem, [8, 1, 3, 3], { pads: same, group: int(8) }), 8);
      const clipped = add("Clip", [deep, given("zero", [0]), given("six", [6])]);
      const sum = add("Add", [stem, norm(conv(clipped, [8, 8, 1, 1]), 8)]);
      const pooled = add("GlobalAveragePool", [add("Relu", [sum])]);
      return add("Softmax", [dense(add("Flatten", [pooled]), 4, 8)]);
    },
  },
  "flattened pixels, one channel": {
    input: [1, 1, 10, 10],
    transpositions: 0,
    make({ add, conv, dense }) {
      const first = add("Relu", [conv("x", [4, 1, 3, 3])]);
      const pooled = add("MaxPool", [first], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
      return dense(add("Relu", [dense(add("Flatten", [pooled]), 6, 64)]), 3, 6);
    },
  },
  "1-D convolutions": {
    input: [1, 3, 32],
    transpositions: 1,
    make({ add, conv, norm, dense }) {
      const first = add("Relu", [norm(conv("x", [6, 3, 5], { pads: ints([2, 2]) }), 6)]);
      const second = norm(conv(first, [6, 6, 3], { pads: ints([1, 1]) }), 6);
      const sum = add("Relu", [add("Add", [first, second])]);
      const pooled = add("AveragePool", [sum], { kernel_shape: ints([4]), strides: ints([4]) });
      return dense(add("Flatten", [pooled]), 3, 48);
    },
  },
  "squeeze and excitation": {
    input: [1, 4, 8, 8],
    transpositions: 1,
    make({ add, conv, dense, integers }) {
      const image = conv("x", [8, 4, 3, 3], { pads: same });
      const squeezed = add("Flatten", [add("GlobalAveragePool", [image])]);
      const gate = add("Sigmoid", [dense(add("Relu", [dense(squeezed, 4, 8)]), 8, 4)]);
      const scaled = add("Mul", [image, add("Reshape", [gate, integers([1, 8, 1, 1])])]);
      return add("ReduceMean", [conv(scaled, [5, 8, 1, 1])], { axes: ints([2, 3]), keepdims: int(0) });
    },
  },
  "branches, concatenation and slices": {
    input: [1, 2, 9, 9],
    transpositions: 2,
    make({ add, conv, integers }) {
      const [a, b] = [conv("x", [4, 2, 1, 1]), conv("x", [4, 2, 3, 3], { pads: same })];
      const joined = add("LeakyRelu", [add("Concat", [a, b, "x"], { axis: int(1) })]);
      const padded = add("Pad", [joined, integers([0, 0, 1, 2, 0, 0, 0, 1])]);
      const inner = add("Slice", [padded, integers([1, 1]), integers([9, 11]), integers([1, 2])]);
      return add("HardSwish", [conv(inner, [3, 8, 3, 3])]);
    },
  },
  "encoder and decoder": {
    input: [1, 1, 8, 8],
    transpositions: 0,
    make({ add, conv, constant, given }) {
      const wide = add("Elu", [conv("x", [4, 1, 3, 3], { pads: same })]);
      const small = add("MaxPool", [wide], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
      const code = add("Relu", [conv(small, [6, 4, 3, 3], { pads: same })]);
      const up = add("ConvTranspose", [code, constant("up", [6, 4, 2, 2], 0.2)], { strides: ints([2, 2]) });
      const nearest = add("Resize", [small, "", given("scales", [1, 1, 2, 2])]);
      return add("Sigmoid", [conv(add("Concat", [up, wide, nearest], { axis: int(1) }), [1, 12, 1, 1])]);
    },
  },
};

function make({ input, make }: Example, seed: number): Uint8Array {
  const net = network(seed);
  const output = make(net);
  return onnx({
    nodes: [...net.nodes, node("Identity", [output], ["y"])],
    inputs: [value("x", input)],
    outputs: [value("y", [])],
    constants: net.constants,
    graph: { output: [{ name: "y", type: { value: { case: "tensorType", value: { elemType: 1 } } } }] },
  });
}

const transpositions = (graph: Graph): number => graph.nodes.filter(({ op }) => op === "transpose").length;

const ort = await import("onnxruntime-node").catch((error: unknown) => `ONNX Runtime is missing: ${error}`);
type Results = Readonly<Record<string, { readonly dims: readonly number[]; readonly data: unknown }>>;

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  assert.equal(actual.length, expected.length);
  return Array.from(actual, (x, i) => Math.abs(x - expected[i]!)).reduce((a, b) => Math.max(a, b), 0);
}

describe("networks, against ONNX Runtime", { skip: typeof ort === "string" && ort }, () => {
  for (const [title, example] of Object.entries(EXAMPLES)) {
    test(title, async () => {
      assert.ok(typeof ort !== "string");
      const bytes = make(example, title.length);
      const imported = checkGraph(importOnnx(bytes, "made"), "import");
      const simplified = simplify(imported);
      assert.equal(transpositions(simplified), example.transpositions);
      assert.deepEqual(simplified.outputs, ["y"]);
      const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 });
      const random = generator(7);
      for (let row = 0; row < 3; row++) {
        const x = Float32Array.from({ length: elements(example.input) }, random);
        const results: Results = await session.run({ x: new ort.Tensor("float32", x, example.input) }, ["y"]);
        const expected = results["y"]!;
        for (const graph of [imported, simplified]) {
          assert.deepEqual(tensorOf(graph, "y").shape, expected.dims);
          const actual = evaluateGraph(graph, [x]).get("y")!;
          assert.ok(largestDifference(actual, expected.data as Float32Array) < 1e-5);
        }
      }
    });
  }
});

describe("networks as modules", () => {
  for (const [title, example] of Object.entries(EXAMPLES)) {
    test(title, async () => {
      const graph = simplify(importOnnx(make(example, title.length), "made"));
      const random = generator(11);
      const samples = Array.from({ length: 16 }, () => [
        Float32Array.from({ length: elements(example.input) }, random),
      ]);
      const quantized = checkQuantized(quantizeGraph(graph, calibrate(graph, samples)), "quantize");
      const { sameArgmax } = compareWithFloat(graph, quantized, samples);
      assert.ok(sameArgmax > 0.5, `${sameArgmax}`);
      const module = await compileGraph(quantized);
      const vectors = standardVectors(quantized, 4);
      const result = await verify(quantized, module, vectors, [v8, wasm3], (traced) => compileGraph(traced));
      assert.equal(result.vectors, vectors.length);
    });
  }

  test("from a file, with calibration data", async () => {
    const folder = scratchFolder();
    const title = "flattened pixels, one channel";
    const [model, calibration] = [join(folder, "model.onnx"), join(folder, "samples.csv")];
    writeFileSync(model, make(EXAMPLES[title]!, title.length));
    const random = generator(11);
    const rows = Array.from({ length: 24 }, () => Array.from({ length: 100 }, random).join());
    writeFileSync(calibration, `${rows.join("\n")}\n`);
    const built = await build({ model, calibration });
    assert.equal(built.metadata.outputs.length, 1);
  });
});

test("damaged networks: a graph that holds together, also simplified, or a ModelError", () => {
  const files = Object.entries(EXAMPLES).map(([title, example]) => make(example, title.length));
  let [accepted, refused] = [0, 0];
  for (let seed = 0; seed < 1200; seed++) {
    const random = generator(seed);
    const below = (limit: number): number => Math.floor(((random() + 2) / 4) * limit);
    for (let i = 0; i < 4; i++) random();
    const bytes = files[seed % files.length]!.slice();
    for (let n = below(3); n >= 0; n--) bytes[below(bytes.length)]! ^= 1 << below(8);
    try {
      const graph = checkWork(checkGraph(importOnnx(bytes, "made"), `seed ${seed}`));
      checkGraph(simplify(graph), `seed ${seed}, simplified`);
      accepted++;
    } catch (error) {
      assert.ok(error instanceof ModelError, `seed ${seed}: ${error instanceof Error ? error.stack : error}`);
      assert.ok(!error.message.startsWith("after seed"), error.message);
      refused++;
    }
  }
  assert.ok(accepted > 100 && refused > 100, `${accepted} accepted, ${refused} refused`);
});
