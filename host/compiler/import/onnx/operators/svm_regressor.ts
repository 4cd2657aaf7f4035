import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { addDecisions, readInput } from "./svm.ts";

/** Regression and, with one_class, the sign of it; outlier detectors of scikit-learn take the sign themselves. */
export const svmRegressor: Translation = {
  type: "ai.onnx.ml.SVMRegressor",
  summary: "linear, RBF, polynomial and sigmoid kernels; one-class too",
  translate(node) {
    const transform = node.attributes.string("post_transform", "NONE");
    if (transform !== "NONE") throw new ModelError(`post_transform ${transform}: expected NONE`);
    if (node.attributes.int("one_class", 0) !== 0)
      throw new ModelError("one_class = 1 is not supported: expected the score");
    const input = readInput(node);
    const count = node.attributes.int("n_supports", 0);
    if (count === 0) throw new ModelError("expected support vectors: coefficients alone are not supported");
    const machine = {
      input,
      features: input.shape[1]!,
      vectors: node.attributes.floats("support_vectors"),
      coefficients: node.attributes.floats("coefficients"),
      intercepts: node.attributes.floats("rho"),
      counts: [count],
    };
    return [addDecisions(node, machine)];
  },
};
