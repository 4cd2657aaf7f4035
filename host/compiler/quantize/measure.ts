/** How good a quantised model is, tensor by tensor and as a whole: what reports show. */

import { fromBytes, type Graph, type Tensor, type TensorData, tensorOf, writers } from "../../ir/graph.ts";
import { typeRange } from "../../ops/activation.ts";
import { borderOf, type Sample, toFloatInputs, toInputBytes } from "../../ops/border.ts";
import { addToHistogram, coarseCounts, emptyHistogram, type Histogram } from "./histogram.ts";
import { traceOf } from "./layers.ts";

/** One computed tensor, or input, of the float model beside its quantised self. */
export interface LayerQuality {
  readonly tensor: string;
  /** The node that writes it; of an input its own name. */
  readonly layer: string;
  /** Signal to quantisation noise in dB, at most `MAX_SQNR`. */
  readonly sqnr: number;
  /** Least and greatest real value that the quantised tensor can hold. */
  readonly range: readonly [number, number];
  /** Least and greatest value that the float tensor took. */
  readonly seen: readonly [number, number];
  /** How many float values lie in each of 64 equal parts of what was seen. */
  readonly histogram: readonly number[];
  /** Share of float values outside of `range`. */
  readonly saturated: number;
  /** How its range was chosen. */
  readonly method: string;
  readonly dtype: string;
}

export interface MeasureOptions {
  /** How each tensor's range was chosen. */
  readonly methods?: ReadonlyMap<string, string>;
}

/** No noise at all would be infinite, which JSON has no number for. */
export const MAX_SQNR = 160;
const BINS = 64;

/** Signal to noise in dB of sums of squares. */
export function decibels(signal: number, noise: number): number {
  if (noise === 0) return MAX_SQNR;
  return signal === 0 ? 0 : Math.min(10 * Math.log10(signal / noise), MAX_SQNR);
}

const hasScale = ({ dtype, quantization }: Tensor): boolean =>
  dtype !== "int32" || quantization !== undefined;

interface Meter {
  readonly tensor: Tensor;
  readonly histogram: Histogram;
  readonly range: readonly [number, number];
  signal: number;
  noise: number;
  outside: number;
}

function meterOf(tensor: Tensor): Meter {
  const { scale, zeroPoint } = borderOf(tensor);
  const { min, max } = typeRange(tensor);
  const range = [(min - zeroPoint) * scale, (max - zeroPoint) * scale] as const;
  return { tensor, histogram: emptyHistogram(), range, signal: 0, noise: 0, outside: 0 };
}

function addToMeter(meter: Meter, expected: TensorData, found: TensorData): void {
  const { scale, zeroPoint } = borderOf(meter.tensor);
  // Half a step beyond the last value is still rounded, not cut.
  const [low, high] = [meter.range[0] - scale / 2, meter.range[1] + scale / 2];
  addToHistogram(meter.histogram, expected);
  expected.forEach((value, i) => {
    meter.signal += value * value;
    meter.noise += (value - (found[i]! - zeroPoint) * scale) ** 2;
    if (value < low || value > high) meter.outside++;
  });
}

function qualityOf(meter: Meter, layer: string, method: string): LayerQuality {
  const { tensor, histogram, range, signal, noise, outside } = meter;
  return {
    tensor: tensor.name,
    layer,
    sqnr: decibels(signal, noise),
    range,
    seen: [histogram.min, histogram.max],
    histogram: coarseCounts(histogram, BINS),
    saturated: outside / histogram.count,
    method,
    dtype: tensor.dtype,
  };
}

/**
 * Runs both graphs on all samples. `float` may be any float graph whose tensors have the names and the
 * meaning of the quantised one's; a tensor that only one of them has is left out.
 */
export function measureLayers(
  float: Graph,
  quantized: Graph,
  samples: readonly Sample[],
  { methods }: MeasureOptions = {},
): LayerQuality[] {
  const meters = [...quantized.tensors.values()]
    .filter((tensor) => !tensor.data && hasScale(tensor) && float.tensors.has(tensor.name))
    .map(meterOf);
  for (const sample of samples) {
    const expected = traceOf(float, toFloatInputs(float, sample));
    const inputs = toInputBytes(quantized, sample).map((bytes, n) =>
      fromBytes(tensorOf(quantized, quantized.inputs[n]!).dtype, bytes),
    );
    const found = traceOf(quantized, inputs);
    for (const meter of meters)
      addToMeter(meter, expected.get(meter.tensor.name)!, found.get(meter.tensor.name)!);
  }
  const writer = writers(quantized);
  return meters.map((meter) => {
    const { name } = meter.tensor;
    return qualityOf(meter, writer.get(name)?.name ?? name, methods?.get(name) ?? "prescribed");
  });
}
