import { ModelError } from "../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** scikit-learn's classifiers end in one that changes nothing; others need a division. */
export const normalizer: Translation = {
  type: "ai.onnx.ml.Normalizer",
  translate(node) {
    const norm = node.attributes.string("norm", "MAX");
    const input = node.tensor(0);
    if (norm !== "L1" || !node.isDistribution(input)) {
      throw new ModelError(
        `norm ${norm}: expected L1 on probabilities that sum to 1 (from SOFTMAX, or LOGISTIC of two classes)`,
      );
    }
    return [input];
  },
};
