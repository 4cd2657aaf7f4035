import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** Columns of several inputs side by side. */
export const featureVectorizer: Translation = {
  type: "ai.onnx.ml.FeatureVectorizer",
  summary: "numbers beside each other",
  translate(node) {
    const sizes = node.attributes.ints("inputdimensions");
    const inputs = Array.from({ length: node.inputCount }, (_, i) => {
      const tensor = node.tensor(i);
      return tensor.shape.length === 2
        ? tensor
        : node.add("reshape", [tensor], { shape: [1, tensor.shape[0] ?? 1] });
    });
    inputs.forEach((tensor, i) => {
      if (tensor.shape[1] !== (sizes[i] ?? tensor.shape[1]))
        throw new ModelError(`input ${tensor.name}: expected ${sizes[i]} columns, found [${tensor.shape}]`);
    });
    return [inputs.length === 1 ? inputs[0]! : node.add("concatenation", inputs, { axis: 1 })];
  },
};
