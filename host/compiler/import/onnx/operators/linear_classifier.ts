import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { dense } from "./dense.ts";
import { type Linear, readLinear } from "./linear.ts";

const negate = (numbers: readonly number[]): number[] => numbers.map((x) => -x);

/**
 * One row for two classes scores the second one, and ONNX Runtime makes the probabilities 1 - p and
 * p of it, which two rows of opposite signs give as well. Without LOGISTIC it gives 1 - s and s,
 * whose greater one is not the label it returns (s > 0), and ONNX's own reference gives -s and s.
 */
function twoRows(linear: Linear, transform: string): Linear {
  if (transform !== "LOGISTIC") {
    throw new ModelError(`post_transform ${transform} with one row of coefficients: expected LOGISTIC`);
  }
  return {
    ...linear,
    rows: 2,
    coefficients: [...negate(linear.coefficients), ...linear.coefficients],
    intercepts: [...negate(linear.intercepts), ...linear.intercepts],
  };
}

/** Whether p0 + p1 = 1 for logistic outputs. */
function isComplementary({ rows, coefficients, intercepts }: Linear): boolean {
  const features = coefficients.length / rows;
  return (
    rows === 2 &&
    intercepts[0] === -intercepts[1]! &&
    coefficients.slice(0, features).every((x, i) => x === -coefficients[features + i]!)
  );
}

function transformed(node: Context, scores: Tensor, transform: string, isComplement: boolean): Tensor {
  if (transform === "NONE") return scores;
  const isSoftmax = transform === "SOFTMAX";
  const probabilities = isSoftmax
    ? node.add("softmax", [scores], { beta: 1 })
    : node.add("logistic", [scores], {});
  if (isSoftmax || isComplement) node.markDistribution(probabilities);
  return probabilities;
}

/** Outputs: the label, which a module leaves to the host (see labels.ts), and the scores. */
export const linearClassifier: Translation = {
  type: "ai.onnx.ml.LinearClassifier",
  summary: "binary and multinomial; post_transform NONE, SOFTMAX, LOGISTIC",
  translate(node) {
    // Whether the classes exclude each other is said by post_transform; runtimes ignore this one.
    node.attributes.ignore("multi_class");
    const strings = node.attributes.strings("classlabels_strings");
    const integers = node.attributes.ints("classlabels_ints").map(String);
    const labels = strings.length > 0 ? strings : integers;
    const transform = node.attributes.string("post_transform", "NONE");
    if (!["NONE", "LOGISTIC", "SOFTMAX"].includes(transform)) {
      throw new ModelError(`post_transform ${transform}: expected NONE, LOGISTIC or SOFTMAX`);
    }
    const given = readLinear(node);
    const linear = given.rows === 1 && labels.length === 2 ? twoRows(given, transform) : given;
    const weights = { name: node.nameOf("coefficients"), values: linear.coefficients };
    const bias = { name: node.nameOf("intercepts"), values: linear.intercepts };
    const scores = dense(node, linear.input, linear.rows, weights, bias);
    const outputs = transformed(node, scores, transform, isComplementary(linear));
    return [undefined, node.label(outputs, labels)];
  },
};
