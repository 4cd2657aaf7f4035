/** Predicted time of an inference on every board, by layer. */
import { integer } from "../../table.ts";
import { type Bar, bars, COLOURS, colourOf, dataTable, details, legend } from "../charts.ts";
import { type Html, html } from "../html.ts";
import type { BoardReport, Report } from "../schema.ts";
import { time } from "../text.ts";

type Kernels = "native" | "portable";

/** Layers with their share of all instructions, those that take most first; the rest is one entry. */
function shares({ tuning }: Report, kernels: Kernels, order: readonly string[]) {
  const total = tuning.instructions[kernels];
  const by = new Map(tuning.layers.map((layer) => [layer.name, layer.instructions[kernels] / total]));
  const named = order.slice(0, COLOURS).map((name, i) => ({
    name,
    colour: colourOf(i),
    share: by.get(name) ?? 0,
  }));
  const rest = 1 - named.reduce((sum, { share }) => sum + share, 0);
  return [...named, { name: "everything else", colour: "rest", share: Math.max(rest, 0) }];
}

function chart(report: Report, kernels: Kernels, order: readonly string[]): Html {
  const boards = report.boards.filter(({ nativeKernels }) => kernels === "portable" || nativeKernels);
  const layers = shares(report, kernels, order);
  const bar = ({ name, milliseconds, chosen }: BoardReport): Bar => ({
    label: chosen ? html`<strong>${name}</strong>` : name,
    text: time(milliseconds[kernels]),
    segments: layers.map(({ name: layer, colour, share }) => ({
      name: layer,
      colour,
      value: share * milliseconds[kernels],
      text: time(share * milliseconds[kernels]),
    })),
  });
  return bars(boards.map(bar), Math.max(...boards.map(({ milliseconds }) => milliseconds[kernels])));
}

/** Layers by falling cost on the chosen board. */
function costOrder({ tuning }: Report): string[] {
  const used: Kernels = tuning.board.nativeKernels ? "native" : "portable";
  return [...tuning.layers]
    .filter(({ instructions }) => instructions[used] > 0)
    .sort((a, b) => b.instructions[used] - a.instructions[used])
    .map(({ name }) => name);
}

export function latency(report: Report): Html {
  const { tuning } = report;
  const order = costOrder(report);
  const entries = order.slice(0, COLOURS).map((name, i) => ({ name, colour: colourOf(i) }));
  const rows = tuning.layers.map(({ name, kernels, instructions, milliseconds }) => [
    name,
    kernels.join(", ") || "(view)",
    integer(instructions.native),
    integer(instructions.portable),
    time(milliseconds),
  ]);
  const head = ["layer", "kernel", "native instructions", "portable instructions", `on ${tuning.board.name}`];
  const native = report.boards.some(({ nativeKernels }) => nativeKernels)
    ? html`<h3>With the firmware's native kernels</h3>${chart(report, "native", order)}`
    : undefined;
  return html`<section id="latency"><h2>Latency by board</h2>
<p>Of one inference, from ${tuning.costs} instructions and estimated cycles for each. The module was built for
<strong>${tuning.board.name}</strong>; the two charts have scales of their own.</p>
${native}
<h3>In the wasm3 interpreter alone</h3>${chart(report, "portable", order)}
${legend([...entries, { name: "everything else", colour: "rest" }])}
${details("Instructions by layer", dataTable("Instructions of one inference", head, rows))}</section>`;
}
