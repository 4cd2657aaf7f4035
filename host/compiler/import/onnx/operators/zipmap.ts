import type { Translation } from "../builder.ts";

/** A map from class to probability: here the probabilities, with the classes as labels. */
export const zipmap: Translation = {
  type: "ai.onnx.ml.ZipMap",
  summary: "its input, with the labels",
  translate(node) {
    const strings = node.attributes.strings("classlabels_strings");
    const integers = node.attributes.ints("classlabels_int64s").map(String);
    const scores = node.tensor(0);
    // The node that computed the scores knows better: with two classes an SVM's scores stand in the other order.
    return [scores.labels ? scores : node.label(scores, strings.length > 0 ? strings : integers)];
  },
};
