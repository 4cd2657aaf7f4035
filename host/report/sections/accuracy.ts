/** Decisions of the float model and of the integers, against the labels. */

import type { EvaluationResult } from "../../compiler/evaluate/evaluate.ts";
import type { DecisionMetrics, ValueMetrics } from "../../compiler/quantize/metrics.ts";
import { integer } from "../../table.ts";
import { dataTable, details } from "../charts.ts";
import { agreementText, figure, isOfValues, percentage } from "../figures.ts";
import { type Html, html } from "../html.ts";
import type { Report } from "../schema.ts";

/** More classes than this are no readable picture: only what is mistaken most is told. */
const MAX_CLASSES = 30;
const MAX_MISTAKES = 12;

function heatMap(title: string, { accuracy, confusion }: DecisionMetrics, classes: readonly string[]): Html {
  const totals = confusion.map((row) => row.reduce((sum, n) => sum + n, 0));
  const cell = (row: number, column: number): Html => {
    const count = confusion[row]![column]!;
    const share = totals[row] ? count / totals[row] : 0;
    const colour = row === column ? "right" : "wrong";
    const what = `expected ${classes[row]}, decided ${classes[column]}: ${count}`;
    return html`<td class="${colour}${share > 0.5 ? " strong" : ""}" style="--share:${share.toFixed(3)}" title="${what}">${count === 0 ? "" : count}</td>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="heat">
<caption>${title}: ${percentage(accuracy)} right</caption>
<thead><tr><th scope="col"><span class="axis">expected \\ decided</span></th>${classes.map((name) => html`<th scope="col" title="${name}">${name}</th>`)}</tr></thead>
<tbody>${classes.map((name, row) => html`<tr><th scope="row" title="${name}">${name}</th>${classes.map((_, column) => cell(row, column))}</tr>`)}</tbody>
</table></div>`;
}

/** The pairs of classes that the integers mistake most, with what the float model does. */
function mistakes(
  classes: readonly string[],
  float: DecisionMetrics | undefined,
  quantized: DecisionMetrics,
): Html | undefined {
  const pairs = quantized.confusion.flatMap((row, expected) =>
    row.flatMap((count, decided) =>
      decided === expected || count === 0
        ? []
        : [{ count, expected, decided, before: float?.confusion[expected]?.[decided] }],
    ),
  );
  if (pairs.length === 0) return undefined;
  const rows = pairs
    .sort((a, b) => b.count - a.count)
    .slice(0, MAX_MISTAKES)
    .map(({ count, expected, decided, before }) => [
      classes[expected]!,
      classes[decided]!,
      count,
      ...(before === undefined ? [] : [before]),
    ]);
  const head = ["expected", "decided", "int8", ...(float ? ["float"] : [])];
  const list = dataTable("Mistaken most often", head, rows);
  return classes.length > MAX_CLASSES ? list : details("What is mistaken most often", list);
}

/** Precision, recall and F1 of each class. */
function byClass(classes: readonly string[], { byClass: metrics, auc }: DecisionMetrics): Html {
  const rows = metrics.map(({ precision, recall, f1 }, i) => [
    classes[i]!,
    precision.toFixed(3),
    recall.toFixed(3),
    f1.toFixed(3),
  ]);
  const table = dataTable("By class, of the integers", ["class", "precision", "recall", "F1"], rows);
  const area = auc === undefined ? undefined : html`<p>Area under the ROC curve: ${auc.toFixed(4)}.</p>`;
  return html`${area}${details("Precision and recall", table)}`;
}

function decisions(
  classes: readonly string[],
  float: DecisionMetrics | undefined,
  quantized: DecisionMetrics,
): Html {
  const maps =
    classes.length > MAX_CLASSES
      ? html`<p>${integer(classes.length)} classes are too many for a picture.</p>`
      : html`<div class="pair">${float ? heatMap("Float model", float, classes) : undefined}${heatMap("Integers", quantized, classes)}</div>`;
  return html`${maps}${byClass(classes, quantized)}${mistakes(classes, float, quantized)}`;
}

function values({
  float,
  quantized,
}: {
  readonly float?: ValueMetrics;
  readonly quantized: ValueMetrics;
}): Html {
  const rows: readonly (readonly [string, (metrics: ValueMetrics) => string])[] = [
    ["mean absolute error", ({ mae }) => figure(mae)],
    ["root mean squared error", ({ rmse }) => figure(rmse)],
    ["greatest error", ({ maxError }) => figure(maxError)],
    ["R²", ({ r2 }) => (r2 === undefined ? "" : r2.toFixed(4))],
    ["PSNR", ({ psnr }) => `${psnr.toFixed(1)} dB`],
  ];
  const head = ["figure", ...(float ? ["float model"] : []), "integers"];
  return dataTable(
    "Errors of values",
    head,
    rows.map(([name, of]) => [name, ...(float ? [of(float)] : []), of(quantized)]),
  );
}

function evaluated(evaluation: EvaluationResult): Html {
  const { file, source, samples, classes, float, quantized, agreement, rand, anomalyAuc } = evaluation;
  const origin =
    source === "calibration"
      ? html`The right answers are those of the calibration file, ${file}: the ranges were chosen on the same samples, so the
figures flatter. <code>--evaluate FILE</code> takes samples of their own.`
      : html`The right answers are those of ${file}.`;
  const agreed =
    agreement === undefined
      ? undefined
      : html` Both models decide the same on ${percentage(agreement)} of ${integer(samples)} samples.`;
  const area =
    anomalyAuc && html`<p>Area under the ROC curve of the error: ${anomalyAuc.quantized.toFixed(4)}.</p>`;
  const groups =
    rand && html`<p>Adjusted Rand index of its groups and the labels: ${figure(rand.quantized)}.</p>`;
  return html`<p>${origin}${agreed}</p>${classes && quantized ? decisions(classes, float, quantized) : undefined}${
    evaluation.values ? values(evaluation.values) : undefined
  }${area}${groups}`;
}

/** How near the integers are to the float model, as far as there is one. */
function nearness({ floatAgreement, quantization, task }: Report): Html {
  if (!quantization)
    return html`<p>The model was quantised already: there is no float model to compare with. What the module computes is
what the model's own integers say, byte for byte.</p>`;
  const steps =
    quantization.steps.length > 0
      ? details(
          "What the quantiser did",
          html`<ul>${quantization.steps.map((step) => html`<li>${step}</li>`)}</ul>`,
        )
      : undefined;
  const warnings = quantization.warnings.map((warning) => html`<p class="warning">${warning}</p>`);
  const differences =
    floatAgreement &&
    (isOfValues(task)
      ? html`<p>On the calibration samples: ${agreementText(floatAgreement, task)}.</p>`
      : html`<p>On the calibration samples outputs are within ${floatAgreement.maxError.toPrecision(2)} of the float
model's, ${floatAgreement.meanError.toPrecision(2)} on average, and ${percentage(floatAgreement.sameArgmax)} of
${integer(floatAgreement.samples)} samples are decided the same.</p>`);
  return html`${warnings}${differences}${steps}`;
}

export function accuracy(report: Report): Html {
  const { evaluation } = report;
  const labels = evaluation
    ? evaluated(evaluation)
    : html`<p>No right answers were given, so nothing is known of the accuracy. <code>--evaluate FILE</code> takes samples with
them, e.g. in a column “label”.</p>`;
  return html`<section id="accuracy"><h2>Accuracy</h2>${labels}${nearness(report)}</section>`;
}
