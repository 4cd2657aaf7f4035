import { allocate, perTensor, quantized, type Tensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { featuresOf, rowsOf } from "./rows.ts";
import { multiplyWide, type WideMultiplier, wideMultiplier } from "./wide.ts";

/** Further below, nothing is left of its exponential. */
const RANGE = 32;
const SCALE = RANGE / 32768;

/** The scale of differences, which are cut off at `limit` steps of the input. */
function factorOf(input: Tensor): WideMultiplier & { readonly limit: number } {
  const { scale } = perTensor(input);
  return { ...wideMultiplier(scale / SCALE), limit: Math.min(Math.floor(RANGE / scale), 2 ** 31 - 1) };
}

/**
 * x minus the greatest of its row, which a softmax does not notice, and not below -32, where exponentials are
 * nothing: of int32 numbers it leaves what fits int16.
 */
export const subtractMax = defineOperator({
  name: "subtract_max",
  summary: "int32 scores less the greatest of them, as a softmax takes them",
  arity: [1, 1],
  attributes: {},
  quantization: { output: { kind: "own", dtype: "int16" } },
  types: ["int16"],
  infer: ({ inputs }) => [inputs[0]!.shape],

  evaluate({ inputs, outputs }, values) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const depth = featuresOf(input);
    const result = allocate(output.dtype, values[0]!.length);
    const factor = output.dtype === "float32" ? undefined : factorOf(input);
    for (let first = 0; first < result.length; first += depth) {
      const row = Array.from(values[0]!.subarray(first, first + depth));
      const greatest = row.reduce((max, x) => Math.max(max, x), Number.NEGATIVE_INFINITY);
      row.forEach((x, i) => {
        const below = greatest - x;
        result[first + i] = factor
          ? -Math.min(multiplyWide(Math.min(below, factor.limit), factor), 32767)
          : 0 - Math.min(below, RANGE);
      });
    }
    return [result];
  },

  checkTypes({ inputs, outputs }) {
    const expected = outputs[0]!.dtype === "float32" ? "float32" : "int32";
    return inputs[0]!.dtype === expected
      ? undefined
      : `expected scores of ${expected}, found ${inputs[0]!.dtype}`;
  },
  outputType: () => ({ dtype: "int16", quantization: quantized(SCALE, 0) }),

  lower({ inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    to.call("subtract_max", {
      input,
      output,
      rows: rowsOf(input),
      depth: featuresOf(input),
      ...factorOf(input),
    });
  },
});
