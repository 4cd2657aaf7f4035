/** Time per inference in V8 and in native wasm3 on this machine. Of use only as ratios within one run. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededInputs } from "../../host/compiler/verify/vectors.ts";
import { buildRunner, runProcess } from "../../host/firmware/wasm3_build.ts";
import type { Graph, Vector } from "../../host/ir/graph.ts";
import { EngineError } from "../../host/module/engine.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { table } from "../../host/table.ts";
import { type BenchModel, buildModel } from "./inference_models.ts";

/**
 * The one place that says what modules are compared with: the same graph with the small kernels, which are
 * plain loops.
 */
const compileNaive = (graph: Graph): Promise<Uint8Array> => compileGraph(graph, "release", new Map());

const REPETITIONS = 5;
/** A measurement lasts so long at least, in milliseconds: far above the clock's steps and a process's start. */
const LEAST_MS = 100;
const MOST_INFERENCES = 2 ** 20;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Milliseconds that `work` takes. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Microseconds of one inference, where `run` makes as many as it is told. */
async function timePerInference(run: (count: number) => Promise<unknown>): Promise<number> {
  // What every call costs once, such as a process, is measured with a single inference and taken off.
  const repeat = async (count: number): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < REPETITIONS; i++) times.push(await timed(() => run(count)));
    return median(times);
  };
  const once = await repeat(1);
  let count = 2;
  while (count < MOST_INFERENCES && (await timed(() => run(count))) < once + LEAST_MS) count *= 2;
  return (1000 * ((await repeat(count)) - once)) / (count - 1);
}

function timeV8(module: Uint8Array, vector: Vector): Promise<number> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)));
  const memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  const invoke = exports["invoke"] as () => number;
  vector.forEach((input, i) => {
    memory.set(input, (exports[`input_${i}`] as WebAssembly.Global<"i32">).value);
  });
  return timePerInference(async (count) => {
    for (let i = 0; i < count; i++) invoke();
  });
}

/** Runs the runner itself: what the engine does around it would be most of the time of a small model. */
async function timeWasm3(module: Uint8Array, vector: Vector): Promise<number> {
  const runner = await buildRunner();
  const folder = await mkdtemp(join(tmpdir(), "thimble-bench-"));
  try {
    const file = join(folder, "module.wasm");
    await writeFile(file, module);
    const input = Buffer.concat(vector);
    return await timePerInference(async (count) => {
      const { status, stderr } = await runProcess([runner, file], Buffer.alloc(count * input.length, input));
      if (status !== 0) throw new EngineError("wasm3", stderr.trim());
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const timers = [
  { title: "V8", time: timeV8 },
  { title: "wasm3", time: timeWasm3 },
];

const microseconds = (n: number): string => (n < 100 ? n.toFixed(2) : n.toFixed(0));

async function timeModel(model: BenchModel, here: typeof timers): Promise<string[]> {
  const { module, graph } = await buildModel(model, model.name);
  const vector = seededInputs(graph, 1);
  const naive = await compileNaive(graph);
  const cells: string[] = [];
  for (const { time } of here) {
    const found = await time(module, vector);
    cells.push(microseconds(found), (found / (await time(naive, vector))).toFixed(2));
  }
  return [model.name, ...cells];
}

/** A table with one row for each model; an engine that is not here is named below it. */
export async function engineTable(models: readonly BenchModel[]): Promise<string> {
  const availability = await wasm3.availability();
  const here = timers.filter(({ title }) => title !== "wasm3" || availability.available);
  const rows: string[][] = [];
  for (const model of models) rows.push(await timeModel(model, here));
  const columns = here.flatMap(({ title }) => [`${title}, us`, "to naive"]);
  const head = ["time per inference on this machine", ...columns];
  const text = table(rows, { head, align: ["l", ...columns.map(() => "r" as const)] });
  return availability.available ? text : `${text}\nwasm3: missing, ${availability.reason}`;
}
