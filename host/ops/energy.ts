import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require, rowsOf, withLast } from "./signal.ts";

/**
 * The squared magnitude of complex numbers [..., 2n] of 16 bits: [..., n]. Those before `start` and from `end` on are 0
 * (TensorFlow Lite Micro, SpectrumToEnergy, writes nothing there).
 */
export const energy = defineOperator({
  name: "energy",
  summary: "squared magnitudes of frequencies",
  arity: [1, 1],
  attributes: { start: "int", end: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16"], ["uint32"]),

  infer({ name, attributes, inputs }) {
    const input = inputs[0]!;
    const { rows, length } = rowsOf(input);
    require(name, rows === 1, "one row of frequencies", `[${input.shape}]`);
    require(name, length % 2 === 0, "pairs of numbers", length);
    const { start, end } = attributes;
    const range = `a range within 0 to ${length / 2}`;
    require(name, 0 <= start && start < end && end <= length / 2, range, `${start} to ${end}`);
    return [withLast(input.shape, length / 2)];
  },

  evaluate({ attributes, inputs }, values) {
    const x = values[0]!;
    const output = new Uint32Array(rowsOf(inputs[0]!).length / 2);
    for (let i = attributes.start; i < attributes.end; i++) output[i] = x[2 * i]! ** 2 + x[2 * i + 1]! ** 2;
    return [output];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    to.call("energy_s16", { input, output, ...attributes, length: rowsOf(output).length });
  },

  zeroOutside: ({ attributes }) => [attributes.start, attributes.end],

  macs: ({ attributes }) => 2 * (attributes.end - attributes.start),
});
