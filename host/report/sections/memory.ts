/** The arena: which buffer lies where, and when. */
import { integer } from "../../table.ts";
import { colourOf, dataTable, details, legend, rectangles } from "../charts.ts";
import { type Html, html } from "../html.ts";
import type { BufferReport, MemoryReport, Report } from "../schema.ts";

/** Bytes that are alive in the fullest step, and that step. */
function fullest({ buffers, steps }: MemoryReport): { readonly step: number; readonly bytes: number } {
  const live = steps.map((_, step) =>
    buffers
      .filter(({ start, end }) => start <= step && step <= end)
      .reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const most = Math.max(...live);
  return { step: live.indexOf(most), bytes: most };
}

const spanOf = ({ steps }: MemoryReport, { start, end }: BufferReport): string => {
  const [first, last] = [steps[start] ?? start, steps[end] ?? end];
  return first === last ? `${first}` : `${first} to ${last}`;
};

const KINDS = ["layer outputs", "inputs and outputs of the model", "scratch"].map((name, i) => ({
  name,
  colour: colourOf(i),
}));

function map(memory: MemoryReport, borders: ReadonlySet<string>): Html {
  const { buffers, steps, arenaBytes, arenaOffset } = memory;
  return rectangles(
    buffers.map((buffer) => {
      const { name, offset, bytes, start, end } = buffer;
      const top = offset - arenaOffset + bytes;
      return {
        name,
        text: `${integer(bytes)} B at ${integer(offset)}, ${spanOf(memory, buffer)}`,
        colour: colourOf(borders.has(name) ? 1 : name.endsWith("scratch") ? 2 : 0),
        x: start / steps.length,
        width: (end + 1 - start) / steps.length,
        y: 1 - top / arenaBytes,
        height: bytes / arenaBytes,
      };
    }),
    "memory",
  );
}

export function memory({ memory: plan, inputs, outputs }: Report): Html {
  const { step, bytes } = fullest(plan);
  const borders = new Set([...inputs, ...outputs].map(({ name }) => name));
  const proof = plan.arenaOptimal
    ? "No plan can be smaller"
    : `No plan can be smaller than ${integer(plan.arenaLowerBound)} B`;
  const rows = plan.buffers.map((buffer) => [
    buffer.name,
    integer(buffer.bytes),
    integer(buffer.offset),
    spanOf(plan, buffer),
  ]);
  const head = ["buffer", "bytes", "address", "alive"];
  return html`<section id="memory"><h2>Memory over time</h2>
<p>Linear memory is ${integer(plan.totalBytes)} B: ${integer(plan.constantBytes)} B of constants, and an arena of
${integer(plan.arenaBytes)} B whose buffers take each other's place. ${proof}. The fullest step is
<strong>${plan.steps[step]!}</strong> with ${integer(bytes)} B alive.</p>
<div class="plot"><span class="top">${integer(plan.arenaOffset + plan.arenaBytes)}</span>
<span class="bottom">${integer(plan.arenaOffset)}</span>${map(plan, borders)}</div>
${legend(KINDS)}
<p class="axis-note">Steps from left (input) to right (output), addresses from below.</p>
${details("Buffers", dataTable("Buffers of the arena", head, rows))}</section>`;
}
