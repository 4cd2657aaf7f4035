import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { addDecisions, type Machine, readInput } from "./svm.ts";

const negated = (numbers: readonly number[]): number[] => numbers.map((x) => -x);

/** Both scores of two classes: a machine without classes that has two decisions. */
const bothScores = (machine: Machine): Machine => ({
  ...machine,
  coefficients: [...negated(machine.coefficients), ...machine.coefficients],
  intercepts: [...negated(machine.intercepts), ...machine.intercepts],
  counts: [machine.counts[0]! + machine.counts[1]!],
});

/**
 * Outputs: the label, for which a module computes votes where there are more classes than two, and the scores.
 * Of two classes ONNX Runtime's scores are -d and d, where d is above 0 for the first class: the first score
 * is the second class's.
 */
export const svmClassifier: Translation = {
  type: "ai.onnx.ml.SVMClassifier",
  summary: "linear, RBF, polynomial and sigmoid kernels, one against one; not with probabilities",
  translate(node) {
    const { attributes } = node;
    const strings = attributes.strings("classlabels_strings");
    const integers = attributes.ints("classlabels_ints").map(String);
    const labels = strings.length > 0 ? strings : integers;
    const transform = attributes.string("post_transform", "NONE");
    if (transform !== "NONE") throw new ModelError(`post_transform ${transform}: expected NONE`);
    if (attributes.floats("prob_a").length + attributes.floats("prob_b").length > 0)
      throw new ModelError(
        "probabilities of pairs (prob_a, prob_b) are not supported: export a model that was trained with probability=False",
      );
    const counts = attributes.ints("vectors_per_class");
    if (counts.length < 2 || labels.length !== counts.length)
      throw new ModelError(
        `expected support vectors of 2 or more classes, found ${counts.length} and ${labels.length} labels`,
      );
    const input = readInput(node);
    const machine = {
      input,
      features: input.shape[1]!,
      vectors: attributes.floats("support_vectors"),
      coefficients: attributes.floats("coefficients"),
      intercepts: attributes.floats("rho"),
      counts,
    };
    if (counts.length === 2) {
      const scores = addDecisions(node, bothScores(machine));
      return [undefined, node.label(scores, labels.toReversed())];
    }
    const decisions = addDecisions(node, machine);
    const votes = node.add("svm_votes", [decisions], { classes: counts.length });
    return [node.label(votes, labels), decisions];
  },
};
