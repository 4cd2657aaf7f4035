import type { Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { addIntervals, GREATEST } from "./intervals.ts";

function above(node: Context, threshold: number): Tensor {
  const input = node.tensor(0);
  const list = Array.from({ length: input.shape.at(-1) ?? 1 }, (_, feature) => ({
    feature,
    low: Math.fround(threshold),
    high: GREATEST,
  }));
  return addIntervals(node, input, list, { openLow: true, openHigh: false });
}

export const binarizer: Translation = {
  type: "ai.onnx.ml.Binarizer",
  summary: "one threshold",
  translate: (node) => [above(node, node.attributes.float("threshold", 0))],
};

/** x and a threshold: see patterns/greater.ts. */
export const greaterThan: Translation = {
  type: "thimble.Above",
  translate: (node) => [above(node, node.floats(1).numbers[0]!)],
};
