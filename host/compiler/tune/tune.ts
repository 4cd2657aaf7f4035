/** The tuner: how each layer of a quantised graph is computed, within the RAM and flash of a board. */

import { type BoardProfile, milliseconds } from "../../firmware/boards.ts";
import type { Graph } from "../../ir/graph.ts";
import type { Choices } from "../../ops/lowering.ts";
import { bytes, integer, table } from "../../table.ts";
import { isNative, type Kernel } from "../plan/kernels.ts";
import { lower, type Program } from "../plan/lower.ts";
import { planMemory } from "../plan/memory.ts";
import { loadCalibration } from "./calibration.ts";
import { type LayerCandidates, listCandidates } from "./candidates.ts";
import { type ByKernels, outlineOf, predictModule, predictRuntime } from "./cost.ts";
import { type Selection, selections, workOf } from "./search.ts";

/** The smallest module; the fastest one; or the fastest whose bytes are worth it. */
export const OBJECTIVES = ["balanced", "size", "speed"] as const;
export type Objective = (typeof OBJECTIVES)[number];

export interface TuneOptions {
  readonly board: BoardProfile;
  readonly optimize: Objective;
  /** The module may not be larger. */
  readonly maxSize: number;
  /** Replaces predicted instructions by measured ones (measured.ts). */
  readonly measure?: (graph: Graph, layers: readonly LayerCandidates[]) => Promise<LayerCandidates[]>;
}

export interface LayerTuning {
  readonly name: string;
  readonly kernels: readonly string[];
  /** Pixels that are gathered at a time, where the kernel gathers them. */
  readonly tile?: number;
  readonly inPlace: boolean;
  readonly instructions: ByKernels;
}

export interface Tuning {
  readonly board: BoardProfile;
  readonly optimize: Objective;
  readonly costs: "predicted" | "measured";
  readonly choices: Choices;
  readonly layers: readonly LayerTuning[];
  /** Instructions of one inference. */
  readonly instructions: ByKernels;
  /** In all, predicted: the module's linear memory, wasm3 with its stack, the C stack. */
  readonly ramBytes: ByKernels;
  /** Predicted, roughly in what the custom section takes. */
  readonly moduleBytes: number;
  /** One line each: what does not fit the board. */
  readonly warnings: readonly string[];
}

/**
 * Instructions that an inference has to save for each byte of module, or of RAM, that this costs. Kernels are far
 * from this on either side: the fast depthwise kernel saves 200 000 for each byte in keyword spotting, and the fast
 * dense kernel 0.1 in a logistic regression. So it could as well be 10 or 1000.
 */
const WORTH = 100;

/** Header and signature of an image. */
const IMAGE_BYTES = 512;
/** About what the custom section takes, for each layer and in all: it is not written yet. */
const METADATA_LAYER_BYTES = 130;
const METADATA_BYTES = 600;
const customBytes = (layers: number): number => METADATA_BYTES + layers * METADATA_LAYER_BYTES;

interface Rated {
  readonly selection: Selection;
  readonly work: number;
  readonly ramBytes: ByKernels;
  readonly moduleBytes: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The common part of all selections. */
function commonOf(graph: Graph, layers: readonly LayerCandidates[]) {
  const program = lower(graph);
  const plan = planMemory(program);
  const calls = layers.flatMap((layer) => layer.calls);
  return {
    outline: { ...outlineOf(program), calls },
    dataBytes: plan.constantBytes,
    // All but the arena, and what is lost to alignment behind it.
    fixedBytes: plan.memoryBytes - plan.arena.bytes + 3,
    constantBytes: plan.constantBytes,
  };
}

/** Rates a selection; what depends on the kernels alone is computed once for each set of them. */
function rater(graph: Graph, layers: readonly LayerCandidates[]) {
  const { outline, dataBytes, fixedBytes, constantBytes } = commonOf(graph, layers);
  const known = new Map<string, { runtime: ByKernels; moduleBytes: number }>();
  const ofKernels = (kernels: ReadonlyMap<string, Kernel>) => {
    const key = [...kernels.keys()].sort().join();
    const found = known.get(key);
    if (found) return found;
    const with_ = { ...outline, kernels: [...kernels.values()] };
    const made = { runtime: predictRuntime(with_), moduleBytes: predictModule(with_, dataBytes) };
    known.set(key, made);
    return made;
  };
  return (selection: Selection): Rated => {
    const kernels = new Map(
      selection.candidates.flatMap((each) => each.kernels.map((kernel) => [kernel.name, kernel] as const)),
    );
    const { runtime, moduleBytes } = ofKernels(kernels);
    const linear = fixedBytes + selection.arenaBytes;
    const inFlash = [...kernels.values()].every(isNative) ? constantBytes : 0;
    return {
      selection,
      work: sum(selection.candidates.map(workOf)),
      ramBytes: { native: linear - inFlash + runtime.native, portable: linear + runtime.portable },
      moduleBytes,
    };
  };
}

/** Numbers of which the smaller counts, the first first. */
function rank({ work, ramBytes, moduleBytes }: Rated, optimize: Objective): readonly number[] {
  if (optimize === "size") return [moduleBytes, ramBytes.portable, work];
  if (optimize === "speed") return [work, moduleBytes, ramBytes.portable];
  return [work + WORTH * (moduleBytes + ramBytes.portable), moduleBytes];
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  const i = a.findIndex((value, at) => value !== b[at]);
  return i >= 0 && a[i]! < b[i]!;
}

/**
 * Whether RAM and flash suffice. The first rule holds for every firmware; the next, for boards with native kernels,
 * for their own; the last for none: then the least RAM is taken, and reported. What predictions are off by is kept
 * free for the kernels that the board runs; that its RAM suffices for the others too is a second thought.
 */
type Fits = (rated: Rated) => boolean;

function rulesOf({ board, maxSize }: TuneOptions, layerCount: number, excess: number): Fits[] {
  const { heapError } = loadCalibration();
  const room = Math.min(maxSize, board.slotBytes - IMAGE_BYTES) - customBytes(layerCount);
  const own = board.nativeKernels ? "native" : "portable";
  const fits =
    (kernels: keyof ByKernels): Fits =>
    ({ ramBytes, moduleBytes }) =>
      moduleBytes <= room &&
      ramBytes[kernels] + excess <= board.ramBytes &&
      ramBytes[own] + heapError[own] + excess <= board.ramBytes;
  return [fits("portable"), ...(board.nativeKernels ? [fits("native")] : [])];
}

function best(all: readonly Rated[], options: TuneOptions, layerCount: number, excess: number): Rated {
  const least = (list: readonly Rated[], by: (rated: Rated) => readonly number[]): Rated =>
    list.reduce((a, b) => (isBefore(by(b), by(a)) ? b : a));
  for (const fits of rulesOf(options, layerCount, excess)) {
    const fitting = all.filter(fits);
    if (fitting.length > 0) return least(fitting, (rated) => rank(rated, options.optimize));
  }
  return least(all, ({ ramBytes, moduleBytes, work }) => [ramBytes.portable, moduleBytes, work]);
}

const choicesOf = (layers: readonly LayerCandidates[], { candidates }: Selection): Choices =>
  new Map(layers.map(({ node }, i) => [node.name, candidates[i]!.choice]));

function layerTuning(
  program: Program,
  { node }: LayerCandidates,
  selection: Selection,
  i: number,
): LayerTuning {
  const { choice, instructions } = selection.candidates[i]!;
  const calls = program.calls.filter((call) => call.node === node.name);
  const tiles = calls.flatMap(({ kernel, arguments: values }) => {
    const tile = values[kernel.parameters.indexOf("tile")];
    return tile?.kind === "number" ? [tile.value] : [];
  });
  return {
    name: node.name,
    kernels: [...new Set(calls.map(({ kernel }) => kernel.name))],
    ...(tiles[0] !== undefined && { tile: tiles[0] }),
    inPlace: calls.length > 0 && choice.inPlace,
    instructions,
  };
}

function ramWarnings(ramBytes: ByKernels, board: BoardProfile): string[] {
  const least = board.nativeKernels ? Math.min(ramBytes.native, ramBytes.portable) : ramBytes.portable;
  const expected = `RAM: expected at most ${integer(board.ramBytes)} bytes on ${board.name}`;
  if (least > board.ramBytes) return [`${expected}, found about ${integer(least)} at the least`];
  if (ramBytes.portable <= board.ramBytes) return [];
  return [
    `${expected}, found about ${integer(ramBytes.portable)} without native kernels (${integer(ramBytes.native)} with them)`,
  ];
}

function flashWarnings(moduleBytes: number, board: BoardProfile): string[] {
  if (moduleBytes + IMAGE_BYTES <= board.slotBytes) return [];
  const expected = `flash: expected an image of at most ${integer(board.slotBytes)} bytes on ${board.name}`;
  return [`${expected}, found a module of about ${integer(moduleBytes)}`];
}

/** How often the arena is planned anew, with less room, when the planner needs more than its lower bound. */
const ATTEMPTS = 4;

/** Chooses how each layer is computed. Deterministic, as long as costs are predicted or measured once. */
export async function tune(graph: Graph, options: TuneOptions): Promise<Tuning> {
  const { board, optimize } = options;
  const predicted = listCandidates(graph);
  const layers = options.measure ? await options.measure(graph, predicted) : predicted;
  const all = [...selections(graph, layers)].map(rater(graph, layers));
  for (let attempt = 1, excess = 0; ; attempt++) {
    const rated = best(all, options, layers.length, excess);
    const choices = choicesOf(layers, rated.selection);
    const program = lower(graph, choices);
    const plan = planMemory(program);
    const runtime = predictRuntime(outlineOf(program));
    const ramBytes = {
      native: (program.kernels.every(isNative) ? plan.constantsOffset : plan.memoryBytes) + runtime.native,
      portable: plan.memoryBytes + runtime.portable,
    };
    const more = ramBytes.portable - rated.ramBytes.portable;
    if (more > 0 && attempt < ATTEMPTS) {
      excess += more;
      continue;
    }
    const moduleBytes = rated.moduleBytes + customBytes(layers.length);
    const tuned = layers.map((layer, i) => layerTuning(program, layer, rated.selection, i));
    const total = (kernels: keyof ByKernels): number =>
      loadCalibration().invoke[kernels] + sum(tuned.map((layer) => layer.instructions[kernels]));
    return {
      board,
      optimize,
      costs: options.measure ? "measured" : "predicted",
      choices,
      layers: tuned,
      instructions: { native: total("native"), portable: total("portable") },
      ramBytes,
      moduleBytes,
      warnings: [...ramWarnings(ramBytes, board), ...flashWarnings(moduleBytes, board)],
    };
  }
}

/** Milliseconds of one inference on the board: with native kernels where its firmware has them. */
export const inferenceTime = (instructions: ByKernels, board: BoardProfile): number =>
  milliseconds(board.nativeKernels ? instructions.native : instructions.portable, board);

/** As stable text: every layer's choice with its cost, then the sums. */
export function dumpTuning(tuning: Tuning): string {
  const { board, optimize, costs, instructions, ramBytes, moduleBytes, warnings } = tuning;
  const rows = tuning.layers.map(({ name, kernels, tile, inPlace, instructions: of }) => [
    name,
    kernels.join(", ") || "(view)",
    tile === undefined ? "" : `tile ${tile}`,
    inPlace ? "in place" : "",
    of.native,
    of.portable,
  ]);
  const head = ["layer", "kernel", "", "", "native", "portable"];
  return `${[
    `${optimize} on ${board.name}: ${board.ramBytes} bytes of RAM, slots of ${board.slotBytes}`,
    table([...rows, ["all", "", "", "", instructions.native, instructions.portable]], { head }),
    `${costs} instructions: ${inferenceTime(instructions, board).toFixed(2)} ms an inference`,
    `RAM about ${bytes(ramBytes.native)} with native kernels, ${bytes(ramBytes.portable)} without`,
    `module about ${bytes(moduleBytes)}`,
    ...warnings,
  ].join("\n")}\n`;
}
