import { allocate, ModelError, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { checkNarrow, checkShape, elementBytes, featuresOf, rowsOf, withFeatures } from "./rows.ts";
import {
  applyFixed,
  fixedKernel,
  inputShift,
  type KernelFunction,
  productBound,
  quantizeVectors,
  realKernel,
  SVM_KERNELS,
} from "./svm_kernel.ts";
import { atScale32, shiftRight, sumScale, sumShift, symmetricInt16 } from "./wide.ts";

interface SvmAttributes extends KernelFunction {
  /** Support vectors of each class; one number where there are no classes. */
  readonly counts: readonly number[];
}
type Svm = Bound<SvmAttributes>;
type Four = readonly [Tensor, Tensor, Tensor, Tensor];

export const pairCount = (classes: number): number => (classes * (classes - 1)) / 2;

/** The number of the pair of classes a < b in the order (0, 1), (0, 2), ..., (1, 2), ... */
const pairNumber = (a: number, b: number, classes: number): number =>
  a * classes - (a * (a + 1)) / 2 + b - a - 1;

/**
 * Which decision each column of coefficients adds to, class by class: the other classes in order (LIBSVM, sv_coef).
 * Where there are no classes, each column is a decision.
 */
export function decisionsOf(classes: number, columns: number): number[][] {
  if (classes === 1) return [Array.from({ length: columns }, (_, i) => i)];
  const all = Array.from({ length: classes }, (_, i) => i);
  return all.map((own) =>
    all
      .filter((other) => other !== own)
      .map((other) => pairNumber(Math.min(own, other), Math.max(own, other), classes)),
  );
}

/** Class of each vector. */
const classesOf = (counts: readonly number[]): number[] =>
  counts.flatMap((count, group) => Array<number>(count).fill(group));

/** Calls `add` with decision, coefficient and vector number for every coefficient. */
function eachCoefficient(
  counts: readonly number[],
  coefficients: TensorData,
  add: (decision: number, coefficient: number, vector: number) => void,
): void {
  const vectors = counts.reduce((sum, n) => sum + n, 0);
  const decisions = decisionsOf(counts.length, coefficients.length / vectors);
  classesOf(counts).forEach((own, vector) => {
    const targets = decisions[own]!;
    targets.forEach((decision, m) => {
      add(decision, coefficients[vector * targets.length + m]!, vector);
    });
  });
}

function evaluateFloat({ attributes, inputs, outputs }: Svm, values: readonly TensorData[]): TensorData {
  const [x, vectors, coefficients, bias] = values as [TensorData, TensorData, TensorData, TensorData];
  const features = featuresOf(inputs[0]!);
  const result = allocate("float32", rowsOf(outputs[0]!) * bias.length);
  for (let row = 0; row * features < x.length; row++) {
    const kernel = Array.from({ length: vectors.length / features }, (_, vector) => {
      let of = 0;
      for (let i = 0; i < features; i++) {
        const [a, b] = [x[row * features + i]!, vectors[vector * features + i]!];
        of += attributes.kernel === "rbf" ? (a - b) ** 2 : a * b;
      }
      return realKernel(attributes, of);
    });
    const sums = Float64Array.from(bias);
    eachCoefficient(attributes.counts, coefficients, (decision, coefficient, vector) => {
      sums[decision]! += coefficient * kernel[vector]!;
    });
    result.set(sums, row * bias.length);
  }
  return result;
}

/** The kernel function for these integers, and the real value of a sum of coefficients times Q0.31 of one. */
function fixedPoint(
  { attributes }: Pick<Svm, "attributes">,
  input: Tensor,
  vectors: Tensor,
  coefficients: Tensor,
) {
  const step = perTensor(vectors).scale ** 2;
  const fixed = fixedKernel(attributes, step, productBound(input, vectors));
  return { fixed, unit: perTensor(coefficients).scale * fixed.unit * 2 ** -31 };
}

function evaluateFixed(node: Svm, values: readonly TensorData[]): TensorData {
  const { attributes, inputs, outputs } = node;
  const [input, vectors, coefficients] = inputs as unknown as Four;
  const [x, v, c, bias] = values as [TensorData, TensorData, TensorData, TensorData];
  const features = featuresOf(input);
  const { fixed, unit } = fixedPoint(node, input, vectors, coefficients);
  const before = inputShift(input, vectors);
  const [zero, vectorZero] = [perTensor(input).zeroPoint, perTensor(vectors).zeroPoint];
  const shift = sumShift(unit, outputs[0]!);
  const result = allocate("int32", rowsOf(outputs[0]!) * bias.length);
  for (let row = 0; row * features < x.length; row++) {
    const point = Array.from({ length: features }, (_, i) =>
      Number(shiftRight(BigInt(x[row * features + i]! - zero), before)),
    );
    const kernel = Array.from({ length: v.length / features }, (_, vector) => {
      let of = 0;
      for (let i = 0; i < features; i++) {
        const b = v[vector * features + i]! - vectorZero;
        of += attributes.kernel === "rbf" ? (point[i]! - b) ** 2 : point[i]! * b;
      }
      return applyFixed(attributes, fixed, of);
    });
    const sums = Array<bigint>(bias.length).fill(0n);
    eachCoefficient(attributes.counts, c, (decision, coefficient, vector) => {
      sums[decision]! += BigInt(coefficient * kernel[vector]!);
    });
    sums.forEach((sum, decision) => {
      result[row * bias.length + decision] = Number(shiftRight(sum, shift)) + bias[decision]!;
    });
  }
  return result;
}

/** Vectors and coefficients as integers, and the scale of the decisions. */
function quantizeAll(node: Pick<Svm, "attributes" | "inputs">) {
  const [input, floatVectors, floatCoefficients, bias] = node.inputs as unknown as Four;
  const vectors = quantizeVectors(floatVectors, input);
  const coefficients = symmetricInt16(floatCoefficients);
  const { unit } = fixedPoint(node, input, vectors, coefficients);
  const bounds = Float64Array.from(bias.data!, Math.abs);
  eachCoefficient(node.attributes.counts, coefficients.data!, (decision, coefficient) => {
    bounds[decision]! += Math.abs(coefficient) * unit * 2 ** 31;
  });
  return { vectors, coefficients, bias, scale: sumScale(unit, Math.max(...bounds)) };
}

function lowerTables({ attributes, inputs }: Svm) {
  return {
    counts: Int16Array.from(attributes.counts),
    decisions: Int16Array.from(decisionsOf(attributes.counts.length, inputs[2]!.shape[1]!).flat()),
  };
}

/**
 * Inputs: x [..., features], support vectors [vectors, features], coefficients [vectors, classes - 1] (or [vectors,
 * decisions] where there are no classes), intercepts [decisions]. Output: for each pair of classes, or once, the sum over support
 * vectors of coefficient times kernel function, plus the intercept; the coefficients of a vector of class c
 * belong to the pairs of c with the other classes in order.
 */
export const svm = defineOperator({
  name: "svm",
  summary: "decisions of a support vector machine: RBF, polynomial and sigmoid kernels",
  arity: [4, 4],
  attributes: { kernel: SVM_KERNELS, gamma: "number", coef0: "number", degree: "int", counts: "ints" },
  quantization: { output: { kind: "own" } },
  types: ["int32"],

  infer({ name, attributes, inputs }) {
    const [input, vectors, coefficients, bias] = inputs as unknown as Four;
    const { counts, degree, gamma } = attributes;
    const features = featuresOf(input);
    const count = counts.reduce((sum, n) => sum + n, 0);
    if (
      counts.length < 1 ||
      counts.some((n) => n < 0 || n > 32767) ||
      !(degree >= 1 && degree <= 9) ||
      !(gamma > 0)
    )
      throw new ModelError(`node ${name}: expected support vectors, degree 1 to 9 and gamma above 0`);
    checkShape(name, "support vectors", vectors, [count, features]);
    const [, columns] = coefficients.shape;
    const isOne = counts.length === 1;
    checkShape(name, "coefficients", coefficients, [count, isOne ? (columns ?? 1) : counts.length - 1]);
    checkShape(name, "intercepts", bias, [isOne ? (columns ?? 1) : pairCount(counts.length)]);
    return [withFeatures(input, bias.shape[0]!)];
  },

  evaluate: (node, values) => [
    node.outputs[0]!.dtype === "float32"
      ? evaluateFloat(node, values as TensorData[])
      : evaluateFixed(node, values as TensorData[]),
  ],

  checkTypes: checkNarrow,
  outputType: (node) => ({ dtype: "int32", quantization: quantizeAll(node).scale }),
  quantizeConstants(node) {
    const { vectors, coefficients, bias } = quantizeAll(node);
    return new Map([
      [1, vectors],
      [2, coefficients],
      [3, atScale32(bias, node.outputs[0]!.quantization!)],
    ]);
  },

  lower(node, to) {
    const [input, vectors, coefficients, bias] = node.inputs as unknown as Four;
    const output = node.outputs[0]!;
    const features = featuresOf(input);
    const { fixed, unit } = fixedPoint(node, input, vectors, coefficients);
    const { kernel, degree, counts } = node.attributes;
    const tables = lowerTables(node);
    to.call("svm", {
      input,
      vectors,
      coefficients,
      bias,
      output,
      counts: to.constant("counts", tables.counts),
      decisions: to.constant("decisions", tables.decisions),
      scratch: to.scratch(8 * bias.shape[0]! + 4 * features),
      rows: rowsOf(input),
      features,
      count: vectors.shape[0]!,
      groups: counts.length,
      columns: coefficients.shape[1]!,
      outputs: bias.shape[0]!,
      inputBytes: elementBytes(input),
      vectorBytes: elementBytes(vectors),
      inputZeroPoint: perTensor(input).zeroPoint,
      vectorZeroPoint: perTensor(vectors).zeroPoint,
      inputShift: inputShift(input, vectors),
      kind: SVM_KERNELS.indexOf(kernel),
      degree,
      before: fixed.before,
      addend: fixed.addend,
      limit: fixed.limit,
      multiplier: fixed.multiplier,
      shift: fixed.shift,
      outputShift: sumShift(unit, output),
    });
  },

  macs: ({ inputs }) => rowsOf(inputs[0]!) * inputs[1]!.data!.length,
});
