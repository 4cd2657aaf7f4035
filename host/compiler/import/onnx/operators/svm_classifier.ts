import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { platt } from "../../../../ops/coupling.ts";
import type { Context, Translation } from "../builder.ts";
import { dense } from "./dense.ts";
import { addDecisions, type Machine, readInput } from "./svm.ts";

const negated = (numbers: readonly number[]): number[] => numbers.map((x) => -x);

/** Both scores of two classes: a machine without classes that has two decisions. */
const bothScores = (machine: Machine): Machine => ({
  ...machine,
  coefficients: [...negated(machine.coefficients), ...machine.coefficients],
  intercepts: [...negated(machine.intercepts), ...machine.intercepts],
  counts: [machine.counts[0]! + machine.counts[1]!],
});

/** Platt's scaling of a decision d between two classes: the first one's probability is 1 / (1 + exp(a d + b)). */
interface Sigmoids {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

function readSigmoids({ attributes }: Context): Sigmoids | undefined {
  const [a, b] = [attributes.floats("prob_a"), attributes.floats("prob_b")];
  if (a.length !== b.length)
    throw new ModelError(`prob_b: expected ${a.length} values as in prob_a, found ${b.length}`);
  return a.length > 0 ? { a, b } : undefined;
}

/** A machine whose decisions, one after the other, are these times a d + b. */
const scaledBy = (machine: Machine, { a, b }: Sigmoids, factors: readonly number[]): Machine => ({
  ...machine,
  coefficients: factors.flatMap((factor) => machine.coefficients.map((x) => factor * a[0]! * x)),
  intercepts: factors.flatMap((factor) => machine.intercepts.map((x) => factor * (a[0]! * x + b[0]!))),
  counts: [machine.counts[0]! + machine.counts[1]!],
});

/**
 * z = a d + b, [1, 1]: of a kernel as the difference of two scores, z / 2 and -z / 2, by which the 32 bits of its sums
 * become 16 that are as fine as a softmax takes them.
 */
function scaledDecision(node: Context, machine: Machine, sigmoids: Sigmoids): Tensor {
  if (node.attributes.string("kernel_type", "LINEAR") === "LINEAR")
    return addDecisions(node, scaledBy(machine, sigmoids, [1]));
  const below = node.add("subtract_max", [addDecisions(node, scaledBy(machine, sigmoids, [0.5, -0.5]))], {});
  return dense(node, below, 1, { name: node.nameOf("difference"), values: [1, -1] });
}

/** Both probabilities of two classes. Where d is 0 the label changes, which is not where both are one half. */
function bothProbabilities(node: Context, machine: Machine, sigmoids: Sigmoids): Tensor {
  const z = scaledDecision(node, machine, sigmoids);
  const first = node.add("unary_function", [z], { function: "platt", alpha: 1, beta: 0 });
  const weights = { name: node.nameOf("signs"), values: [1, -1] };
  const both = dense(node, first, 2, weights, { name: node.nameOf("ones"), values: [0, 1] });
  return node.threshold(both, 1 - platt(sigmoids.b[0]!, 1, 0));
}

/**
 * Outputs: the label, for which a module computes votes where there are more classes than two, and the scores.
 * ONNX Runtime's scores of two classes are -d and d, where d is above 0 for the first class: the first score
 * is the second class's.
 */
export const svmClassifier: Translation = {
  type: "ai.onnx.ml.SVMClassifier",
  summary: "linear, RBF, polynomial and sigmoid kernels, one against one; probabilities of two classes",
  translate(node) {
    const { attributes } = node;
    const strings = attributes.strings("classlabels_strings");
    const integers = attributes.ints("classlabels_ints").map(String);
    const labels = strings.length > 0 ? strings : integers;
    const transform = attributes.string("post_transform", "NONE");
    if (transform !== "NONE") throw new ModelError(`post_transform ${transform}: expected NONE`);
    const sigmoids = readSigmoids(node);
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
    if (sigmoids && counts.length !== 2)
      throw new ModelError(
        "probabilities of more than two classes (prob_a, prob_b) are not supported: export a model that was trained with probability=False",
      );
    if (sigmoids) return [undefined, node.label(bothProbabilities(node, machine, sigmoids), labels)];
    if (counts.length === 2) {
      const scores = addDecisions(node, bothScores(machine));
      return [undefined, node.label(scores, labels.toReversed())];
    }
    const decisions = addDecisions(node, machine);
    const votes = node.add("svm_votes", [decisions], { classes: counts.length });
    return [node.label(votes, labels), decisions];
  },
};
