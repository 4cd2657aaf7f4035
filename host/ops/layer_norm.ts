import {
  allocate,
  elements,
  ModelError,
  perTensor,
  quantized,
  type Tensor,
  type TensorData,
} from "../ir/graph.ts";
import { typeRange } from "./activation.ts";
import { clamp, roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { checkNarrow, elementBytes } from "./rows.ts";
import { integerRoot } from "./wide.ts";

/** Sums of as many squares, times their number, and products below are whole numbers within 53 bits. */
export const MAX_NORM_DEPTH = 4096;
/** Fraction bits of a normalised value, of the reciprocal of a deviation, and of what is added last. */
const FRACTION = 18;
const RECIPROCAL = 54;
const GUARD = 8;
/** Bits of a factor, and the most fraction bits that it may have. */
const FACTOR_BITS = 24;
const MAX_FACTOR_FRACTION = 30;

interface NormAttributes {
  /** Neighbouring values that are normalised together. */
  readonly depth: number;
  /** Neighbouring values that have one factor and one addend. */
  readonly inner: number;
  /** Whether the mean is taken away: it is not in RMSNorm. */
  readonly center: boolean;
  readonly epsilon: number;
}

type Three = readonly [x: Tensor, factor: Tensor, addend: Tensor];

/** A row without its mean, and its deviation squared, as the row's own numbers have them. */
interface Row {
  /** depth * (x - mean), or depth * x. */
  readonly values: readonly number[];
  /** depth^2 times the variance, or the mean square. */
  readonly squares: bigint;
}

function centred(row: readonly number[], center: boolean): Row {
  const depth = row.length;
  const sum = center ? row.reduce((a, b) => a + b, 0) : 0;
  const squares = row.reduce((a, b) => a + b * b, 0);
  const deviations = BigInt(depth) * BigInt(squares) - BigInt(sum) ** 2n;
  return { values: row.map((x) => depth * x - sum), squares: deviations };
}

/** epsilon at the scale of `Row.squares`, as epsilon * 2^epsilonShift with 31 bits, and at most 2^60. */
function epsilonOf({ attributes, inputs }: Bound<NormAttributes>) {
  const real = attributes.epsilon * (attributes.depth / perTensor(inputs[0]!).scale) ** 2;
  const bounded = Math.min(real, 2 ** 60);
  const epsilonShift = Math.max(0, Math.ceil(Math.log2(Math.max(bounded, 1))) - 30);
  return { epsilon: roundHalfAway(bounded / 2 ** epsilonShift), epsilonShift };
}

/** 2^(RECIPROCAL - shift) / deviation in 24 bits, and that shift. */
function reciprocalOf(squares: bigint): { reciprocal: number; shift: number } {
  if (squares === 0n) return { reciprocal: 0, shift: 0 };
  const bits = squares.toString(2).length;
  const shift = Math.floor((62 - bits) / 2);
  const root = BigInt(integerRoot(squares << BigInt(2 * shift)));
  return { reciprocal: Number((1n << BigInt(RECIPROCAL)) / root), shift };
}

/** x / 2^shift, halves up; exact for whole numbers of up to 52 bits. */
const rounded = (x: number, shift: number): number =>
  Math.floor((x + (shift > 0 ? 2 ** (shift - 1) : 0)) / 2 ** shift);

/** Shift from the product of a normalised value and a factor to the output's steps with GUARD bits more. */
const factorShift = (factor: Tensor, output: Tensor): number =>
  FRACTION - GUARD + Math.round(Math.log2(perTensor(output).scale / perTensor(factor).scale));

function evaluateFixed(node: Bound<NormAttributes>, values: readonly TensorData[]): TensorData {
  const { depth, inner, center } = node.attributes;
  const [input, factor] = node.inputs as unknown as Three;
  const output = node.outputs[0]!;
  const [x, factors, addends] = values as [TensorData, TensorData, TensorData];
  const zero = center ? 0 : perTensor(input).zeroPoint;
  const { epsilon, epsilonShift } = epsilonOf(node);
  const shift = factorShift(factor, output);
  const { zeroPoint } = perTensor(output);
  const { min, max } = typeRange(output);
  const result = allocate(output.dtype, x.length);
  for (let first = 0; first < x.length; first += depth) {
    const row = centred(
      Array.from(x.subarray(first, first + depth), (value) => value - zero),
      center,
    );
    const total = row.squares + (BigInt(epsilon) << BigInt(epsilonShift));
    const { reciprocal, shift: more } = reciprocalOf(total);
    row.values.forEach((value, i) => {
      const channel = Math.floor((first + i) / inner) % factors.length;
      const normal = rounded(value * reciprocal, RECIPROCAL - FRACTION - more);
      const scaled = rounded(normal * factors[channel]!, shift) + addends[channel]!;
      result[first + i] = clamp(rounded(scaled, GUARD) + zeroPoint, min, max);
    });
  }
  return result;
}

function evaluateFloat({ attributes }: Bound<NormAttributes>, values: readonly TensorData[]): TensorData {
  const { depth, inner, center, epsilon } = attributes;
  const [x, factors, addends] = values as [TensorData, TensorData, TensorData];
  const result = allocate("float32", x.length);
  for (let first = 0; first < x.length; first += depth) {
    const row = Array.from(x.subarray(first, first + depth));
    const mean = center ? row.reduce((a, b) => a + b, 0) / depth : 0;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / depth;
    row.forEach((value, i) => {
      const channel = Math.floor((first + i) / inner) % factors.length;
      result[first + i] =
        ((value - mean) / Math.sqrt(variance + epsilon)) * factors[channel]! + addends[channel]!;
    });
  }
  return result;
}

/** Factors of 24 bits at a power of two of the output's scale; addends at a 256th of it. */
function quantizeConstants({ inputs, outputs }: Bound<NormAttributes>): ReadonlyMap<number, Tensor> {
  const [, factor, addend] = inputs as unknown as Three;
  const { scale } = perTensor(outputs[0]!);
  const greatest = Array.from(factor.data!).reduce((most, x) => Math.max(most, Math.abs(x)), 0) / scale;
  const bits = greatest > 0 ? Math.floor(Math.log2(greatest)) + 1 : FACTOR_BITS;
  const fraction = clamp(FACTOR_BITS - bits, GUARD - FRACTION, MAX_FACTOR_FRACTION);
  const whole = (tensor: Tensor, step: number): Tensor => ({
    ...tensor,
    dtype: "int32",
    data: Int32Array.from(tensor.data!, (x) => clamp(roundHalfAway(x / step), -(2 ** 31), 2 ** 31 - 1)),
    quantization: quantized(step, 0),
  });
  return new Map([
    [1, whole(factor, scale * 2 ** -fraction)],
    [2, whole(addend, scale * 2 ** -GUARD)],
  ]);
}

/**
 * Inputs: x, factors [n], addends [n], n values each that repeat along x, for `inner` values at a time. Output: x of
 * every `depth` neighbours without their mean (with `center`), over the root of their mean square and epsilon, times the
 * factor plus the addend. Layer normalisation has rows of features; instance and group normalisation rows of channels.
 */
export const layerNorm = defineOperator({
  name: "layer_norm",
  summary: "layer, RMS, instance and group normalisation, with factors and addends",
  arity: [3, 3],
  attributes: { depth: "int", inner: "int", center: "boolean", epsilon: "number" },
  quantization: { output: { kind: "range" } },
  types: ["int8", "int16"],
  checkTypes: checkNarrow,

  infer({ name, attributes, inputs }) {
    const [x, factor, addend] = inputs as unknown as Three;
    const { depth, inner, epsilon } = attributes;
    const count = elements(x.shape);
    if (!(depth >= 1 && depth <= MAX_NORM_DEPTH && count % depth === 0))
      throw new ModelError(
        `node ${name}: expected rows of at most ${MAX_NORM_DEPTH} values that divide [${x.shape}], found ${depth}`,
      );
    if (!(inner >= 1 && depth % inner === 0))
      throw new ModelError(`node ${name}: expected a factor for a part of ${depth} values, found ${inner}`);
    if (!(epsilon >= 0))
      throw new ModelError(`node ${name}: expected an epsilon from 0 on, found ${epsilon}`);
    const [n] = factor.shape;
    if (
      factor.shape.length !== 1 ||
      addend.shape.join() !== factor.shape.join() ||
      (count / inner) % n! !== 0
    )
      throw new ModelError(
        `node ${name}: expected as many factors as addends for ${count / inner} parts, found [${factor.shape}] and [${addend.shape}]`,
      );
    return [x.shape];
  },

  evaluate: (node, values) => [
    node.outputs[0]!.dtype === "float32"
      ? evaluateFloat(node, values as TensorData[])
      : evaluateFixed(node, values as TensorData[]),
  ],
  quantizeConstants,

  lower(node, to) {
    const { depth, inner, center } = node.attributes;
    const [input, factor, addend] = node.inputs as unknown as Three;
    const output = node.outputs[0]!;
    if (input.dtype === output.dtype) to.overwrite(output, input);
    to.call("layer_norm", {
      input,
      output,
      factors: factor,
      addends: addend,
      rows: elements(input.shape) / depth,
      depth,
      inner,
      channels: factor.shape[0]!,
      ...epsilonOf(node),
      zeroPoint: center ? 0 : perTensor(input).zeroPoint,
      outputZeroPoint: perTensor(output).zeroPoint,
      shift: factorShift(factor, output),
      inputBytes: elementBytes(input),
      outputBytes: elementBytes(output),
      center: center ? 1 : 0,
    });
  },

  steps: ({ inputs }) => 2 * elements(inputs[0]!.shape),
});
