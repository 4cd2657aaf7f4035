/** For every tensor the calibration method whose range does the least harm to the layers that read it. */

import { type Graph, type Node, perTensor, readers, type TensorData, tensorOf } from "../../ir/graph.ts";
import type { Range } from "../../ops/activation.ts";
import { type Sample, toFloatInputs } from "../../ops/border.ts";
import { clamp, roundHalfAway } from "../../ops/fixed_point.ts";
import { bind } from "../../ops/operator.ts";
import { asymmetric } from "../../ops/scales.ts";
import type { Trace } from "../../runtime/engines/reference.ts";
import type { Histogram } from "./histogram.ts";
import { evaluateLayer, traceOf } from "./layers.ts";
import { RANGE_METHODS, rangeBy } from "./range_methods.ts";
import { withinBudget } from "./score.ts";

export const CALIBRATION = ["auto", ...RANGE_METHODS] as const;
export type Calibration = (typeof CALIBRATION)[number];

/** The real values that a tensor's integers stand for, and who says so. */
export interface ChosenRange extends Range {
  readonly method: string;
}

interface Candidate {
  readonly range: ChosenRange;
  noise: number;
}

/** Float values after a round trip through int8. */
function throughInt8(values: TensorData, { min, max }: Range): TensorData {
  const { scale, zeroPoint } = perTensor({
    name: "",
    dtype: "int8",
    shape: [],
    quantization: asymmetric(min, max),
  });
  return values.map(
    (value) => (clamp(roundHalfAway(value / scale) + zeroPoint, -128, 127) - zeroPoint) * scale,
  );
}

function distance(a: TensorData, b: TensorData): number {
  let [noise, signal] = [0, 0];
  a.forEach((value, i) => {
    noise += (value - b[i]!) ** 2;
    signal += value * value;
  });
  return noise / (signal || 1);
}

/** How far the outputs of a layer move when one of its inputs is replaced. */
function harm(graph: Graph, reader: Node, trace: Trace, name: string, replaced: TensorData): number {
  const values = reader.inputs.map((input) => (input === name ? replaced : trace.get(input)));
  const [found] = evaluateLayer(reader.op, bind(graph, reader), values);
  return distance(trace.get(reader.outputs[0]!)!, found!);
}

/** Different ranges only; the first method that finds one gives it its name. */
function candidatesFor(histogram: Histogram): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const method of RANGE_METHODS) {
    const range = rangeBy(method, histogram);
    const key = `${range.min} ${range.max}`;
    if (!found.has(key)) found.set(key, { range: { ...range, method }, noise: 0 });
  }
  return [...found.values()];
}

/** A narrower range has to be clearly better: values that no sample had may lie outside. */
const CLEARLY = 0.9;

function pick(candidates: readonly Candidate[]): ChosenRange {
  const [widest, ...others] = candidates;
  const best = others.reduce((a, b) => (b.noise < a.noise ? b : a), widest!);
  return best.noise < CLEARLY * widest!.noise ? best.range : widest!.range;
}

function chooseByHarm(
  graph: Graph,
  histograms: ReadonlyMap<string, Histogram>,
  samples: readonly Sample[],
): Map<string, ChosenRange> {
  const candidates = new Map(
    [...histograms].map(([name, histogram]) => {
      const all = candidatesFor(histogram);
      // Integers come in one by one: a narrower range gains nothing.
      return [name, tensorOf(graph, name).integers ? all.slice(0, 1) : all];
    }),
  );
  const readBy = readers(graph);
  // Every candidate costs its readers' work again.
  for (const sample of withinBudget(graph, samples, RANGE_METHODS.length)) {
    const trace = traceOf(graph, toFloatInputs(graph, sample));
    for (const [name, tried] of candidates) {
      if (tried.length === 1) continue;
      const values = trace.get(name)!;
      for (const candidate of tried) {
        const replaced = throughInt8(values, candidate.range);
        const nodes = readBy.get(name) ?? [];
        candidate.noise +=
          nodes.length === 0
            ? distance(values, replaced)
            : nodes.reduce((sum, node) => sum + harm(graph, node, trace, name, replaced), 0);
      }
    }
  }
  return new Map([...candidates].map(([name, tried]) => [name, pick(tried)]));
}

/** Ranges of all tensors by one method, or for each tensor by the one with the least error. */
export function chooseRanges(
  graph: Graph,
  histograms: ReadonlyMap<string, Histogram>,
  samples: readonly Sample[],
  calibration: Calibration = "auto",
): Map<string, ChosenRange> {
  if (calibration === "auto") return chooseByHarm(graph, histograms, samples);
  return new Map(
    [...histograms].map(([name, histogram]) => [
      name,
      { ...rangeBy(calibration, histogram), method: calibration },
    ]),
  );
}
