/** Figures of a model's task in words, the same for the terminal and the page. */
import type { EvaluationResult } from "../compiler/evaluate/evaluate.ts";
import type { Agreement } from "../compiler/quantize/compare.ts";
import type { ValueMetrics } from "../compiler/quantize/metrics.ts";
import type { Task } from "../ir/graph.ts";
import { integer } from "../table.ts";

export const percentage = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const figure = (value: number): string => String(Number(value.toPrecision(3)));

/** Whether a task's outputs are values rather than decisions. */
export const isOfValues = (task: Task | undefined): boolean =>
  task === "regression" || task === "autoencoder" || task === "image";

/** How near the integers are to the float model. */
export function agreementText(agreement: Agreement, task: Task | undefined): string {
  const { samples, maxError, meanError, rmse, range, sameArgmax } = agreement;
  if (!isOfValues(task))
    return `${percentage(sameArgmax)} of ${samples} samples decided as by the float model, outputs within ${maxError.toPrecision(2)}`;
  const share = percentage(rmse / (range || 1));
  return `values of ${samples} samples within ${figure(maxError)} of the float model's, ${figure(meanError)} on average; root mean square ${share} of their range`;
}

const valueText = (task: Task, { mae, rmse, r2, psnr }: ValueMetrics): string =>
  task === "regression"
    ? `MAE ${figure(mae)}, RMSE ${figure(rmse)}${r2 === undefined ? "" : `, R² ${r2.toFixed(4)}`}`
    : `mean squared error ${figure(rmse ** 2)}, MAE ${figure(mae)}, PSNR ${psnr.toFixed(1)} dB`;

/** How good the model is by the right answers. */
export function evaluationText(evaluation: EvaluationResult): string {
  const { file, source, task, samples, float, quantized, values, rand, anomalyAuc } = evaluation;
  const whose = source === "calibration" ? `the calibration samples of ${file}` : file;
  const parts: string[] = [];
  if (quantized) {
    const before = float ? `, ${percentage(float.accuracy)} by the float model` : "";
    parts.push(`${percentage(quantized.accuracy)} of ${integer(samples)} right${before}`);
    if (quantized.auc !== undefined && (task === "anomaly" || quantized.byClass.length === 2)) {
      const { precision, recall, f1 } = quantized.byClass[task === "anomaly" ? 0 : 1]!;
      parts.push(
        `AUC ${quantized.auc.toFixed(4)}${float?.auc === undefined ? "" : ` (float ${float.auc.toFixed(4)})`}, precision ${figure(precision)}, recall ${figure(recall)}, F1 ${figure(f1)}`,
      );
    }
  }
  if (values) {
    const before = values.float ? `; by the float model ${valueText(task, values.float)}` : "";
    parts.push(`${valueText(task, values.quantized)} on ${integer(samples)} samples${before}`);
  }
  if (anomalyAuc) {
    const before = anomalyAuc.float === undefined ? "" : ` (float ${anomalyAuc.float.toFixed(4)})`;
    parts.push(`AUC of the error ${anomalyAuc.quantized.toFixed(4)}${before}`);
  }
  if (rand) {
    const before = rand.float === undefined ? "" : `, ${figure(rand.float)} by the float model`;
    parts.push(`adjusted Rand index ${figure(rand.quantized)} on ${integer(samples)} samples${before}`);
  }
  return `${parts.join("; ")}: ${whose}`;
}
