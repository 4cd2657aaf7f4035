/** The loss of each tensor when it became integers: a bar for each, the worst by name, and one at a time in detail. */
import { FAIR } from "../advice.ts";
import { bars } from "../charts.ts";
import { percentage } from "../figures.ts";
import { type Html, html } from "../html.ts";
import type { LayerQualityReport, Report } from "../schema.ts";

/** Below this one sees the loss in the decisions of most models. */
const POOR = 15;
/** The scale of the bars ends here: what has no noise at all would be a bar of any length. */
const FULL = 60;
const WORST = 3;

const decibels = (value: number): string => `${value.toFixed(1)} dB`;
const level = (sqnr: number): string => (sqnr < POOR ? "poor" : sqnr < FAIR ? "fair" : "good");

function worst(list: readonly LayerQualityReport[], isLossy: boolean): Html {
  const concerned = list
    .filter(({ sqnr, advice }) => isLossy || sqnr < FAIR || advice.length > 0)
    .sort((a, b) => a.sqnr - b.sqnr)
    .slice(0, WORST);
  if (concerned.length === 0)
    return html`<p>No layer is below ${FAIR} dB: no more than may be is lost to rounding.</p>`;
  const item = ({ tensor, layer, sqnr, own, advice }: LayerQualityReport): Html => html`<li>
<strong>${layer}</strong> ${tensor === layer ? "" : html`(tensor ${tensor}) `}${decibels(sqnr)}; ${percentage(own)} of the noise arises in this layer.
${advice.length > 0 ? html`<ul>${advice.map((text) => html`<li>${text}</li>`)}</ul>` : ""}</li>`;
  return html`<h3>The worst</h3><ol class="worst">${concerned.map(item)}</ol>`;
}

const overview = (list: readonly LayerQualityReport[]): Html =>
  bars(
    list.map(({ tensor, layer, sqnr }, i) => ({
      label: html`<button type="button" data-tensor="${i}" title="${tensor}">${layer}</button>`,
      text: decibels(sqnr),
      segments: [
        {
          name: layer,
          value: Math.max(Math.min(sqnr, FULL), 0.5),
          colour: level(sqnr),
          text: decibels(sqnr),
        },
      ],
    })),
    FULL,
  );

/** The client draws into `#histogram` what is picked, and fills in the facts: see client.ts. */
function picker(list: readonly LayerQualityReport[]): Html {
  const first = list.reduce((low, { sqnr }, i) => (sqnr < list[low]!.sqnr ? i : low), 0);
  const option = ({ tensor, saturated }: LayerQualityReport, i: number): Html => {
    const text = saturated > 0 ? `${tensor} (${percentage(saturated)} saturated)` : tensor;
    return i === first
      ? html`<option value="${i}" selected>${text}</option>`
      : html`<option value="${i}">${text}</option>`;
  };
  return html`<div class="picker"><label for="tensor">Values of tensor</label>
<select id="tensor">${list.map(option)}</select></div>
<div id="histogram" role="img" aria-live="polite"></div>
<dl id="facts" class="facts"></dl>
<noscript><p>The histogram needs JavaScript.</p></noscript>`;
}

export function noise({ quality, quantization }: Report): Html | undefined {
  if (!quality || quality.length === 0) return undefined;
  const samples =
    quantization?.samples === "random inputs" ? html` It was measured on random inputs.` : undefined;
  return html`<section id="noise"><h2>Noise of quantisation</h2>
<p>Signal to noise of each tensor against the float model, in decibels: 6 dB are one bit. It holds what the layers before
have lost already.${samples} Pick a layer to see its values and the range they were given.</p>
<div class="columns"><div><div class="long" tabindex="0" role="region" aria-label="Signal to noise by layer">${overview(quality)}</div>
${worst(quality, (quantization?.losses ?? []).length > 0)}</div><div>${picker(quality)}</div></div></section>`;
}
