/**
 * From a trained model to a verified module, stage by stage. Read this first: every stage is one
 * call, in order, named and timed, and `--dump` writes what each one made.
 */
import { basename, extname } from "node:path";
import { BUDGETS, checkTime, withinTime } from "./budgets.ts";
import type { Target } from "./compiler/compile/asc.ts";
import { compileModule } from "./compiler/compile/index.ts";
import { partTotals, sizeParts } from "./compiler/compile/parts.ts";
import { type Fit, type Fitted, fit, type ModuleCost } from "./compiler/compress/fit.ts";
import { splitSamples } from "./compiler/compress/split.ts";
import { emitAssemblyScript, type Provenance } from "./compiler/emit/assemblyscript.ts";
import { describeModule } from "./compiler/emit/describe_module.ts";
import { type EvaluationResult, evaluate } from "./compiler/evaluate/evaluate.ts";
import { copyFacts, type Facts, withFacts } from "./compiler/evaluate/facts.ts";
import { checkFeasible } from "./compiler/evaluate/feasible.ts";
import { outputsAt, predictGraph, predictModule } from "./compiler/evaluate/predict.ts";
import { lossWarnings } from "./compiler/evaluate/remaining.ts";
import { calibrationTruth, type Evaluation, partOf, readEvaluation } from "./compiler/evaluate/truth.ts";
import { watchOf } from "./compiler/evaluate/watch.ts";
import { addDecisions, checkDecisions, type Decisions, periodOf } from "./compiler/import/decisions.ts";
import { joinFrontend } from "./compiler/import/frontend.ts";
import { isParameters, parametricFrontend } from "./compiler/import/frontends/index.ts";
import { importModel, openSource } from "./compiler/import/index.ts";
import { streamNetwork } from "./compiler/import/streaming.ts";
import { simplify } from "./compiler/passes/index.ts";
import { lower, type Program } from "./compiler/plan/lower.ts";
import { type MemoryPlan, planMemory } from "./compiler/plan/memory.ts";
import { dumpPlan, dumpProgram } from "./compiler/plan/text.ts";
import { type Agreement, agreementOf } from "./compiler/quantize/compare.ts";
import { DATA_FREE_WARNING, randomSamples } from "./compiler/quantize/data_free.ts";
import { judgedOf } from "./compiler/quantize/loss.ts";
import { type LayerQuality, measureLayers } from "./compiler/quantize/measure.ts";
import { fewWarnings, outlierWarnings, withoutOutliers } from "./compiler/quantize/outliers.ts";
import { scaleInputs } from "./compiler/quantize/scale_inputs.ts";
import { scaleTrees } from "./compiler/quantize/scale_trees.ts";
import { withinBudget } from "./compiler/quantize/score.ts";
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
import { type BuiltTuning, withStack } from "./compiler/tune/stack.ts";
import { dumpTuning, type Objective, type Tuning, tune } from "./compiler/tune/tune.ts";
import { type Verification, verify } from "./compiler/verify/ladder.ts";
import { type Check, checkImport } from "./compiler/verify/second.ts";
import { type NamedVector, seededInputs, standardVectors } from "./compiler/verify/vectors.ts";
import { type BoardProfile, DEFAULT_BOARD, findBoard } from "./firmware/boards.ts";
import { elements, type Graph, initialState, ModelError, tensorOf, toBytes } from "./ir/graph.ts";
import { dumpGraph } from "./ir/text.ts";
import type { Engine } from "./module/engine.ts";
import type { Metadata, SelfTestVector, Statistics } from "./module/metadata.ts";
import { addWatch } from "./module/watch.ts";
import { inputInfos, type Sample, splitRow, toInputBytes } from "./ops/border.ts";
import { bordersOf } from "./ops/graph_borders.ts";
import type { Choices } from "./ops/lowering.ts";
import { checkGraph, checkQuantized, checkWork } from "./ops/spec.ts";
import { plain } from "./plain.ts";
import { version } from "./root.ts";
import { type Dataset, readSamplesOf } from "./runtime/data/index.ts";
import type { FeatureModule } from "./runtime/engines/features.ts";
import { evaluateGraph, runReference } from "./runtime/engines/reference.ts";
import { v8 } from "./runtime/engines/v8.ts";
import { wasm3 } from "./runtime/engines/wasm3.ts";
import { table } from "./table.ts";

export interface BuildOptions {
  readonly model: string;
  /**
   * A .json file with a front-end's name and parameters, or a model file of integers, whose output is the network's input, or a part of it that moves on: its input becomes the
   * module's. Samples stay those of the network.
   */
  readonly frontend?: string;
  /** With a front-end: the network runs once in so many inferences, and the others bring nothing new; default 1. */
  readonly stride?: number;
  /** With a front-end: layers over time compute their new columns alone. */
  readonly streaming?: boolean;
  /** Means of scores, and an output that says events. */
  readonly decisions?: Decisions;
  /** Samples of the inputs, see `readSamples`; a float model without is quantised by random inputs. */
  readonly calibration?: string;
  /** Samples with the right answers: read and checked before any work. */
  readonly evaluate?: string;
  /** Columns of these files, or the array of an archive, that hold the right answers. */
  readonly labelColumns?: readonly string[];
  /** The model's task, its classes' names, and its threshold: its file's, unless given. */
  readonly facts?: Omit<Facts, "columns">;
  /** The numbers that black and white are to the model, where samples are images; default 0 and 1. */
  readonly imageRange?: readonly [low: number, high: number];
  /** How a float model becomes one of integers. */
  readonly quantization?: Omit<SearchOptions, "fits">;
  readonly name?: string;
  readonly version?: string;
  /** The module may not be larger; 64 KiB unless the user says otherwise. */
  readonly maxSize?: number;
  /** Bytes that the module is to be made to fit, by weights of fewer bits where that costs least. */
  readonly fit?: number;
  /** RAM in all, and instructions of one inference, that `fit` is to keep too, by the kernels that the board runs. */
  readonly fitRam?: number;
  readonly fitInstructions?: number;
  /** Bits of the weights of layers by name, 4 or 8, whatever `fit` would choose. */
  readonly bits?: ReadonlyMap<string, number>;
  /** The board that the module is to run on: the name of a board, a .json file with a profile, or a profile; default esp32-c3. */
  readonly board?: string | BoardProfile;
  /** Default: balanced, the fastest module whose bytes are worth it. */
  readonly optimize?: Objective;
  /** Whether costs of layers are predicted by a model of the kernels (the default) or measured in QEMU. */
  readonly tune?: "model" | "measure";
  /** Adds the export `self_test`. */
  readonly selfTest?: boolean;
  /**
   * Adds bins at quantiles of the calibration samples, by which devices notice that what they see has changed. `every`:
   * values of one of so many inferences are looked at; default as many as take 2 % of the time.
   */
  readonly monitor?: { readonly every?: number };
  /** Whether a second implementation of the model's file has to agree with the import: ONNX Runtime. */
  readonly check?: boolean;
  /** Engines that have to agree with the reference. */
  readonly engines?: readonly Engine[];
  /** Seconds of processor time that the build may take. */
  readonly timeLimit?: number;
  /** Told before each stage starts. */
  readonly onStage?: (stage: string) => void;
  /** Given each stage's result as stable text. */
  readonly onDump?: (file: string, text: string) => void;
}

export interface StageTime {
  readonly stage: string;
  readonly milliseconds: number;
}

/** The quantiser's steps, and its warnings. */
export interface QuantizationNotes {
  readonly samples: "calibration" | "random inputs";
  readonly steps: readonly string[];
  readonly warnings: readonly string[];
  /** Those of the warnings that say how much more was lost than may be, where, and what to try. */
  readonly losses: readonly string[];
}

export interface Build {
  readonly module: Uint8Array;
  readonly assembly: string;
  /** The graph the module was made from, for the reference interpreter. */
  readonly graph: Graph;
  /** The model as it was imported: what it says is right. */
  readonly imported: Graph;
  /** The float graph that was quantised, its inputs scaled, where the model was float. */
  readonly floatGraph?: Graph;
  readonly metadata: Metadata;
  /** How each layer is computed, and what that costs on the board. */
  readonly tuning: BuiltTuning;
  readonly choices: Choices;
  readonly plan: MemoryPlan;
  readonly verification: Verification;
  /** Rows that a second implementation of the model's file was run on, where that was asked for. */
  readonly check?: Check;
  readonly agreement?: Agreement;
  /** The quantiser's steps, where the model was float. */
  readonly quantization?: QuantizationNotes;
  /** Which layers have weights of fewer bits, where that was asked for. */
  readonly fit?: Fit;
  /** Tensor by tensor how near the quantised model is, where the model was float. */
  readonly quality?: readonly LayerQuality[];
  /** By the right answers of a file of their own, or of the calibration samples. */
  readonly evaluation?: EvaluationResult;
  readonly stages: readonly StageTime[];
}

/** Samples of people's data files, and the graph with the facts that they and the user state. */
interface Data {
  readonly simplified: Graph;
  readonly samples: readonly Sample[];
  /** Right answers, and whether the model is calibrated with the same samples. */
  readonly evaluation?: Evaluation;
  readonly source: EvaluationResult["source"];
  /** Warnings about the samples. */
  readonly warnings: readonly string[];
}

export const DEFAULT_MAX_SIZE = 65536;
const MAX_NAME = 100;
const SELF_TEST_SEEDS = [1, 2];
const RANDOM_VECTORS = 8;
const CALIBRATION_VECTORS = 16;

/**
 * Builds a module from a model's file.
 * @throws ModelError, DataError, EngineError with one line about what is wrong; BudgetError where the time is over
 */
export const build = (options: BuildOptions): Promise<Build> =>
  withinTime(options.timeLimit ?? BUDGETS.buildSeconds, () => buildStages(options));

async function buildStages(options: BuildOptions): Promise<Build> {
  const stages: StageTime[] = [];
  const stage = async <T>(
    name: string,
    work: () => T | Promise<T>,
    dump?: (result: T) => string,
  ): Promise<T> => {
    options.onStage?.(name);
    checkTime(name);
    const start = performance.now();
    const result = await work();
    stages.push({ stage: name, milliseconds: performance.now() - start });
    if (dump) options.onDump?.(`${String(stages.length).padStart(2, "0")}-${name}.txt`, dump(result));
    return result;
  };

  const name = nameOf(options);
  const source = await openSource(options.model);
  const read = await stage(
    "import",
    () => checkWork(checkGraph(importModel(source, name), "import")),
    dumpGraph,
  );
  const plain = await stage("simplify", () => simplify(read), dumpGraph);
  const data = await stage("samples", () => readData(plain, options));
  const { simplified, samples } = data;
  await checkSurroundings(simplified, options);
  const imported = copyFacts(read, simplified);
  const check = options.check && (await stage("check", () => checkImport(source, imported, samples)));
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
    () => {
      if (observed && options.quantization?.precision !== "int16") checkFeasible(observed);
      return observed && quantize(observed, samples, options);
    },
    (result) => dumpGraph(result?.quantized ?? scaled),
  );
  const quantized = checkQuantized(found?.quantized ?? scaled, "quantize");
  const statistics = observed && samples.length > 0 ? allStatistics(observed) : new Map<string, Statistics>();
  const provenance: Provenance = {
    name,
    version: options.version ?? "1.0.0",
    sourceFile: source.file,
    sourceSha256: source.sha256,
    compiler: `thimble ${version}`,
  };
  const { fitting, heldOut } = splitSamples(samples);
  const fitted = isToFit(options)
    ? await stage("fit", () => {
        const costOf = (each: Graph) => moduleCost(each, { options, provenance, statistics, isFloat });
        const seen = fitting.map((i) => samples[i]!);
        return fitNetwork(found?.float ?? quantized, quantized, seen, options, costOf);
      })
    : undefined;
  const network = fitted?.network ?? quantized;
  const isNarrowed = network !== quantized;
  const { frontend } = options;
  const graph = isSurrounded(options)
    ? await stage("front-end", () => surrounded(network, !isFloat, options), dumpGraph)
    : network;
  const tuning = await stage("tune", () => fitted?.cost.tuning ?? tuneGraph(graph, options), dumpTuning);
  const { choices } = tuning;
  const program = await stage("lower", () => lower(graph, choices), dumpProgram);
  const tests = await stage("self-test vectors", () => selfTestVectors(graph));
  const embedded = options.selfTest ? tests : [];
  const plan = await stage("plan", () => planMemory(program), dumpPlan);
  const metadata = describeModule(program, plan, provenance, statistics, tests, tuning);
  const maxSize = sizeLimit(options);
  checkConstants(program, metadata, maxSize);
  const assembly = await stage(
    "emit",
    () => emitAssemblyScript(program, plan, provenance, embedded),
    (text) => text,
  );
  const unwatched = await stage("compile", () => compileModule(assembly, program, plan, metadata));
  const module = options.monitor
    ? await stage("monitor", () => withWatch(unwatched, network, samples, tuning, options))
    : unwatched;
  checkSize(module, metadata, maxSize);

  const known = frontend === undefined ? calibrationVectors(graph, samples) : [];
  const vectors = [...known, ...standardVectors(graph, RANDOM_VECTORS)];
  const engines = options.engines ?? [v8, wasm3];
  // To find the layer that is wrong, every layer is an output of a module built like any other.
  const buildTrace = (traced: Graph): Promise<Uint8Array> => compileGraph(traced, "debug", choices);
  const verification = await stage("verify", () => verify(graph, module, vectors, engines, buildTrace));
  const quality = found && (await stage("measure", () => measureTensors(found, network, subjects)));
  const figures = await stage("evaluate", async () => {
    const judged = isSurrounded(options) ? await compileGraph(network) : module;
    const subject = { imported, graph: network, module: judged, isFloat: isFloat || isNarrowed };
    return judge(subject, isNarrowed ? onlyData(data, heldOut) : data);
  });
  const { precision } = options.quantization ?? {};
  const losses = lossWarnings({ graph: network, ...figures, layers: quality, precision });
  return {
    module,
    assembly,
    graph,
    imported,
    ...(isFloat && { floatGraph: scaled }),
    metadata,
    tuning: withStack(tuning, module),
    choices,
    plan,
    verification,
    ...(check && { check }),
    ...(fitted && { fit: fitted }),
    ...(quality && { quality }),
    ...figures,
    ...(found && { quantization: notesOf(found, samples, [...data.warnings, ...warnings], losses) }),
    stages,
  };
}

const isToFit = ({ fit, bits }: BuildOptions): boolean => fit !== undefined || (bits?.size ?? 0) > 0;

const sizeLimit = ({ fit, maxSize }: BuildOptions): number =>
  Math.min(fit ?? Number.POSITIVE_INFINITY, maxSize ?? (fit === undefined ? DEFAULT_MAX_SIZE : fit));

function fitNetwork(
  reference: Graph,
  network: Graph,
  samples: readonly Sample[],
  { fit: bytes, fitRam, fitInstructions, bits = new Map() }: BuildOptions,
  costOf: (network: Graph) => Promise<TunedCost>,
): Promise<Fitted<TunedCost>> {
  const limits = {
    ...(bytes !== undefined && { bytes }),
    ...(fitRam !== undefined && { ramBytes: fitRam }),
    ...(fitInstructions !== undefined && { instructions: fitInstructions }),
  };
  return fit(reference, network, samples, { limits, costOf, bits });
}

/** The parts of a module beside its network. */
interface Surroundings {
  readonly options: BuildOptions;
  readonly provenance: Provenance;
  readonly statistics: ReadonlyMap<string, Statistics>;
  readonly isFloat: boolean;
}

interface TunedCost extends ModuleCost {
  readonly tuning: Tuning;
}

/** Costs of the module that a network would become, bins of a monitor left out. */
async function moduleCost(network: Graph, { options, provenance, statistics, isFloat }: Surroundings) {
  const graph = await surrounded(network, !isFloat, options);
  const tests = selfTestVectors(graph);
  const costOf = async (tuning: Tuning): Promise<TunedCost> => {
    const program = lower(graph, tuning.choices);
    const plan = planMemory(program);
    const metadata = describeModule(program, plan, provenance, statistics, tests, tuning);
    const assembly = emitAssemblyScript(program, plan, provenance, options.selfTest ? tests : []);
    const { length } = await compileModule(assembly, program, plan, metadata);
    const kernels = tuning.board.nativeKernels ? "native" : "portable";
    const { ramBytes, instructions } = tuning;
    return { tuning, bytes: length, ramBytes: ramBytes[kernels], instructions: instructions[kernels] };
  };
  const found = await costOf(await tuneGraph(graph, options));
  // The tuner keeps to what it predicts, and what that is too large by may have room for a faster kernel.
  const tuning = await tuneGraph(graph, options, found.tuning.moduleBytes - found.bytes);
  if (tuning.moduleBytes === found.tuning.moduleBytes) return found;
  const other = await costOf(tuning);
  return other.bytes <= sizeLimit(options) ? other : found;
}

/** Some of the samples that are judged; those of a file of their own all count. */
function onlyData(data: Data, places: readonly number[]): Data {
  const { samples, evaluation, source } = data;
  const part = source === "calibration" && evaluation ? partOf(evaluation, places) : evaluation;
  return { ...data, samples: places.map((i) => samples[i]!), ...(part && { evaluation: part }) };
}

/** The front-end of a file. Throws ModelError that names the file, since the command's subject is another one. */
export async function readFrontend(file: string): Promise<Graph> {
  try {
    const read = isParameters(file)
      ? await parametricFrontend(file)
      : importModel(await openSource(file), plain(basename(file, extname(file)), "_"));
    return checkQuantized(simplify(checkGraph(read, "import of the front-end")), "front-end");
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(`--frontend ${file}: ${error.message}`, error.details);
  }
}

const isSurrounded = ({ frontend, decisions }: BuildOptions): boolean =>
  frontend !== undefined || decisions !== undefined;

/** Values of the network's input that are new each time it runs. */
const freshValues = (frontend: Graph, stride = 1): number =>
  stride * elements(tensorOf(frontend, frontend.outputs[0]!).shape);

/** The network with states that begin as they are in a window of zeros. */
function streamed(network: Graph, fresh: number): Graph {
  const zeros = network.inputs.map((name) => initialState(tensorOf(network, name)));
  const trace = evaluateGraph(network, zeros);
  return streamNetwork(network, fresh, (name) => trace.get(name));
}

/** The network behind the front-end of a file, and before what its scores decide. */
async function surrounded(network: Graph, isQuantizedFile: boolean, options: BuildOptions): Promise<Graph> {
  const { frontend, stride, streaming, decisions } = options;
  const front = frontend === undefined ? undefined : await readFrontend(frontend);
  const behind = front && streaming ? streamed(network, freshValues(front, stride)) : network;
  const joined = front ? joinFrontend(front, behind, isQuantizedFile, stride) : network;
  return checkWork(checkQuantized(decisions ? addDecisions(joined, decisions) : joined, "front-end"));
}

/** Before the network is worked on: its labels and layers are known, and how often it will run. */
async function checkSurroundings(network: Graph, options: BuildOptions): Promise<void> {
  const { frontend, stride = 1, streaming, decisions } = options;
  if (!streaming && !decisions) return;
  const front = frontend === undefined ? undefined : await readFrontend(frontend);
  if (front && streaming) streamNetwork(network, freshValues(front, stride));
  const period = periodOf(front ?? network);
  if (decisions) checkDecisions(network, decisions, period === undefined ? undefined : period * stride);
}

/** The module with bins at quantiles of the samples; behind a front-end only those of the network's results. */
async function withWatch(
  module: Uint8Array,
  network: Graph,
  samples: readonly Sample[],
  { instructions }: Tuning,
  { monitor, frontend }: BuildOptions,
): Promise<Uint8Array> {
  const judged = frontend === undefined ? module : await compileGraph(network);
  const outputs = await v8.run(
    judged,
    samples.map((sample) => toInputBytes(network, sample)),
  );
  const watch = watchOf({
    borders: bordersOf(network),
    samples: frontend === undefined ? samples : undefined,
    outputs,
    instructions: instructions.native,
    every: monitor?.every,
  });
  return addWatch(module, watch);
}

/** The two models that figures compare: as it was imported, and as it was quantised. */
interface Subjects {
  readonly imported: Graph;
  readonly graph: Graph;
  readonly module: Uint8Array;
  readonly isFloat: boolean;
}

/** Agreement with the imported model on calibration samples, and figures of the task where right answers are known. */
async function judge(
  { imported, graph, module, isFloat }: Subjects,
  { samples, evaluation, source }: Data,
): Promise<Pick<Build, "agreement" | "evaluation">> {
  const judged = judgedOf(graph);
  const outputsOf = async (rows: readonly Sample[]) => ({
    float: isFloat ? outputsAt(predictGraph(imported, rows), judged.index) : undefined,
    quantized: outputsAt(await predictModule(graph, module, rows), judged.index),
  });
  const calibrated = samples.length > 0 && isFloat ? await outputsOf(samples) : undefined;
  const agreement = calibrated?.float && agreementOf(judged, calibrated.float, calibrated.quantized, samples);
  if (!evaluation) return { ...(agreement && { agreement }) };
  const known = source === "calibration" ? calibrated : undefined;
  const { float, quantized } = known ?? (await outputsOf(evaluation.samples));
  const difference = float && agreementOf(judged, float, quantized, evaluation.samples);
  const figures = evaluate(judged, evaluation, source, float, quantized);
  return {
    ...(agreement && { agreement }),
    evaluation: { ...figures, ...(difference && { difference }) },
  };
}

/** A model's name is also that of its folder. */
function nameOf({ name, model }: BuildOptions): string {
  const found = name ?? plain(basename(model, extname(model)), "_");
  const isFileName = !/^[. ]*$|[/\\]/.test(found) && found === plain(found) && found.length <= MAX_NAME;
  if (isFileName) return found;
  const where = name === undefined ? "expected a file" : "--name: expected a name";
  throw new ModelError(
    `${where} that can name a folder, of 1 to ${MAX_NAME} characters, found "${found.slice(0, MAX_NAME)}"` +
      (name === undefined ? ": --name gives another" : ""),
  );
}

const isFloatGraph = (graph: Graph): boolean =>
  graph.nodes.some((node) => node.outputs.some((output) => tensorOf(graph, output).dtype === "float32"));

/** Calibration and evaluation samples, and the graph with what they and the user say of it. */
function readData(
  graph: Graph,
  { calibration, evaluate: file, labelColumns, imageRange, facts }: BuildOptions,
): Data {
  const media = { ...(imageRange && { imageRange }) };
  const evaluated = { ...media, ...(labelColumns && { labels: labelColumns }) };
  const inputs = inputInfos(graph);
  const sizes = inputs.map(({ shape }) => elements(shape));
  // A column that holds labels in one file need not be in the other.
  const dataset =
    calibration === undefined
      ? undefined
      : readSamplesOf(calibration, inputs, file === undefined ? evaluated : media);
  const all = dataset?.rows.map((row) => splitRow(row, sizes)) ?? [];
  const simplified = withFacts(graph, { ...facts, ...(dataset?.columns && { columns: dataset.columns }) });
  const { kept, outliers } = withoutOutliers(simplified, all);
  const samples = kept.map((i) => all[i]!);
  const warnings = [...fewWarnings(samples), ...outlierWarnings(outliers)];
  const known = { simplified, samples, warnings };
  if (file !== undefined)
    return { ...known, evaluation: readEvaluation(simplified, file, evaluated), source: "evaluation" };
  const evaluation = dataset && calibrationTruth(simplified, calibration!, onlyRows(dataset, kept), samples);
  return { ...known, ...(evaluation && { evaluation }), source: "calibration" };
}

/** Some rows of a data set with what is known of them. */
function onlyRows({ rows, labels, targets, ...names }: Dataset, kept: readonly number[]): Dataset {
  const only = <T>(list: readonly T[]): T[] => kept.map((i) => list[i]!);
  return {
    ...names,
    rows: only(rows),
    ...(labels && { labels: only(labels) }),
    ...(targets && { targets: only(targets) }),
  };
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
  losses: readonly string[],
): QuantizationNotes => ({
  samples: samples.length > 0 ? "calibration" : "random inputs",
  steps,
  warnings: [...(samples.length > 0 ? [] : [DATA_FREE_WARNING]), ...warnings, ...losses],
  losses,
});

function measureTensors({ float, ranges }: Found, graph: Graph, samples: readonly Sample[]): LayerQuality[] {
  const methods = new Map([...ranges].map(([name, { method }]) => [name, method]));
  return measureLayers(float, graph, withinBudget(graph, samples), { methods });
}

/** `spare` bytes are known to be predicted too much. */
async function tuneGraph(graph: Graph, options: BuildOptions, spare = 0): Promise<Tuning> {
  const { optimize = "balanced", fitRam = Number.POSITIVE_INFINITY } = options;
  const { board: given = DEFAULT_BOARD } = options;
  const board = typeof given === "string" ? findBoard(given) : given;
  const measured = options.tune === "measure";
  if (measured) await requireQemu();
  const measure = remembering(measureInQemu((layer, choices) => compileGraph(layer, "release", choices)));
  return tune(graph, {
    board: { ...board, ramBytes: Math.min(board.ramBytes, fitRam) },
    optimize,
    maxSize: sizeLimit(options) + spare,
    ...(measured && { measure: (whole, layers) => measureCandidates(whole, layers, measure) }),
  });
}

function selfTestVectors(graph: Graph): SelfTestVector[] {
  return SELF_TEST_SEEDS.map((seed) => ({
    seed,
    outputs: runReference(graph, [seededInputs(graph, seed)])[0]!,
  }));
}

function calibrationVectors(graph: Graph, samples: readonly Sample[]): NamedVector[] {
  return samples
    .slice(0, CALIBRATION_VECTORS)
    .map((sample, i) => ({ name: `calibration row ${i + 1}`, inputs: toInputBytes(graph, sample) }));
}

/** A lower bound of the module's size: bytes of constants that are not zero, and so are stored. */
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

/** A front-end alone as a module, for its features. Throws ModelError where it takes no stream of samples. */
export async function compileFeatures(graph: Graph): Promise<FeatureModule> {
  const { inputs, outputs } = bordersOf(graph);
  const [input] = inputs;
  const [output] = outputs;
  if (inputs.length !== 1 || outputs.length !== 1)
    throw new ModelError(
      `front-end ${graph.name}: expected one input and one output, found ${inputs.length} and ${outputs.length}`,
    );
  if (!input?.stream)
    throw new ModelError(
      `front-end ${graph.name}: expected its sample rate, as in a .json file of {"type": "tflite", "file": ..., "sample_rate": 16000}, found none`,
    );
  const program = lower(graph);
  const plan = planMemory(program);
  const { name, dtype, shape, scale, zeroPoint } = output!;
  return {
    module: await compileGraph(graph),
    input: { ...input, stream: input.stream },
    features: { name, dtype, shape, scale, zeroPoint, offset: plan.tensors.get(name)! },
  };
}
