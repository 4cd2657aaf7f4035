import type { Translation } from "../builder.ts";

export const identity: Translation = {
  type: "ai.onnx.Identity",
  summary: "all",
  translate: (node) => [node.value(0)],
};
