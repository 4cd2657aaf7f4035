import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";

/** Indices are int32 here. */
const argument = (type: string, op: string): Translation => ({
  type: `ai.onnx.${type}`,
  summary: "the first index of several",
  translate(node) {
    const input = node.tensor(0);
    const axis = axisWithin(node.attributes.int("axis", 0), input.shape.length);
    const keepDims = node.attributes.int("keepdims", 1) !== 0;
    if (node.attributes.int("select_last_index", 0) !== 0)
      throw new ModelError("select_last_index = 1 is not supported");
    return [node.add(op, [input], { axis, keepDims }, { dtype: "int32" })];
  },
});

export const argMax = argument("ArgMax", "arg_max");
export const argMin = argument("ArgMin", "arg_min");
