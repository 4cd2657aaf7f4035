/** Charts as plain elements: they need no script, can be printed, and screen readers get their numbers as text. */
import { type Content, type Html, html } from "./html.ts";

/** Colours of `styles.ts` that tell series apart; what is beyond them is one grey series. */
export const COLOURS = 7;
export const colourOf = (i: number): string => (i < COLOURS ? `c${i}` : "rest");

const percent = (share: number): string => `${Number((100 * share).toFixed(3))}%`;

export interface Segment {
  readonly name: string;
  readonly value: number;
  readonly colour: string;
  /** The text that people read: the value with its unit. */
  readonly text: string;
}

export interface Bar {
  readonly label: Content;
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Said of the whole bar, e.g. that it is the chosen one. */
  readonly mark?: string;
}

const segmentOf = (max: number) => (segment: Segment) =>
  html`<span class="segment ${segment.colour}"
  style="width:${percent(segment.value / max)}" title="${segment.name}: ${segment.text}"></span>`;

/** Horizontal bars on one scale from zero, each of one or of several segments. */
export function bars(list: readonly Bar[], max: number): Html {
  const rows = list.map(
    ({ label, text, segments, mark }) => html`<li class="${mark ?? ""}">
<span class="label">${label}</span>
<span class="track">${segments.filter(({ value }) => value > 0).map(segmentOf(max || 1))}</span>
<span class="value">${text}</span></li>`,
  );
  return html`<ul class="bars">${rows}</ul>`;
}

export function legend(entries: readonly { readonly name: string; readonly colour: string }[]): Html {
  const items = entries.map(
    ({ name, colour }) => html`<li><span class="swatch ${colour}"></span>${name}</li>`,
  );
  return html`<ul class="legend">${items}</ul>`;
}

const NUMBER = /^-?[\d\s.e-]*\d( (ms|B|dB|%))?$/;

/** A table that scrolls by itself where the page is too narrow; columns of numbers are aligned right. */
export function dataTable(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Html {
  const kinds = head.map((_, i) => (i > 0 && rows.every((row) => NUMBER.test(`${row[i]}`)) ? "number" : ""));
  const cell = (value: string | number, i: number): Html =>
    i === 0 ? html`<th scope="row">${value}</th>` : html`<td class="${kinds[i]}">${value}</td>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${head.map((name, i) => html`<th scope="col" class="${kinds[i]}">${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody></table></div>`;
}

/** A part that is not needed at first sight. */
export const details = (summary: string, content: Html): Html =>
  html`<details><summary>${summary}</summary>${content}</details>`;

export interface Rectangle {
  readonly name: string;
  readonly text: string;
  readonly colour: string;
  /** Shares of the chart's width and height, from its upper left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Shares of a chart's sides that a name needs, about: smaller rectangles are told by hovering and in the table. */
const [NAME_WIDTH, NAME_HEIGHT] = [0.03, 0.05];

/** Named rectangles in a frame. A name that does not fit is cut, and shown on hovering. */
export function rectangles(list: readonly Rectangle[], kind: string): Html {
  const items = list.map(({ name, text, colour, x, y, width, height }) => {
    const place = `left:${percent(x)};top:${percent(y)};width:${percent(width)};height:${percent(height)}`;
    const label =
      width < NAME_WIDTH || height < NAME_HEIGHT
        ? undefined
        : html`<span>${name}</span> <small>${text}</small>`;
    return html`<li class="${colour}" style="${place}" title="${name}: ${text}">${label}</li>`;
  });
  return html`<ul class="rectangles ${kind}">${items}</ul>`;
}
