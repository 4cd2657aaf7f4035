import { elements } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";
import { reshaped } from "./shaping.ts";

/** To two axes: those before `axis`, and the others. */
export const flatten: Translation = {
  type: "ai.onnx.Flatten",
  summary: "all",
  translate(node) {
    const value = node.value(0);
    const { shape } = value;
    const axis = axisWithin(node.attributes.int("axis", 1), shape.length, shape.length + 1);
    return [reshaped(node, value, [elements(shape.slice(0, axis)), elements(shape.slice(axis))])];
  },
};
