/**
 * `npm run tune:calibrate`: measures the kernels in QEMU and writes host/compiler/tune/calibration.json, which the tuner's
 * predictions come from, and golden_layers.csv, which they are checked with. The same in every run with the same compiler. To be run again when a kernel has changed
 * (a test says so); it takes a few minutes.
 *
 *   --only NAME   measures kernels alone whose names begin so; what is known of the others, of heaps and of golden
 *                 layers is kept: for a change that touches nothing else
 */
import { writeFileSync } from "node:fs";
import { lower, type Program } from "../../../host/compiler/plan/lower.ts";
import {
  type Calibration,
  type Coefficients,
  calibrationFile,
  type KernelCode,
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
import { EngineError } from "../../../host/module/engine.ts";
import { functionSizes, readExports, readSections, SECTION } from "../../../host/module/sections.ts";
import type { Choices } from "../../../host/ops/lowering.ts";
import { compileGraph } from "../../../host/pipeline.ts";
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

function fitInstructions(groups: ReadonlyMap<string, readonly Run[]>, kernels: Kernels, invoke: number) {
  const fits = [...groups].map(([kernel, runs]) => {
    const samples = runs.map((run) => instructionSample(run, kernels, invoke));
    const coefficients = fit(samples);
    return [kernel, coefficients, residuals(samples, coefficients)] as const;
  });
  return {
    coefficients: Object.fromEntries(fits.map(([kernel, found]) => [kernel, found])),
    residuals: Object.fromEntries(fits.map(([kernel, , found]) => [kernel, found])),
  };
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

/** The middle of what is left of a module when code, data and kernel names are taken off. */
function formatBytes(runs: readonly Run[], calibration: Calibration): number {
  const rests = runs.map(({ program, module }) => {
    const data = readSections(module).find(({ id }) => id === SECTION.data);
    const stored = data ? data.end - data.start : 0;
    return module.length - predictModule(outlineOf(program), stored, calibration);
  });
  return rests.sort((a, b) => a - b)[Math.floor(rests.length / 2)]!;
}

function calibrate(
  layers: readonly Run[],
  modules: readonly Run[],
  [empty]: readonly Run[],
  compiler: string,
): Calibration {
  const groups = byKernel(layers);
  const invoke = forBoth((kernels) => empty!.measured[kernels].instructions[0]!);
  const fits = forBoth((kernels) => fitInstructions(groups, kernels, invoke[kernels]));
  const perKernel = <T>(value: (runs: readonly Run[]) => T): Record<string, T> =>
    Object.fromEntries([...groups].map(([kernel, runs]) => [kernel, value(runs)]));
  const code = perKernel((runs) => kernelCode(runs[0]!));
  const stack = forBoth((kernels) =>
    perKernel((runs) => greatest(runs.map(({ measured }) => stackBytes(measured[kernels])))),
  );
  const bare: Calibration = {
    kernels: kernelHash(),
    compiler,
    invoke,
    instructions: forBoth((kernels) => fits[kernels].coefficients),
    residuals: forBoth((kernels) => fits[kernels].residuals),
    code,
    heap: { native: {}, portable: {} },
    heapError: { native: 0, portable: 0 },
    stack,
    staticBytes: layers[0]!.measured.native.ram.static,
    formatBytes: 0,
  };
  // Of modules with one layer only the first for each kernel: they are many, and no network is like them.
  const all = [...[...groups.values()].map((runs) => runs[0]!), ...modules];
  const samples = forBoth((kernels) => heapSamples(all, kernels, bare));
  const heap = forBoth((kernels) => fit(samples[kernels], () => 1));
  const error = (kernels: Kernels): number => {
    const squares = samples[kernels].map(
      ({ features, value }) => (value - evaluate(heap[kernels], features)) ** 2,
    );
    return Math.round(Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length));
  };
  return { ...bare, heap, heapError: forBoth(error), formatBytes: formatBytes(all, bare) };
}

/** Layers of the models that are here; the others keep what was measured before. */
async function measureGolden(): Promise<void> {
  const layers = modelsHere().flatMap(goldenLayers);
  const costs = readGoldenCosts();
  const measure = measureInQemu((graph, choices) => compileGraph(graph, "release", choices));
  await forEachOfTwo(layers, async ({ name, layer, choice }) => {
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

const kernelsOf = ({ graph, choice }: CalibrationCase): readonly string[] =>
  lower(graph, new Map(graph.nodes.map(({ name }) => [name, choice]))).kernels.map(({ name }) => name);

/** Figures of kernels whose names begin so in place of what was known of them. */
async function calibrateOnly(prefix: string, known: Calibration, compiler: string): Promise<Calibration> {
  const cases = layerCases.filter((each) => kernelsOf(each).some((name) => name.startsWith(prefix)));
  if (cases.length === 0) throw new Error(`--only ${prefix}: expected the beginning of a kernel's name`);
  const found = calibrate(await measureAll(cases), [], await measureAll([viewCase]), compiler);
  const merged = <T>(before: Readonly<Record<string, T>>, now: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries({ ...before, ...now }).sort(([a], [b]) => (a < b ? -1 : 1)));
  const mergedBoth = <T>(of: (from: Calibration) => Record<Kernels, Readonly<Record<string, T>>>) =>
    forBoth((kernels) => merged(of(known)[kernels], of(found)[kernels]));
  return {
    ...known,
    kernels: found.kernels,
    compiler,
    instructions: mergedBoth((from) => from.instructions),
    residuals: mergedBoth((from) => from.residuals),
    stack: mergedBoth((from) => from.stack),
    code: merged(known.code, found.code),
  };
}

async function calibrateAll(compiler: string): Promise<Calibration> {
  const layers = await measureAll(layerCases);
  const modules = await measureAll(moduleCases);
  return calibrate(layers, modules, await measureAll([viewCase]), compiler);
}

async function main([flag, prefix]: readonly string[]): Promise<void> {
  const availability = await firmwareAvailability();
  if (!availability.available)
    throw new EngineError("qemu", `${availability.reason}; install: ${availability.install}`);
  const isPart = flag === "--only" && prefix !== undefined;
  const calibration = isPart
    ? await calibrateOnly(prefix, loadCalibration(), availability.version)
    : await calibrateAll(availability.version);
  writeFileSync(calibrationFile, format(calibration));
  if (!isPart) await measureGolden();
  for (const kernels of KINDS) {
    for (const [kernel, { cases, mean, worst }] of Object.entries(calibration.residuals[kernels]))
      console.log(`${kernels} ${kernel}: ${cases} layers, mean ${mean}, worst ${worst}`);
  }
}

await main(process.argv.slice(2));
