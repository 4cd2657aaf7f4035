import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";
import { reshaped } from "./shaping.ts";

/** Axes are an attribute before version 13, and a constant input since; undefined where neither is there. */
function axesOf(node: Context, rank: number): number[] | undefined {
  const attribute = node.attributes.ints("axes");
  if (!node.attributes.has("axes") && !node.has(1)) return undefined;
  const axes = (node.has(1) ? node.integers(1) : attribute).map((axis) => axisWithin(axis, rank));
  if (new Set(axes).size !== axes.length) throw new ModelError(`axes ${axes}: expected each one once`);
  return axes;
}

export const squeeze: Translation = {
  type: "ai.onnx.Squeeze",
  summary: "all",
  translate(node) {
    const value = node.value(0);
    const { shape } = value;
    const axes = axesOf(node, shape.length) ?? shape.flatMap((n, axis) => (n === 1 ? [axis] : []));
    const long = axes.find((axis) => shape[axis] !== 1);
    if (long !== undefined) throw new ModelError(`axis ${long} of [${shape}]: expected a size of 1`);
    return [
      reshaped(
        node,
        value,
        shape.filter((_, axis) => !axes.includes(axis)),
      ),
    ];
  },
};

export const unsqueeze: Translation = {
  type: "ai.onnx.Unsqueeze",
  summary: "all",
  translate(node) {
    const value = node.value(0);
    const attribute = node.attributes.ints("axes");
    const count = node.has(1) ? node.integers(1).length : attribute.length;
    const rank = value.shape.length + count;
    const axes = axesOf(node, rank) ?? [];
    const rest = [...value.shape];
    const shape = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : rest.shift()!));
    return [reshaped(node, value, shape)];
  },
};
