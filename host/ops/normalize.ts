import { allocate, perTensor, quantized, type Tensor } from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { elementBytes, featuresOf, rowsOf } from "./rows.ts";
import { integerRoot } from "./wide.ts";

export const NORMS = ["l1", "l2", "max"] as const;
type Norm = (typeof NORMS)[number];

/** More bits for the norm, since a root is rounded down. */
const NORM_BITS = 8;
const outputBits = (output: Tensor): number => (output.dtype === "int8" ? 7 : 15);

function realNorm(row: readonly number[], norm: Norm): number {
  if (norm === "max") return row.reduce((max, x) => Math.max(max, x), Number.NEGATIVE_INFINITY);
  if (norm === "l1") return row.reduce((sum, x) => sum + Math.abs(x), 0);
  return Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
}

function integerNorm(row: readonly number[], norm: Norm): number {
  if (norm !== "l2") return realNorm(row, norm) * 2 ** NORM_BITS;
  const squares = row.reduce((sum, x) => sum + x * x, 0);
  return integerRoot(BigInt(squares) << BigInt(2 * NORM_BITS));
}

/** x * 2^(bits + NORM_BITS) / norm, halves away from zero. */
function quotient(x: number, norm: number, bits: number): number {
  if (norm === 0) return 0;
  const twice = 2n * (BigInt(Math.abs(x)) << BigInt(bits + NORM_BITS));
  const divisor = BigInt(Math.abs(norm));
  const magnitude = Number((twice + divisor) / (2n * divisor));
  return x < 0 !== norm < 0 ? -magnitude : magnitude;
}

/** Each row divided by its norm: by the sum of magnitudes, the Euclidean length, or the greatest value. A norm of 0 changes nothing. */
export const normalize = defineOperator({
  name: "normalize",
  summary: "rows divided by their L1, L2 or maximum norm",
  arity: [1, 1],
  attributes: { norm: NORMS },
  quantization: {
    output: { kind: "fixed", quantization: quantized(1 / 128, 0), int16: quantized(2 ** -15, 0) },
  },
  types: ["int8", "int16"],
  infer: ({ inputs }) => [inputs[0]!.shape],

  evaluate({ attributes, inputs, outputs }, values) {
    const output = outputs[0]!;
    const depth = featuresOf(output);
    const result = allocate(output.dtype, values[0]!.length);
    const isFloat = output.dtype === "float32";
    const zeroPoint = isFloat ? 0 : perTensor(inputs[0]!).zeroPoint;
    const { min, max } = typeRange(output);
    for (let first = 0; first < result.length; first += depth) {
      const data = Array.from(values[0]!.subarray(first, first + depth));
      if (isFloat) {
        const norm = realNorm(data, attributes.norm);
        result.set(
          data.map((x) => (norm === 0 ? x : x / norm)),
          first,
        );
        continue;
      }
      const row = data.map((x) => x - zeroPoint);
      const norm = integerNorm(row, attributes.norm);
      result.set(
        row.map((x) => clamp(quotient(x, norm, outputBits(output)), min, max)),
        first,
      );
    }
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    to.call("normalize", {
      input,
      output,
      rows: rowsOf(input),
      depth: featuresOf(input),
      bytes: elementBytes(input),
      zeroPoint: perTensor(input).zeroPoint,
      norm: NORMS.indexOf(attributes.norm),
      bits: outputBits(output),
    });
  },
});
