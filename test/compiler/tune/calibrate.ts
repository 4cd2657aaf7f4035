/**
 * `npm run tune:calibrate`: measures the kernels in QEMU and writes host/compiler/tune/calibration.json, which the tuner's
 * predictions come from, and golden_layers.csv, which they are checked with. The same in every run with the same
 * compiler. To be run again when a kernel has changed (a test says so): it measures those kernels alone. With `--all`
 * it measures all of them, and what they share, which takes some minutes.
 */
import { writeFileSync } from "node:fs";
import { lower, type Program } from "../../../host/compiler/plan/lower.ts";
import {
  type Calibration,
  type Coefficients,
  calibrationFile,
  type KernelCalibration,
  type KernelCode,
  type KernelCost,
  loadCalibration,
  type Residuals,
} from "../../../host/compiler/tune/calibration.ts";
import {
  codeSize,
  evaluate,
  heapFeatures,
  outlineOf,
  predictModule,
} from "../../../host/compiler/tune/cost.ts";
import { callShape, featuresOf } from "../../../host/compiler/tune/features.ts";
import { kernelHash } from "../../../host/compiler/tune/kernel_hash.ts";
import {
  graphSubject,
  type Kernels,
  type Measurement,
  measureBoth,
} from "../../../host/compiler/tune/measure.ts";
import { measureInQemu } from "../../../host/compiler/tune/measured.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import { forEachOfTwo } from "../../../host/firmware/toolchain.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import { EngineError } from "../../../host/module/engine.ts";
import { functionSizes, readExports, readSections, SECTION } from "../../../host/module/sections.ts";
import type { Choice, Choices } from "../../../host/ops/lowering.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { kernelNames } from "../../ops/lowering/machine.ts";
import { type CalibrationCase, layerCases, moduleCases, viewCase } from "./calibration_cases.ts";
import { goldenLayers, modelsHere, readGoldenCosts, writeGoldenCosts } from "./golden_layers.ts";
import { fit, type Sample } from "./least_squares.ts";

interface Run {
  readonly program: Program;
  readonly module: Uint8Array;
  readonly measured: Readonly<Record<Kernels, Measurement>>;
}

const KINDS: readonly Kernels[] = ["native", "portable"];

async function measure({ graph, choice }: CalibrationCase): Promise<Run> {
  const choices: Choices = new Map(graph.nodes.map(({ name }) => [name, choice]));
  const subject = await graphSubject(graph, () => compileGraph(graph, "release", choices));
  return {
    program: lower(graph, choices),
    module: subject.module,
    measured: await measureBoth(subject),
  };
}

/** In the order of the cases. */
async function measureAll(cases: readonly CalibrationCase[]): Promise<Run[]> {
  const runs: Run[] = [];
  let done = 0;
  await forEachOfTwo([...cases.entries()], async ([i, each]) => {
    runs[i] = await measure(each);
    done++;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${done} of ${cases.length} measured ...`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  return runs;
}

/** Groups of runs by the one kernel that they call; runs with more kernels are left out. */
function byKernel(runs: readonly Run[]): Map<string, Run[]> {
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const [kernel, ...more] = run.program.kernels;
    if (!kernel || more.length > 0) continue;
    groups.set(kernel.name, [...(groups.get(kernel.name) ?? []), run]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A layer of several calls, such as a concatenation, counts as their sum. */
function instructionSample({ program, measured }: Run, kernels: Kernels, invoke: number): Sample {
  const features: Record<string, number> = {};
  for (const call of program.calls) {
    const found = featuresOf(callShape(call, program), kernels);
    for (const [name, count] of Object.entries(found)) features[name] = (features[name] ?? 0) + count;
  }
  return { features, value: measured[kernels].instructions[0]! - invoke };
}

const round = (value: number): number => Number(value.toPrecision(3));

function residuals(samples: readonly Sample[], coefficients: Coefficients): Residuals {
  const shares = samples.map(({ features, value }) => Math.abs(evaluate(coefficients, features) / value - 1));
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return { cases: samples.length, mean: round(mean), worst: round(Math.max(...shares)) };
}

/** What is neither the kernel nor `invoke` is a helper. */
function kernelCode({ module }: Run): KernelCode {
  const names = new Map(
    readExports(module).flatMap(({ index, name, kind }) => (kind === "func" ? [[index, name] as const] : [])),
  );
  const functions = functionSizes(module).map((bytes, i) => ({ bytes, name: names.get(i) ?? "" }));
  const of = (wanted: (name: string) => boolean): number[] =>
    functions.filter(({ name }) => wanted(name)).map(({ bytes }) => bytes);
  return { own: of((name) => name.startsWith("kernel."))[0]!, helpers: of((name) => name === "") };
}

type Shared = Omit<Calibration, "kernels" | "compiler">;

function heapSamples(runs: readonly Run[], kernels: Kernels, calibration: Calibration): Sample[] {
  return runs.map(({ program, measured }) => {
    const features = heapFeatures(codeSize(outlineOf(program), calibration));
    return { features, value: measured[kernels].ram.wasm3_heap };
  });
}

const stackBytes = ({ ram }: Measurement): number => Math.max(ram.c_stack_open, ram.c_stack_invoke);

const greatest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0);

const forBoth = <T>(value: (kernels: Kernels) => T): Record<Kernels, T> => ({
  native: value("native"),
  portable: value("portable"),
});

function kernelCost(runs: readonly Run[], kernels: Kernels, invoke: number): KernelCost {
  const samples = runs.map((run) => instructionSample(run, kernels, invoke));
  const instructions = fit(samples);
  return {
    instructions,
    residuals: residuals(samples, instructions),
    stack: greatest(runs.map(({ measured }) => stackBytes(measured[kernels]))),
  };
}

/** The middle of what is left of a module when code, data and kernel names are taken off. */
function formatBytes(runs: readonly Run[], calibration: Calibration): number {
  const rests = runs.map(({ program, module }) => {
    const data = readSections(module).find(({ id }) => id === SECTION.data);
    const stored = data ? data.end - data.start : 0;
    return module.length - predictModule(outlineOf(program), stored, calibration);
  });
  return rests.sort((a, b) => a - b)[Math.floor(rests.length / 2)]!;
}

function calibrateKernels(
  runs: readonly Run[],
  invoke: Record<Kernels, number>,
): Record<string, KernelCalibration> {
  return Object.fromEntries(
    [...byKernel(runs)].map(([name, group]) => [
      name,
      {
        hash: kernelHash(name),
        ...forBoth((kernels) => kernelCost(group, kernels, invoke[kernels])),
        code: kernelCode(group[0]!),
      },
    ]),
  );
}

/** Costs that kernels share, from one run of each and from modules of several. */
function calibrateShared(calibration: Calibration, layers: readonly Run[], modules: readonly Run[]): Shared {
  // Of modules with one layer only the first for each kernel: they are many, and no network is like them.
  const all = [...[...byKernel(layers).values()].map((runs) => runs[0]!), ...modules];
  const samples = forBoth((kernels) => heapSamples(all, kernels, calibration));
  const heap = forBoth((kernels) => fit(samples[kernels], () => 1));
  const error = (kernels: Kernels): number => {
    const squares = samples[kernels].map(
      ({ features, value }) => (value - evaluate(heap[kernels], features)) ** 2,
    );
    return Math.round(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length));
  };
  return {
    invoke: calibration.invoke,
    heap,
    heapError: forBoth(error),
    staticBytes: layers[0]!.measured.native.ram.static,
    formatBytes: formatBytes(all, calibration),
  };
}

/** Everything, measured anew. */
async function calibrateAll(compiler: string): Promise<Calibration> {
  const [empty] = await measureAll([viewCase]);
  const invoke = forBoth((kernels) => empty!.measured[kernels].instructions[0]!);
  const layers = await measureAll(layerCases);
  const bare: Calibration = {
    compiler,
    invoke,
    heap: { native: {}, portable: {} },
    heapError: { native: 0, portable: 0 },
    staticBytes: 0,
    formatBytes: 0,
    kernels: calibrateKernels(layers, invoke),
  };
  return { ...bare, ...calibrateShared(bare, layers, await measureAll(moduleCases)) };
}

const kernelsOf = (graph: Graph, choice: Choice): string[] =>
  lower(graph, new Map(graph.nodes.map(({ name }) => [name, choice]))).kernels.map(({ name }) => name);

/** Those kernels anew that have changed; the others, and what they share, as they are. */
async function calibrateChanged(known: Calibration, changed: ReadonlySet<string>): Promise<Calibration> {
  const cases = layerCases.filter(({ graph, choice }) =>
    kernelsOf(graph, choice).some((name) => changed.has(name)),
  );
  const measured = calibrateKernels(await measureAll(cases), known.invoke);
  const names = kernelNames().filter((name) => measured[name] ?? known.kernels[name]);
  const kernels = Object.fromEntries(names.map((name) => [name, measured[name] ?? known.kernels[name]!]));
  return { ...known, kernels };
}

/** Layers of the models that are here; the others keep what was measured before. */
async function measureGolden(changed: ReadonlySet<string>): Promise<void> {
  const layers = modelsHere().flatMap(goldenLayers);
  const costs = readGoldenCosts();
  const measure = measureInQemu((graph, choices) => compileGraph(graph, "release", choices));
  const stale = layers.filter(
    ({ name, layer, choice }) =>
      !costs.has(name) || kernelsOf(layer.graph, choice).some((kernel) => changed.has(kernel)),
  );
  await forEachOfTwo(stale, async ({ name, layer, choice }) => {
    costs.set(name, await measure(layer, choice));
  });
  const known = new Set(layers.map(({ name }) => name));
  const missing = [...costs].filter(
    ([name]) => !known.has(name) && !modelsHere().includes(name.split(" ")[0]!),
  );
  writeGoldenCosts(new Map([...layers.map(({ name }) => [name, costs.get(name)!] as const), ...missing]));
}

/** As the formatter has it: lists of numbers on one line. */
const format = (calibration: Calibration): string =>
  `${JSON.stringify(calibration, null, 2).replace(/\[[\d\s,]+\]/g, (list) => JSON.stringify(JSON.parse(list)).replaceAll(",", ", "))}\n`;

async function main(): Promise<void> {
  const availability = await firmwareAvailability();
  if (!availability.available)
    throw new EngineError("qemu", `${availability.reason}; install: ${availability.install}`);
  const all = process.argv.includes("--all");
  const known = all ? undefined : loadCalibration();
  const changed = new Set(kernelNames().filter((name) => known?.kernels[name]?.hash !== kernelHash(name)));
  const calibration = known
    ? await calibrateChanged(known, changed)
    : await calibrateAll(availability.version);
  writeFileSync(calibrationFile, format(calibration));
  await measureGolden(changed);
  for (const name of changed) {
    for (const kind of KINDS) {
      const { cases, mean, worst } = calibration.kernels[name]![kind].residuals;
      console.log(`${kind} ${name}: ${cases} layers, mean ${mean}, worst ${worst}`);
    }
  }
}

await main();
