/** Where the module's bytes are. */

import type { Part } from "../../compiler/compile/parts.ts";
import { integer } from "../../table.ts";
import { dataTable, details, legend, rectangles } from "../charts.ts";
import { percentage } from "../figures.ts";
import { type Html, html } from "../html.ts";
import type { Report } from "../schema.ts";
import { treemap } from "../treemap.ts";

const COLOURS: Readonly<Record<Part["part"], string>> = {
  weights: "c0",
  tables: "c1",
  code: "c2",
  descriptor: "c3",
  metadata: "c3",
  format: "rest",
  zeros: "rest",
};

/** The chart's sides in any unit: only their ratio counts. */
const [WIDTH, HEIGHT] = [2, 1];

const nameOf = ({ part, name }: Part): string => (part === "code" ? name.replace(/^kernel\./, "") : name);

export function size({ sizes, parts, moduleBytes }: Report): Html {
  const areas = treemap(sizes, ({ bytes }) => bytes, WIDTH, HEIGHT);
  const map = rectangles(
    areas.map(({ item, ...place }) => ({
      name: nameOf(item),
      text: `${item.part}, ${integer(item.bytes)} B`,
      colour: COLOURS[item.part],
      ...place,
    })),
    "treemap",
  );
  const shown = parts.filter(({ bytes }) => bytes > 0);
  const rows = [...sizes]
    .sort((a, b) => b.bytes - a.bytes)
    .map((part) => [nameOf(part), part.part, integer(part.bytes), percentage(part.bytes / moduleBytes)]);
  const zeros = sizes.find(({ part }) => part === "zeros");
  return html`<section id="size"><h2>Size</h2>
<p>${integer(moduleBytes)} bytes of module; areas are in proportion.${zeros && html` Runs of zeros are not stored, which saves ${integer(-zeros.bytes)} B of what is shown.`}</p>
${map}
${legend(shown.map(({ part, bytes }) => ({ name: `${part} ${integer(bytes)} B`, colour: COLOURS[part as Part["part"]] })))}
${details("Bytes by layer and kernel", dataTable("Bytes of the module", ["name", "kind", "bytes", "share"], rows))}</section>`;
}
