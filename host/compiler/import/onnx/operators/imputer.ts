import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/** Only what is not a number is missing: a number that stands for it is one like any other to a module. */
export const imputer: Translation = {
  type: "ai.onnx.ml.Imputer",
  summary: "of NaN at an input: whoever calls the model fills it in",
  translate(node) {
    const replaced = node.attributes.anyFloat("replaced_value_float", 0);
    const values = node.attributes.floats("imputed_value_floats");
    const input = node.tensor(0);
    const features = input.shape.at(-1) ?? 1;
    if (!Number.isNaN(replaced) || values.length === 0)
      throw new ModelError(`replaced_value_float ${replaced}: expected numbers in place of NaN`);
    if (values.length !== 1 && values.length !== features)
      throw new ModelError(`expected 1 or ${features} imputed values, found ${values.length}`);
    const each = Array.from({ length: features }, (_, i) => values[values.length === 1 ? 0 : i]!);
    return [node.add("impute", [input, node.addConstant(node.nameOf("imputed"), [features], each)], {})];
  },
};
