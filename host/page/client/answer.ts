/** Answers of the model, in words, bars and times. */
import type { Model, ModelTensor, Prediction } from "../../runtime/model/browser.ts";
import { byId, make } from "./dom.ts";
import type { PageFacts } from "./facts.ts";

/** Bars of classes, the greatest first, and values of an output that decides nothing. */
const MOST_BARS = 10;
const MOST_VALUES = 40;
/** Inferences are repeated so long, in milliseconds, or so many times, since clocks of browsers are coarse. */
const LEAST_MS = 20;
const MOST_TIMES = 200;

export interface Runner {
  readonly model: Model;
  readonly facts: PageFacts;
}

export const short = (value: number): string =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The output that decides, or the first. */
export const decidingOutput = ({ outputs }: Model): ModelTensor =>
  outputs.find(({ decision }) => decision !== undefined && decision !== "none") ?? outputs[0]!;

/** Whether the values of classes are shares that add up to one, but for their rounding to integers. */
function areShares(values: Float32Array): boolean {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.length > 1 && values.every((value) => value >= 0) && Math.abs(sum - 1) < 0.1;
}

/** How sure an answer is: a share, or the value with the bound that it was compared with. */
export function confidence(model: Model, { score, outputs }: Prediction): string {
  const { decision, name, threshold = 0.5 } = decidingOutput(model);
  if (score === undefined) return "";
  if (decision === "greatest") return areShares(outputs[name]!) ? percent(score) : short(score);
  if (decision === "index") return "";
  const is = score > threshold ? "above" : "not above";
  return `${short(score)}, ${is} the threshold ${short(threshold)}`;
}

/** The answer in a word: label or number of the class, or the first value with its unit. */
export function verdict(model: Model, { label, classNumber, outputs }: Prediction): string {
  if (classNumber !== undefined) return label ?? `class ${classNumber}`;
  const { name, unit } = decidingOutput(model);
  const values = outputs[name]!;
  return values.length === 1 ? `${short(values[0]!)}${unit ? ` ${unit}` : ""}` : `${values.length} values`;
}

function bar(name: string, value: number, share: number): HTMLElement {
  const fill = make("span", { class: "fill" });
  fill.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, name),
    make("td", { class: "number" }, short(value)),
    make("td", { class: "track", "aria-hidden": "true" }, fill),
  );
}

/** Rows of the table of values. */
function bars(model: Model, { outputs }: Prediction): HTMLElement[] {
  const { name, names, decision, unit } = decidingOutput(model);
  const values = outputs[name]!;
  const most = values.reduce((greatest, value) => Math.max(greatest, Math.abs(value)), 0) || 1;
  const scale = areShares(values) ? 1 : most;
  const labelled = names?.length === values.length;
  const called = (i: number): string => (labelled ? names[i]! : values.length === 1 ? name : `${name}[${i}]`);
  const order = Array.from(values.keys());
  if (decision === "greatest") order.sort((a, b) => values[b]! - values[a]!);
  return order
    .slice(0, decision === "greatest" ? MOST_BARS : MOST_VALUES)
    .map((i) => bar(`${called(i)}${unit ? ` (${unit})` : ""}`, values[i]!, values[i]! / scale));
}

/** Microseconds of an inference with values on both sides, as the mean of several. */
export function microseconds(model: Model, row: Float32Array): number {
  const output = new Float32Array(model.outputLength);
  const began = performance.now();
  let [times, took] = [0, 0];
  do {
    model.predictInto(row, output);
    times++;
    took = performance.now() - began;
  } while (took < LEAST_MS && times < MOST_TIMES);
  model.reset();
  return (1000 * took) / times;
}

/** Shows an answer, with the time that an inference took. */
export function show({ model, facts }: Runner, prediction: Prediction, time: number, note = ""): void {
  byId("verdict").textContent = verdict(model, prediction);
  const sure = confidence(model, prediction);
  byId("confidence").textContent = sure;
  byId("confidence-label").hidden = sure === "";
  const took =
    time < 1 ? "under 1 µs" : time < 1000 ? `${time.toFixed(0)} µs` : `${(time / 1000).toFixed(1)} ms`;
  byId("time").textContent = took;
  byId("size").textContent = `${facts.bytes} bytes`;
  byId("note").textContent = note;
  byId("values").replaceChildren(...bars(model, prediction));
  byId("answer").hidden = false;
}

/** Predicts one row and shows the answer. Throws RangeError, which names the feature. */
export function answer(runner: Runner, row: Float32Array): void {
  const { model } = runner;
  model.reset();
  const prediction = model.predict(row);
  show(runner, prediction, microseconds(model, row));
}
