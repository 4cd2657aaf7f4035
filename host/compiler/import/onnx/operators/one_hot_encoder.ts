import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { addIntervals } from "./intervals.ts";

/** The next float32 above x. */
function above(x: number): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  if (x === 0) return 2 ** -149;
  bits[0]! += x > 0 ? 1 : -1;
  return new Float32Array(bits.buffer)[0]!;
}

/** Numbers that are this integer when what follows the point is cut off. */
function integer(feature: number, category: number) {
  if (category > 0) return { feature, low: category, high: category + 1 };
  if (category < 0) return { feature, low: above(category - 1), high: above(category) };
  return { feature, low: above(-1), high: 1 };
}

/** For each number of the input one for each category: a new last axis. Unknown categories are zeros throughout. */
export const oneHotEncoder: Translation = {
  type: "ai.onnx.ml.OneHotEncoder",
  summary: "of integers",
  translate(node) {
    const categories = node.attributes.ints("cats_int64s");
    if (categories.length === 0)
      throw new ModelError("expected attribute cats_int64s: strings are not supported");
    if (node.attributes.int("zeros", 1) === 0)
      throw new ModelError("zeros = 0 is not supported: a module can't refuse an unknown category");
    const input = node.tensor(0);
    const features = input.shape.at(-1) ?? 1;
    const list = Array.from({ length: features }, (_, feature) =>
      categories.map((category) => integer(feature, category)),
    ).flat();
    const flat = addIntervals(node, input, list, { openLow: false, openHigh: true });
    const shape = [...input.shape, categories.length];
    return [node.add("reshape", [flat], { shape })];
  },
};
