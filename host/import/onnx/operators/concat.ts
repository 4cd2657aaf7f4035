import type { Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";

export const concat: Translation = {
  type: "ai.onnx.Concat",
  translate(node) {
    const inputs = Array.from({ length: node.inputCount }, (_, i) => node.tensor(i));
    const axis = axisWithin(node.attributes.int("axis"), inputs[0]?.shape.length ?? 0);
    return [node.add("concatenation", inputs, { axis })];
  },
};
