import { perTensor, type Tensor } from "../ir/graph.ts";
import { clamp, quantizeMultiplier, requantize, roundingDivideByPowerOfTwo } from "./fixed_point.ts";

/**
 * The common part of TensorFlow Lite's int8 LOGISTIC and TANH: the input in Q4.27, the result from Q0.31 to
 * `fractionBits`, and saturation for inputs too large for Q4.27.
 */
export function evaluateInQ4(
  input: Tensor,
  f: (q4: number) => number,
  fractionBits: number,
  zeroPoint: number,
): (value: number) => number {
  const { scale, zeroPoint: inputZeroPoint } = perTensor(input);
  // Capped where every input but the zero point saturates.
  const factor = quantizeMultiplier(Math.min(scale * 2 ** 27, 2 ** 31 - 1));
  const radius = Math.floor((15 * 2 ** 27) / 2 ** factor.shift);
  return (value) => {
    const x = value - inputZeroPoint;
    if (x <= -radius) return -128;
    if (x >= radius) return 127;
    const result = roundingDivideByPowerOfTwo(f(requantize(x, factor)), 31 - fractionBits);
    return clamp(result + zeroPoint, -128, 127);
  };
}
