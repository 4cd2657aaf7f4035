import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** Elements of the last axis; a rank 1 input is one row of features. */
export const arrayFeatureExtractor: Translation = {
  type: "ai.onnx.ml.ArrayFeatureExtractor",
  summary: "constant columns",
  translate(node) {
    const input = node.tensor(0);
    const indices = node.integers(1);
    const features = input.shape.at(-1) ?? 1;
    const wrong = indices.find((i) => i < 0 || i >= features);
    if (wrong !== undefined) throw new ModelError(`expected indices below ${features}, found ${wrong}`);
    const rows = input.shape.length === 1 ? node.add("reshape", [input], { shape: [1, features] }) : input;
    if (indices.every((index, i) => index === i) && indices.length === features) return [rows];
    return [node.add("select", [rows], { indices })];
  },
};
