import { elements, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { clamp, kernelMultiplier, type Multiplier, requantize } from "./fixed_point.ts";
import type { Lowering } from "./lowering.ts";
import { lookUp, makeLut } from "./lut_s16.ts";

/** Softmax of int16 as TensorFlow Lite has it (reference_ops::SoftmaxInt16): both of its functions are tables. */

/** exp(x) for x in -10..0, and 1 / (1 + x) for x in 0..1; both at a scale of 2^-15. */
const RANGE = 65535;
const OUTPUT_SCALE = Math.fround(2 / RANGE);
const EXP_SCALE = Math.fround(10 / RANGE);
const EXP = makeLut({ min: Math.fround(EXP_SCALE * -RANGE), max: 0 }, OUTPUT_SCALE, Math.exp);
const RECIPROCAL_SCALE = Math.fround(1 / RANGE);
const RECIPROCAL = makeLut(
  { min: 0, max: Math.fround(RECIPROCAL_SCALE * RANGE) },
  OUTPUT_SCALE,
  (x) => 1 / Math.fround(1 + x),
);

/** From differences of inputs to steps of the table of exponentials. */
const scaling = (input: Tensor, beta: number): Multiplier =>
  kernelMultiplier((perTensor(input).scale * Math.fround(beta)) / (10 / RANGE));

export function softmaxRow(x: TensorData, input: Tensor, beta: number): number[] {
  const factor = scaling(input, beta);
  const greatest = Math.max(...x);
  const exps = Array.from(x, (value) =>
    lookUp(EXP, clamp(requantize(value - greatest, factor) + 32767, -32768, 32767)),
  );
  const sum = exps.reduce((a, b) => a + b, 0);
  const headroom = Math.clz32(sum);
  const fraction = Math.floor((sum * 2 ** (headroom - 1) + 2 ** 13) / 2 ** 14) - 2 ** 15 - 2 ** 16;
  const reciprocal = lookUp(RECIPROCAL, clamp(fraction, -32768, 32767));
  const shift = 31 - headroom;
  return exps.map((exp) => clamp(Math.floor((exp * reciprocal + 2 ** (shift - 1)) / 2 ** shift), 0, 32767));
}

export function lowerSoftmax(input: Tensor, output: Tensor, beta: number, to: Lowering): void {
  const depth = input.shape.at(-1)!;
  to.overwrite(output, input);
  to.call("softmax_s16", {
    input,
    output,
    exp: to.constant("exp", EXP),
    reciprocal: to.constant("reciprocal", RECIPROCAL),
    rows: elements(input.shape) / depth,
    depth,
    ...scaling(input, beta),
  });
}
