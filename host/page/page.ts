/**
 * A model as one page that needs no server and no network: module, runtime and script are inside, and the page's content
 * security policy lets nothing else run or be fetched.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ModelError } from "../ir/graph.ts";
import { readDescriptor } from "../module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../module/descriptor_table.ts";
import type { Borders, BorderTensor } from "../ops/border.ts";
import { type Html, html, jsonForScript } from "../report/html.ts";
import { version } from "../root.ts";
import type { PageFacts, PictureLayout } from "./client/facts.ts";
import { STYLES } from "./styles.ts";

export interface PageOptions {
  /** Real values of black and white; default 0 and 1. */
  readonly imageRange?: readonly [low: number, high: number];
  /** Samples in a second, of a model that does not say so itself. */
  readonly sampleRate?: number;
}

/** A side below which an input is no picture, but a row of numbers. */
const LEAST_SIDE = 4;
/** Rates that browsers decode sounds to. */
const RATES = { least: 3000, most: 768_000 } as const;

/** How an input holds a picture: [1, h, w, c] or [h, w, c], or with channels first, of 1 or 3; undefined where it does not. */
function pictureOf(
  { shape, features }: BorderTensor,
  range: PictureLayout["range"],
): PictureLayout | undefined {
  const axes = shape.length === 4 && shape[0] === 1 ? shape.slice(1) : shape;
  if (features || axes.length !== 3) return undefined;
  const [a, b, c] = axes as [number, number, number];
  if ((c === 1 || c === 3) && Math.min(a, b) >= LEAST_SIDE)
    return { height: a, width: b, channels: c, channelsFirst: false, range };
  if ((a === 1 || a === 3) && Math.min(b, c) >= LEAST_SIDE)
    return { height: b, width: c, channels: a, channelsFirst: true, range };
  return undefined;
}

/** The input's window and rate, where it is one of sound. Throws ModelError for a rate that no browser has. */
function soundOf(input: BorderTensor, sampleRate: number | undefined): PageFacts["sound"] {
  const rate = sampleRate ?? input.stream?.sampleRate;
  const length = input.shape.reduce((product, n) => product * n, 1);
  const channels = input.stream?.channels ?? 1;
  if (rate === undefined || channels !== 1) return undefined;
  if (length !== Math.max(...input.shape)) {
    if (sampleRate === undefined) return undefined;
    throw new ModelError(`--sample-rate: expected an input of one axis of samples, found [${input.shape}]`);
  }
  // Streams of slow sensors are no sounds.
  if (rate < RATES.least && sampleRate === undefined) return undefined;
  if (rate < RATES.least || rate > RATES.most)
    throw new ModelError(`--sample-rate: expected ${RATES.least} to ${RATES.most}, found ${rate}`);
  return { sampleRate: rate, hop: input.stream?.hop || length };
}

function factsOf(name: string, module: Uint8Array, { inputs }: Borders, options: PageOptions): PageFacts {
  const { imageRange = [0, 1], sampleRate } = options;
  const [first, ...others] = inputs;
  const alone = others.length === 0;
  const sound = alone ? soundOf(first!, sampleRate) : undefined;
  const picture = alone && !sound ? pictureOf(first!, imageRange) : undefined;
  return {
    name,
    module: Buffer.from(module).toString("base64"),
    bytes: module.length,
    kind: picture ? "picture" : sound ? "sound" : "rows",
    ...(picture && { picture }),
    ...(sound && { sound }),
  };
}

/** The bundled client/main.ts; host/setup.mjs makes it. */
const client = (): string => readFileSync(new URL("client.js", import.meta.url), "utf8").trim();

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Nothing is fetched, and nothing runs but this script and the module that it loads. */
const policy = (script: string): string =>
  [
    "default-src 'none'",
    `script-src ${hashOf(script)} 'wasm-unsafe-eval'`,
    `style-src ${hashOf(STYLES)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");

const raw = (markup: string): Html => ({ markup });

const PANELS: Readonly<Record<PageFacts["kind"], Html>> = {
  picture: html`<div class="line"><canvas id="drawing" role="img" aria-label="Field to draw in, white on black"></canvas>
<div><p class="note">The model sees:</p><canvas id="seen" role="img" aria-label="The picture as the model sees it"></canvas></div></div>
<div class="line"><button type="button" id="wipe">Clear the drawing</button><button type="button" id="camera">Use the camera</button>
<label><input type="checkbox" id="invert"> dark on light</label></div><video id="video" muted playsinline hidden></video>`,
  sound: html`<div class="line"><button type="button" id="record">Record</button></div>
<ol id="windows" class="note" aria-label="Answers to the windows of the sound"></ol>`,
  rows: html``,
};

const FILES: Readonly<Record<PageFacts["kind"], string>> = {
  picture: "An image, or a table of rows (.csv): choose it or drop it anywhere",
  sound: "A sound, or a table of rows (.csv): choose it or drop it anywhere",
  rows: "A table of rows (.csv): choose it or drop it anywhere",
};

const shapes = (tensors: readonly BorderTensor[]): string =>
  tensors.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");

/** The page of a module (not an image) that has been checked. Throws ModelError where it has no descriptor. */
export function modelPage(name: string, module: Uint8Array, options: PageOptions = {}): string {
  const borders = readDescriptor(module);
  if (!borders) throw new ModelError(`module: expected a custom section ${DESCRIPTOR_SECTION}, found none`);
  const facts = factsOf(name, module, borders, options);
  const script = client();
  const hash = createHash("sha256").update(module).digest("hex");
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${name}</title>
<style>${raw(STYLES)}</style></head>
<body><header><h1>${name}</h1>
<p>${borders.task ?? "model"}: ${shapes(borders.inputs)} to ${shapes(borders.outputs)}. It runs in this page: nothing that you give it
leaves your computer. The ${module.length} bytes of the module are those of a device, SHA-256 ${hash.slice(0, 16)}…</p></header>
<main><p id="error" role="alert" hidden></p>
<section aria-labelledby="input-title"><h2 id="input-title">Input</h2>
${PANELS[facts.kind]}<label class="file"><span>${FILES[facts.kind]}</span><input type="file" id="file"></label>
<details${facts.kind === "rows" ? raw(" open") : ""}><summary>Type the values</summary><form id="row" novalidate>
<div id="fields" class="fields"></div><button class="main">Predict the row</button></form></details></section>
<section aria-labelledby="answer-title" aria-live="polite"><h2 id="answer-title">Answer</h2>
<div id="answer" hidden><p id="verdict"></p><p id="note" class="note"></p>
<dl><dt id="confidence-label">Confidence</dt><dd id="confidence"></dd><dt>Time</dt><dd id="time"></dd><dt>Model</dt><dd id="size"></dd></dl>
<table><caption class="note">Values of the output</caption><tbody id="values"></tbody></table></div></section>
<section id="table" aria-labelledby="table-title" hidden><h2 id="table-title">Rows</h2><p id="rows-note" class="note"></p>
<p><a id="download">Download all answers (.csv)</a></p><div class="scroll" tabindex="0"><table id="rows"></table></div></section></main>
<noscript>This page needs JavaScript and WebAssembly.</noscript>
<!-- thimble ${version} -->
<script type="application/json" id="facts">${raw(jsonForScript(facts))}</script>
<script type="module">${raw(script)}</script>
</body></html>
`.markup;
}
