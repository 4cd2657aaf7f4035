import { elements, type Tensor } from "../ir/graph.ts";
import type { Range } from "./activation.ts";
import { convolutionArguments, convolutionChannels } from "./convolution.ts";
import { inBlocks } from "./layout.ts";
import type { Argument, Lowering } from "./lowering.ts";

/**
 * A transposed convolution as ordinary ones. Outputs that are a stride apart see the same taps of the filters, so
 * each of the stride x stride sets of them, a phase, is a convolution of stride 1 with some of the taps. No product
 * with an inserted zero is computed, and no output is visited twice.
 */

/** Taps of one axis that a phase sees, in the order of the input positions that they are for. */
export interface AxisPhase {
  readonly taps: readonly number[];
  /** Input position of the first tap at the phase's first output; from there on one for one. */
  readonly first: number;
  readonly dilation: number;
  /** Outputs of the phase along the axis. */
  readonly outputs: number;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

export interface PhaseGeometry {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
  readonly outputSize: number;
}

export function axisPhase(
  phase: number,
  { kernel, stride, dilation, padding, outputSize }: PhaseGeometry,
): AxisPhase {
  const position = (tap: number): number => (phase + padding - tap * dilation) / stride;
  const taps = Array.from({ length: kernel }, (_, tap) => kernel - 1 - tap).filter((tap) =>
    Number.isInteger(position(tap)),
  );
  return {
    taps,
    first: taps.length > 0 ? position(taps[0]!) : 0,
    dilation: dilation / gcd(stride, dilation),
    outputs: Math.ceil((outputSize - phase) / stride),
  };
}

/** The filters [O, h, w, C] with some of their taps only. A phase without any gets one of zeros. */
export function pickTaps(weights: Tensor, rows: readonly number[], columns: readonly number[]): Int8Array {
  const [outputs, height, width, depth] = weights.shape as [number, number, number, number];
  if (rows.length === 0 || columns.length === 0) return new Int8Array(outputs * depth);
  const result = new Int8Array(outputs * rows.length * columns.length * depth);
  let next = 0;
  for (let output = 0; output < outputs; output++) {
    for (const row of rows) {
      for (const column of columns) {
        const tap = ((output * height + row) * width + column) * depth;
        result.set(weights.data!.subarray(tap, tap + depth), next);
        next += depth;
      }
    }
  }
  return result;
}

export interface Tensors {
  readonly input: Tensor;
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
  readonly output: Tensor;
}

/** One kernel call a phase: each writes its own pixels. */
export function lowerPhases(
  tensors: Tensors,
  [vertical, horizontal]: readonly [PhaseGeometry, PhaseGeometry],
  range: Range,
  to: Lowering,
): void {
  const phases = (geometry: PhaseGeometry): AxisPhase[] =>
    Array.from({ length: geometry.stride }, (_, phase) => axisPhase(phase, geometry));
  const [rows, columns] = [phases(vertical), phases(horizontal)];
  const most = (axis: readonly AxisPhase[]): number => Math.max(1, ...axis.map(({ taps }) => taps.length));
  const scratch = to.scratch(most(rows) * most(columns) * tensors.input.shape[3]!);
  const [, , width, channels] = tensors.output.shape as [number, number, number, number];
  rows.forEach((row, y) => {
    columns.forEach((column, x) => {
      if (row.outputs <= 0 || column.outputs <= 0) return;
      const output = to.at(tensors.output, (y * width + x) * channels);
      const rowStride = vertical.stride * width * channels;
      const pixelStride = horizontal.stride * channels;
      const places = { scratch, output, outputRowStride: rowStride, outputPixelStride: pixelStride };
      to.call("transpose_conv2d_s8", { ...phaseArguments(tensors, row, column, range, to), ...places });
    });
  });
}

function phaseArguments(
  tensors: Tensors,
  row: AxisPhase,
  column: AxisPhase,
  range: Range,
  to: Lowering,
): Record<string, Tensor | Argument | number> {
  const { input, weights, output } = tensors;
  const [batches, inputHeight, inputWidth, inputChannels] = input.shape as [number, number, number, number];
  const outputChannels = output.shape[3]!;
  const empty = row.taps.length * column.taps.length === 0;
  const channels = convolutionChannels(tensors, pickTaps(weights, row.taps, column.taps), range);
  return {
    ...convolutionArguments(tensors, channels, range, to),
    weights: to.constant("weights", inBlocks(channels.rows, outputChannels)),
    batches,
    inputHeight,
    inputWidth,
    inputChannels,
    outputHeight: row.outputs,
    outputWidth: column.outputs,
    outputChannels,
    outputBatchStride: elements(output.shape) / batches,
    kernelHeight: empty ? 1 : row.taps.length,
    kernelWidth: empty ? 1 : column.taps.length,
    dilationHeight: row.dilation,
    dilationWidth: column.dilation,
    // Not -first, which may be a negative zero.
    padTop: 0 - row.first,
    padLeft: 0 - column.first,
  };
}
