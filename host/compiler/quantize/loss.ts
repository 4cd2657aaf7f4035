/** How much a model lost when it became integers, in the terms of its task, and how much it may. */
import { type Graph, type Task, type Tensor, tensorOf } from "../../ir/graph.ts";
import { type Decider, decide, decidesAlone } from "../../ops/decision.ts";
import { judgedOutput, taskOf } from "../../ops/task.ts";
import { rowErrors, valueMetrics } from "./metrics.ts";

/** Share of decisions that may change: half a point. */
export const DECISIONS_LIMIT = 0.005;
/** By how much a probability may be off. */
export const PROBABILITY_LIMIT = 0.01;
/** Share of the range of values by which they may be off. */
export const RANGE_LIMIT = 0.01;
/** By what part of itself an autoencoder's error may grow. */
export const RECONSTRUCTION_LIMIT = 0.05;

type Rows = readonly ArrayLike<number>[];

/** Tasks whose outputs are decisions rather than values. */
export const decides = (task: Task): boolean =>
  task === "classification" || task === "anomaly" || task === "clustering";

/** The output that a loss is measured on. */
export interface Judged {
  readonly task: Task;
  readonly index: number;
  readonly output: Tensor;
}

export function judgedOf(graph: Graph): Judged {
  const index = judgedOutput(graph);
  return { task: taskOf(graph), index, output: tensorOf(graph, graph.outputs[index]!) };
}

const SUM_ERROR = 0.001;

/** Whether values are probabilities: of one class of two, or shares of several. */
export function areProbabilities(rows: Rows, output: Decider): boolean {
  return rows.every((row) => {
    let sum = 0;
    for (let i = 0; i < row.length; i++) {
      if (!(row[i]! >= 0 && row[i]! <= 1)) return false;
      sum += row[i]!;
    }
    return decidesAlone(output, row.length) || (row.length > 1 && Math.abs(sum - 1) < SUM_ERROR);
  });
}

/** Greatest error of each row. */
const worst = (expected: Rows, found: Rows): number[] =>
  expected.map((row, i) => {
    let most = 0;
    for (let j = 0; j < row.length; j++) most = Math.max(most, Math.abs(found[i]![j]! - row[j]!));
    return most;
  });

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / (values.length || 1);
const greatest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

/** Share of rows that are decided otherwise. */
export const changedShare = (expected: Rows, found: Rows, output: Decider): number =>
  mean(expected.map((row, i) => (decide(row, output) === decide(found[i]!, output) ? 0 : 1)));

function reconstructionLoss(expected: Rows, found: Rows, inputs: Rows): number {
  const [before, after] = [mean(rowErrors(inputs, expected)), mean(rowErrors(inputs, found))];
  return (after - before) / (before || 1e-30) / RECONSTRUCTION_LIMIT;
}

/** Mean over rows of each row's greatest error, where values are probabilities. */
export const probabilityError = (expected: Rows, found: Rows, output: Decider): number | undefined =>
  areProbabilities(expected, output) ? mean(worst(expected, found)) : undefined;

/**
 * The loss as a multiple of what may be lost: at most 1 is enough. `strict`: errors of values are judged by the
 * greatest rather than by their mean, for models that can afford it. `inputs` are those of an autoencoder.
 */
export function lossOf(
  { task, output }: Pick<Judged, "task" | "output">,
  expected: Rows,
  found: Rows,
  { strict = false, inputs }: { readonly strict?: boolean; readonly inputs?: Rows | undefined } = {},
): number {
  if (expected.length === 0) return 0;
  const changed = (): number => changedShare(expected, found, output) / DECISIONS_LIMIT;
  const { rmse, maxError, range } = valueMetrics(expected, found);
  const isPicture = task === "autoencoder" || task === "image";
  const ofRange = (strict && !isPicture ? maxError : rmse) / (range || 1) / RANGE_LIMIT;
  if (task === "clustering") return changed();
  if (task === "anomaly") return Math.max(changed(), ofRange);
  if (task === "autoencoder" && inputs) return Math.min(reconstructionLoss(expected, found, inputs), ofRange);
  if (task === "regression" || isPicture) return ofRange;
  if (!areProbabilities(expected, output)) return changed();
  const errors = worst(expected, found);
  return Math.max(changed(), (strict ? greatest(errors) : mean(errors)) / PROBABILITY_LIMIT);
}
