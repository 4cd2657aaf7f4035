import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

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

/** Probabilities as shares of their sum: see patterns/shares.ts. */
export const shares: Translation = {
  type: "thimble.Shares",
  translate: (node) => [normalized(node, "l1")],
};
