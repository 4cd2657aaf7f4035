import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

/** Sums of products that are named by letters: transpositions around one product of matrices, or a layer of weights. */

interface Operand {
  readonly tensor: Tensor;
  /** The letter of each axis. */
  readonly letters: readonly string[];
}

/** The letters of each operand and of the output: without an arrow those that occur once, in alphabetical order. */
function lettersOf(equation: string): { readonly inputs: readonly string[]; readonly output: string } {
  const [left, right] = equation.replaceAll(" ", "").split("->") as [string, string | undefined];
  const inputs = left.split(",");
  const all = [...inputs.join("")];
  const single = all.filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter));
  const output = right ?? single.sort().join("");
  const isPlain = [...inputs, output].every(
    (letters) => /^[A-Za-z]*$/.test(letters) && new Set(letters).size === letters.length,
  );
  if (
    !isPlain ||
    inputs.length < 1 ||
    inputs.length > 2 ||
    [...output].some((letter) => !all.includes(letter))
  )
    throw new ModelError(
      `equation ${equation.slice(0, 100)}: expected one or two operands of different letters`,
    );
  return { inputs, output };
}

/** The operand with its axes in this order; those of no letter of it are left out. */
function ordered(node: Context, { tensor, letters }: Operand, order: readonly string[]): Operand {
  const wanted = order.filter((letter) => letters.includes(letter));
  const permutation = wanted.map((letter) => letters.indexOf(letter));
  const isSame = permutation.every((axis, i) => axis === i);
  const moved = isSame ? tensor : node.add("transpose", [tensor], { permutation });
  return { tensor: moved, letters: wanted };
}

/** Letters that neither the other operand nor the output has are summed up. */
function withoutOthers(node: Context, operand: Operand, kept: string): Operand {
  const { tensor, letters } = operand;
  const axes = letters.flatMap((letter, axis) => (kept.includes(letter) ? [] : [axis]));
  if (axes.length === 0) return operand;
  const sum = node.add("reduce_sum", [tensor], { axes, keepDims: false });
  return { tensor: sum, letters: letters.filter((letter) => kept.includes(letter)) };
}

const reshape = (node: Context, tensor: Tensor, shape: readonly number[]): Tensor =>
  tensor.shape.join() === shape.join() ? tensor : node.add("reshape", [tensor], { shape });

/** Which letters both operands and the output have, both operands alone, and either operand. */
function groupsOf(a: Operand, b: Operand, output: string) {
  const both = a.letters.filter((letter) => b.letters.includes(letter));
  return {
    batch: both.filter((letter) => output.includes(letter)),
    summed: both.filter((letter) => !output.includes(letter)),
    left: a.letters.filter((letter) => !b.letters.includes(letter)),
    right: b.letters.filter((letter) => !a.letters.includes(letter)),
  };
}

function product(node: Context, a: Operand, b: Operand, output: string): Operand {
  const { batch, summed, left, right } = groupsOf(a, b, output);
  const sizes = new Map(
    [a, b].flatMap(({ tensor, letters }) => letters.map((x, i) => [x, tensor.shape[i]!])),
  );
  const shapeOf = (letters: readonly string[]): number[] => letters.map((letter) => sizes.get(letter)!);
  const count = (letters: readonly string[]): number => elements(shapeOf(letters));
  const rows = ordered(node, a, [...batch, ...left, ...summed]).tensor;
  const columns = ordered(node, b, [...batch, ...right, ...summed]).tensor;
  const letters = [...batch, ...left, ...right];
  if (columns.data && batch.length === 0) {
    const weights = node.addConstant(node.nameOf("weights"), [count(right), count(summed)], columns.data);
    const input = reshape(node, rows, [count(left), count(summed)]);
    const dense = node.add("fully_connected", [input, weights], { keepDims: true, activation: "none" });
    return { tensor: reshape(node, dense, shapeOf(letters)), letters };
  }
  const matrices = [reshape(node, rows, [count(batch), count(left), count(summed)])];
  matrices.push(reshape(node, columns, [count(batch), count(right), count(summed)]));
  const result = node.add("batch_matmul", matrices, { transposeA: false, transposeB: true });
  return { tensor: reshape(node, result, shapeOf(letters)), letters };
}

/** A constant goes to the right, where it is the weights of a layer. */
const constantLast = (a: Operand, b: Operand): readonly [Operand, Operand] =>
  a.tensor.data ? [b, a] : [a, b];

function checkSizes(operands: readonly Operand[]): void {
  const sizes = new Map<string, number>();
  for (const { tensor, letters } of operands) {
    const wrong = letters.find((letter, i) => (sizes.get(letter) ?? tensor.shape[i]) !== tensor.shape[i]);
    if (letters.length !== tensor.shape.length || wrong !== undefined)
      throw new ModelError(`expected axes ${letters.join("")} of equal sizes, found [${tensor.shape}]`);
    letters.forEach((letter, i) => {
      sizes.set(letter, tensor.shape[i]!);
    });
  }
}

export const einsum: Translation = {
  type: "ai.onnx.Einsum",
  summary: "one or two operands, without repeated letters and ellipses",
  translate(node) {
    const { inputs, output } = lettersOf(node.attributes.string("equation", ""));
    if (inputs.length !== node.inputCount)
      throw new ModelError(`expected ${inputs.length} inputs, found ${node.inputCount}`);
    const operands = inputs.map((letters, i): Operand => ({ tensor: node.tensor(i), letters: [...letters] }));
    checkSizes(operands);
    const [a, b] = operands.map((operand, i) =>
      withoutOthers(node, operand, output + (inputs[1 - i] ?? "")),
    ) as [Operand, Operand | undefined];
    const result = b ? product(node, ...constantLast(a, b), output) : a;
    return [ordered(node, result, [...output]).tensor];
  },
};
