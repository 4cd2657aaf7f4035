/**
 * Layers of weights with loops that machines like: the searches of the quantiser run them thousands of times. What
 * each means is what `host/ops` evaluates; sums are added up in the same order, so that every bit is the same.
 */

import { checkTime } from "../../budgets.ts";
import {
  type Attributes,
  allocate,
  elements,
  type Graph,
  perTensor,
  type Tensor,
  type TensorData,
} from "../../ir/graph.ts";
import { type Activation, activationRange, clampTo } from "../../ops/activation.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Bound, Operator } from "../../ops/operator.ts";
import { sumRescaler } from "../../ops/wide_sum.ts";
import { type Window, type WindowAttributes, window } from "../../ops/window.ts";
import { evaluateGraph, initialStates, type States, type Trace } from "../../runtime/engines/reference.ts";

type Values = readonly (TensorData | undefined)[];
type Layer = Bound<Attributes>;

/** The sums of some channels for one row of inputs, from `first` on in the output. */
interface Row {
  readonly values: Float64Array;
  readonly terms: number;
  readonly first: number;
  readonly channels: number;
  /** The row's first channel among all. */
  readonly channel: number;
}

/** Constants are read again for every sample: their doubles are kept as long as they are. */
const doubles = new WeakMap<TensorData, Float64Array>();

function asDoubles(data: TensorData): Float64Array {
  const found = doubles.get(data) ?? Float64Array.from(data);
  doubles.set(data, found);
  return found;
}

/** Four sums at once: a processor can add to each while it waits for the others. */
function addRow(row: Row, weights: Float64Array, bias: TensorData | undefined, sums: Float64Array): void {
  const { values, terms, first, channels, channel } = row;
  let c = 0;
  for (; c + 4 <= channels; c += 4) {
    const at = channel + c;
    let [a, b, d, e] = [bias?.[at] ?? 0, bias?.[at + 1] ?? 0, bias?.[at + 2] ?? 0, bias?.[at + 3] ?? 0];
    let [p, q, r, s] = [at * terms, (at + 1) * terms, (at + 2) * terms, (at + 3) * terms];
    for (let i = 0; i < terms; i++) {
      const value = values[i]!;
      a += value * weights[p++]!;
      b += value * weights[q++]!;
      d += value * weights[r++]!;
      e += value * weights[s++]!;
    }
    sums[first + c] = a;
    sums[first + c + 1] = b;
    sums[first + c + 2] = d;
    sums[first + c + 3] = e;
  }
  for (; c < channels; c++) {
    let sum = bias?.[channel + c] ?? 0;
    const start = (channel + c) * terms;
    for (let i = 0; i < terms; i++) sum += values[i]! * weights[start + i]!;
    sums[first + c] = sum;
  }
}

const zeroPointOf = (input: Tensor): number => (input.dtype === "float32" ? 0 : perTensor(input).zeroPoint);

function denseSums({ inputs, outputs }: Layer, [x, weights, bias]: Values): Float64Array {
  const [channels, terms] = inputs[1]!.shape as [number, number];
  const sums = new Float64Array(elements(outputs[0]!.shape));
  const [w, zeroPoint] = [asDoubles(weights!), zeroPointOf(inputs[0]!)];
  const values = new Float64Array(terms);
  for (let first = 0, start = 0; first < sums.length; first += channels, start += terms) {
    for (let i = 0; i < terms; i++) values[i] = x![start + i]! - zeroPoint;
    addRow({ values, terms, first, channels, channel: 0 }, w, bias, sums);
  }
  return sums;
}

function windowOf({ name, attributes, inputs }: Layer): Window {
  const [, height, width] = inputs[1]!.shape as [number, number, number];
  return window(name, inputs[0]!, [height, width], attributes as unknown as WindowAttributes);
}

/** Rows of inputs under one column of a window at an output, from `first` to `end`: those inside of the image. */
function inside(
  position: number,
  stride: number,
  pad: number,
  dilation: number,
  kernel: number,
  size: number,
) {
  const start = position * stride - pad;
  const first = start < 0 ? Math.ceil(-start / dilation) : 0;
  const end = Math.min(kernel, Math.ceil((size - start) / dilation));
  return { start, first, end };
}

/** Taps outside the image are zeros in the row, which add nothing to a sum. */
function convolutionSums(layer: Layer, [x, weights, bias]: Values): Float64Array {
  const { attributes, inputs, outputs } = layer;
  const w = windowOf(layer);
  const groups = attributes["groups"] as number;
  const depth = inputs[1]!.shape[3]!;
  const terms = w.kernelHeight * w.kernelWidth * depth;
  const channels = outputs[0]!.shape[3]! / groups;
  const sums = new Float64Array(elements(outputs[0]!.shape));
  const [all, zeroPoint] = [asDoubles(weights!), zeroPointOf(inputs[0]!)];
  const values = new Float64Array(terms);
  let first = 0;
  for (let batch = 0; batch < w.batches; batch++) {
    for (let y = 0; y < w.outputHeight; y++) {
      const rows = inside(y, w.strideHeight, w.padTop, w.dilationHeight, w.kernelHeight, w.inputHeight);
      for (let column = 0; column < w.outputWidth; column++) {
        const taps = inside(column, w.strideWidth, w.padLeft, w.dilationWidth, w.kernelWidth, w.inputWidth);
        for (let group = 0; group < groups; group++) {
          values.fill(0);
          for (let ky = rows.first; ky < rows.end; ky++) {
            const line = (batch * w.inputHeight + rows.start + ky * w.dilationHeight) * w.inputWidth;
            for (let kx = taps.first; kx < taps.end; kx++) {
              const from = (line + taps.start + kx * w.dilationWidth) * w.inputChannels + group * depth;
              const to = (ky * w.kernelWidth + kx) * depth;
              for (let i = 0; i < depth; i++) values[to + i] = x![from + i]! - zeroPoint;
            }
          }
          addRow({ values, terms, first, channels, channel: group * channels }, all, bias, sums);
          first += channels;
        }
      }
    }
  }
  return sums;
}

/** Tap after tap for all channels, which lie side by side. */
function depthwiseSums(layer: Layer, [x, weights, bias]: Values): Float64Array {
  const { attributes, inputs, outputs } = layer;
  const w = windowOf(layer);
  const multiplier = attributes["depthMultiplier"] as number;
  const channels = outputs[0]!.shape[3]!;
  const sums = new Float64Array(elements(outputs[0]!.shape));
  const [all, zeroPoint] = [asDoubles(weights!), zeroPointOf(inputs[0]!)];
  let first = 0;
  for (let batch = 0; batch < w.batches; batch++) {
    for (let y = 0; y < w.outputHeight; y++) {
      const rows = inside(y, w.strideHeight, w.padTop, w.dilationHeight, w.kernelHeight, w.inputHeight);
      for (let column = 0; column < w.outputWidth; column++, first += channels) {
        const taps = inside(column, w.strideWidth, w.padLeft, w.dilationWidth, w.kernelWidth, w.inputWidth);
        if (bias) for (let c = 0; c < channels; c++) sums[first + c] = bias[c]!;
        for (let ky = rows.first; ky < rows.end; ky++) {
          const line = (batch * w.inputHeight + rows.start + ky * w.dilationHeight) * w.inputWidth;
          for (let kx = taps.first; kx < taps.end; kx++) {
            const pixel = (line + taps.start + kx * w.dilationWidth) * w.inputChannels;
            const tap = (ky * w.kernelWidth + kx) * channels;
            addTap({ x: x!, pixel, all, tap, sums, first, channels, multiplier, zeroPoint });
          }
        }
      }
    }
  }
  return sums;
}

/** One pixel of all channels times one tap of each. */
interface Tap {
  readonly x: TensorData;
  readonly pixel: number;
  readonly all: Float64Array;
  readonly tap: number;
  readonly sums: Float64Array;
  readonly first: number;
  readonly channels: number;
  readonly multiplier: number;
  readonly zeroPoint: number;
}

function addTap({ x, pixel, all, tap, sums, first, channels, multiplier, zeroPoint }: Tap): void {
  if (multiplier === 1) {
    for (let c = 0; c < channels; c++) sums[first + c]! += (x[pixel + c]! - zeroPoint) * all[tap + c]!;
    return;
  }
  for (let c = 0, i = pixel; c < channels; i++) {
    const value = x[i]! - zeroPoint;
    for (let m = 0; m < multiplier; m++, c++) sums[first + c]! += value * all[tap + c]!;
  }
}

/** The fast loop for a layer of weights; undefined where the operator's own has to do. */
function loopFor({
  quantization,
  window,
}: Operator): ((layer: Layer, values: Values) => Float64Array) | undefined {
  if (!quantization.weights || window === "transposed") return undefined;
  if (!window) return denseSums;
  // Filters lie one after the other, or side by side where each reads a channel of its own.
  return quantization.weights.axis === 0 ? convolutionSums : depthwiseSums;
}

/** The results of an operator's own `evaluate`, float or quantised, computed sooner. */
export function evaluateLayer(op: string, layer: Layer, values: Values): readonly TensorData[] {
  checkTime();
  const operator = operatorOf(op);
  const sumsOf = loopFor(operator);
  if (!sumsOf) return operator.evaluate(layer, values);
  const { attributes, inputs, outputs } = layer;
  const [input, weights, output] = [inputs[0]!, inputs[1]!, outputs[0]!];
  const narrowSums = sumsOf !== depthwiseSums && attributes["narrowSums"] === true;
  const rescale =
    output.dtype === "float32" ? undefined : sumRescaler({ input, weights, output }, narrowSums);
  const range = activationRange(attributes["activation"] as Activation, output);
  const sums = sumsOf(layer, values);
  const result = allocate(output.dtype, sums.length);
  const channels = output.shape.at(-1)!;
  if (!rescale) {
    for (let i = 0; i < sums.length; i++) result[i] = clampTo(sums[i]!, range);
    return [result];
  }
  for (let first = 0; first < sums.length; first += channels)
    for (let c = 0; c < channels; c++) result[first + c] = clampTo(rescale(sums[first + c]!, c), range);
  return [result];
}

/** All values of a graph for one set of inputs and states, as the reference interpreter has them. */
export const traceFrom = (graph: Graph, inputs: readonly TensorData[], states: States): Trace =>
  evaluateGraph(graph, inputs, states, evaluateLayer);

/** Results from the states that a graph begins with. */
export const traceOf = (graph: Graph, inputs: readonly TensorData[]): Trace =>
  traceFrom(graph, inputs, initialStates(graph));
