import { identity } from "../../../../ir/axes.ts";
import { type Attributes, ModelError, type Tensor } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Translation } from "../builder.ts";
import { makeConstant } from "../fold.ts";
import { axisWithin } from "./axis.ts";

interface Reduction {
  readonly axes: number[];
  readonly keepDims: boolean;
}

/** Axes are an attribute in old versions and an input in new ones; none are all, unless the node says otherwise. */
function readReduction(node: Context, rank: number): Reduction | undefined {
  const attribute = node.attributes.ints("axes");
  const given = node.has(1) ? node.integers(1) : attribute;
  const keepDims = node.attributes.int("keepdims", 1) !== 0;
  const isIdle = node.attributes.int("noop_with_empty_axes", 0) !== 0;
  if (given.length === 0 && isIdle) return undefined;
  const axes =
    given.length === 0 ? identity(rank) : [...new Set(given.map((axis) => axisWithin(axis, rank)))];
  return { axes: axes.sort((a, b) => a - b), keepDims };
}

const apply = (node: Context, name: string, x: Tensor): Tensor =>
  node.add("unary_function", [x], { function: name, alpha: 0, beta: 0 });

/** `before` and `after` are functions of each value, and of each result. */
const reduction = (type: string, op: string, before?: string, after?: string): Translation => ({
  type: `ai.onnx.${type}`,
  summary: "over constant axes",
  translate(node) {
    const input = node.tensor(0);
    const attributes = readReduction(node, input.shape.length);
    const values = before ? apply(node, before, input) : input;
    const result = attributes ? node.add(op, [values], attributes as Reduction & Attributes) : values;
    return [after ? apply(node, after, result) : result];
  },
});

/** The product of a shape's sizes, which is a constant. */
const product: Translation = {
  type: "ai.onnx.ReduceProd",
  summary: "of a list of constants",
  translate(node) {
    const constant = node.value(0);
    if (!isConstantValue(constant) || constant.shape.length > 1)
      throw new ModelError("expected a list of constants");
    const { axes, keepDims } = readReduction(node, constant.shape.length) ?? { axes: [], keepDims: true };
    if (axes.length === 0) return [constant];
    const value = constant.numbers.reduce((a, b) => a * b, 1);
    return [makeConstant(node.outputName(0), constant.type, keepDims ? [1] : [], [value])];
  },
};

export const reductions: readonly Translation[] = [
  reduction("ReduceL1", "reduce_sum", "abs"),
  reduction("ReduceL2", "reduce_sum", "square", "sqrt"),
  reduction("ReduceLogSum", "reduce_sum", undefined, "log"),
  reduction("ReduceLogSumExp", "reduce_sum", "exp", "log"),
  reduction("ReduceMax", "reduce_max"),
  reduction("ReduceMean", "mean"),
  reduction("ReduceMin", "reduce_min"),
  product,
  reduction("ReduceSum", "reduce_sum"),
  reduction("ReduceSumSquare", "reduce_sum", "square"),
];
