import { elements } from "../ir/graph.ts";
import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

const low32 = (x: bigint): bigint => BigInt.asUintN(32, x);

/**
 * Signals less an estimate of the noise, which is a running mean of them (TensorFlow Lite Micro,
 * FilterbankSpectralSubtraction). Inputs: signals [channels], the estimate before (a state). Outputs: what is left, the
 * estimate, the next state. The factors of even and odd channels differ; `bits` is the number of their fraction bits.
 */
export const spectralSubtraction = defineOperator({
  name: "spectral_subtraction",
  summary: "signals less an estimate of the noise, a state between inferences",
  arity: [2, 2],
  attributes: {
    smoothing: "int",
    oneMinusSmoothing: "int",
    alternateSmoothing: "int",
    alternateOneMinusSmoothing: "int",
    smoothingBits: "int",
    minSignalRemaining: "int",
    bits: "int",
    clamping: "boolean",
  },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["uint32", "uint32"], ["uint32", "uint32", "uint32"]),

  infer({ name, attributes, inputs }) {
    const shapes = inputs.map((input) => input!.shape);
    require(name, shapes[0]!.join() === shapes[1]!.join(), `a state of [${shapes[0]}]`, `[${shapes[1]}]`);
    const { smoothingBits, bits, clamping: _, ...factors } = attributes;
    const isShift = (n: number): boolean => n >= 0 && n <= 31;
    require(name, isShift(smoothingBits) && isShift(bits), "bits of 0 to 31", `${smoothingBits} and ${bits}`);
    const wrong = Object.values(factors).find((factor) => factor < 0 || factor > 0xffff);
    require(name, wrong === undefined, "factors of 0 to 65535", wrong);
    return [shapes[0]!, shapes[0]!, shapes[0]!];
  },

  evaluate({ attributes: a, inputs }, values) {
    const [signals, before] = [values[0]!, values[1]!];
    const output = new Uint32Array(elements(inputs[0]!.shape));
    const estimates = output.slice();
    const [smoothingBits, bits] = [BigInt(a.smoothingBits), BigInt(a.bits)];
    for (let i = 0; i < output.length; i++) {
      const [gain, rest] = (
        i % 2 === 0
          ? [a.smoothing, a.oneMinusSmoothing]
          : [a.alternateSmoothing, a.alternateOneMinusSmoothing]
      ).map(BigInt) as [bigint, bigint];
      const signal = BigInt(signals[i]!);
      const scaled = low32(signal << smoothingBits);
      const mean = low32((scaled * gain + BigInt(before[i]!) * rest) >> bits);
      const estimate = mean > scaled ? scaled : mean;
      estimates[i] = Number(a.clamping ? estimate : mean);
      const left = (scaled - estimate) >> smoothingBits;
      const least = low32((signal * BigInt(a.minSignalRemaining)) >> bits);
      output[i] = Number(left > least ? left : least);
    }
    return [output, estimates, estimates.slice()];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, state] = [inputs[0]!, inputs[1]!];
    const [output, noise, next] = [outputs[0]!, outputs[1]!, outputs[2]!];
    to.overwrite(output, input);
    to.call("spectral_subtraction_u32", {
      input,
      state,
      output,
      noise,
      ...attributes,
      clamping: attributes.clamping ? 1 : 0,
      length: elements(output.shape),
    });
    to.alias(next, state);
  },
});
