import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { decisionsOf, pairCount } from "../../../../ops/svm.ts";
import type { Context } from "../builder.ts";
import { dense, transpose } from "./dense.ts";

/** Attributes that SVMClassifier and SVMRegressor share. */
export interface Machine {
  readonly input: Tensor;
  readonly features: number;
  /** Row by row. */
  readonly vectors: readonly number[];
  /** LIBSVM's sv_coef: a row for each class but one, a column for each vector. */
  readonly coefficients: readonly number[];
  readonly intercepts: readonly number[];
  /** Vectors of each class; one number for a regressor. */
  readonly counts: readonly number[];
}

const KERNELS: ReadonlyMap<string, string> = new Map([
  ["RBF", "rbf"],
  ["POLY", "poly"],
  ["SIGMOID", "sigmoid"],
]);

export function readInput(node: Context): Tensor {
  const tensor = node.tensor(0);
  const features = tensor.shape.at(-1) ?? 0;
  if (features === 0 || tensor.shape.length > 2)
    throw new ModelError(`input ${tensor.name}: expected [batch, features], found [${tensor.shape}]`);
  return tensor.shape.length === 2 ? tensor : node.add("reshape", [tensor], { shape: [1, features] });
}

/** A linear kernel needs no support vectors: their weighted sum is one row of weights. */
function linearDecisions(node: Context, machine: Machine, columns: number): Tensor {
  const { features, vectors, coefficients, counts, intercepts } = machine;
  const total = vectors.length / features;
  const decisions = decisionsOf(counts.length, columns);
  const weights = new Float64Array(intercepts.length * features);
  let vector = 0;
  counts.forEach((count, own) => {
    for (let end = vector + count; vector < end; vector++) {
      decisions[own]!.forEach((decision, row) => {
        const coefficient = coefficients[row * total + vector]!;
        for (let i = 0; i < features; i++)
          weights[decision * features + i]! += coefficient * vectors[vector * features + i]!;
      });
    }
  });
  const bias = { name: node.nameOf("intercepts"), values: intercepts };
  return dense(
    node,
    machine.input,
    intercepts.length,
    { name: node.nameOf("weights"), values: weights },
    bias,
  );
}

/** One decision for each pair of classes, or one. */
export function addDecisions(node: Context, machine: Machine): Tensor {
  const type = node.attributes.string("kernel_type", "LINEAR");
  const [gamma, coef0, degree] = node.attributes.floats("kernel_params");
  const { features, vectors, coefficients, counts, intercepts } = machine;
  const total = counts.reduce((sum, n) => sum + n, 0);
  const isOne = counts.length === 1;
  const rows = isOne ? intercepts.length : counts.length - 1;
  const decisions = isOne ? rows : pairCount(counts.length);
  if (
    vectors.length !== total * features ||
    coefficients.length !== total * rows ||
    intercepts.length !== decisions
  )
    throw new ModelError(
      `expected ${total} support vectors of ${features} features, found ${vectors.length} numbers, ${coefficients.length} coefficients and ${intercepts.length} intercepts`,
    );
  if (type === "LINEAR") return linearDecisions(node, machine, rows);
  const kernel = KERNELS.get(type);
  if (kernel === undefined)
    throw new ModelError(`kernel_type ${type}: expected LINEAR, RBF, POLY or SIGMOID`);
  const inputs = [
    machine.input,
    node.addConstant(node.nameOf("support_vectors"), [total, features], vectors),
    node.addConstant(node.nameOf("coefficients"), [total, rows], transpose(coefficients, rows, total)),
    node.addConstant(node.nameOf("intercepts"), [intercepts.length], intercepts),
  ];
  return node.add("svm", inputs, {
    kernel,
    gamma: gamma ?? 0,
    coef0: coef0 ?? 0,
    degree: degree ?? 3,
    counts,
  });
}
