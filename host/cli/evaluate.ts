import { basename, resolve } from "node:path";
import {
  bestPoint,
  type DetPoint,
  type EventFigures,
  figuresOf,
  type Heard,
  type Occurrence,
  type Said,
  sweep,
  type Timing,
  type Truth,
} from "../compiler/evaluate/stream.ts";
import { inferencesOf } from "../compiler/import/decisions.ts";
import { ModelError, type Stream } from "../ir/graph.ts";
import { readDescriptor } from "../module/descriptor.ts";
import { DataError } from "../runtime/data/index.ts";
import { checkStream, readRecording, recordingFiles } from "../runtime/data/recording.ts";
import { readTimes, type Time } from "../runtime/data/times.ts";
import type { ModelTensor } from "../runtime/model/model.ts";
import { load, type NodeModel } from "../runtime/model/node.ts";
import { table } from "../table.ts";
import { timingOption } from "./decision_options.ts";
import { readModule } from "./inspect.ts";
import { type Command, parse, UsageError } from "./options.ts";
import { print, printJson } from "./output.ts";

const OPTIONS = {
  stream: { type: "boolean" },
  input: { type: "string" },
  times: { type: "string" },
  tolerance: { type: "string" },
  rule: { type: "string" },
  "false-accepts": { type: "string" },
  json: { type: "boolean" },
} as const;

/** A module that hears: its stream, the scores of its classes, and its events where it says any. */
interface Ears {
  readonly model: NodeModel;
  readonly stream: Stream;
  readonly scores: ModelTensor;
  readonly classes: readonly string[];
  readonly events: ModelTensor | undefined;
}

async function openEars(file: string): Promise<Ears> {
  const { module } = readModule(file);
  const stream = readDescriptor(module)?.inputs[0]?.stream;
  const model = await load(module);
  const events = model.outputs.find(({ names, decision }) => decision === "index" && names?.[0] === "");
  const scores = model.outputs.find(({ names, raw }) => names && names !== events?.names && raw.length > 0);
  if (!stream || model.inputs.length > 1)
    throw new ModelError(
      "expected a module that takes a stream (thimble build --frontend), found one that does not",
    );
  if (!scores?.names)
    throw new ModelError("expected a module with labels (thimble build --labels), found none");
  const classes = scores.raw.length === 1 ? [scores.names[1]!] : scores.names;
  return { model, stream, scores, classes, events };
}

/** One recording: the times of inferences that brought something new, their scores by class, and the events that began. */
interface Recorded {
  readonly seconds: number;
  readonly times: readonly number[];
  readonly scores: readonly (readonly number[])[];
  readonly said: readonly Omit<Said, "recording">[];
}

/** Feeds a recording as a device is fed. */
function hear({ model, stream, scores, classes, events }: Ears, samples: Float32Array): Recorded {
  model.reset();
  const window = model.inputs[0]!.raw.length;
  const step = stream.hop === 0 ? window : stream.hop * stream.channels;
  const perSecond = stream.sampleRate * stream.channels;
  const [times, found, said]: [number[], number[][], Omit<Said, "recording">[]] = [[], [], []];
  let before = 0;
  for (let from = 0, to = window; to <= samples.length; from = to, to += step) {
    for (const { outputs } of model.feed(samples.subarray(from, to))) {
      const at = to / perSecond;
      const event = events ? outputs[events.name]![0]! : 0;
      if (event > 0 && event !== before) said.push({ label: events!.names![event]!, at });
      before = event;
      times.push(at);
      found.push(Array.from(outputs[scores.name]!, (x) => Math.round(x / scores.scale) + scores.zeroPoint));
    }
  }
  const byClass = classes.map((_, k) => found.map((row) => row[k]!));
  return { seconds: samples.length / perSecond, times, scores: byClass, said };
}

/** Throws DataError where something is to be heard after the end of its recording. */
function checkWithin(path: string, times: readonly Time[], seconds: ReadonlyMap<string, number>): void {
  for (const { line, file, start, end } of times) {
    const length = seconds.get(file)!;
    // A label may reach as far as its recording was cut.
    if (start >= length || end > length + 1)
      throw new DataError(
        `${path}:${line}: expected times within the ${short(length)} s of ${file}, found ${start} to ${end}`,
      );
  }
}

/** Occurrences by the recordings' numbers. Throws DataError where a row is of no recording, or of no class. */
function occurrencesOf(
  path: string,
  times: readonly Time[],
  files: readonly string[],
  classes: readonly string[],
): Occurrence[] {
  const names = files.map((file) => basename(file));
  if (new Set(names).size < names.length)
    throw new DataError(`${path}: expected recordings whose names differ, found several of one name`);
  return times.map(({ line, file, start, end, label }) => {
    const recording = names.indexOf(file);
    if (recording < 0)
      throw new DataError(`${path}:${line}: expected the name of a recording, found "${file}"`);
    if (!classes.includes(label))
      throw new DataError(
        `${path}:${line}: expected a label of ${classes.map((each) => `"${each}"`).join(", ")}, found "${label}"`,
      );
    return { recording, label, start, end };
  });
}

function positive(option: string, text: string, otherwise: number): number {
  const value = text === "" ? otherwise : Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new UsageError(`${option}: expected a number of at least 0, found "${text}"`);
}

const short = (value: number): number => Number(value.toPrecision(4));
const share = (value: number | undefined): string => (value === undefined ? "-" : `${short(100 * value)} %`);
const seconds = (value: number | undefined): string => (value === undefined ? "-" : `${short(value)} s`);

const HEAD = [
  "occurs",
  "detected",
  "false rejects",
  "false accepts",
  "an hour",
  "repeated",
  "latency",
  "95 %",
];
const cellsOf = (each: EventFigures): string[] => [
  String(each.occurrences),
  String(each.detected),
  share(each.falseRejectRate),
  String(each.falseAccepts),
  String(short(each.falseAcceptsPerHour)),
  String(each.repeated),
  seconds(each.latency?.mean),
  seconds(each.latency?.p95),
];

interface Evaluated {
  readonly recordings: number;
  readonly hours: number;
  readonly tolerance: number;
  readonly timing: Timing;
  /** Those of the module's own events, where it says any. */
  readonly events?: readonly EventFigures[];
  /** By class, thresholds ascending. */
  readonly det: Readonly<Record<string, readonly DetPoint[]>>;
  /** By class, with at most as many false accepts an hour as asked for; null where there is none. */
  readonly best?: Readonly<Record<string, DetPoint | null>>;
}

function textOf({ recordings, hours, events, det, best }: Evaluated): string {
  const parts = [`${recordings} recordings of ${short(hours)} hours`];
  if (events)
    parts.push(
      "events of the module",
      table(
        events.map((each) => [each.label, ...cellsOf(each)]),
        { head: ["class", ...HEAD] },
      ),
    );
  for (const [label, points] of Object.entries(det))
    parts.push(
      `${label}, by threshold`,
      table(
        points.map((each) => [String(each.threshold), ...cellsOf(each)]),
        { head: ["threshold", ...HEAD] },
      ),
    );
  if (best) {
    const found = Object.entries(best).flatMap(([label, point]) =>
      point ? [`${label}=${point.threshold}`] : [],
    );
    const none = Object.keys(best).filter((label) => !best[label]);
    if (found.length > 0) parts.push(`--event threshold:${found.join("/")}`);
    if (none.length > 0) parts.push(`no threshold for ${none.join(", ")}`);
  }
  return parts.join("\n\n");
}

function evaluateAll(
  ears: Ears,
  all: readonly Recorded[],
  truth: Truth,
  timing: Timing,
  most?: number,
): Evaluated {
  const { classes, scores, events } = ears;
  // Between two integers, so that a build finds the same level.
  const real = (level: number): number =>
    Number(((level - scores.zeroPoint + 0.5) * scores.scale).toPrecision(6));
  const det = Object.fromEntries(
    classes.map((label, k) => {
      const heard = all.map(({ times, scores: byClass }): Heard => ({ times, scores: byClass[k]! }));
      return [label, sweep(label, heard, timing, truth, real)];
    }),
  );
  const said = all.flatMap((each, recording) => each.said.map((event): Said => ({ ...event, recording })));
  const occurring = classes.filter((label) => truth.occurrences.some((each) => each.label === label));
  return {
    recordings: all.length,
    hours: truth.hours,
    tolerance: truth.tolerance,
    timing,
    ...(events && { events: classes.map((label) => figuresOf(label, said, truth)) }),
    det,
    ...(most !== undefined && {
      best: Object.fromEntries(occurring.map((label) => [label, bestPoint(det[label]!, most) ?? null])),
    }),
  };
}

export const evaluateCommand: Command = {
  name: "evaluate",
  summary: "how well a module of a stream hears, in recordings with the times of what is in them",
  usage: `thimble evaluate MODEL --stream --input FILE-or-FOLDER --times FILE.csv [--tolerance SECONDS=1]
                 [--rule n-of-m:N/M,suppress:N] [--false-accepts N] [--json]

MODEL is a module (.wasm) or an image (.img) built with --frontend and --labels. Each recording is a stream of its own.
  --input   .wav files of the module's rate, or .csv and .tsv files with a column for each channel; or a folder of them
  --times   a table with columns file, start, end and label: what is heard where, in seconds. An event of that class from
            start to --tolerance seconds after the end is the one that it has; all others are false accepts
  --rule    how scores become events where thresholds are tried, as in \`thimble build --event\`: 1/1 and 1 s. Each class
            is tried on its own
  --false-accepts  says which thresholds miss least with at most so many false accepts an hour, as \`build\` takes them`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["MODEL"]);
    if (!values.stream) throw new UsageError("expected --stream, found none");
    if (values.input === undefined) throw new UsageError("expected --input FILE-or-FOLDER, found none");
    if (values.times === undefined) throw new UsageError("expected --times FILE.csv, found none");
    const tolerance = positive("--tolerance", values.tolerance ?? "", 1);
    const rule = timingOption("--rule", values.rule ?? "");
    const most = values["false-accepts"];
    const perHour = most === undefined ? undefined : positive("--false-accepts", most, 0);
    const table = resolve(values.times);
    const found = recordingFiles(values.input).map(({ file }) => file);
    const files = found.filter((file) => resolve(file) !== table);
    const times = readTimes(values.times);
    const ears = await openEars(positionals[0]!);
    const occurrences = occurrencesOf(values.times, times, files, ears.classes);
    const all = files.map((file) => {
      const recording = readRecording(file);
      checkStream(file, recording, ears.stream);
      return hear(ears, recording.samples);
    });
    checkWithin(values.times, times, new Map(files.map((file, i) => [basename(file), all[i]!.seconds])));
    const [one] = all.filter(({ times: found }) => found.length > 1);
    if (!one)
      throw new DataError(
        `${values.input}: expected recordings of several inferences, found only shorter ones`,
      );
    const { sampleRate } = ears.stream;
    const period = Math.round((one.times[1]! - one.times[0]!) * sampleRate) / sampleRate;
    const suppress = inferencesOf("rule", rule.suppress, period, Number.MAX_SAFE_INTEGER);
    const hours = all.reduce((sum, each) => sum + each.seconds, 0) / 3600;
    const evaluated = evaluateAll(
      ears,
      all,
      { occurrences, hours, tolerance },
      { ...rule, suppress },
      perHour,
    );
    if (values.json) printJson(evaluated);
    else print(textOf(evaluated));
    return 0;
  },
};
