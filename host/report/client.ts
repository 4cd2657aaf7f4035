/**
 * Runs in the page: draws the histogram of the tensor that is picked. No other file is there, so it imports
 * nothing but types; `uPlot` is a global of the script before it.
 */
import type Plot from "uplot";
import type { LayerQualityReport, Report } from "./schema.ts";

declare const uPlot: typeof Plot;

const HEIGHT = 260;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const { quality = [] } = JSON.parse(element("data").textContent) as Report;

const short = (value: number): string => `${Number(value.toPrecision(4))}`;
const between = ([min, max]: readonly [number, number]): string => `${short(min)} to ${short(max)}`;

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);

/** Upright lines where the range of the integers begins and ends. */
function drawRange(plot: Plot, [min, max]: readonly [number, number]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour("--poor");
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const value of [min, max]) {
    const x = Math.round(plot.valToPos(value, "x", true));
    if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function centres([min, max]: readonly [number, number], bins: number): number[] {
  const width = (max - min) / bins;
  return Array.from({ length: bins }, (_, i) => min + (i + 0.5) * width);
}

function axis(): Plot.Axis {
  const line = { stroke: colour("--line"), width: 1 };
  return { stroke: colour("--muted"), grid: line, ticks: line, font: "12px system-ui, sans-serif" };
}

function optionsOf({ range, seen }: LayerQualityReport, width: number): Plot.Options {
  const low = Math.min(range[0], seen[0]);
  const high = Math.max(range[1], seen[1]);
  const margin = (high - low || 1) * 0.02;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: [low - margin, high + margin] },
      y: { range: (_, __, most) => [0, most || 1] },
    },
    axes: [axis(), { ...axis(), size: 60 }],
    series: [
      {},
      {
        stroke: colour("--c0"),
        fill: colour("--c0"),
        points: { show: false },
        paths: uPlot.paths.bars!({ size: [1, Number.POSITIVE_INFINITY], gap: 1 }),
      },
    ],
    hooks: { draw: [(plot) => drawRange(plot, range)] },
  };
}

let shown: Plot | undefined;

function draw(layer: LayerQualityReport): void {
  const place = element("histogram");
  shown?.destroy();
  const { seen, histogram } = layer;
  const data: Plot.AlignedData = [centres(seen, histogram.length), [...histogram]];
  shown = new uPlot(optionsOf(layer, Math.max(place.clientWidth, 200)), data, place);
  place.setAttribute(
    "aria-label",
    `Histogram of ${layer.tensor}: values from ${between(seen)}, range from ${between(layer.range)}`,
  );
}

function tell({ layer, sqnr, own, dtype, range, seen, saturated, method, advice }: LayerQualityReport): void {
  const facts: readonly (readonly [string, string])[] = [
    ["layer", layer],
    ["signal to noise", `${sqnr.toFixed(1)} dB`],
    ["noise of its own layer", `${(100 * own).toFixed(0)} %`],
    ["type", dtype],
    ["range of the integers (dashed)", between(range)],
    ["values seen", between(seen)],
    ["saturated", `${(100 * saturated).toFixed(2)} %`],
    ["range chosen by", method],
    ...advice.map((text) => ["would help", text] as const),
  ];
  const items = facts.map(([name, value]) => {
    const item = document.createElement("div");
    for (const [tag, text] of [
      ["dt", name],
      ["dd", value],
    ] as const) {
      item.append(Object.assign(document.createElement(tag), { textContent: text }));
    }
    return item;
  });
  element("facts").replaceChildren(...items);
}

const select = element<HTMLSelectElement>("tensor");
const buttons = [...document.querySelectorAll<HTMLButtonElement>("button[data-tensor]")];

function show(): void {
  const layer = quality[Number(select.value)];
  if (!layer) return;
  draw(layer);
  tell(layer);
  for (const button of buttons)
    button.setAttribute("aria-pressed", String(button.dataset["tensor"] === select.value));
}

select.addEventListener("change", show);
for (const button of buttons) {
  button.addEventListener("click", () => {
    select.value = button.dataset["tensor"] ?? "0";
    show();
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
new ResizeObserver(([entry]) => {
  if (entry && shown && entry.contentRect.width > 0)
    shown.setSize({ width: entry.contentRect.width, height: HEIGHT });
}).observe(element("histogram"));
show();
