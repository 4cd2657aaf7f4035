import { ModelError, type Shape } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";

function fromNumbers(node: Context, type: string, shape: Shape, numbers: readonly number[]): Constant {
  return { name: node.outputName(0), type, shape, numbers: Float64Array.from(numbers), strings: [] };
}

function read(node: Context): Constant {
  const { attributes } = node;
  const tensor = attributes.tensor("value");
  if (tensor) return { ...tensor, name: node.outputName(0) };
  if (attributes.has("value_float"))
    return fromNumbers(node, "FLOAT", [], [attributes.float("value_float", 0)]);
  if (attributes.has("value_int")) return fromNumbers(node, "INT64", [], [attributes.int("value_int")]);
  const floats = attributes.floats("value_floats");
  if (attributes.has("value_floats")) return fromNumbers(node, "FLOAT", [floats.length], floats);
  const ints = attributes.ints("value_ints");
  if (attributes.has("value_ints")) return fromNumbers(node, "INT64", [ints.length], ints);
  throw new ModelError("expected attribute value, value_float, value_floats, value_int or value_ints");
}

export const constant: Translation = {
  type: "ai.onnx.Constant",
  summary: "numbers",
  translate: (node) => [read(node)],
};
