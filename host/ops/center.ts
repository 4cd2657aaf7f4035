import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

/** Sums of more samples would not fit the kernel's integers. */
export const MOST_SAMPLES = 8192;

/** Throws ModelError unless a tensor holds samples [window, channels]. */
export function requireSamples(name: string, shape: readonly number[]): void {
  require(name, shape.length === 2, "samples [window, channels]", `[${shape}]`);
  require(name, shape[0]! <= MOST_SAMPLES, `a window of at most ${MOST_SAMPLES} samples`, shape[0]);
}

/** The samples of each channel of [window, channels]. */
export const channelsOf = (samples: ArrayLike<number>, channels: number): number[][] =>
  Array.from({ length: channels }, (_, c) =>
    Array.from({ length: samples.length / channels }, (__, i) => samples[i * channels + c]!),
  );

/**
 * One channel of [window, channels] less its mean, scaled up by a power of two as far as it fits int16, halves rounded up.
 * Outputs: the samples [window], the exponent [].
 */
export const center = defineOperator({
  name: "center",
  summary: "samples of a channel less their mean, scaled up by a power of two",
  arity: [1, 1],
  attributes: { channel: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16"], ["int16", "int32"]),

  infer({ name, attributes, inputs }) {
    const { shape } = inputs[0]!;
    requireSamples(name, shape);
    const { channel } = attributes;
    require(name, channel >= 0 && channel < shape[1]!, `a channel below ${shape[1]}`, channel);
    return [[shape[0]!], []];
  },

  evaluate({ attributes, inputs }, values) {
    const samples = channelsOf(values[0]!, inputs[0]!.shape[1]!)[attributes.channel]!;
    const count = samples.length;
    const sum = samples.reduce((total, x) => total + x, 0);
    const apart = samples.map((x) => x * count - sum);
    const most = Math.max(...apart.map(Math.abs));
    let bits = most === 0 ? 0 : -2;
    while (most > 0 && most * 2 ** (bits + 1) <= count * 32767) bits++;
    return [Int16Array.from(apart, (x) => Math.floor((x * 2 ** bits) / count + 0.5)), Int32Array.of(bits)];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const [length, channels] = input.shape as [number, number];
    const stride = 2 * channels;
    to.call("center_s16", {
      input: to.at(input, 2 * attributes.channel),
      output,
      bits: outputs[1]!,
      length,
      stride,
    });
  },
});
