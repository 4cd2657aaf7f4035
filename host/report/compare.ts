/** Two builds by their figures: size, memory, speed, and how good they are, in all and by class. */
import type { EvaluationResult } from "../compiler/evaluate/evaluate.ts";
import type { Report } from "./schema.ts";

export interface MetricDifference {
  readonly metric: string;
  readonly a?: number;
  readonly b?: number;
  /** B less A, where both have the figure. */
  readonly change?: number;
}

type Figures = ReadonlyMap<string, number>;

function evaluationFigures({ quantized, values, anomalyAuc, rand, classes, loss }: EvaluationResult) {
  const found: (readonly [string, number | undefined])[] = [
    ["accuracy", quantized?.accuracy],
    ["AUC", quantized?.auc],
    ["MAE", values?.quantized.mae],
    ["RMSE", values?.quantized.rmse],
    ["AUC of the error", anomalyAuc?.quantized],
    ["adjusted Rand index", rand?.quantized],
    ["loss by integers", loss],
    ...(quantized?.byClass ?? []).flatMap(({ precision, recall, f1 }, i) => {
      const name = classes?.[i] ?? String(i);
      return [
        [`precision of ${name}`, precision],
        [`recall of ${name}`, recall],
        [`F1 of ${name}`, f1],
      ] as const;
    }),
  ];
  return found;
}

function figuresOf(report: Report): Figures {
  const { tuning, memory, evaluation, meta } = report;
  const stated = Object.entries(meta ?? {}).flatMap(([key, found]) =>
    typeof found === "object"
      ? Object.entries(found).map(([name, value]) => [`stated ${key}.${name}`, value] as const)
      : [[`stated ${key}`, found] as const],
  );
  const all = [
    ["module bytes", report.moduleBytes],
    ["RAM bytes", memory.totalBytes],
    ["multiply-accumulates", report.macs],
    ["instructions, native kernels", tuning.instructions.native],
    ["instructions, portable kernels", tuning.instructions.portable],
    [`milliseconds on ${tuning.board.name}`, tuning.milliseconds],
    ...(evaluation ? evaluationFigures(evaluation) : []),
    ...stated,
  ] as const;
  return new Map(all.flatMap(([name, value]) => (typeof value === "number" ? [[name, value]] : [])));
}

/** Figures of both, in the order of A's, then those that only B has. */
export function compareReports(a: Report, b: Report): MetricDifference[] {
  const [first, second] = [figuresOf(a), figuresOf(b)];
  return [...new Set([...first.keys(), ...second.keys()])].map((metric) => {
    const [x, y] = [first.get(metric), second.get(metric)];
    return {
      metric,
      ...(x !== undefined && { a: x }),
      ...(y !== undefined && { b: y }),
      ...(x !== undefined && y !== undefined && { change: y - x }),
    };
  });
}
