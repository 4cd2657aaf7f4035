/** The layers as they are computed, and what the module is and came from. */
import { integer } from "../../table.ts";
import { dataTable } from "../charts.ts";
import { type Html, html } from "../html.ts";
import type { Report } from "../schema.ts";

export function layers({ layers: list, inputs, outputs }: Report): Html {
  const rows = list.map(({ name, op, shape, kernels, macs, weights, tables }) => [
    name,
    op,
    shape.join(" × "),
    kernels.map((kernel) => kernel.replace(/^kernel\./, "")).join(", ") || "(view)",
    integer(macs),
    integer(weights),
    integer(tables),
  ]);
  const head = ["layer", "operator", "output", "kernel", "MACs", "weights B", "tables B"];
  const tensors = [
    ...inputs.map((info) => ["input", info] as const),
    ...outputs.map((info) => ["output", info] as const),
  ];
  const borders = tensors.map(([kind, { name, dtype, shape, scale, zeroPoint, labels }]) => [
    name,
    kind,
    `${dtype} ${shape.join(" × ")}`,
    Number(scale.toPrecision(7)),
    zeroPoint,
    labels?.join(", ") ?? "",
  ]);
  return html`<section id="layers"><h2>Layers</h2>
${dataTable("Layers in order", head, rows)}
${dataTable("Inputs and outputs: real = scale × (integer − zero point)", ["tensor", "", "type", "scale", "zero point", "labels"], borders)}</section>`;
}
