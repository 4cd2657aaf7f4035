/** What kernels only keep for the time of a call. */
import { loadKernel } from "../../../host/compiler/plan/kernels.ts";
import type { Call } from "./kernel_calls.ts";

const named = ({ kernel, values }: Call): Readonly<Record<string, number>> =>
  Object.fromEntries(loadKernel(kernel).parameters.map((name, i) => [name, values[i]!]));

/** Pixels from the first to the last that windows along an axis reach. */
export const planeSize = (output: number, stride: number, kernel: number, dilation: number): number =>
  (output - 1) * stride + (kernel - 1) * dilation + 1;

/** Whether a layer's outputs are of int16. */
export const isWide = (kernel: string): boolean => kernel.endsWith("_s16");

/** Bytes that a native kernel may leave otherwise than its twin: what both only keep for the time of a call. */
export function scratchOf(call: Call): { begin: number; end: number } {
  const v = named(call);
  const begin = v.scratch ?? 0;
  if (call.kernel.startsWith("conv2d")) {
    const terms = (v.kernelHeight! * v.kernelWidth! * v.inputChannels!) / v.groups!;
    const isPointwise =
      terms === v.inputChannels &&
      [v.kernelHeight, v.kernelWidth, v.strideHeight, v.strideWidth].every((size) => size === 1) &&
      v.padTop === 0 &&
      v.padLeft === 0 &&
      v.outputHeight === v.inputHeight &&
      v.outputWidth === v.inputWidth;
    const bytes = isWide(call.kernel) ? 2 * terms : v.tile! * terms;
    return { begin, end: isPointwise && v.input !== v.output ? begin : begin + bytes };
  }
  if (call.kernel === "rfft_s16") return { begin, end: begin + 2 * v.fftLength! };
  if (v.scratch === undefined || !call.kernel.startsWith("depthwise")) return { begin, end: begin };
  const height = planeSize(v.outputHeight!, v.strideHeight!, v.kernelHeight!, v.dilationHeight!);
  const width = planeSize(v.outputWidth!, v.strideWidth!, v.kernelWidth!, v.dilationWidth!);
  return { begin, end: begin + height * width };
}
