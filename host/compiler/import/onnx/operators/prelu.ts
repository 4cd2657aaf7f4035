import type { Translation } from "../builder.ts";

export const prelu: Translation = {
  type: "ai.onnx.PRelu",
  summary: "with constant slopes",
  translate(node) {
    const { name, shape, numbers } = node.floats(1);
    return [node.add("prelu", [node.tensor(0), node.addConstant(name, shape, numbers)], {})];
  },
};
