import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { addIntervals } from "./intervals.ts";

const NORMS: ReadonlyMap<string, string> = new Map([
  ["L1", "l1"],
  ["L2", "l2"],
  ["MAX", "max"],
]);

function normalized(node: Context, norm: string) {
  const input = node.tensor(0);
  // scikit-learn's classifiers end in one that changes nothing.
  if (norm === "l1" && node.isDistribution(input)) return input;
  const output = node.label(node.add("normalize", [input], { norm }), input.labels);
  return output;
}

export const normalizer: Translation = {
  type: "ai.onnx.ml.Normalizer",
  summary: "L1, L2 and MAX",
  translate(node) {
    const name = node.attributes.string("norm", "MAX");
    const norm = NORMS.get(name);
    if (norm === undefined) throw new ModelError(`norm ${name}: expected L1, L2 or MAX`);
    return [normalized(node, norm)];
  },
};

/** Beyond, exp(-x) is infinite in float32: the probability is 0, and where all are, shares are equal. */
const UNDERFLOW = 88.72283;
/** Beyond, the logistic function is 1 in float32. */
const SATURATED = 17;
const SIX = 6;

/** min(max(x * sign, 0), most) / most * 6: the clipping that has kernels of 8 and of 16 bits. */
function clippedToSix(node: Context, x: Tensor, sign: 1 | -1, most: number, role: string): Tensor {
  const factor = node.addConstant(node.nameOf(role), [], [(sign * SIX) / most]);
  const scaled = node.add("mul", [x, factor], { activation: "none" });
  return node.add("relu", [scaled], { activation: "relu6" });
}

/**
 * Logistic functions of scores as shares of their sum. Of negative scores the functions themselves have no bits left
 * in any integer, however different they are: s(x) = exp(min(x, 0)) s(|x|), where the shares of the exponentials are a
 * softmax and s(|x|) lies between a half and one.
 */
export const sigmoidShares: Translation = {
  type: "thimble.SigmoidShares",
  translate(node) {
    const x = node.tensor(0);
    const constant = (role: string, value: number): Tensor =>
      node.addConstant(node.nameOf(role), [], [value]);
    const below = clippedToSix(node, x, -1, UNDERFLOW, "below");
    const negative = node.add("mul", [below, constant("underflow", -UNDERFLOW / SIX)], {
      activation: "none",
    });
    const exponentials = node.add("softmax", [negative], { beta: 1 });
    const sides = [
      clippedToSix(node, x, 1, SATURATED, "right"),
      clippedToSix(node, x, -1, SATURATED, "left"),
    ];
    const sum = node.add("add", sides, { activation: "none" });
    const magnitude = node.add("mul", [sum, constant("saturated", SATURATED / SIX)], { activation: "none" });
    const factors = node.add("logistic", [magnitude], {});
    const products = node.add("mul", [exponentials, factors], { activation: "none" });
    return [node.label(node.add("normalize", [products], { norm: "l1" }), x.labels)];
  },
};

/** 1 / (1 + exp(z)): see patterns/sigmoid.ts. */
export const negatedSigmoid: Translation = {
  type: "thimble.NegatedSigmoid",
  translate(node) {
    const minusOne = node.addConstant(node.nameOf("minus_one"), [], [-1]);
    return [node.add("logistic", [node.add("mul", [node.tensor(0), minusOne], { activation: "none" })], {})];
  },
};

/** Probabilities as shares of their sum: see patterns/shares.ts. */
export const shares: Translation = {
  type: "thimble.Shares",
  translate: (node) => [normalized(node, "l1")],
};

/** As shares, but equal ones where all are 0: see patterns/shares.ts. */
export const guardedShares: Translation = {
  type: "thimble.GuardedShares",
  translate(node) {
    const input = node.tensor(0);
    const sum = node.add("reduce_sum", [input], { axes: [input.shape.length - 1], keepDims: true });
    const isNone = addIntervals(node, sum, [{ feature: 0, low: 0, high: 0 }], {
      openLow: false,
      openHigh: false,
    });
    const guarded = node.add("add", [input, isNone], { activation: "none" });
    return [node.label(node.add("normalize", [guarded], { norm: "l1" }), input.labels)];
  },
};
