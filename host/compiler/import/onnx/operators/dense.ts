import type { Quantization, Tensor } from "../../../../ir/graph.ts";
import type { Context } from "../builder.ts";

/** A constant that an operator folds something into, under the name it shall have. */
export interface Numbers {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** Scales for each output, or one, of numbers that were integers. */
  readonly quantization?: Quantization | undefined;
}

/** Element (i, j) of the result is element (j, i) of `values`, a matrix of `columns` columns. */
export function transpose(values: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

/**
 * input [..., depth] times weights, which are [outputs, depth], plus bias [outputs]. The last axis of
 * the input must be `depth`.
 */
export function dense(
  node: Context,
  input: Tensor,
  outputs: number,
  weights: Numbers,
  bias?: Numbers,
): Tensor {
  const shape = [outputs, weights.values.length / outputs];
  const matrix = node.addConstant(weights.name, shape, weights.values, weights.quantization);
  const vector = bias && [node.addConstant(bias.name, [outputs], bias.values)];
  return node.add("fully_connected", [input, matrix, ...(vector ?? [])], {
    keepDims: true,
    activation: "none",
  });
}
