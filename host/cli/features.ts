import { basename, dirname, extname } from "node:path";
import { type Definition, featureSnr } from "../compiler/import/frontends/definition.ts";
import { frontendDefinition, isParameters } from "../compiler/import/frontends/index.ts";
import { isModelFile } from "../compiler/import/index.ts";
import { elements, ModelError, type TensorData } from "../ir/graph.ts";
import { compileFeatures, readFrontend } from "../pipeline.ts";
import { DataError } from "../runtime/data/index.ts";
import { npyFile } from "../runtime/data/npy_write.ts";
import { checkStream, readRecording, recordingFiles } from "../runtime/data/recording.ts";
import { type FeatureModule, featureFrames, featureModule } from "../runtime/engines/features.ts";
import { writeAll } from "./files.ts";
import { readModule } from "./inspect.ts";
import { type Command, parse, UsageError, wholeNumber } from "./options.ts";
import { print, printJson } from "./output.ts";

const OPTIONS = {
  input: { type: "string" },
  output: { type: "string", short: "o" },
  window: { type: "string" },
  stride: { type: "string" },
  raw: { type: "boolean" },
  check: { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** Frames of one recording, joined to rows of `window` of them. */
interface Rows {
  readonly file: string;
  readonly label?: string;
  readonly rows: readonly TensorData[];
}

async function openFeatures(file: string): Promise<FeatureModule> {
  if (isParameters(file) || isModelFile(file)) return compileFeatures(await readFrontend(file));
  const { module, metadata } = readModule(file);
  const found = featureModule(module, metadata);
  if (found) return found;
  throw new ModelError("expected a module with a front-end (thimble build --frontend), found one without");
}

/** The values that people mean: real numbers, or the bytes as they are. */
function valuesOf(data: TensorData, { features }: FeatureModule, raw: boolean): TensorData {
  const { scale, zeroPoint } = features;
  const isWhole = scale === 1 && zeroPoint === 0;
  return raw || isWhole ? data : Float32Array.from(data, (x) => Math.fround((x - zeroPoint) * scale));
}

/** Rows of `window` frames that follow each other, each of them `stride` after the last. */
function windows(frames: readonly TensorData[], window: number, stride: number): TensorData[] {
  const rows: TensorData[] = [];
  for (let at = 0; at + window <= frames.length; at += stride) {
    const [first] = frames as [TensorData];
    const row = first.slice(0, 0).constructor as { new (length: number): TensorData };
    const joined = new row(window * first.length);
    for (let i = 0; i < window; i++) joined.set(frames[at + i]!, i * first.length);
    rows.push(joined);
  }
  return rows;
}

function csvText(all: readonly Rows[], width: number): string {
  const labelled = all.some(({ label }) => label !== undefined);
  const names = Array.from({ length: width }, (_, i) => `f${i}`);
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const head = [...names, ...(labelled ? ["label"] : []), "file", "frame"].join(",");
  const lines = all.flatMap(({ file, label, rows }) =>
    rows.map((row, i) =>
      [...row, ...(labelled ? [quoted(label ?? "")] : []), quoted(basename(file)), i].join(","),
    ),
  );
  return `${[head, ...lines].join("\n")}\n`;
}

function npyBytes(all: readonly Rows[], window: number | undefined, width: number): Uint8Array {
  const parts = all.flatMap(({ rows }) => rows);
  const shape = window === undefined ? [width] : [window, width];
  const dtype =
    parts[0] instanceof Float32Array ? "float32" : parts[0] instanceof Int8Array ? "int8" : "int16";
  return npyFile(dtype, [parts.length, ...shape], parts);
}

/** The features that --check compares with. Throws UsageError where the front-end is not defined in real numbers. */
function definitionOf(file: string): Definition {
  const definition = isParameters(file) ? frontendDefinition(file) : undefined;
  if (definition) return definition;
  throw new UsageError(`--check: expected parameters of a front-end other than tflm, found ${file}`);
}

/** Decibels of each feature over all frames of the recordings. */
function snrOf(definition: Definition, files: readonly string[], source: FeatureModule): number[] {
  const { shape, stream } = source.input;
  const recordings = files.map((file) => readRecording(file).samples);
  const frames = recordings.map((samples) => featureFrames(source, samples));
  const found = frames.flat().map((data) => valuesOf(data, source, false));
  const expected = frames.flatMap((list, at) =>
    list.map((_, i) => {
      const first = i * stream.hop * stream.channels;
      return definition(recordings[at]!.subarray(first, first + elements(shape)));
    }),
  );
  return featureSnr(found, expected);
}

const rounded = (decibels: number): number => Number(decibels.toFixed(1));

const FORMATS = [".npy", ".csv"];

function outputOf(text: string | undefined): string {
  if (text === undefined) throw new UsageError("expected -o FILE, found none");
  if (FORMATS.includes(extname(text).toLowerCase())) return text;
  throw new UsageError(`-o: expected a name that ends in ${FORMATS.join(" or ")}, found "${text}"`);
}

export const featuresCommand: Command = {
  name: "features",
  summary: "the features of recordings, computed by a module's own kernels",
  usage: `thimble features MODEL-or-FRONTEND --input FILE-or-FOLDER -o FEATURES.npy|.csv [--window N [--stride N=1]] [--raw] [--check] [--json]

MODEL is a module (.wasm) or an image (.img) built with --frontend; FRONTEND is a .json file of parameters, or one that names a
.tflite file and its sample rate (host/compiler/import/frontends/README.md). The bytes are those that the module computes on a device.
  --input   a .wav file of the front-end's rate, or a .csv or .tsv file of whole numbers of 16 bits with a column for each
            channel and a row for each moment; or a folder of them, in folders by class where there are labels. Each file begins a stream of its own
  -o        .npy: an array of one row for each frame, files in order of their names; .csv: with columns label, file and frame
  --window  rows of N frames that follow each other, as a network takes them, --stride frames apart; .npy has an axis more
  --raw     integers as they lie in memory, where features are real numbers
  --check   says how near each feature comes to the same in real numbers, as a ratio of signal to noise: of front-ends by
            parameters other than tflm`,

  async run(args) {
    const { values, positionals } = parse(args, OPTIONS, ["MODEL-or-FRONTEND"]);
    if (values.input === undefined) throw new UsageError("expected --input FILE-or-FOLDER, found none");
    const output = outputOf(values.output);
    const window = values.window === undefined ? undefined : wholeNumber("--window", values.window, 1);
    const stride = values.stride === undefined ? 1 : wholeNumber("--stride", values.stride, 1);
    if (window === undefined && values.stride !== undefined)
      throw new UsageError("--stride: expected --window beside it, found none");
    const files = recordingFiles(values.input);
    const definition = values.check ? definitionOf(positionals[0]!) : undefined;
    const source = await openFeatures(positionals[0]!);
    const all = files.map(({ file, label }): Rows => {
      const recording = readRecording(file);
      checkStream(file, recording, source.input.stream);
      const frames = featureFrames(source, recording.samples).map((data) =>
        valuesOf(data, source, values.raw ?? false),
      );
      const rows = windows(frames, window ?? 1, window === undefined ? 1 : stride);
      return { file, rows, ...(label !== undefined && { label }) };
    });
    const width = elements(source.features.shape);
    const count = all.reduce((sum, { rows }) => sum + rows.length, 0);
    if (count === 0)
      throw new DataError(
        `${values.input}: expected recordings of at least one row, found only shorter ones`,
      );
    const isCsv = extname(output).toLowerCase() === ".csv";
    const contents = isCsv ? csvText(all, width * (window ?? 1)) : npyBytes(all, window, width);
    writeAll(dirname(output), { [basename(output)]: contents });
    const summary = all.map(({ file, label, rows }) => ({
      file,
      ...(label !== undefined && { label }),
      rows: rows.length,
    }));
    const snr =
      definition &&
      snrOf(
        definition,
        files.map(({ file }) => file),
        source,
      ).map(rounded);
    if (values.json)
      printJson({ output, rows: count, features: width, files: summary, ...(snr && { snr_db: snr }) });
    else
      print(
        `${count} rows of ${width * (window ?? 1)} features of ${all.length} recordings written to ${output}`,
      );
    if (snr && !values.json)
      print(`signal to noise of each feature beside real numbers, in dB: ${snr.join(" ")}`);
    return 0;
  },
};
