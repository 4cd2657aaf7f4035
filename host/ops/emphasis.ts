import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

/** Half of each sample [n + 1] less a share of the one before it, in 1/32768: [n]. Halves are rounded up. */
export const emphasis = defineOperator({
  name: "emphasis",
  summary: "samples less a share of the ones before",
  arity: [1, 1],
  attributes: { share: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16"], ["int16"]),

  infer({ name, attributes: { share }, inputs }) {
    const { shape } = inputs[0]!;
    require(name, shape.length === 1 && shape[0]! > 1, "two or more samples", `[${shape}]`);
    require(name, share >= 0 && share <= 32767, "a share of 0 to 32767", share);
    return [[shape[0]! - 1]];
  },

  evaluate({ attributes }, values) {
    const samples = values[0]!;
    return [
      Int16Array.from(samples.subarray(1), (x, i) =>
        Math.floor((x * 32768 - samples[i]! * attributes.share + 32768) / 65536),
      ),
    ];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    to.call("emphasis_s16", { input, output, length: output.shape[0]!, ...attributes });
  },

  macs: ({ outputs }) => outputs[0]!.shape[0]!,
});
