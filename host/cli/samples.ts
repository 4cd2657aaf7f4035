import { existsSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type SampleClient, sampleClient } from "../fleet/server/sample_client.ts";
import {
  type Files,
  type LabelledSample,
  readSamples,
  samplesToCsv,
  samplesToPng,
  samplesToWav,
  withLabels,
  writeSamples,
} from "../fleet/telemetry/sample_files.ts";
import { ModelError } from "../ir/graph.ts";
import { readBytes, writeAll } from "./files.ts";
import { labelPair, warnOfLabels } from "./label_rows.ts";
import { type Command, oneOf, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";
import { addressOf, SERVER_OPTIONS, SERVER_USAGE } from "./server_options.ts";

const OPTIONS = {
  ...SERVER_OPTIONS,
  output: { type: "string", short: "o" },
  "per-device": { type: "string" },
  hours: { type: "string" },
  delete: { type: "boolean" },
  from: { type: "string" },
  format: { type: "string" },
  all: { type: "boolean" },
  rate: { type: "string" },
  shape: { type: "string" },
  range: { type: "string" },
} as const;
type Values = ReturnType<typeof parse<typeof OPTIONS>>["values"];

const ACTIONS = ["ask", "pull", "label", "send", "export"] as const;
/** Those that a server is asked for. */
const ASKING: readonly (typeof ACTIONS)[number][] = ["ask", "pull", "send"];
const FORMATS = ["csv", "wav", "png"] as const;

/** Options that each action takes, beside those of the server and --json. */
const TAKEN: Readonly<Record<(typeof ACTIONS)[number], readonly (keyof Values)[]>> = {
  ask: ["per-device", "hours"],
  pull: ["output", "delete"],
  label: ["from"],
  send: [],
  export: ["output", "format", "all", "rate", "shape", "range"],
};

function clientOf(values: Values): SampleClient {
  const { isHawkbit, ...address } = addressOf(values);
  if (isHawkbit)
    throw new UsageError("--hawkbit: expected a thimble serve, which keeps samples, found a hawkBit");
  return sampleClient(address);
}

const open = (file: string): LabelledSample[] =>
  readSamples(Buffer.from(readBytes(file, "a file of samples")).toString("utf8"), file);

const put = (file: string, text: string): void => writeAll(dirname(file), { [basename(file)]: text });

async function askFor(model: string, values: Values): Promise<void> {
  const perDevice = wholeNumber("--per-device", values["per-device"] ?? "10", 0);
  const hours = wholeNumber("--hours", values.hours ?? "24", 0);
  const client = clientOf(values);
  const wish = await client.want(await client.find(model), { perDevice, hours });
  if (values.json) printJson(wish);
  else print(`${wish.perDevice} samples of each device that keeps any, until ${wish.until}`);
}

/** New samples join those of the file, whose labels stay. */
async function pull(model: string, values: Values): Promise<void> {
  const file = values.output ?? "samples.jsonl";
  const before = existsSync(file) ? open(file) : [];
  const client = clientOf(values);
  const hash = await client.find(model);
  const keyOf = ({ model: of, id }: LabelledSample): string => `${of} ${id}`;
  const all = new Map((await client.pull(hash)).map((sample) => [keyOf(sample), sample]));
  const kept = before.map((sample) => {
    const { label: there } = all.get(keyOf(sample)) ?? {};
    return sample.label === undefined && there !== undefined ? { ...sample, label: there } : sample;
  });
  for (const sample of before) all.delete(keyOf(sample));
  const found = [...all.values()];
  put(file, writeSamples([...kept, ...found]));
  if (values.delete) await client.delete(hash);
  if (values.json) printJson({ file, new: found.length, samples: before.length + found.length });
  else print(`${file}: ${found.length} new samples, ${before.length + found.length} in all`);
}

async function sendLabels(file: string, values: Values): Promise<void> {
  const labelled = open(file).filter(({ label: name }) => name !== undefined);
  if (labelled.length === 0) throw new ModelError(`${file}: expected samples with labels, found none`);
  const client = clientOf(values);
  const unknown = new Set<string>();
  for (const model of new Set(labelled.map((sample) => sample.model))) {
    const own = labelled.filter((sample) => sample.model === model);
    const all = own.map(({ id, label: name }) => ({ sample: id, label: name! }));
    for (const each of await client.label(model, all)) unknown.add(each);
  }
  if (values.json) printJson({ file, sent: labelled.length, unknown: [...unknown] });
  else print(`${labelled.length} labels sent`);
  warnOfLabels("samples", [...unknown]);
}

/** Labels by id: of ID=LABEL, and of the rows of a file. */
function labelsOf(pairs: readonly string[], from: string | undefined): Map<number, string> {
  const rows = from === undefined ? [] : readFileSync(from, "utf8").split(/\r?\n/).filter(Boolean);
  const lines = rows.filter((row, i) => i > 0 || /^\d/.test(row));
  const all = [
    ...lines.map((line) => labelPair(line, /^(\d+)[,;\t](.*)$/) ?? line),
    ...pairs.map((pair) => labelPair(pair, /^(\d+)=(.*)$/) ?? pair),
  ];
  return new Map(
    all.map((each) => {
      if (typeof each === "string")
        throw new UsageError(`labels: expected ID=LABEL, or rows of id,label, found "${each.slice(0, 40)}"`);
      return [Number(each[0]), each[1]];
    }),
  );
}

function label(file: string, pairs: readonly string[], values: Values): void {
  const labels = labelsOf(pairs, values.from);
  if (labels.size === 0) throw new UsageError("expected ID=LABEL or --from LABELS.csv, found neither");
  const samples = withLabels(open(file), labels);
  put(file, writeSamples(samples));
  const count = samples.filter(({ label: name }) => name !== undefined).length;
  if (values.json) printJson({ file, labelled: count, samples: samples.length });
  else print(`${file}: ${count} of ${samples.length} samples have a label`);
}

/** Two or three numbers, such as 28x28 or 0,1. */
function numbersOf(option: string, text: string, pattern: RegExp): number[] {
  const found = pattern.exec(text);
  if (!found)
    throw new UsageError(
      `${option}: expected ${option === "--shape" ? "HxW or HxWx3" : "LOW,HIGH"}, found "${text}"`,
    );
  return found.slice(1).map((each) => Number(each ?? 1));
}

function mediaOf(format: "wav" | "png", samples: readonly LabelledSample[], values: Values): Files {
  if (format === "wav") return samplesToWav(samples, wholeNumber("--rate", values.rate ?? "16000", 1));
  const shape = numbersOf("--shape", values.shape ?? "", /^(\d{1,5})x(\d{1,5})(?:x([13]))?$/);
  const [low, high] = numbersOf("--range", values.range ?? "0,1", /^(-?[\d.]+),(-?[\d.]+)$/);
  if (!(low! < high!)) throw new UsageError(`--range: expected LOW,HIGH, found "${values.range}"`);
  return samplesToPng(samples, shape as [number, number, number], [low!, high!]);
}

function exportFile(file: string, values: Values): void {
  const format = oneOf("--format", values.format ?? "csv", FORMATS);
  const samples = open(file).filter((sample) => values.all || sample.label !== undefined);
  if (samples.length === 0)
    throw new ModelError(
      `${file}: expected samples with labels, found none: thimble samples label, or --all`,
    );
  const output = values.output ?? (format === "csv" ? "samples.csv" : "samples");
  if (format === "csv") put(output, samplesToCsv(samples));
  else writeAll(output, mediaOf(format, samples, values));
  if (values.json) printJson({ output, samples: samples.length });
  else print(`${output}: ${samples.length} samples`);
}

export const samplesCommand: Command = {
  name: "samples",
  summary: "get back what devices found worth a look, label it, train with it",
  usage: `thimble samples ask MODEL [--per-device N=10] [--hours N=24]
thimble samples pull MODEL [-o FILE=samples.jsonl] [--delete]
thimble samples label FILE ID=LABEL... [--from LABELS.csv]
thimble samples send FILE
thimble samples export FILE [--format csv|wav|png] [-o OUT] [--all]   (all with --json)

Devices whose application keeps samples (firmware/include/thimble_samples.h) send them once an operator asks: inferences
that the model was unsure of, values outside its calibration, and some by chance. MODEL is a name, or a hash.
  ask     so many of each device, with its next reports; 0 for no more
  pull    all that the server has of the model; a file that is there keeps its samples and labels, and takes
          those labels of the server that it has none for
          --delete   afterwards the server has none
  label   what samples are; an empty label takes one away. LABELS.csv has rows of id,label
  send    the labels of a file to the server, which counts how often the model was right (thimble accuracy)
  export  a table for training, or a file for each sample, of those that have a label
          --all      those without, too
          --rate     of sounds, a second; default 16000
          --shape    of images, HxW or HxWx3; --range LOW,HIGH is black and white, default 0,1
${SERVER_USAGE}`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["ask|pull|label|send|export", "MODEL|FILE", "..."]);
    const [word, subject, ...rest] = positionals;
    const action = oneOf("thimble samples", word!, ACTIONS);
    const local = ["json", ...(ASKING.includes(action) ? Object.keys(SERVER_OPTIONS) : [])];
    const strange = Object.keys(values).find((name) => ![...TAKEN[action], ...local].includes(name));
    if (strange !== undefined)
      throw new UsageError(`--${strange}: expected no such option of ${action}, found it`);
    if (rest.length > 0 && action !== "label")
      throw new UsageError(
        `${action}: expected one ${action === "export" || action === "send" ? "FILE" : "MODEL"}, found ${rest.join(" ")} too`,
      );
    if (action === "ask") await askFor(subject!, values);
    else if (action === "pull") await pull(subject!, values);
    else if (action === "label") label(subject!, rest, values);
    else if (action === "send") await sendLabels(subject!, values);
    else exportFile(subject!, values);
    return 0;
  },
};
