import { elements } from "../ir/graph.ts";
import { clamp } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { constantData, exactTypes, OWN_TYPES, require, rowsOf } from "./signal.ts";

/**
 * Samples [..., n] times a window [n], shifted to the right and saturated (TensorFlow Lite Micro, ApplyWindow).
 */
export const signalWindow = defineOperator({
  name: "signal_window",
  summary: "samples times a window, in int16",
  arity: [2, 2],
  attributes: { shift: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16", "int16"], ["int16"]),

  infer({ name, attributes, inputs }) {
    const [input, window] = [inputs[0]!, inputs[1]!];
    const { length } = rowsOf(input);
    constantData(name, window);
    require(name, elements(window.shape) === length, `a window of ${length}`, elements(window.shape));
    require(name, attributes.shift >= 0 && attributes.shift <= 31, "a shift of 0 to 31", attributes.shift);
    return [input.shape];
  },

  evaluate({ attributes, inputs }, values) {
    const [samples, window] = [values[0]!, values[1]!];
    const { length } = rowsOf(inputs[0]!);
    const weigh = (x: number, i: number): number =>
      clamp((x * window[i % length]!) >> attributes.shift, -32768, 32767);
    return [Int16Array.from(samples, weigh)];
  },

  lower({ name, attributes, inputs, outputs }, to) {
    const [input, window, output] = [inputs[0]!, inputs[1]!, outputs[0]!];
    to.overwrite(output, input);
    const { rows, length } = rowsOf(input);
    const { shift } = attributes;
    const factors = Array.from(constantData(name, window));
    const products = factors.flatMap((factor) => [-32768 * factor, 32767 * factor]);
    const saturates = products.some((x) => x >> shift !== clamp(x >> shift, -32768, 32767)) ? 1 : 0;
    to.call("signal_window_s16", { input, window, output, rows, length, shift, saturates });
  },

  macs: ({ inputs }) => elements(inputs[0]!.shape),
});
