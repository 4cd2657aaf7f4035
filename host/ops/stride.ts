import type { Tensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { OWN_TYPES, require } from "./signal.ts";

/** The greatest stride: more than an hour of frames of a hundredth of a second. */
export const MAX_STRIDE = 1_000_000;

/**
 * Every so many-th inference of a stream, the first of them included: where it is not that one's turn, the inference ends
 * here. Inputs: values, and how many inferences are still to end here (a state of one int32). Outputs: the values, the next
 * state.
 */
export const stride = defineOperator({
  name: "stride",
  summary: "the layers behind it run once in so many inferences, a state between inferences",
  arity: [2, 2],
  attributes: { every: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: ({ inputs, outputs }) => {
    const [values, wait] = inputs as readonly [Tensor, Tensor];
    const [same, next] = outputs as readonly [Tensor, Tensor];
    if (values.dtype !== same.dtype) return `expected ${values.dtype} throughout, found ${same.dtype}`;
    const other = [wait, next].find(({ dtype }) => dtype !== "int32");
    return other && `expected a state of int32, found ${other.dtype}`;
  },

  infer({ name, attributes, inputs }) {
    const [values, wait] = [inputs[0]!, inputs[1]!];
    require(name, attributes.every >= 2 &&
      attributes.every <= MAX_STRIDE, `a stride of 2 to ${MAX_STRIDE}`, attributes.every);
    require(name, wait.shape.join() === "1", "a state of one value", `[${wait.shape}]`);
    return [values.shape, wait.shape];
  },

  evaluate({ attributes }, values) {
    const wait = values[1]![0]!;
    return [values[0]!, Int32Array.of(wait === 0 ? attributes.every - 1 : wait - 1)];
  },

  pauses: (values) => values[1]![0] !== 0,

  lower({ attributes, inputs, outputs }, to) {
    const [values, wait] = inputs as readonly [Tensor, Tensor];
    const [same, next] = outputs as readonly [Tensor, Tensor];
    to.pause(wait, attributes.every);
    to.alias(same, values);
    to.alias(next, wait);
  },
});
