import { elements, ModelError } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";

/** Values under another shape. It costs nothing: both tensors are one buffer. */
export const reshape = defineOperator({
  name: "reshape",
  summary: "change of shape (also SQUEEZE, EXPAND_DIMS, Flatten)",
  arity: [1, 1],
  attributes: { shape: "ints" },
  quantization: { output: { kind: "same" } },
  keepsOrder: true,
  moves: true,
  keepsFactors: () => true,
  types: ["int8", "int16", "int32", "uint32"],
  infer({ name, attributes, inputs }) {
    if (elements(attributes.shape) !== elements(inputs[0]!.shape)) {
      throw new ModelError(`node ${name}: [${inputs[0]!.shape}] does not reshape to [${attributes.shape}]`);
    }
    return [attributes.shape];
  },
  evaluate: (_, values) => [values[0]!.slice()],
  lower: ({ inputs, outputs }, to) => to.alias(outputs[0]!, inputs[0]!),
});
