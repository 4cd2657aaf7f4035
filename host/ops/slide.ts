import { allocate, byteSize, elements, type Tensor } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { require } from "./signal.ts";

/**
 * The last values of a stream. Inputs: new values, the window before (a state, of as many values or more). Outputs: the
 * window with its oldest values replaced, the next state.
 */
export const slide = defineOperator({
  name: "slide",
  summary: "the last values of a stream, a state between inferences",
  arity: [2, 2],
  attributes: {},
  quantization: { output: { kind: "same" } },
  types: ["int8", "int16", "int32", "uint32"],
  checkTypes: ({ inputs, outputs }) => {
    const types = [...inputs, ...outputs].map((tensor) => tensor!.dtype);
    const other = types.find((dtype) => dtype !== types[0]);
    return other === undefined ? undefined : `expected ${types[0]} throughout, found ${other}`;
  },

  infer({ name, inputs }) {
    const [input, state] = [inputs[0]!, inputs[1]!];
    const [count, window] = [elements(input.shape), elements(state.shape)];
    require(name, count <= window, `at most ${window} new values`, count);
    return [state.shape, state.shape];
  },

  evaluate({ inputs }, values) {
    const [input, before] = [values[0]!, values[1]!];
    const window = allocate(inputs[1]!.dtype, before.length);
    window.set(before.subarray(input.length));
    window.set(input, window.length - input.length);
    return [window, window.slice()];
  },

  lower({ inputs, outputs }, to) {
    const [input, state] = inputs as readonly [Tensor, Tensor];
    const [output, next] = outputs as readonly [Tensor, Tensor];
    to.call("slide", { input, state, output, inputBytes: byteSize(input), windowBytes: byteSize(state) });
    to.alias(next, state);
  },
});
