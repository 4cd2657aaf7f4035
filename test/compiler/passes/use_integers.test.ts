/** Files of integers that are not as kernels want them: weights with zero points, fewer bits, an end that stays float. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { TensorProto_DataType as DataType } from "onnx-buf";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { importOnnx } from "../../../host/compiler/import/onnx/index.ts";
import { simplify } from "../../../host/compiler/passes/index.ts";
import { type Graph, tensorOf } from "../../../host/ir/graph.ts";
import { borderOf, dequantizeBytes, toInputBytes } from "../../../host/ops/border.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import {
  floatTensor,
  generator,
  int,
  type NodeInit,
  node,
  onnx,
  type TensorInit,
  value,
} from "../../support/onnx.ts";

const FEATURES = 6;
const OUTPUTS = 4;

const bytesTensor = (
  name: string,
  dims: number[],
  values: number[],
  dataType = DataType.UINT8,
): TensorInit => ({
  name,
  dims: dims.map(BigInt),
  dataType,
  int32Data: values,
});
const scalar = (name: string, x: number): TensorInit => floatTensor(name, [], [x]);

/** x through 8 bits, a dense layer of these weights, and what follows; `before`: nodes that make the weights. */
const dense = (
  weights: TensorInit,
  zero: TensorInit,
  more: readonly NodeInit[],
  constants: readonly TensorInit[],
  before: readonly NodeInit[] = [],
): Uint8Array =>
  onnx({
    nodes: [
      ...before,
      node("QuantizeLinear", ["x", "xs", "xz"], ["xq"]),
      node("DequantizeLinear", ["xq", "xs", "xz"], ["xd"]),
      node("DequantizeLinear", ["w", "ws", "wz"], ["wd"]),
      node("Gemm", ["xd", "wd"], ["g"], { transB: int(1) }),
      ...more,
    ],
    constants: [
      scalar("xs", 0.02),
      bytesTensor("xz", [], [120]),
      weights,
      scalar("ws", 0.01),
      zero,
      ...constants,
    ],
    inputs: [value("x", ["N", FEATURES])],
    opset: 13,
  });

const random = generator(5);
const samples = Array.from({ length: 40 }, () => Float32Array.from({ length: FEATURES }, () => random()));

/** Greatest differences of the integer graph to ONNX Runtime, and the range of the values. */
async function differences(bytes: Uint8Array): Promise<{ graph: Graph; worst: number; range: number }> {
  const graph = simplify(importOnnx(bytes, "made"));
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const border = borderOf(tensorOf(graph, graph.outputs[0]!));
  let [worst, low, high] = [0, 0, 0];
  for (const sample of samples) {
    const { y } = await session.run({ x: new Tensor("float32", sample, [1, FEATURES]) });
    const [[found]] = runReference(graph, [toInputBytes(graph, [sample])]) as [[Uint8Array]];
    const real = dequantizeBytes(found, border);
    (y!.data as Float32Array).forEach((expected, i) => {
      worst = Math.max(worst, Math.abs(expected - real[i]!));
      [low, high] = [Math.min(low, expected), Math.max(high, expected)];
    });
  }
  return { graph, worst, range: high - low };
}

const quantizedEnd = [
  node("QuantizeLinear", ["g", "ys", "yz"], ["yq"]),
  node("DequantizeLinear", ["yq", "ys", "yz"], ["y"]),
];
const STEP = 0.1;
const ends = [scalar("ys", STEP), bytesTensor("yz", [], [128])];
/** Rows between 60 and 160, but for the last one, which is from 0 to 255. */
const weights = Array.from({ length: OUTPUTS * FEATURES }, (_, i) =>
  i < (OUTPUTS - 1) * FEATURES ? 60 + ((i * 37) % 101) : [0, 255, 10, 200, 128, 90][i % FEATURES]!,
);

test("weights of uint8 with any zero point: exact within 127 of it, coarser scales for other rows", async () => {
  for (const zero of [100, 3, 128, 255]) {
    const bytes = dense(
      bytesTensor("w", [OUTPUTS, FEATURES], weights),
      bytesTensor("wz", [], [zero]),
      quantizedEnd,
      [...ends],
    );
    const { graph, worst } = await differences(bytes);
    const layer = graph.nodes.find(({ op }) => op === "fully_connected")!;
    const { quantization, data } = tensorOf(graph, layer.inputs[1]!);
    assert.ok(quantization!.zeroPoints.every((each) => each === 0));
    if (zero === 100) {
      assert.deepEqual(quantization!.scales.slice(0, 3), Array(3).fill(Math.fround(0.01)));
      assert.ok(Math.abs(quantization!.scales[3]! - (155 * 0.01) / 127) < 1e-7);
      assert.deepEqual(
        [...data!.slice(0, 6)],
        weights.slice(0, 6).map((w) => w - zero),
      );
    }
    assert.ok(worst <= 1.01 * STEP, `zero point ${zero}: off by ${worst}`);
  }
});

test("activations and weights that are limited to fewer bits, and a last layer that stays float (Brevitas)", async () => {
  const bytes = dense(
    bytesTensor(
      "w8",
      [OUTPUTS, FEATURES],
      weights.map((w) => Math.min(w - 100, 127)),
      DataType.INT8,
    ),
    bytesTensor("wz", [], [0], DataType.INT8),
    [
      node("Relu", ["g"], ["r"]),
      node("QuantizeLinear", ["r", "ys", "rz"], ["rq"]),
      node("Clip", ["rq", "lo", "hi"], ["rc"]),
      node("DequantizeLinear", ["rc", "ys", "rz"], ["rd"]),
      node("DequantizeLinear", ["v", "ws", "vz"], ["vd"]),
      node("Gemm", ["rd", "vd"], ["y"], { transB: int(1) }),
    ],
    [
      scalar("ys", STEP),
      bytesTensor("rz", [], [0]),
      bytesTensor("lo", [], [0]),
      bytesTensor("hi", [], [15]),
      bytesTensor("least", [], [-31], DataType.INT8),
      bytesTensor("most", [], [31], DataType.INT8),
      bytesTensor("v", [3, OUTPUTS], [5, -7, 3, 1, -2, 6, 7, -7, 0, 2, -4, 4], DataType.INT8),
      bytesTensor("vz", [], [0], DataType.INT8),
    ],
    [node("Clip", ["w8", "least", "most"], ["w"])],
  );
  const { graph, worst, range } = await differences(bytes);
  assert.equal(tensorOf(graph, graph.outputs[0]!).dtype, "int16");
  const limited = graph.nodes.filter(({ op }) => op === "fully_connected")[0]!;
  const { data } = tensorOf(graph, limited.inputs[1]!);
  assert.equal(Math.max(...Array.from(data!, Math.abs)), 31);
  // A step of the activations, times the greatest weight.
  assert.ok(worst <= 0.007 + 0.001 && range > 0.1, `off by ${worst} of ${range}`);
});
