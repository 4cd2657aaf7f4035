import { create } from "@bufbuild/protobuf";
import { type AttributeProto, AttributeProto_AttributeType, AttributeProtoSchema } from "onnx-buf";
import type { OnnxNode } from "./model.ts";

/**
 * Operators that compute in integers name the scales of all they read and write. They mean the same as
 * DequantizeLinear of each input, the operator of float32, and QuantizeLinear: that is what they become.
 */

const int = (name: string, value: number): AttributeProto =>
  create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });

/** Adds nodes on behalf of one; values between them have names that begin with its own. */
class Expansion {
  readonly nodes: OnnxNode[] = [];
  private readonly node: OnnxNode;

  constructor(node: OnnxNode) {
    this.node = node;
  }

  input = (i: number): string => this.node.inputs[i] ?? "";

  add(
    opType: string,
    role: string,
    inputs: readonly string[],
    attributes: readonly AttributeProto[] = [],
  ): string {
    const output = `${this.node.name}/${role}`;
    this.nodes.push({
      ...this.node,
      name: role === opType ? this.node.name : output,
      type: `ai.onnx.${opType}`,
      opType,
      opset: Math.max(this.node.opset, 13),
      inputs,
      outputs: [output],
      attributes,
    });
    return output;
  }

  /** The values of input `i`, whose scale and zero point are the two inputs after it. */
  real = (i: number, role: string, axis = 1): string =>
    this.add(
      "DequantizeLinear",
      role,
      [this.input(i), this.input(i + 1), this.input(i + 2)],
      [int("axis", axis)],
    );

  /** Quantises the result with the scale at input `i` as the output of the node. */
  finish(result: string, i: number): OnnxNode[] {
    this.add("QuantizeLinear", "quantized", [result, this.input(i), this.input(i + 1)]);
    const last = this.nodes.pop()!;
    return [...this.nodes, { ...last, outputs: this.node.outputs }];
  }
}

type Expand = (to: Expansion, node: OnnxNode) => OnnxNode[];

/** A bias is of int32, at the scale of the products. */
function realBias(to: Expansion, bias: number, a: number, b: number): string[] {
  if (to.input(bias) === "") return [];
  const scale = to.add("Mul", "bias_scale", [to.input(a), to.input(b)]);
  return [to.add("DequantizeLinear", "bias", [to.input(bias), scale], [int("axis", 0)])];
}

const binary =
  (opType: string): Expand =>
  (to) =>
    to.finish(to.add(opType, opType, [to.real(0, "a"), to.real(3, "b")]), 6);

const unary =
  (opType: string): Expand =>
  (to, node) =>
    to.finish(to.add(opType, opType, [to.real(0, "x")], plain(node.attributes)), 3);

/** Attributes that name no layout or version other than that of the operator of float32. */
const plain = (attributes: readonly AttributeProto[]): AttributeProto[] =>
  attributes.filter(({ name, i }) => name !== "opset" && !(name === "channels_last" && i === 0n));

/** Output scale and zero point come first, then three inputs for each part. */
const concat: Expand = (to, node) => {
  const count = Math.floor((node.inputs.length - 2) / 3);
  const parts = Array.from({ length: count }, (_, i) => to.real(2 + 3 * i, `x${i}`));
  return to.finish(to.add("Concat", "Concat", parts, node.attributes), 0);
};

const EXPANSIONS: Readonly<Record<string, Expand>> = {
  "ai.onnx.QLinearConv"(to, { attributes }) {
    const inputs = [to.real(0, "x"), to.real(3, "w", 0), ...realBias(to, 8, 1, 4)];
    return to.finish(to.add("Conv", "Conv", inputs, attributes), 6);
  },
  "ai.onnx.QLinearMatMul": binary("MatMul"),
  "com.microsoft.QGemm"(to, { attributes }) {
    const isTransposed = attributes.some(({ name, i }) => name === "transB" && i !== 0n);
    const inputs = [to.real(0, "a"), to.real(3, "b", isTransposed ? 0 : 1), ...realBias(to, 6, 1, 4)];
    const product = to.add("Gemm", "Gemm", inputs, attributes);
    return to.finish(product, 7);
  },
  "com.microsoft.QLinearAdd": binary("Add"),
  "com.microsoft.QLinearAveragePool": unary("AveragePool"),
  "com.microsoft.QLinearConcat": concat,
  "com.microsoft.QLinearGlobalAveragePool": unary("GlobalAveragePool"),
  "com.microsoft.QLinearMul": binary("Mul"),
  "com.microsoft.QLinearLeakyRelu": unary("LeakyRelu"),
  "com.microsoft.QLinearSigmoid": unary("Sigmoid"),
  "com.microsoft.QLinearSoftmax": unary("Softmax"),
};

/** Names of the operators that are expanded. */
export const qlinearOperators: readonly string[] = Object.keys(EXPANSIONS);

export function expandQlinear(nodes: readonly OnnxNode[]): OnnxNode[] {
  return nodes.flatMap((node) => {
    const expand = EXPANSIONS[node.type];
    return expand ? expand(new Expansion(node), node) : [node];
  });
}
