/**
 * From a trained model to a verified module, stage by stage. Read this first: every stage is one
 * call, in order, named and timed, and `--dump` writes what each one made.
 */
import { basename, extname } from "node:path";
import type { Target } from "./compiler/compile/asc.ts";
import { compileModule } from "./compiler/compile/index.ts";
import { partTotals, sizeParts } from "./compiler/compile/parts.ts";
import { emitAssemblyScript, type Provenance } from "./compiler/emit/assemblyscript.ts";
import { describeModule } from "./compiler/emit/describe_module.ts";
import { importModel, openSource } from "./compiler/import/index.ts";
import { simplify } from "./compiler/passes/index.ts";
import { lower, type Program } from "./compiler/plan/lower.ts";
import { type MemoryPlan, planMemory } from "./compiler/plan/memory.ts";
import { dumpPlan, dumpProgram } from "./compiler/plan/text.ts";
import type { Agreement } from "./compiler/quantize/compare.ts";
import { DATA_FREE_WARNING, randomSamples } from "./compiler/quantize/data_free.ts";
import { measureQuality, type Quality } from "./compiler/quantize/measure.ts";
import { scaleInputs } from "./compiler/quantize/scale_inputs.ts";
import { scaleTrees } from "./compiler/quantize/scale_trees.ts";
import {
  allStatistics,
  type Found,
  type Observed,
  observeGraph,
  quantizeWithoutData,
  type SearchOptions,
  searchQuantization,
} from "./compiler/quantize/search.ts";
import { measureCandidates, measureInQemu, remembering, requireQemu } from "./compiler/tune/measured.ts";
import { dumpTuning, type Objective, type Tuning, tune } from "./compiler/tune/tune.ts";
import { type Verification, verify } from "./compiler/verify/ladder.ts";
import { type NamedVector, seededInputs, standardVectors } from "./compiler/verify/vectors.ts";
import { type BoardProfile, DEFAULT_BOARD, findBoard } from "./firmware/boards.ts";
import { byteSize, elements, type Graph, ModelError, tensorOf, toBytes } from "./ir/graph.ts";
import { dumpGraph } from "./ir/text.ts";
import type { Engine } from "./module/engine.ts";
import type { Metadata, SelfTestVector, Statistics } from "./module/metadata.ts";
import { inputInfos, type Sample, splitRow, toInputBytes } from "./ops/border.ts";
import type { Choices } from "./ops/lowering.ts";
import { checkGraph, checkQuantized, checkWork } from "./ops/spec.ts";
import { version } from "./root.ts";
import { readSamplesOf } from "./runtime/data/index.ts";
import { runReference } from "./runtime/engines/reference.ts";
import { v8 } from "./runtime/engines/v8.ts";
import { wasm3 } from "./runtime/engines/wasm3.ts";
import { table } from "./table.ts";

export interface BuildOptions {
  readonly model: string;
  /** Samples of the inputs, see `readSamples`; a float model without is quantised by random inputs. */
  readonly calibration?: string;
  /** What black and white are to the model, where samples are images; default 0 and 1. */
  readonly imageRange?: readonly [low: number, high: number];
  /** How a float model becomes one of integers. */
  readonly quantization?: Omit<SearchOptions, "fits">;
  readonly name?: string;
  readonly version?: string;
  /** The module may not be larger; 64 KiB unless the user says otherwise. */
  readonly maxSize?: number;
  /** What the module is to run on: the name of a board, a .json file with a profile, or a profile; default esp32-c3. */
  readonly board?: string | BoardProfile;
  /** Default: balanced, the fastest module whose bytes are worth it. */
  readonly optimize?: Objective;
  /** Whether costs of layers are predicted by a model of the kernels (the default) or measured in QEMU. */
  readonly tune?: "model" | "measure";
  /** Adds the export `self_test`. */
  readonly selfTest?: boolean;
  /** Engines that have to agree with the reference. */
  readonly engines?: readonly Engine[];
  /** Told before each stage starts. */
  readonly onStage?: (stage: string) => void;
  /** Given each stage's result as stable text. */
  readonly onDump?: (file: string, text: string) => void;
}

export interface StageTime {
  readonly stage: string;
  readonly milliseconds: number;
}

/** What the quantiser did, and what people should know of it. */
export interface QuantizationNotes {
  readonly samples: "calibration" | "random inputs";
  readonly steps: readonly string[];
  readonly warnings: readonly string[];
}

export interface Build {
  readonly module: Uint8Array;
  readonly assembly: string;
  /** The graph the module was made from, for the reference interpreter. */
  readonly graph: Graph;
  /** The float graph, where the model was float. */
  readonly floatGraph?: Graph;
  readonly metadata: Metadata;
  /** How each layer is computed, and what that costs on the board. */
  readonly tuning: Tuning;
  readonly choices: Choices;
  readonly plan: MemoryPlan;
  readonly verification: Verification;
  readonly agreement?: Agreement;
  /** What the quantiser did, where the model was float. */
  readonly quantization?: QuantizationNotes;
  /** Tensor by tensor how near the quantised model is, where the model was float. */
  readonly quality?: Quality;
  readonly stages: readonly StageTime[];
}

interface LabelledSamples {
  readonly samples: readonly Sample[];
  /** The expected class of each. */
  readonly labels?: readonly string[];
}

export const DEFAULT_MAX_SIZE = 65536;
const SELF_TEST_SEEDS = [1, 2];
const RANDOM_VECTORS = 8;
const CALIBRATION_VECTORS = 16;

export async function build(options: BuildOptions): Promise<Build> {
  const stages: StageTime[] = [];
  const stage = async <T>(
    name: string,
    work: () => T | Promise<T>,
    dump?: (result: T) => string,
  ): Promise<T> => {
    options.onStage?.(name);
    const start = performance.now();
    const result = await work();
    stages.push({ stage: name, milliseconds: performance.now() - start });
    if (dump) options.onDump?.(`${String(stages.length).padStart(2, "0")}-${name}.txt`, dump(result));
    return result;
  };

  const source = await openSource(options.model);
  const name = options.name ?? basename(options.model, extname(options.model));
  const imported = await stage(
    "import",
    () => checkWork(checkGraph(importModel(source, name), "import")),
    dumpGraph,
  );
  const simplified = await stage("simplify", () => simplify(imported), dumpGraph);
  const { samples, labels } = await stage("samples", () => readSamples(simplified, options));
  const { graph: scaled, warnings } = await stage(
    "scale",
    () => {
      const trees = scaleTrees(simplified, samples);
      return { ...trees, graph: scaleInputs(trees.graph, samples) };
    },
    (result) => dumpGraph(result.graph),
  );
  const isFloat = isFloatGraph(scaled);
  const subjects = isFloat && samples.length === 0 ? randomSamples(scaled) : samples;
  const observed = await stage("calibrate", () => (isFloat ? observeGraph(scaled, subjects) : undefined));
  const found = await stage(
    "quantize",
    () => observed && quantize(observed, samples, options),
    (result) => dumpGraph(result?.quantized ?? scaled),
  );
  const graph = checkQuantized(found?.quantized ?? scaled, "quantize");
  const statistics = observed && samples.length > 0 ? allStatistics(observed) : new Map<string, Statistics>();
  const tuning = await stage("tune", () => tuneGraph(graph, options), dumpTuning);
  const { choices } = tuning;
  const program = await stage("lower", () => lower(graph, choices), dumpProgram);
  const tests = await stage("self-test vectors", () => selfTestVectors(graph));
  const embedded = options.selfTest ? tests : [];
  const plan = await stage("plan", () => planMemory(program, selfTestBytes(embedded)), dumpPlan);

  const provenance: Provenance = {
    name,
    version: options.version ?? "1.0.0",
    sourceFile: source.file,
    sourceSha256: source.sha256,
    compiler: `thimble ${version}`,
  };
  const metadata = describeModule(program, plan, provenance, statistics, tests, tuning);
  const maxSize = options.maxSize ?? DEFAULT_MAX_SIZE;
  checkConstants(program, metadata, maxSize);
  const assembly = await stage(
    "emit",
    () => emitAssemblyScript(program, plan, provenance, embedded),
    (text) => text,
  );
  const module = await stage("compile", () => compileModule(assembly, program, plan, metadata));
  checkSize(module, metadata, maxSize);

  const vectors = [...calibrationVectors(graph, samples), ...standardVectors(graph, RANDOM_VECTORS)];
  const engines = options.engines ?? [v8, wasm3];
  // To find the layer that is wrong, every layer is an output of a module built like any other.
  const buildTrace = (traced: Graph): Promise<Uint8Array> => compileGraph(traced, "debug", choices);
  const verification = await stage("verify", () => verify(graph, module, vectors, engines, buildTrace));
  const quality = found && (await stage("measure", () => measure(found, graph, subjects, labels)));
  return {
    module,
    assembly,
    graph,
    ...(isFloat && { floatGraph: scaled }),
    metadata,
    tuning,
    choices,
    plan,
    verification,
    ...(quality && { quality }),
    ...(quality && samples.length > 0 && { agreement: quality.agreement }),
    ...(found && { quantization: notesOf(found, samples, warnings) }),
    stages,
  };
}

const isFloatGraph = (graph: Graph): boolean =>
  graph.nodes.some((node) => node.outputs.some((output) => tensorOf(graph, output).dtype === "float32"));

async function readSamples(
  graph: Graph,
  { calibration, imageRange }: BuildOptions,
): Promise<LabelledSamples> {
  if (calibration === undefined) return { samples: [] };
  const inputs = inputInfos(graph);
  const sizes = inputs.map(({ shape }) => elements(shape));
  const { rows, labels } = await readSamplesOf(calibration, inputs, { ...(imageRange && { imageRange }) });
  return { samples: rows.map((row) => splitRow(row, sizes)), ...(labels && { labels }) };
}

/** Share of a board's RAM that a module's memory may take: the engine and stacks need the rest. */
const RAM_SHARE = 0.75;

function quantize(observed: Observed, samples: readonly Sample[], options: BuildOptions): Found {
  const { board = DEFAULT_BOARD, maxSize = DEFAULT_MAX_SIZE, quantization } = options;
  const { ramBytes } = typeof board === "string" ? findBoard(board) : board;
  const fits = (graph: Graph): boolean => {
    const program = lower(graph);
    return storedBytes(program) <= maxSize && planMemory(program).memoryBytes <= RAM_SHARE * ramBytes;
  };
  return samples.length > 0
    ? searchQuantization(observed, samples, { ...quantization, fits })
    : quantizeWithoutData(observed, { ...quantization, fits });
}

const notesOf = (
  { steps }: Found,
  samples: readonly Sample[],
  warnings: readonly string[],
): QuantizationNotes => ({
  samples: samples.length > 0 ? "calibration" : "random inputs",
  steps,
  warnings: samples.length > 0 ? warnings : [DATA_FREE_WARNING, ...warnings],
});

function measure(
  { float, ranges }: Found,
  graph: Graph,
  samples: readonly Sample[],
  labels: readonly string[] | undefined,
): Quality {
  const methods = new Map([...ranges].map(([name, { method }]) => [name, method]));
  return measureQuality(float, graph, samples, { methods, ...(labels && { labels }) });
}

const outputBytes = (graph: Graph): number =>
  graph.outputs.reduce((sum, output) => sum + byteSize(tensorOf(graph, output)), 0);

async function tuneGraph(graph: Graph, options: BuildOptions): Promise<Tuning> {
  const { board = DEFAULT_BOARD, optimize = "balanced", maxSize = DEFAULT_MAX_SIZE } = options;
  const measured = options.tune === "measure";
  if (measured) await requireQemu();
  const measure = remembering(measureInQemu((layer, choices) => compileGraph(layer, "release", choices)));
  return tune(graph, {
    board: typeof board === "string" ? findBoard(board) : board,
    optimize,
    maxSize,
    selfTestBytes: options.selfTest ? SELF_TEST_SEEDS.length * outputBytes(graph) : 0,
    ...(measured && { measure: (whole, layers) => measureCandidates(whole, layers, measure) }),
  });
}

function selfTestVectors(graph: Graph): SelfTestVector[] {
  return SELF_TEST_SEEDS.map((seed) => ({
    seed,
    outputs: runReference(graph, [seededInputs(graph, seed)])[0]!,
  }));
}

const selfTestBytes = (vectors: readonly SelfTestVector[]): number =>
  vectors.flatMap(({ outputs }) => outputs).reduce((sum, bytes) => sum + bytes.length, 0);

function calibrationVectors(graph: Graph, samples: readonly Sample[]): NamedVector[] {
  return samples
    .slice(0, CALIBRATION_VECTORS)
    .map((sample, i) => ({ name: `calibration row ${i + 1}`, inputs: toInputBytes(graph, sample) }));
}

/** What the module can't be smaller than: bytes of constants that are not zero, and so are stored. */
const storedBytes = (program: Program): number =>
  program.constants.reduce(
    (sum, { data }) => sum + toBytes(data).reduce((count, byte) => count + (byte === 0 ? 0 : 1), 0),
    0,
  );

function checkConstants(program: Program, metadata: Metadata, maxSize: number): void {
  const stored = storedBytes(program);
  if (stored > maxSize) throw tooLarge(`at least ${stored}`, maxSize, layerTable(metadata));
}

function checkSize(module: Uint8Array, metadata: Metadata, maxSize: number): void {
  if (module.length <= maxSize) return;
  const totals = partTotals(sizeParts(module, metadata)).map(({ part, bytes }) => [part, bytes]);
  throw tooLarge(String(module.length), maxSize, `${table(totals)}\n\n${layerTable(metadata)}`);
}

const tooLarge = (found: string, maxSize: number, details: string): ModelError =>
  new ModelError(`module size: expected at most ${maxSize} bytes (--max-size), found ${found}`, details);

/** Layers by what they take, largest first. */
function layerTable(metadata: Metadata): string {
  const rows = metadata.layers
    .map(({ name, shape, weights, tables }) => [name, shape.join("x"), weights, tables] as const)
    .sort((a, b) => b[2] + b[3] - a[2] - a[3]);
  return table(rows, { head: ["layer", "output", "weights B", "tables B"] });
}

/** The later stages alone: a quantised graph to a module without metadata. */
export async function compileGraph(
  graph: Graph,
  target: Target = "release",
  choices?: Choices,
): Promise<Uint8Array> {
  const program = lower(graph, choices);
  const plan = planMemory(program);
  const provenance = { name: graph.name, version: "0.0.0", sourceFile: "", sourceSha256: "", compiler: "" };
  return compileModule(emitAssemblyScript(program, plan, provenance, []), program, plan, undefined, target);
}
