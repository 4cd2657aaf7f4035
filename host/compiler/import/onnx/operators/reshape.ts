import { elements, ModelError, type Shape } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { reshaped } from "./shaping.ts";

/** 0 keeps the size of that axis, one -1 takes what is left. */
function resolve(wanted: readonly number[], from: Shape): Shape {
  const sizes = wanted.map((n, axis) => (n === 0 ? (from[axis] ?? 0) : n));
  const open = sizes.filter((n) => n === -1).length;
  const known = elements(sizes.filter((n) => n !== -1));
  if (open > 1 || sizes.some((n) => n < -1 || n === 0) || elements(from) % known !== 0) {
    throw new ModelError(`[${from}] does not reshape to [${wanted}]`);
  }
  return sizes.map((n) => (n === -1 ? elements(from) / known : n));
}

export const reshape: Translation = {
  type: "ai.onnx.Reshape",
  summary: "to a constant shape",
  translate(node) {
    const value = node.value(0);
    const wanted = node.integers(1);
    if (node.attributes.int("allowzero", 0) !== 0 && wanted.includes(0)) {
      throw new ModelError(`allowzero with a size of 0 in [${wanted}]: empty tensors are not supported`);
    }
    return [reshaped(node, value, resolve(wanted, value.shape))];
  },
};
