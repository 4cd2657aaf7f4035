/** The loss that remains, its place, and options to try: the advice follows from the measured loss. */
import type { Graph } from "../../ir/graph.ts";
import type { Agreement } from "../quantize/compare.ts";
import { DECISIONS_LIMIT, decides, judgedOf, RANGE_LIMIT } from "../quantize/loss.ts";
import type { LayerQuality } from "../quantize/measure.ts";
import type { PrecisionChoice } from "../quantize/precision.ts";
import type { EvaluationResult } from "./evaluate.ts";

/** The loss that is allowed: points of decisions, or percent of the range of values. */
export const lossLimit = (graph: Graph): number =>
  100 * (decides(judgedOf(graph).task) ? DECISIONS_LIMIT : RANGE_LIMIT);

interface Measured {
  readonly graph: Graph;
  readonly agreement?: Agreement;
  readonly evaluation?: EvaluationResult;
  readonly layers: readonly LayerQuality[] | undefined;
  readonly precision: PrecisionChoice | undefined;
}

function advice({ graph, layers, precision }: Measured): string {
  const worst = layers?.reduce((a, b) => (b.sqnr < a.sqnr ? b : a));
  const where = worst ? `; most is lost in ${worst.layer} (${worst.sqnr.toFixed(0)} dB)` : "";
  const narrow = layers?.some(({ dtype }) => dtype === "int8") ?? false;
  if (precision === "int8" && narrow) return `${where}: try --precision auto`;
  if (worst && worst.saturated > 0.001)
    return `${where}: ${(100 * worst.saturated).toFixed(1)} % of its values are saturated; try --calibrate minmax, or more calibration samples`;
  if (narrow && precision !== "int16")
    return `${where}: try --precision int16, with a larger --max-size or --board`;
  return graph.nodes.length > 0
    ? `${where}: 16 bits are all there are; features of smaller range would help`
    : where;
}

const number = (value: number): string => String(Number(value.toPrecision(2)));

/** One line for each way in which more was lost than may be. */
export function lossWarnings(measured: Measured): string[] {
  const { graph, agreement, evaluation } = measured;
  const { task } = judgedOf(graph);
  const limit = lossLimit(graph);
  const isDecision = decides(task);
  const lines: string[] = [];
  if (agreement && agreement.loss > limit)
    lines.push(
      isDecision
        ? `${number(agreement.loss)} % of the calibration samples are decided otherwise than by the float model`
        : `values are off by ${number(agreement.loss)} % of their range on the calibration samples`,
    );
  if (evaluation?.loss !== undefined && evaluation.source === "evaluation" && evaluation.loss > limit)
    lines.push(
      isDecision && task !== "clustering"
        ? `${number(evaluation.loss)} points of accuracy are lost on ${evaluation.file}`
        : `${number(evaluation.loss)} % are lost on ${evaluation.file}`,
    );
  return lines.map((line) => line + advice(measured));
}
