import { ModelError, type Quantization, type Tensor } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { dense, type Numbers, transpose } from "./dense.ts";
import { batchProduct } from "./matmul.ts";

/** The addend C as one number for each output; undefined where it is none or no row. */
function rowBias(node: Context, outputs: number, beta: number): Numbers | undefined {
  if (!node.has(2)) return undefined;
  const value = node.value(2);
  if (!isConstantValue(value)) return undefined;
  const { name, shape, numbers } = node.floats(2);
  const isRow = shape.length <= 2 && (shape.length < 2 || shape[0] === 1);
  if (!isRow || (numbers.length !== 1 && numbers.length !== outputs)) return undefined;
  const values = Float64Array.from(
    { length: outputs },
    (_, i) => beta * numbers[numbers.length === 1 ? 0 : i]!,
  );
  return { name, values };
}

/** Any other addend is a sum of its own. */
function addC(node: Context, product: Tensor, beta: number): Tensor {
  const c = node.tensor(2);
  const factor = node.addConstant(node.nameOf("beta"), [], [beta]);
  const scaled = beta === 1 ? c : node.add("mul", [c, factor], { activation: "none" });
  return node.add("add", [product, scaled], { activation: "none" });
}

/** Scales of the matrix B count its outputs, or are one. */
function weightScales(constant: Constant, alpha: number): Quantization | undefined {
  const { quantization } = constant;
  return (
    quantization && { ...quantization, axis: 0, scales: quantization.scales.map((scale) => scale * alpha) }
  );
}

function matrixOf(node: Context, isTransposed: boolean) {
  const constant = node.floats(1);
  const { name, shape } = constant;
  const [outputs, depth] = isTransposed ? shape : shape.toReversed();
  if (shape.length !== 2 || !outputs || !depth)
    throw new ModelError(`input ${name}: expected a matrix, found [${shape}]`);
  return { constant, outputs, depth };
}

/** A product of two computed matrices; alpha and beta are factors of their own. */
function computed(node: Context, transposeB: boolean, alpha: number, beta: number): Tensor {
  const transposeA = node.attributes.int("transA", 0) !== 0;
  const product = batchProduct(node, node.tensor(0), node.tensor(1), { transposeA, transposeB });
  const factor = node.addConstant(node.nameOf("alpha"), [], [alpha]);
  const scaled = alpha === 1 ? product : node.add("mul", [product, factor], { activation: "none" });
  return node.has(2) ? addC(node, scaled, beta) : scaled;
}

/** alpha * A * B + beta * C, where a constant B takes alpha in, and C one that takes beta in. */
export const gemm: Translation = {
  type: "ai.onnx.Gemm",
  summary: "all",
  translate(node) {
    const alpha = node.attributes.float("alpha", 1);
    const beta = node.attributes.float("beta", 1);
    const isTransposed = node.attributes.int("transB", 0) !== 0;
    if (!isConstantValue(node.value(1))) return [computed(node, isTransposed, alpha, beta)];
    const { constant, outputs, depth } = matrixOf(node, isTransposed);
    const given = node.tensor(0);
    if (given.shape.length !== 2) throw new ModelError(`input A: expected rank 2, found [${given.shape}]`);
    const input =
      node.attributes.int("transA", 0) === 0
        ? given
        : node.add("transpose", [given], { permutation: [1, 0] });
    const { name, numbers } = constant;
    const rows = isTransposed ? numbers : transpose(numbers, depth, outputs);
    const quantization = weightScales(constant, alpha);
    const weights = { name, values: rows.map((weight) => alpha * weight), quantization };
    const bias = rowBias(node, outputs, beta);
    const product = dense(node, input, outputs, weights, bias);
    return [node.has(2) && !bias ? addC(node, product, beta) : product];
  },
};
