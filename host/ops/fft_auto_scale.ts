import { elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { bitLength, exactTypes, OWN_TYPES, wrap16 } from "./signal.ts";

/** The greatest magnitude; that of -32768 does not fit 16 bits, and counts as -32768 there and then as a negative int32. */
function greatest(samples: Iterable<number>): number {
  let most = 0;
  for (const x of samples) {
    if (x > most) most = x;
    else if (-x > most) most = wrap16(-x);
  }
  return most;
}

/** Bits by which samples can be shifted to the left; none where all are 0 (TensorFlow Lite Micro, FftAutoScale). */
function scaleBits(samples: Iterable<number>): number {
  const most = greatest(samples);
  return most === 0 ? 0 : Math.max(15 - bitLength(most), 0);
}

/** Samples scaled up by a power of two, as far as they fit 16 bits. Outputs: the samples, the exponent []. */
export const fftAutoScale = defineOperator({
  name: "fft_auto_scale",
  summary: "samples scaled up by a power of two to all of int16",
  arity: [1, 1],
  attributes: {},
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16"], ["int16", "int32"]),
  infer: ({ inputs }) => [inputs[0]!.shape, []],

  evaluate(_, values) {
    const bits = scaleBits(values[0]!);
    return [Int16Array.from(values[0]!, (x) => x << bits), Int32Array.of(bits)];
  },

  lower({ inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    to.overwrite(output, input);
    to.call("fft_auto_scale_s16", { input, output, bits: outputs[1]!, length: elements(input.shape) });
  },
});
