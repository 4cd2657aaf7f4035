/**
 * Cost of modules, and of the layers of a graph, on an emulated microcontroller, by default rv32imac: instructions
 * retired and RAM, the same in every run with the same compiler. It needs the compiler and QEMU; ask
 * `firmwareAvailability` of host/firmware/qemu_build.ts first.
 */
import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildFirmware, type Firmware, type FirmwareOptions, machineOf } from "../../firmware/qemu_build.ts";
import type { FirmwareStatistics } from "../../firmware/qemu_protocol.ts";
import { runFirmware } from "../../firmware/qemu_run.ts";
import { rawPublicKey } from "../../image/keys.ts";
import { fromBytes, type Graph, type Node, tensorOf, toBytes, type Vector } from "../../ir/graph.ts";
import { EngineError } from "../../module/engine.ts";
import { root } from "../../root.ts";
import { flashOf } from "../../runtime/engines/qemu.ts";
import { evaluateGraph, runReference } from "../../runtime/engines/reference.ts";
import { seededInputs } from "../verify/vectors.ts";

/** Whether the firmware's native kernels take the place of the module's own. */
export type Kernels = "native" | "portable";

export type MeasureOptions = FirmwareOptions & { readonly kernels: Kernels };

/** Bytes by owner: linear memory, wasm3's stack, its heap with the model's record, the C stack, static data. */
export interface RamBytes {
  readonly linear_memory: number;
  readonly wasm3_stack: number;
  readonly wasm3_heap: number;
  readonly c_stack_open: number;
  readonly c_stack_invoke: number;
  readonly static: number;
  readonly total: number;
}

export interface Measurement {
  readonly kernels: Kernels;
  readonly moduleBytes: number;
  /** How many of the module's kernels were bound to native ones. */
  readonly nativeKernels: number;
  readonly ram: RamBytes;
  readonly openInstructions: { readonly all: number; readonly sha256: number; readonly ed25519: number };
  /** Instructions retired by `thimble_invoke`, one figure for each vector. */
  readonly instructions: readonly number[];
  /** Native stack below the frames that call thimble_open and thimble_invoke; and what the core counted. */
  readonly stack: { readonly open: number; readonly invoke: number; readonly counted: number };
}

/** A module with what to run it on. */
export interface Subject {
  /** For messages. */
  readonly name: string;
  readonly module: Uint8Array;
  readonly inputs: readonly Vector[];
  /** The reference interpreter's outputs. */
  readonly outputs: readonly Vector[];
}

/** A quantised graph to a module: `compileGraph` of host/pipeline.ts, or that with a variant forced. */
export type CompileGraph = (graph: Graph) => Promise<Uint8Array>;

/** Always the same key: how long a signature takes to verify depends on its bits. */
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, 1)]),
  format: "der",
  type: "pkcs8",
});

function wasm3StackBytes(): number {
  const header = readFileSync(join(root, "firmware", "include", "thimble.h"), "utf8");
  return Number(/^#define THIMBLE_STACK_BYTES (\d+)$/m.exec(header)![1]);
}

function ramBytes(statistics: FirmwareStatistics, { sizes }: Firmware): RamBytes {
  const owned = [...sizes].filter(([part]) => part !== "port").map(([, { ram }]) => ram);
  const stack = wasm3StackBytes();
  const parts = {
    linear_memory: statistics.memoryBytes,
    wasm3_stack: stack,
    wasm3_heap: statistics.ramUsed - statistics.memoryBytes - stack,
    c_stack_open: statistics.openStack,
    c_stack_invoke: statistics.invokeStack,
    static: owned.reduce((sum, bytes) => sum + bytes, 0),
  };
  const cStack = Math.max(parts.c_stack_open, parts.c_stack_invoke);
  return { ...parts, total: statistics.ramUsed + cStack + parts.static };
}

/** Where the outputs of vectors differ first, or undefined. */
function firstDifference(expected: readonly Vector[], found: readonly Vector[]): string | undefined {
  if (found.length !== expected.length) return `expected ${expected.length} vectors, found ${found.length}`;
  for (const [vector, outputs] of expected.entries())
    for (const [output, bytes] of outputs.entries()) {
      const other = found[vector]![output] ?? new Uint8Array(0);
      const place = `vector ${vector}, output ${output}`;
      if (other.length !== bytes.length)
        return `${place}: expected ${bytes.length} bytes, found ${other.length}`;
      const at = bytes.findIndex((byte, i) => byte !== other[i]);
      if (at >= 0) return `${place}, byte ${at}: expected ${bytes[at]}, found ${other[at]}`;
    }
  return undefined;
}

/**
 * Runs a module in the firmware and counts. Throws EngineError where the firmware cannot be built or refuses
 * the module, or where an output is not the expected one: a wrong result has no cost.
 */
export async function measureModule(subject: Subject, options: MeasureOptions): Promise<Measurement> {
  const { name, module, inputs, outputs } = subject;
  const { kernels, ...build } = options;
  const result = await runFirmware({
    flash: flashOf(module, key),
    keys: [rawPublicKey(key)],
    vectors: inputs,
    portableOnly: kernels === "portable",
    build,
  });
  const fail = (message: string): never => {
    throw new EngineError(machineOf(build).engine, `${name}, ${kernels} kernels: ${message}`);
  };
  if (result.status !== 0) fail(`expected status 0, found: ${result.statusText}`);
  const difference = firstDifference(outputs, result.outputs);
  if (difference) fail(difference);
  const { statistics } = result;
  return {
    kernels,
    moduleBytes: module.length,
    nativeKernels: statistics.nativeKernels,
    ram: ramBytes(statistics, await buildFirmware(build)),
    openInstructions: {
      all: statistics.openInstructions,
      sha256: statistics.sha256Instructions,
      ed25519: statistics.ed25519Instructions,
    },
    instructions: statistics.invokeInstructions,
    stack: {
      open: statistics.openStack - statistics.openAbove,
      invoke: statistics.invokeStack - statistics.invokeAbove,
      counted: statistics.stackBytes,
    },
  };
}

/** Measures a module with either kind of kernels, side by side. Errors as of `measureModule`. */
export async function measureBoth(
  subject: Subject,
  build: FirmwareOptions = {},
): Promise<Readonly<Record<Kernels, Measurement>>> {
  const [native, portable] = await Promise.all([
    measureModule(subject, { ...build, kernels: "native" }),
    measureModule(subject, { ...build, kernels: "portable" }),
  ]);
  return { native, portable };
}

/** A quantised graph as a module, with one seeded vector for each seed. */
export async function graphSubject(
  graph: Graph,
  compile: CompileGraph,
  seeds: readonly number[] = [1],
): Promise<Subject> {
  const inputs = seeds.map((seed) => seededInputs(graph, seed));
  return { name: graph.name, module: await compile(graph), inputs, outputs: runReference(graph, inputs) };
}

/** One node of a graph, as a graph of its own, with what it reads and writes in one inference. */
export interface Layer {
  readonly node: Node;
  readonly graph: Graph;
  readonly inputs: Vector;
  readonly outputs: Vector;
}

/** The graph with this one node: its activations are the inputs, its constants are kept. */
function layerGraph(graph: Graph, node: Node): Graph {
  const read = [...new Set(node.inputs.filter((name) => name !== ""))];
  const tensorsRead = read.map((name) => tensorOf(graph, name));
  const inputs = tensorsRead.filter(({ data, next }) => data === undefined && next === undefined);
  const kept = new Set(tensorsRead.map(({ next }) => next));
  const tensors = new Map([...read, ...node.outputs].map((name) => [name, tensorOf(graph, name)]));
  return {
    name: node.name,
    tensors,
    nodes: [node],
    inputs: inputs.map(({ name }) => name),
    outputs: node.outputs.filter((name) => !kept.has(name)),
  };
}

/**
 * Every node of a quantised graph on its own, in order. The activations are those that the reference
 * interpreter has when it runs the graph on the vector of this seed.
 */
export function splitLayers(graph: Graph, seed = 1): Layer[] {
  const vector = seededInputs(graph, seed);
  const trace = evaluateGraph(
    graph,
    graph.inputs.map((name, i) => fromBytes(tensorOf(graph, name).dtype, vector[i]!)),
  );
  const bytesOf = (names: readonly string[]): Vector => names.map((name) => toBytes(trace.get(name)!));
  return graph.nodes.map((node) => {
    const alone = layerGraph(graph, node);
    return { node, graph: alone, inputs: bytesOf(alone.inputs), outputs: bytesOf(alone.outputs) };
  });
}

/** A layer as a module, to be measured with native kernels, with portable ones, or both. */
export async function layerSubject(layer: Layer, compile: CompileGraph): Promise<Subject> {
  const { node, graph, inputs, outputs } = layer;
  return { name: node.name, module: await compile(graph), inputs: [inputs], outputs: [outputs] };
}
