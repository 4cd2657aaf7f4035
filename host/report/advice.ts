/** Advice for a tensor that lost much when it became integers. */

import type { LayerQuality } from "../compiler/quantize/measure.ts";
import { type Graph, tensorOf, writers } from "../ir/graph.ts";
import { operatorOf } from "../ops/index.ts";

/** Below this one may see the loss in decisions: see sections/noise.ts. */
export const FAIR = 25;

/** Share of noise that is a layer's own from which a better type of its own helps. */
const MOSTLY_OWN = 0.3;
const MANY_SATURATED = 0.001;
/** Outliers are what is left when this share of the values lies in so small a part of the range. */
const NEARLY_ALL = 0.999;
const SMALL_PART = 0.25;

/** The share of bins, in the middle, that hold nearly all values. */
function widthOfMost(histogram: readonly number[]): number {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  const tail = (total * (1 - NEARLY_ALL)) / 2;
  const cut = (counts: readonly number[]): number => {
    let passed = 0;
    return counts.findIndex((n) => {
      passed += n;
      return passed > tail;
    });
  };
  const bins = histogram.length - cut(histogram) - cut(histogram.toReversed());
  return bins / histogram.length;
}

function hasOneWeightScale(graph: Graph, tensor: string): boolean {
  const node = writers(graph).get(tensor);
  const weights = node && operatorOf(node.op).quantization.weights;
  if (!weights) return false;
  const { shape, quantization } = tensorOf(graph, node.inputs[weights.input]!);
  return quantization?.scales.length === 1 && shape[weights.axis]! > 1;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

/** Ranges of these operators are part of the number format, e.g. of softmax: no calibration changes them. */
function isPrescribed(graph: Graph, tensor: string): boolean {
  const node = writers(graph).get(tensor);
  return node !== undefined && operatorOf(node.op).quantization.output.kind === "fixed";
}

function rangeAdvice({ saturated, histogram, method }: LayerQuality): string[] {
  const width = widthOfMost(histogram);
  const wider = method === "minmax" ? "more calibration data" : "a wider range (--calibrate minmax)";
  return [
    ...(saturated > MANY_SATURATED ? [`${percent(saturated)} of its values are saturated: ${wider}`] : []),
    ...(width < SMALL_PART && method === "minmax"
      ? [
          `outliers: 99.9 % of its values lie in ${percent(width)} of what was seen; a range that cuts them (--calibrate mse)`,
        ]
      : []),
  ];
}

/**
 * One sentence for each thing that would help; none for a tensor that is good enough. `own` is the share of its
 * noise that arises in its own layer.
 */
export function adviceFor(layer: LayerQuality, graph: Graph, own: number): string[] {
  const { sqnr, dtype, tensor } = layer;
  if (sqnr >= FAIR) return [];
  if (own < MOSTLY_OWN) return ["most of its noise comes from the layers before: mend those first"];
  return [
    ...(isPrescribed(graph, tensor) ? [] : rangeAdvice(layer)),
    ...(hasOneWeightScale(graph, tensor) ? ["weights with a scale for each output channel"] : []),
    ...(dtype === "int8" ? ["int16 activations for this layer (--precision int16)"] : []),
  ];
}
