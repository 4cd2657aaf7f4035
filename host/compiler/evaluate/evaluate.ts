/** How good a model is by the right answers, before and after it became integers. */

import type { Task } from "../../ir/graph.ts";
import { decide, decidesAlone } from "../../ops/decision.ts";
import type { Agreement } from "../quantize/compare.ts";
import { decides, type Judged } from "../quantize/loss.ts";
import {
  adjustedRand,
  type DecisionMetrics,
  decisionMetrics,
  rocArea,
  rowErrors,
  type ValueMetrics,
  valueMetrics,
} from "../quantize/metrics.ts";
import type { Evaluation } from "./truth.ts";

type Rows = readonly ArrayLike<number>[];

/** One figure of both models. */
interface Both<T> {
  readonly float?: T;
  readonly quantized: T;
}

export interface EvaluationResult {
  /** The file, and whether the model was calibrated with it as well. */
  readonly file: string;
  readonly source: "evaluation" | "calibration";
  readonly task: Task;
  readonly samples: number;
  /** Classes in the order of the rows and columns; where the task has classes. */
  readonly classes?: readonly string[];
  /** Share of samples on which both decide the same; of float models only. */
  readonly agreement?: number;
  readonly float?: DecisionMetrics;
  readonly quantized?: DecisionMetrics;
  /** Errors, for tasks whose outputs are values. */
  readonly values?: Both<ValueMetrics>;
  /** For an autoencoder: area under the ROC curve of its errors, where labels say what is an anomaly. */
  readonly anomalyAuc?: Both<number>;
  /** For a clustering: how far its groups are those of the labels (adjusted Rand index). */
  readonly rand?: Both<number>;
  /**
   * The loss: points of accuracy, or growth of the root mean squared error in percent of the range of the right
   * values. Negative where the integers happen to be better; of float models only.
   */
  readonly loss?: number;
  /** How near the integers are to the float model on the same samples; of float models only. */
  readonly difference?: Agreement;
}

const both = <T>(float: T | undefined, quantized: T | undefined): Both<T> | undefined =>
  quantized === undefined ? undefined : { ...(float !== undefined && { float }), quantized };

/** Area under the ROC curve by the values of an output: of the second of two classes, or the mean of all. */
function areaOf({ output }: Judged, truth: readonly number[], rows: Rows): number | undefined {
  const of = (index: number, positive: number): number | undefined =>
    rocArea(
      rows.map((row) => row[index]!),
      truth.map((each) => each === positive),
    );
  const count = rows[0]?.length ?? 0;
  if (decidesAlone(output, count)) return of(0, 1);
  if (count === 2) return of(1, 1);
  const all = Array.from({ length: count }, (_, i) => of(i, i)).filter((area) => area !== undefined);
  return count > 2 && all.length > 0 ? all.reduce((a, b) => a + b, 0) / all.length : undefined;
}

type Result = Omit<EvaluationResult, "file" | "source" | "task" | "samples" | "difference">;

function decisions(judged: Judged, { truth }: Evaluation, float: Rows | undefined, quantized: Rows): Result {
  const { names, classes } = truth as Required<typeof truth>;
  const { output, task } = judged;
  const decided = (rows: Rows): number[] => rows.map((row) => decide(row, output));
  const [before, after] = [float && decided(float), decided(quantized)];
  const agreement = before && after.filter((each, i) => each === before[i]).length / after.length;
  const common = { ...(agreement !== undefined && { agreement }) };
  if (task === "clustering") {
    const rand = both(before && adjustedRand(classes, before), adjustedRand(classes, after));
    return {
      ...common,
      ...(rand && { rand }),
      ...(agreement !== undefined && { loss: 100 * (1 - agreement) }),
    };
  }
  const metrics = (of: readonly number[], rows: Rows): DecisionMetrics =>
    decisionMetrics(classes, of, names.length, areaOf(judged, classes, rows));
  const [first, second] = [before && metrics(before, float!), metrics(after, quantized)];
  return {
    classes: names,
    ...common,
    ...(first && { float: first, loss: 100 * (first.accuracy - second.accuracy) }),
    quantized: second,
  };
}

function values(
  { output }: Judged,
  { truth, task }: Evaluation,
  float: Rows | undefined,
  quantized: Rows,
): Result {
  const expected = truth.values!;
  const [before, after] = [float && valueMetrics(expected, float), valueMetrics(expected, quantized)];
  const figures: Result = {
    values: both(before, after)!,
    ...(before && { loss: (100 * (after.rmse - before.rmse)) / (before.range || 1) }),
  };
  if (task !== "autoencoder" || !truth.classes) return figures;
  const isAnomaly = truth.classes.map((each) => each === 1);
  const area = (rows: Rows): number | undefined => rocArea(rowErrors(expected, rows), isAnomaly);
  const anomalyAuc = both(float && area(float), area(quantized));
  const { threshold } = output;
  const decided = (rows: Rows): DecisionMetrics =>
    decisionMetrics(
      truth.classes!,
      rowErrors(expected, rows).map((error) => (error > threshold! ? 1 : 0)),
      2,
    );
  return {
    ...figures,
    ...(anomalyAuc && { anomalyAuc }),
    ...(threshold !== undefined && {
      classes: truth.names!,
      ...(float && { float: decided(float) }),
      quantized: decided(quantized),
    }),
  };
}

/** Figures of the task from the judged output of both models, row by row. */
export function evaluate(
  judged: Judged,
  evaluation: Evaluation,
  source: EvaluationResult["source"],
  float: Rows | undefined,
  quantized: Rows,
): EvaluationResult {
  const { file, task, samples } = evaluation;
  const of = decides(task) ? decisions : values;
  return { file, source, task, samples: samples.length, ...of(judged, evaluation, float, quantized) };
}
