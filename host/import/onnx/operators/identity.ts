import type { Translation } from "../builder.ts";

export const identity: Translation = {
  type: "ai.onnx.Identity",
  translate: (node) => [node.value(0)],
};
