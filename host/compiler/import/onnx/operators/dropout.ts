import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** Outside training it passes its input on; the mask is not computed. */
export const dropout: Translation = {
  type: "ai.onnx.Dropout",
  summary: "of inference, where it does nothing",
  translate(node) {
    node.attributes.ignore("ratio", "seed");
    if (node.has(2) && node.constant(2).numbers.some((on) => on !== 0)) {
      throw new ModelError("training mode is not supported");
    }
    return [node.value(0), undefined];
  },
};
