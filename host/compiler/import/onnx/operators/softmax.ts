import { identity, invert } from "../../../../ir/axes.ts";
import { elements, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";

type Apply = (tensor: Tensor) => Tensor;

/** Since version 13: over one axis, which is moved to the end. */
function alongAxis(node: Context, input: Tensor, axis: number, apply: Apply): Tensor {
  const rank = input.shape.length;
  if (axis === rank - 1) return apply(input);
  const permutation = [...identity(rank).filter((i) => i !== axis), axis];
  const moved = apply(node.add("transpose", [input], { permutation }));
  return node.add("transpose", [moved], { permutation: invert(permutation) });
}

/** Before: over all axes from `axis` on as if they were one. */
function fromAxis(node: Context, input: Tensor, axis: number, apply: Apply): Tensor {
  const { shape } = input;
  const size = elements(shape.slice(axis));
  if (size === shape.at(-1)) return apply(input);
  const joined = node.add("reshape", [input], { shape: [elements(shape.slice(0, axis)), size] });
  return node.add("reshape", [apply(joined)], { shape });
}

function overAxis(node: Context, op: string, attributes: { beta?: number }): Tensor {
  const input = node.tensor(0);
  const joins = node.opset < 13;
  const axis = axisWithin(node.attributes.int("axis", joins ? 1 : -1), input.shape.length);
  const apply: Apply = (tensor) => node.add(op, [tensor], attributes);
  const output = (joins ? fromAxis : alongAxis)(node, input, axis, apply);
  return node.label(output, input.labels);
}

export const softmax: Translation = {
  type: "ai.onnx.Softmax",
  summary: "over any axis",
  translate(node) {
    const output = overAxis(node, "softmax", { beta: 1 });
    const { shape } = output;
    // Over the last axis it is what a Normalizer after it would make of it.
    const axis = axisWithin(node.attributes.int("axis", node.opset < 13 ? 1 : -1), shape.length);
    if (elements(shape.slice(axis)) === shape.at(-1)) node.markDistribution(output);
    return [output];
  },
};

export const logSoftmax: Translation = {
  type: "ai.onnx.LogSoftmax",
  summary: "over any axis",
  translate: (node) => [overAxis(node, "log_softmax", {})],
};
