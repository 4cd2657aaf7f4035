import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

/** A list as a constant for the last axis; one number counts for all features. */
function perFeature(node: Context, input: Tensor, role: string, numbers: readonly number[]): Tensor {
  const features = input.shape.at(-1) ?? 1;
  if (numbers.length !== 1 && numbers.length !== features) {
    throw new ModelError(`${role}: expected 1 or ${features} numbers, found ${numbers.length}`);
  }
  return node.addConstant(node.nameOf(role), [numbers.length], numbers);
}

/** (x - offset) * scale: in this order, as the offset may be far greater than the differences from it. */
export const scaler: Translation = {
  type: "ai.onnx.ml.Scaler",
  summary: "at an input a part of its scaling",
  translate(node) {
    const offset = node.attributes.floats("offset");
    const scale = node.attributes.floats("scale");
    let value = node.tensor(0);
    if (offset.some((x) => x !== 0)) {
      const negated = perFeature(
        node,
        value,
        "offset",
        offset.map((x) => -x),
      );
      value = node.add("add", [value, negated], { activation: "none" });
    }
    if (scale.some((x) => x !== 1)) {
      value = node.add("mul", [value, perFeature(node, value, "scale", scale)], { activation: "none" });
    }
    return [value];
  },
};
