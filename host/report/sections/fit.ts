/** How the module was made to fit: the curve of size against loss, with its point, and every layer's choice. */

import type { Choice } from "../../compiler/compress/fit.ts";
import { integer } from "../../table.ts";
import { bars, dataTable, details } from "../charts.ts";
import { type Html, html } from "../html.ts";
import type { FitReport } from "../schema.ts";

const noiseText = (noise: number): string => (noise === 0 ? "0" : noise.toPrecision(2));

const storedAs = ({ bits, rank }: Choice): string =>
  `${bits} bits${rank === undefined ? "" : `, rank ${rank}`}`;

const choiceText = (choice: Choice): string =>
  `${storedAs(choice)}: ${integer(choice.bytes)} B, noise ${noiseText(choice.noise)}`;

/** The point of the curve that is nearest to the module that was made. */
function chosenPoint({ curve, bytesAfter }: FitReport): number {
  const distances = curve.map(({ moduleBytes }) => Math.abs(moduleBytes - bytesAfter));
  return distances.indexOf(Math.min(...distances));
}

export function fit(report: FitReport | undefined): Html | undefined {
  if (!report) return undefined;
  const { layers, curve, bytesBefore, bytesAfter, maxBytes, samples } = report;
  const chosen = chosenPoint(report);
  const points = curve.map(({ moduleBytes, noise }, i) => ({
    label: i === chosen ? html`<strong>${integer(moduleBytes)} B</strong>` : `${integer(moduleBytes)} B`,
    text: `noise ${noiseText(noise)}`,
    segments: [
      {
        name: "module",
        value: moduleBytes,
        colour: i === chosen ? "c1" : "c0",
        text: `${integer(moduleBytes)} B`,
      },
    ],
    ...(i === chosen && { mark: "chosen" }),
  }));
  const most = Math.max(...curve.map(({ moduleBytes }) => moduleBytes));
  const rows = layers.map(({ layer, weights, chosen: now, choices }) => [
    layer,
    integer(weights),
    storedAs(now),
    integer(now.bytes),
    noiseText(now.noise),
    choices.map(choiceText).join("; "),
  ]);
  const limit = maxBytes === undefined ? "" : ` of at most ${integer(maxBytes)}`;
  const how =
    samples === 0
      ? html`; no weights of four bits are needed.`
      : html`, instead of ${integer(bytesBefore)}; weights were fitted to ${integer(samples)} samples, and the
accuracy above is measured on others.`;
  return html`<section id="fit"><h2>Fit</h2>
<p>${integer(bytesAfter)} bytes${limit}${how} Noise is that of the scores, relative to their variance, estimated as the sum of what each layer
adds alone. <code>--fit BYTES</code> takes another point, <code>--bits LAYER=4</code> or <code>=8</code> another choice for one layer.</p>
${bars(points, most)}
${details("Choices by layer", dataTable("Layers and how they are stored", ["layer", "weights", "stored in", "bytes", "noise", "measured"], rows))}</section>`;
}
