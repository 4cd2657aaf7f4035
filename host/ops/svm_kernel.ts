/** The kernel functions of support vector machines, real and in fixed point. */
import { ModelError, perTensor, quantized, type Tensor } from "../ir/graph.ts";
import {
  clamp,
  expOnNegative,
  saturatingRoundingDoublingHighMul as highMul,
  oneOverOnePlus,
  roundHalfAway,
} from "./fixed_point.ts";
import { greatestInput } from "./rows.ts";
import { multiplyWide, type WideMultiplier, wideMultiplier } from "./wide.ts";

export const SVM_KERNELS = ["rbf", "poly", "sigmoid"] as const;

export interface KernelFunction {
  readonly kernel: (typeof SVM_KERNELS)[number];
  readonly gamma: number;
  readonly coef0: number;
  readonly degree: number;
}

/** exp(-gamma |x - v|^2), (gamma x.v + coef0)^degree or tanh(gamma x.v + coef0), by product or squared distance. */
export function realKernel({ kernel, gamma, coef0, degree }: KernelFunction, of: number): number {
  if (kernel === "rbf") return Math.exp(-gamma * of);
  const linear = gamma * of + coef0;
  return kernel === "poly" ? linear ** degree : Math.tanh(linear);
}

/** Where exp(-x) and 1 - tanh(x / 2) are 0 in 31 bits. */
const FAR = 31;
const FRACTION = 2 ** 26;

/**
 * A kernel function of the integer product or squared distance, as its values in Q0.31:
 * - rbf: values above `limit` give 0; others, shifted by `before` bits, times the factor are the exponent in Q5.26;
 * - poly: the value, shifted by `before` bits, plus `addend` is a number in Q0.31 that is raised to the degree;
 * - sigmoid: the same sum; its magnitude, at most `limit`, times the factor is twice the argument of tanh in Q5.26.
 */
export interface FixedKernel extends WideMultiplier {
  readonly before: number;
  readonly addend: number;
  readonly limit: number;
  /** The real kernel's value is this times the one in Q0.31. */
  readonly unit: number;
}

const bits = (x: number): number => Math.max(Math.floor(Math.log2(Math.max(x, 1))) + 1, 0);

function fixedRbf(gamma: number, step: number): FixedKernel {
  const far = Math.floor(FAR / (gamma * step));
  if (!(far >= 8 && far < 2 ** 52))
    throw new ModelError(`expected a gamma for which a step of the input is small, found ${gamma}`);
  const before = Math.max(bits(far) - 31, 0);
  const limit = Math.floor(far / 2 ** before);
  return { before, limit, addend: 0, unit: 1, ...wideMultiplier(gamma * step * FRACTION * 2 ** before) };
}

/** `step`: the real product of one step of the input and one of the vectors; `bound`: of the integer product. */
export function fixedKernel(f: KernelFunction, step: number, bound: number): FixedKernel {
  if (f.kernel === "rbf") return fixedRbf(f.gamma, step);
  const scale = f.gamma * step;
  const constant = f.coef0 / scale;
  const before = Math.max(bits(bound + Math.abs(constant)) - 31, 0);
  const addend = roundHalfAway(constant / 2 ** before);
  const one = scale * 2 ** (before + 31);
  if (f.kernel === "poly")
    return { before, addend, limit: 0, unit: one ** f.degree, multiplier: 0, shift: 1 };
  const factor = 2 * scale * 2 ** before * FRACTION;
  return {
    before,
    addend,
    limit: Math.min(Math.floor((FAR * FRACTION) / factor), 2 ** 31 - 1),
    unit: 1,
    ...wideMultiplier(factor),
  };
}

/** The kernel's value in Q0.31. */
export function applyFixed({ kernel, degree }: KernelFunction, fixed: FixedKernel, of: number): number {
  const value = Math.floor(of / 2 ** fixed.before);
  if (kernel === "rbf") return value > fixed.limit ? 0 : expOnNegative(-multiplyWide(value, fixed), 5);
  const sum = value + fixed.addend;
  if (kernel === "poly") {
    let power = sum;
    for (let i = 1; i < degree; i++) power = highMul(power, sum);
    return power;
  }
  const exp = expOnNegative(-multiplyWide(Math.min(Math.abs(sum), fixed.limit), fixed), 5);
  const positive = clamp(2 * oneOverOnePlus(exp) - 2 ** 31, 0, 2 ** 31 - 1);
  return sum < 0 ? -positive : positive;
}

/**
 * Support vectors in steps of the input, which the differences from them need: int8 where the input is and they
 * fit, with a zero point of their own; else int16, in steps 2^n times the input's where they are beyond its range.
 */
export function quantizeVectors(vectors: Tensor, input: Tensor): Tensor {
  const { scale, zeroPoint } = perTensor(input);
  const at = (step: number, zero: number): number[] =>
    Array.from(vectors.data!, (x) => roundHalfAway(x / step) + zero);
  const near = at(scale, zeroPoint);
  if (input.dtype === "int8" && near.every((x) => x >= -128 && x <= 127))
    return {
      ...vectors,
      dtype: "int8",
      data: Int8Array.from(near),
      quantization: quantized(scale, zeroPoint),
    };
  let step = scale;
  while (at(step, 0).some((x) => Math.abs(x) > 32767)) step *= 2;
  return { ...vectors, dtype: "int16", data: Int16Array.from(at(step, 0)), quantization: quantized(step, 0) };
}

/** By how many bits the input is shifted to the steps of the vectors. */
export const inputShift = (input: Tensor, vectors: Tensor): number =>
  Math.round(Math.log2(perTensor(vectors).scale / perTensor(input).scale));

/** The greatest magnitude of a product of an input with a vector, both without zero points. */
export function productBound(input: Tensor, vectors: Tensor): number {
  const features = vectors.shape[1]!;
  const greatest = Math.ceil(greatestInput(input) / 2 ** inputShift(input, vectors));
  const { zeroPoint } = perTensor(vectors);
  let bound = 0;
  for (let first = 0; first < vectors.data!.length; first += features) {
    const row = Array.from(vectors.data!.subarray(first, first + features));
    bound = Math.max(
      bound,
      row.reduce((sum, v) => sum + Math.abs(v - zeroPoint), 0),
    );
  }
  return bound * greatest;
}
