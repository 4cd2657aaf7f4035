/**
 * Models that were quantised elsewhere, against ONNX Runtime: the graph holds the integers of the file, and
 * its results are a few steps of its output's scale apart at most, one for each rounding on the way.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TensorProto_DataType as DataType } from "onnx-buf";
import { importOnnx } from "../../../../host/compiler/import/onnx/index.ts";
import { simplify } from "../../../../host/compiler/passes/index.ts";
import { verify } from "../../../../host/compiler/verify/ladder.ts";
import { standardVectors } from "../../../../host/compiler/verify/vectors.ts";
import { elements, fromBytes, type Graph, perTensor, tensorOf } from "../../../../host/ir/graph.ts";
import { toInputBytes } from "../../../../host/ops/border.ts";
import { checkGraph, checkQuantized } from "../../../../host/ops/spec.ts";
import { compileGraph } from "../../../../host/pipeline.ts";
import { evaluateGraph } from "../../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../../host/runtime/engines/wasm3.ts";
import {
  floatTensor,
  generator,
  int,
  ints,
  type NodeInit,
  node,
  onnx,
  type TensorInit,
  value,
} from "../../../support/onnx.ts";

type Attributes = NonNullable<Parameters<typeof node>[3]>;

/** A model in which every tensor goes through QuantizeLinear and DequantizeLinear. */
function quantizedNetwork(type: "INT8" | "UINT8") {
  const random = generator(5);
  const nodes: NodeInit[] = [];
  const constants: TensorInit[] = [];
  const whole = (low: number, high: number): number => Math.floor(low + ((random() + 2) / 4) * (high - low));
  const integerTensor = (name: string, dims: number[], list: number[], dataType: DataType): string => {
    constants.push({ name, dims: dims.map(BigInt), dataType, int32Data: list });
    return name;
  };
  const scalar = (name: string, x: number): string => {
    constants.push(floatTensor(name, [], [x]));
    return name;
  };
  const add = (op: string, inputs: string[], attributes: Attributes = {}): string => {
    const output = `${op}${nodes.length}`;
    nodes.push(node(op, inputs, [output], attributes));
    return output;
  };
  /** Quantises and dequantises: the real range is given. */
  const through = (x: string, low: number, high: number): string => {
    const id = nodes.length;
    const scale = Math.fround((high - low) / 255);
    const zero = Math.round(-low / scale) - (type === "INT8" ? 128 : 0);
    const pair = [scalar(`s${id}`, scale), integerTensor(`z${id}`, [], [zero], DataType[type])];
    return add("DequantizeLinear", [add("QuantizeLinear", [x, ...pair]), ...pair]);
  };
  /** Weights of int8, with a scale for each slice of the axis. */
  const weights = (shape: number[], axis: number): string => {
    const id = constants.length;
    const list = Array.from({ length: elements(shape) }, () => whole(-127, 128));
    const scales = Array.from({ length: shape[axis]! }, () => 0.002 + Math.abs(random()) * 0.002);
    constants.push(floatTensor(`ws${id}`, [scales.length], scales));
    integerTensor(
      `wz${id}`,
      [scales.length],
      scales.map(() => 0),
      DataType.INT8,
    );
    integerTensor(`w${id}`, shape, list, DataType.INT8);
    return add("DequantizeLinear", [`w${id}`, `ws${id}`, `wz${id}`], { axis: int(axis) });
  };
  const bias = (count: number): string => {
    const name = `b${constants.length}`;
    constants.push(
      floatTensor(
        name,
        [count],
        Array.from({ length: count }, () => random() * 0.2),
      ),
    );
    return name;
  };
  return { nodes, constants, add, through, weights, bias, scalar, integerTensor, whole };
}

const INPUT = [1, 3, 8, 8];
const same = ints([1, 1, 1, 1]);

function convolutionalNetwork(type: "INT8" | "UINT8"): Uint8Array {
  const { nodes, constants, add, through, weights, bias } = quantizedNetwork(type);
  const x = through("x", -2, 2);
  const first = add("Conv", [x, weights([6, 3, 3, 3], 0), bias(6)], { pads: same });
  const activated = through(add("Relu", [first]), 0, 3);
  const pooled = through(
    add("MaxPool", [activated], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) }),
    0,
    3,
  );
  const deep = through(add("Conv", [pooled, weights([6, 1, 3, 3], 0)], { pads: same, group: int(6) }), -4, 4);
  const sum = through(add("Add", [pooled, deep]), -4, 6);
  const mean = through(add("GlobalAveragePool", [sum]), -2, 3);
  const flat = through(add("Flatten", [mean]), -2, 3);
  const scores = through(add("Gemm", [flat, weights([4, 6], 0), bias(4)], { transB: int(1) }), -3, 3);
  nodes.push(node("Identity", [scores], ["y"]));
  return onnx({ nodes, constants, inputs: [value("x", INPUT)], outputs: [value("y", [1, 4])] });
}

/** QLinearConv between a quantisation and a dequantisation. */
function qlinearConvolution(): Uint8Array {
  const { nodes, constants, add, scalar, integerTensor, whole } = quantizedNetwork("UINT8");
  const pair = (id: string, scale: number, zero: number): string[] => [
    scalar(`s${id}`, scale),
    integerTensor(`z${id}`, [], [zero], DataType.UINT8),
  ];
  const [x, y] = [pair("x", 4 / 255, 128), pair("y", 0.03, 110)];
  // Seven bits: on processors without VNNI ONNX Runtime adds two products of uint8 and int8 in 16 bits, and saturates.
  const list = Array.from({ length: 5 * 3 * 9 }, () => whole(-63, 64));
  integerTensor("w", [5, 3, 3, 3], list, DataType.INT8);
  constants.push(floatTensor("sw", [5], [0.002, 0.003, 0.004, 0.0025, 0.001]));
  integerTensor("zw", [5], [0, 0, 0, 0, 0], DataType.INT8);
  integerTensor("b", [5], [100, -2000, 3000, 0, 50], DataType.INT32);
  const quantized = add("QuantizeLinear", ["x", ...x]);
  const result = add("QLinearConv", [quantized, ...x, "w", "sw", "zw", ...y, "b"], { pads: same });
  nodes.push(node("DequantizeLinear", [result, ...y], ["y"]));
  return onnx({ nodes, constants, inputs: [value("x", INPUT)], outputs: [value("y", [1, 5, 8, 8])] });
}

const MODELS: readonly (readonly [title: string, bytes: Uint8Array, steps: number])[] = [
  ["a network with uint8 activations", convolutionalNetwork("UINT8"), 3],
  ["a network with int8 activations", convolutionalNetwork("INT8"), 3],
  ["QLinearConv with a bias of int32", qlinearConvolution(), 1],
];

const load = (bytes: Uint8Array): Graph => simplify(checkGraph(importOnnx(bytes, "made"), "import"));

const ort = await import("onnxruntime-node").catch((error: unknown) => `ONNX Runtime is missing: ${error}`);
type Results = Readonly<Record<string, { readonly data: unknown }>>;

describe("quantised models, against ONNX Runtime", { skip: typeof ort === "string" && ort }, () => {
  for (const [title, bytes, steps] of MODELS) {
    test(title, async () => {
      assert.ok(typeof ort !== "string");
      const graph = checkQuantized(load(bytes), "simplify");
      const output = tensorOf(graph, graph.outputs[0]!);
      const { scale, zeroPoint } = perTensor(output);
      const session = await ort.InferenceSession.create(bytes, {
        logSeverityLevel: 4,
        graphOptimizationLevel: "disabled",
      });
      const random = generator(3);
      let apart = 0;
      for (let row = 0; row < 20; row++) {
        const x = Float32Array.from({ length: elements(INPUT) }, random);
        const results: Results = await session.run({ x: new ort.Tensor("float32", x, INPUT) }, ["y"]);
        const [raw] = toInputBytes(graph, [x]);
        const input = fromBytes(tensorOf(graph, graph.inputs[0]!).dtype, raw!);
        const actual = evaluateGraph(graph, [input]).get(output.name)!;
        (results["y"]!.data as Float32Array).forEach((expected, i) => {
          const difference = Math.abs((actual[i]! - zeroPoint) * scale - expected) / scale;
          apart = Math.max(apart, Math.round(difference));
        });
      }
      assert.ok(apart <= steps, `expected at most ${steps} steps apart, found ${apart}`);
    });
  }
});

describe("what becomes of quantised models", () => {
  test("weights are the integers of the file, and nothing is float", () => {
    const graph = load(qlinearConvolution());
    const convolution = graph.nodes.find(({ op }) => op === "conv2d")!;
    const [, weights, bias] = convolution.inputs.map((name) => tensorOf(graph, name));
    assert.deepEqual(weights!.shape, [5, 3, 3, 3]);
    assert.equal(weights!.quantization!.scales[4], Math.fround(0.001));
    assert.deepEqual([...bias!.data!], [100, -2000, 3000, 0, 50]);
    const net = quantizedNetwork("UINT8");
    const filters = Array.from({ length: 5 * 3 * 9 }, () => net.whole(-63, 64));
    // Filters [O, C, h, w] of the file are [O, h, w, C] here.
    assert.equal(weights!.data![1], filters[9]);
    assert.deepEqual(
      [...graph.tensors.values()].filter(({ dtype }) => dtype === "float32"),
      [],
    );
  });

  test("a module computes the same", async () => {
    const graph = load(convolutionalNetwork("UINT8"));
    const vectors = standardVectors(graph, 4);
    const module = await compileGraph(graph);
    const result = await verify(graph, module, vectors, [v8, wasm3], (traced) => compileGraph(traced));
    assert.equal(result.vectors, vectors.length);
  });
});
