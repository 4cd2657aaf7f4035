import { ModelError } from "../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { dense, type Numbers, transpose } from "./dense.ts";

/** The addend C as one number for each output; rows of their own are not supported. */
function bias(node: Context, outputs: number): Numbers | undefined {
  const beta = node.attributes.float("beta", 1);
  if (!node.has(2)) return undefined;
  const { name, shape, numbers } = node.floats(2);
  const isRow = shape.length <= 2 && (shape.length < 2 || shape[0] === 1);
  if (!isRow || (numbers.length !== 1 && numbers.length !== outputs)) {
    throw new ModelError(`input ${name}: expected a bias of ${outputs} values, found [${shape}]`);
  }
  const values = Float64Array.from(
    { length: outputs },
    (_, i) => beta * numbers[numbers.length === 1 ? 0 : i]!,
  );
  return { name, values };
}

/** alpha * A * B + beta * C, where B and C are constants that take alpha and beta in. */
export const gemm: Translation = {
  type: "ai.onnx.Gemm",
  translate(node) {
    const alpha = node.attributes.float("alpha", 1);
    const isTransposed = node.attributes.int("transB", 0) !== 0;
    if (node.attributes.int("transA", 0) !== 0) throw new ModelError("transA = 1 is not supported");
    const { name, shape, numbers } = node.floats(1);
    const [outputs, depth] = isTransposed ? shape : shape.toReversed();
    if (shape.length !== 2 || !outputs || !depth) {
      throw new ModelError(`input ${name}: expected a matrix, found [${shape}]`);
    }
    const input = node.tensor(0);
    if (input.shape.length !== 2) throw new ModelError(`input A: expected rank 2, found [${input.shape}]`);
    const rows = isTransposed ? numbers : transpose(numbers, depth, outputs);
    const weights = { name, values: rows.map((weight) => alpha * weight) };
    return [dense(node, input, outputs, weights, bias(node, outputs))];
  },
};
