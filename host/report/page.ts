/** The report as one HTML page that needs no network and no server: styles, scripts and data are inside. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { version } from "../root.ts";
import { type Html, html, jsonForScript } from "./html.ts";
import type { Report } from "./schema.ts";
import { accuracy } from "./sections/accuracy.ts";
import { fit } from "./sections/fit.ts";
import { headline } from "./sections/headline.ts";
import { latency } from "./sections/latency.ts";
import { layers } from "./sections/layers.ts";
import { memory } from "./sections/memory.ts";
import { noise } from "./sections/noise.ts";
import { size } from "./sections/size.ts";
import { STYLES } from "./styles.ts";

const raw = (markup: string): Html => ({ markup });

interface Library {
  readonly script: string;
  readonly styles: string;
  readonly license: string;
}

function uplot(): Library {
  const folder = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));
  const read = (...path: string[]): string => readFileSync(join(folder, ...path), "utf8");
  return {
    script: read("dist", "uPlot.iife.min.js"),
    styles: read("dist", "uPlot.min.css"),
    license: read("LICENSE"),
  };
}

/** The compiled client.ts; its source map is not where the page is. */
const client = (): string =>
  readFileSync(new URL("client.js", import.meta.url), "utf8").replace(/^\/\/# sourceMappingURL.*$/m, "");

const hashOf = (script: string): string => `'sha256-${createHash("sha256").update(script).digest("base64")}'`;

/** Only these scripts run, whatever else should get into the page, and nothing is loaded from anywhere. */
function policy(scripts: readonly string[]): string {
  const allowed = scripts.length > 0 ? scripts.map(hashOf).join(" ") : "'none'";
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${allowed}; img-src data:; base-uri 'none'; form-action 'none'`;
}

const SECTIONS: readonly (readonly [id: string, title: string])[] = [
  ["accuracy", "Accuracy"],
  ["noise", "Noise"],
  ["fit", "Fit"],
  ["latency", "Latency"],
  ["size", "Size"],
  ["memory", "Memory"],
  ["layers", "Layers"],
];

/** `report` as a page; charts that answer to the reader are there where the model has been quantised by us. */
export function reportPage(report: Report): string {
  const { model, source, compiler } = report;
  const noiseSection = noise(report);
  const fitSection = fit(report.fit);
  const library = noiseSection ? uplot() : undefined;
  const scripts = library ? [library.script, client()] : [];
  const title = `${model.name} ${model.version}`;
  const links = SECTIONS.filter(([id]) => (id !== "noise" || noiseSection) && (id !== "fit" || fitSection));
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
${library ? raw(`<!--\nuPlot, inside of this page:\n${library.license.replaceAll("--", "- -")}-->`) : ""}
<style>${raw((library?.styles ?? "") + STYLES)}</style></head>
<body><header><h1>${title}</h1><p>From ${source.file} (SHA-256 ${source.sha256.slice(0, 16)}…) by ${compiler}</p>
<nav aria-label="Parts of this page">${links.map(([id, name]) => html`<a href="${`#${id}`}">${name}</a>`)}</nav></header>
<main>${headline(report)}${accuracy(report)}${noiseSection}${fitSection}${latency(report)}${size(report)}${memory(report)}${layers(report)}</main>
<footer>thimble ${version}. The same figures, for programs, are in report.json and inside of this page.</footer>
<script type="application/json" id="data">${raw(jsonForScript(report))}</script>
${scripts.map((script, i) => raw(`<script${i === 0 ? "" : ' type="module"'}>${script}</script>`))}
</body></html>
`;
  return page.markup;
}
