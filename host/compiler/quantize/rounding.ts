/**
 * Adaptive rounding: each weight up or down, whichever together moves the layer's outputs least. The aim is
 * AdaRound's (Nagel et al. 2020, arXiv:2004.10568): of W the float and Q the integer weights, the expected
 * square of (Q - W) x. The way there is greedy coordinate descent on the inputs' second moments, as in OBQ
 * and GPTQ (Frantar et al., arXiv:2208.11580 and arXiv:2210.17323), rather than gradients: deterministic and
 * fast. Moments around the mean leave out what the mean adds to every output, where the bias corrects that.
 */
import { clamp } from "../../ops/fixed_point.ts";
import type { Moments } from "./moments.ts";

const MAX_SWEEPS = 20;

/** The expected square of error * x. */
export function outputError(error: Float64Array, { covariance }: Moments): number {
  const { length } = error;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    if (error[i] === 0) continue;
    let product = 0;
    for (let j = 0; j < length; j++) product += covariance[i * length + j]! * error[j]!;
    sum += error[i]! * product;
  }
  return sum;
}

/**
 * Rounds weights given in steps, within +-`limit`: the nearest, then every single change to the other
 * neighbour that lowers the error, until there is none.
 */
export function roundAdaptively(steps: Float64Array, { covariance }: Moments, limit: number): Float64Array {
  const { length } = steps;
  const rounded = steps.map((step) => clamp(Math.round(step), -limit, limit));
  const gradient = new Float64Array(length);
  const move = (i: number, by: number): void => {
    for (let j = 0; j < length; j++) gradient[j]! += by * covariance[i * length + j]!;
  };
  rounded.forEach((value, i) => {
    move(i, value - steps[i]!);
  });
  for (let sweep = 0, changed = true; changed && sweep < MAX_SWEEPS; sweep++) {
    changed = false;
    for (let i = 0; i < length; i++) {
      const by = rounded[i]! < steps[i]! ? 1 : -1;
      if (rounded[i] === steps[i] || Math.abs(rounded[i]! + by) > limit) continue;
      // A change by d adds 2 d g + d^2 c, where g is the gradient and c the input's own variance.
      const gain = 2 * by * gradient[i]! + covariance[i * length + i]!;
      if (gain >= -1e-12) continue;
      rounded[i]! += by;
      move(i, by);
      changed = true;
    }
  }
  return rounded;
}
