/**
 * `npm run bench:predict`: predictions per second of processor time, by our runtime and by ONNX Runtime, of the same models
 * in single rows and in batches of 256. All run in one process with one thread each, in turns; each figure is the
 * median of the turns.
 *
 *   --json      one array on stdout: [{"peer", "model", "rows", "per_cpu_second", "cold_ms", "bytes"}, ...]
 *
 * `cold_ms` is processor time from the file's bytes to the first prediction, `bytes` the model's file.
 */
import { readFileSync } from "node:fs";
import { UsageError } from "../../host/cli/options.ts";
import { build } from "../../host/pipeline.ts";
import { readDataset } from "../../host/runtime/data/index.ts";
import { load } from "../../host/runtime/model/node.ts";
import { table } from "../../host/table.ts";
import { modelPath } from "../support/models.ts";

const TURNS = 7;
/** Processor time of a turn, in milliseconds. */
const TURN_MS = 100;
const BATCHES = [1, 256] as const;

const MODELS = [
  {
    name: "logistic_regression",
    model: "logistic_regression.onnx",
    data: "logistic_regression.calibration.csv",
  },
  { name: "digits", model: "networks/digits_cnn.onnx", data: "networks/digits.calibration.npy" },
  { name: "forest", model: "trees/digits_forest.onnx", data: "trees/digits_forest.calibration.csv" },
] as const;

export interface PredictFigure {
  readonly peer: string;
  readonly model: string;
  readonly rows: number;
  readonly per_cpu_second: number;
  readonly cold_ms: number;
  readonly bytes: number;
}

/** Calls that predict a batch each; `run` makes so many of them. */
interface Contender extends Omit<PredictFigure, "per_cpu_second"> {
  readonly run: (calls: number) => Promise<void> | void;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** As many rows as are asked for, over and over those of the data. */
function rowsOf(data: readonly Float32Array[], count: number): Float32Array {
  const { length } = data[0]!;
  const values = new Float32Array(count * length);
  for (let i = 0; i < count; i++) values.set(data[i % data.length]!, i * length);
  return values;
}

async function ours(name: string, module: Uint8Array, data: readonly Float32Array[]): Promise<Contender[]> {
  const began = cpuMs();
  const model = await load(module);
  model.predictBatch(rowsOf(data, 1), 1);
  const cold = cpuMs() - began;
  return BATCHES.map((rows) => {
    const input = rowsOf(data, rows);
    const output = new Float32Array(rows * model.outputLength);
    const run = (calls: number): void => {
      for (let i = 0; i < calls; i++) model.predictBatch(input, rows, output);
    };
    return { peer: "thimble", model: name, rows, cold_ms: cold, bytes: module.length, run };
  });
}

async function onnxruntime(name: string, file: string, data: readonly Float32Array[]): Promise<Contender[]> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const bytes = readFileSync(file);
  const began = cpuMs();
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const info = session.inputMetadata[0]!;
  const shape = info.isTensor ? info.shape.slice(1).map(Number) : [];
  // What a forest answers as a map is not taken: it would cost more than the forest.
  const outputs = session.outputMetadata.filter((each) => each.isTensor).map((each) => each.name);
  const feed = (rows: number) => ({
    [info.name]: new Tensor("float32", rowsOf(data, rows), [rows, ...shape]),
  });
  await session.run(feed(1), outputs);
  const cold = cpuMs() - began;
  return BATCHES.map((rows) => {
    const feeds = feed(rows);
    const run = async (calls: number): Promise<void> => {
      for (let i = 0; i < calls; i++) await session.run(feeds, outputs);
    };
    return { peer: "onnxruntime-node", model: name, rows, cold_ms: cold, bytes: bytes.length, run };
  });
}

/** How many calls take a turn, once the engine has compiled what it compiles. */
async function callsOf({ run }: Contender): Promise<number> {
  for (let calls = 1; ; calls *= 2) {
    const began = cpuMs();
    await run(calls);
    const took = cpuMs() - began;
    if (took > TURN_MS / 4) return Math.max(1, Math.round((calls * TURN_MS) / took));
  }
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** The contenders in turns, so that what else the machine does concerns them alike. */
async function measure(contenders: readonly Contender[]): Promise<PredictFigure[]> {
  const calls: number[] = [];
  for (const contender of contenders) calls.push(await callsOf(contender));
  const rates: number[][] = contenders.map(() => []);
  for (let turn = 0; turn < TURNS; turn++)
    for (const [i, { run, rows }] of contenders.entries()) {
      const began = cpuMs();
      await run(calls[i]!);
      rates[i]!.push((1000 * calls[i]! * rows) / (cpuMs() - began));
    }
  return contenders.map(({ run: _, ...rest }, i) => ({
    ...rest,
    cold_ms: Number(rest.cold_ms.toFixed(1)),
    per_cpu_second: Math.round(median(rates[i]!)),
  }));
}

async function contendersOf({ name, model, data }: (typeof MODELS)[number]): Promise<Contender[]> {
  const file = modelPath(model);
  const built = await build({ model: file, calibration: modelPath(data), engines: [] });
  const values = readDataset(modelPath(data), (await load(built.module)).inputLength).rows;
  return [...(await ours(name, built.module, values)), ...(await onnxruntime(name, file, values))];
}

function print(figures: readonly PredictFigure[]): void {
  const rateOf = ({ model, rows }: PredictFigure): number =>
    figures.find((each) => each.peer === "thimble" && each.model === model && each.rows === rows)!
      .per_cpu_second;
  const rows = figures.map((each) => [
    each.model,
    each.rows,
    each.peer,
    each.per_cpu_second,
    (rateOf(each) / each.per_cpu_second).toFixed(2),
    each.cold_ms,
    each.bytes,
  ]);
  const head = ["model", "rows", "peer", "per CPU s", "ours / theirs", "cold ms", "bytes"];
  console.log(table(rows, { head, align: ["l", "r", "l", "r", "r", "r", "r"] }));
}

async function main(args: readonly string[]): Promise<void> {
  const unknown = args.find((arg) => arg !== "--json");
  if (unknown !== undefined) throw new UsageError(`bench:predict: expected --json, found ${unknown}`);
  const figures: PredictFigure[] = [];
  for (const model of MODELS) figures.push(...(await measure(await contendersOf(model))));
  if (args.includes("--json")) console.log(JSON.stringify(figures));
  else print(figures);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
