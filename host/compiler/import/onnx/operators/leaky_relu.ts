import type { Translation } from "../builder.ts";

export const leakyRelu: Translation = {
  type: "ai.onnx.LeakyRelu",
  summary: "all",
  translate: (node) => [
    node.add("leaky_relu", [node.tensor(0)], { alpha: node.attributes.float("alpha", 0.01) }),
  ],
};
