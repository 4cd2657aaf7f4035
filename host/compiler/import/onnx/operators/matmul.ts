import { identity } from "../../../../ir/axes.ts";
import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { dense, transpose } from "./dense.ts";

/** Weights [depth, outputs]; those of a product with a vector are one column. */
function matrixOf({ name, shape }: Constant): [depth: number, outputs: number] {
  const [depth, outputs] = shape.length === 1 ? [shape[0], 1] : shape.slice(-2);
  if (!depth || !outputs || elements(shape) !== depth * outputs)
    throw new ModelError(`input ${name}: expected a matrix [depth, outputs], found [${shape}]`);
  return [depth, outputs];
}

function product(node: Context, input: Tensor, constant: Constant): Tensor {
  const [depth, outputs] = matrixOf(constant);
  const { name, numbers, quantization } = constant;
  const scales = quantization && { ...quantization, axis: 0 };
  const weights = { name, values: transpose(numbers, depth, outputs), quantization: scales };
  const isVector = input.shape.length === 1;
  const rows = isVector ? node.add("reshape", [input], { shape: [1, depth] }) : input;
  const result = dense(node, rows, outputs, weights);
  const rank = Math.max(constant.shape.length, input.shape.length);
  const batch = [
    ...Array<number>(Math.max(0, rank - input.shape.length)).fill(1),
    ...input.shape.slice(0, -1),
  ];
  const shape =
    constant.shape.length === 1 ? input.shape.slice(0, -1) : [...(isVector ? [] : batch), outputs];
  return shape.join() === result.shape.join() ? result : node.add("reshape", [result], { shape });
}

const swapped = (node: Context, tensor: Tensor): Tensor => {
  const axes = identity(tensor.shape.length);
  return node.add("transpose", [tensor], { permutation: [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] });
};

/** A vector is a matrix of one row, or behind of one column. */
const asMatrix = (node: Context, tensor: Tensor, isRight: boolean): Tensor => {
  const [length] = tensor.shape;
  if (tensor.shape.length !== 1) return tensor;
  return node.add("reshape", [tensor], { shape: isRight ? [length!, 1] : [1, length!] });
};

/** A product of two computed tensors, or with a constant that is more than one matrix. */
export function batchProduct(
  node: Context,
  a: Tensor,
  b: Tensor,
  flags = { transposeA: false, transposeB: false },
): Tensor {
  const result = node.add("batch_matmul", [asMatrix(node, a, false), asMatrix(node, b, true)], flags);
  const shape = result.shape.filter(
    (_, axis) =>
      !(a.shape.length === 1 && axis === result.shape.length - 2) &&
      !(b.shape.length === 1 && axis === result.shape.length - 1),
  );
  return shape.length === result.shape.length ? result : node.add("reshape", [result], { shape });
}

/** Whether a constant is one matrix, or a vector, which layers of weights take. */
const isOneMatrix = ({ shape }: { readonly shape: readonly number[] }): boolean =>
  elements(shape.slice(0, -2)) === 1;

/** With weights on the right; on the left they are those of the transposed product. */
export const matmul: Translation = {
  type: "ai.onnx.MatMul",
  summary: "all",
  translate(node) {
    const [a, b] = [node.value(0), node.value(1)];
    const isLeft = isConstantValue(a) && !isConstantValue(b) && a.shape.length === 2 && b.shape.length >= 2;
    const isRight = isConstantValue(b) && isOneMatrix(b);
    if (!isLeft && !isRight) return [batchProduct(node, node.tensor(0), node.tensor(1))];
    if (!isLeft) return [product(node, node.tensor(0), node.floats(1))];
    const { name, shape, numbers } = node.floats(0);
    const [outputs, depth] = shape as [number, number];
    const values = transpose(numbers, outputs, depth);
    const weights: Constant = { name, type: "FLOAT", shape: [depth, outputs], numbers: values, strings: [] };
    return [swapped(node, product(node, swapped(node, node.tensor(1)), weights))];
  },
};
