/** The loss that remains, its place, and options to try: the advice follows from the measured loss. */
import type { Graph, Task } from "../../ir/graph.ts";
import type { Agreement } from "../quantize/compare.ts";
import { DECISIONS_LIMIT, decides, judgedOf, PROBABILITY_LIMIT, RANGE_LIMIT } from "../quantize/loss.ts";
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

/** The way in which integers differ from the float model on some samples. */
function differenceText({ loss, probabilityError = 0 }: Agreement, task: Task, where: string): string {
  const isDecision = decides(task);
  if (isDecision && loss > 100 * DECISIONS_LIMIT)
    return `${number(loss)} % of ${where} are decided otherwise than by the float model`;
  if (isDecision && probabilityError > PROBABILITY_LIMIT)
    return `probabilities are off by ${number(probabilityError)} on average on ${where}`;
  return isDecision
    ? `scores are off by more than ${100 * RANGE_LIMIT} % of their range on ${where}`
    : `values are off by ${number(loss)} % of their range on ${where}`;
}

function evaluationText(
  { loss = 0, difference, file, source }: EvaluationResult,
  graph: Graph,
): string | undefined {
  const { task } = judgedOf(graph);
  if (source !== "evaluation") return undefined;
  if (loss > lossLimit(graph))
    return decides(task) && task !== "clustering"
      ? `${number(loss)} points of accuracy are lost on ${file}`
      : `${number(loss)} % are lost on ${file}`;
  return difference && difference.ofLimit > 1
    ? differenceText(difference, task, `the samples of ${file}`)
    : undefined;
}

/** One line for each set of samples on which more was lost than may be. */
export function lossWarnings(measured: Measured): string[] {
  const { graph, agreement, evaluation } = measured;
  const { task } = judgedOf(graph);
  const lines = [
    agreement && agreement.ofLimit > 1
      ? differenceText(agreement, task, "the calibration samples")
      : undefined,
    evaluation && evaluationText(evaluation, graph),
  ];
  return lines.flatMap((line) => (line === undefined ? [] : [line + advice(measured)]));
}
