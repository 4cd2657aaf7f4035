/**
 * Single kernel calls with the memory they start from: right ones, from random graphs of one node, and
 * wrong ones, made from those. Shared by the test of the native kernels and the corpus of their fuzzer.
 */
import fc from "fast-check";
import { decodeBlock, encodeBlock } from "../../../host/compiler/plan/blocks.ts";
import { loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { lower, type Program } from "../../../host/compiler/plan/lower.ts";
import { blockValues, type MemoryPlan, planMemory } from "../../../host/compiler/plan/memory.ts";
import { lcgBytes, seededInputs } from "../../../host/compiler/verify/vectors.ts";
import type { Graph } from "../../../host/ir/graph.ts";
import type { Choice } from "../../../host/ops/lowering.ts";
import { graphs } from "../../ops/lowering/graphs.ts";
import { int16Graphs } from "../../ops/lowering/int16_graphs.ts";
import { type Machine, nativeKernelNames, placeConstants } from "../../ops/lowering/machine.ts";
import { isWide, planeSize } from "./kernel_scratch.ts";

export interface Call {
  readonly kernel: string;
  /** What the argument block holds, in the order of its fields. */
  readonly values: readonly number[];
  readonly memory: Uint8Array;
  /** Offset of the constants in memory. */
  readonly constants: number;
  /** What it was made from, to replay a failure. */
  readonly origin: string;
}

/** Bytes behind a call's memory that its twin must leave alone. */
const GUARD = 64;
const GUARD_BYTE = 0xa5;
const ALIGNMENT = 8;
/** Of the machine's memory, the last bytes. */
const BLOCK_ROOM = 256;

/**
 * The portable kernel that defines what a call does, right or wrong. Faster ones of the same contract are only
 * right where the host chose them; natively they are one.
 */
export const plainKernel = (name: string): string => name.replace(/(_long)?_(lanes|stationary)_s8$/, "_s8");

/**
 * What an AssemblyScript kernel makes of a call's memory. Its scratch is put behind that: portable kernels need
 * more of it than native ones, and where a native one needs none, it may be anywhere.
 */
export function runTwin(machine: Machine, call: Call): Uint8Array {
  const kernel = plainKernel(call.kernel);
  const { length } = call.memory;
  machine.memory.set(call.memory);
  machine.memory.fill(GUARD_BYTE, length, length + GUARD);
  const scratch = loadKernel(kernel).parameters.indexOf("scratch");
  const behind = (length + GUARD + ALIGNMENT) & -ALIGNMENT;
  const values = scratch === -1 ? call.values : call.values.with(scratch, behind);
  const block = machine.memory.length - BLOCK_ROOM;
  machine.memory.set(encodeBlock(loadKernel(kernel), values), block);
  machine.kernels.get(kernel)!(block);
  if (!machine.memory.subarray(length, length + GUARD).every((byte) => byte === GUARD_BYTE)) {
    throw new Error(`${kernel} in V8 wrote past its memory: ${call.origin}`);
  }
  return machine.memory.slice(0, length);
}

/** The whole linear memory before the first call: noise, where nothing else is. */
function startMemory(program: Program, plan: MemoryPlan, seed: number): Uint8Array {
  const memory = lcgBytes(seed + 1, plan.memoryBytes).bytes;
  placeConstants(memory, program, plan);
  seededInputs(program.graph, seed).forEach((bytes, i) => {
    memory.set(bytes, plan.tensors.get(program.graph.inputs[i]!)!);
  });
  return memory;
}

/** What the tuner may choose without another kernel, one after the other. */
const choiceOf = (seed: number): Choice => ({
  kernel: "small",
  tile: [4, 1, 3, 8, 11][seed % 5]!,
  inPlace: seed % 3 !== 0,
  packed: seed % 2 === 0,
});

function callsOf(machine: Machine, graph: Graph, seed: number, origin: string): Call[] {
  const choice = choiceOf(seed);
  const program = lower(graph, new Map(graph.nodes.map(({ name }) => [name, choice])));
  const plan = planMemory(program);
  let memory = startMemory(program, plan, seed);
  return program.calls.map((each) => {
    const values = blockValues(each, plan);
    const call = { kernel: each.kernel.name, values, memory, constants: plan.constantsOffset, origin };
    memory = runTwin(machine, call);
    return call;
  });
}

/** At least `least` right calls of every kernel; the same ones every time. */
export function validCalls(machine: Machine, seed: number, least: number): ReadonlyMap<string, Call[]> {
  const calls = new Map<string, Call[]>(nativeKernelNames().map((name) => [name, []]));
  const enough = (name: string): boolean => calls.get(name)!.length >= least;
  for (const [op, arbitrary] of [...Object.entries(graphs), ...Object.entries(int16Graphs)]) {
    let wanting = new Set<string>();
    for (let round = 0; round === 0 || [...wanting].some((name) => !enough(name)); round++) {
      const made = fc
        .sample(arbitrary, { seed: seed + round, numRuns: least })
        .flatMap((graph, i) =>
          callsOf(machine, graph, i, `${op}, sample ${i} of ${least}, seed ${seed + round}`),
        )
        .filter((call) => calls.has(call.kernel));
      for (const call of made) calls.get(call.kernel)!.push(call);
      wanting = new Set(made.map((call) => call.kernel));
    }
  }
  for (const name of nativeKernelNames().filter((kernel) => kernel !== plainKernel(kernel)))
    calls.set(
      name,
      calls.get(plainKernel(name))!.map((call) => ({ ...call, kernel: name })),
    );
  return calls;
}

interface LayerDraft {
  readonly seed: number;
  /** The output as large as the input; a convolution's window then is one pixel. */
  readonly sameSize: boolean;
  readonly inPlace: boolean;
  /** batches, depth multiplier, groups, channels of a group's input and output, tile. */
  readonly counts: readonly [number, number, number, number, number, number];
  /** By axis: input, output, kernel, stride, dilation, padding. */
  readonly axes: readonly (readonly [number, number, number, number, number, number])[];
  readonly inputZeroPoint: number;
  readonly outputZeroPoint: number;
  readonly activation: readonly [number, number];
  readonly factors: readonly (readonly [number, number])[];
}

const smaller = (greatest: number) => fc.integer({ min: 1, max: greatest });
const int8 = fc.integer({ min: -128, max: 127 });
const axis = fc.tuple(
  smaller(9),
  smaller(9),
  fc.constantFrom(3, 3, 3, 1, 2, 5),
  fc.constantFrom(1, 1, 2, 2, 3),
  fc.constantFrom(1, 1, 1, 2),
  fc.nat(3),
);

const layerDraft: fc.Arbitrary<LayerDraft> = fc.record({
  seed: fc.nat(0xffff),
  sameSize: fc.boolean(),
  inPlace: fc.boolean(),
  counts: fc.tuple(smaller(2), smaller(2), fc.constantFrom(1, 1, 1, 2), smaller(9), smaller(21), smaller(13)),
  axes: fc.array(axis, { minLength: 2, maxLength: 2 }),
  inputZeroPoint: int8,
  outputZeroPoint: fc.oneof({ weight: 5, arbitrary: int8 }, { weight: 1, arbitrary: fc.integer() }),
  activation: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom([-128, 127] as const, [-128, -1] as const) },
    { weight: 1, arbitrary: fc.tuple(int8, int8) },
  ),
  // Mostly what brings sums of some thousand to int8; otherwise anything that is accepted.
  factors: fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }), fc.integer({ min: -9, max: -4 })),
      },
      { weight: 1, arbitrary: fc.tuple(fc.integer(), fc.integer({ min: -31, max: 31 })) },
    ),
    { minLength: 5, maxLength: 5 },
  ),
});

/** Values as a block holds them: cut to the width of their fields. */
function asStored(kernel: string, values: readonly number[]): number[] {
  const loaded = loadKernel(kernel);
  return decodeBlock(loaded, encodeBlock(loaded, values));
}

/** Lays buffers of so many bytes out one behind the other, each on a multiple of four. */
function layOut<T extends string>(
  sizes: Readonly<Record<T, number>>,
): { at: Record<T, number>; end: number } {
  const at = {} as Record<T, number>;
  let end = 16;
  for (const [name, bytes] of Object.entries<number>(sizes)) {
    at[name as T] = end;
    end = (end + bytes + 3) & -4;
  }
  return { at, end };
}

const WINDOW_SIZES = ["input", "output", "kernel", "stride", "dilation", "pad"];

/** A channel's multiplier and shift; where sums are rounded once, the shift is to the right, by 1 to 46. */
function factorOf({ factors }: LayerDraft, channel: number, isOnce: boolean): readonly [number, number] {
  const [multiplier, shift] = factors[channel % factors.length]!;
  return isOnce ? [multiplier >> 16, Math.max(1, 15 - shift)] : [multiplier, shift];
}

/**
 * A call made without a graph: any numbers that the contract allows, which graphs seldom or never have. Nine
 * taps, several blocks and a RELU, for which native kernels have ways of their own, are frequent.
 */
function layerCall(kernel: string, draft: LayerDraft, origin: string): Call {
  const [batches, depthMultiplier, , groupInputs, groupOutputs, tile] = draft.counts;
  const isDepthwise = kernel.startsWith("depthwise");
  const isDense = kernel.startsWith("fully_connected");
  const isPointwise = draft.sameSize && !isDepthwise && !isDense;
  const isPacked = kernel.includes("_w4_");
  const groups = isPointwise || isPacked ? 1 : draft.counts[2];
  const [rows, columns] = draft.axes.map((sizes) => ({
    ...Object.fromEntries(WINDOW_SIZES.map((name, i) => [name, sizes[i]!])),
    ...(draft.sameSize && { output: sizes[0] }),
    ...(isPointwise && { kernel: 1, stride: 1, pad: 0 }),
  })) as [Record<string, number>, Record<string, number>];
  const inputs = groups * groupInputs;
  const outputs = isDepthwise ? inputs * depthMultiplier : isDense ? 2 * groupOutputs : groups * groupOutputs;
  const taps = rows.kernel! * columns.kernel!;
  const depth = groupInputs * taps;
  const wide = isWide(kernel);
  const inputBytes = wide && !kernel.endsWith("s8_s16") ? 2 : 1;
  const weightBytes = kernel.endsWith("w16_s16") ? 2 : 1;
  const outputBytes = wide ? 2 : 1;
  const plane = [rows, columns].map((a) => planeSize(a.output!, a.stride!, a.kernel!, a.dilation!));
  const { at, end } = layOut({
    input: inputBytes * (isDense ? tile * depth : batches * rows.input! * columns.input! * inputs),
    output: outputBytes * (isDense ? tile * outputs : batches * rows.output! * columns.output! * outputs),
    scratch: isDepthwise ? plane[0]! * plane[1]! : inputBytes * tile * depth,
    weights: isPacked
      ? 8 * depth * Math.ceil(outputs / 16)
      : weightBytes * outputs * (isDepthwise ? taps : depth),
    bias: 4 * outputs,
    multiplier: 4 * outputs,
    shift: outputs,
  });
  const memory = lcgBytes(draft.seed + 1, end).bytes;
  const narrowSums = loadKernel(kernel).parameters.includes("narrowSums") && draft.seed % 3 === 0;
  const isOnce = wide && !narrowSums;
  const view = new DataView(memory.buffer, memory.byteOffset);
  for (let i = 0; i < outputs; i++) {
    const [multiplier, shift] = factorOf(draft, i, isOnce);
    if (draft.seed % 4 !== 0)
      view.setInt32(at.bias + 4 * i, view.getInt32(at.bias + 4 * i, true) >> 16, true);
    view.setInt32(at.multiplier + 4 * i, multiplier, true);
    view.setInt8(at.shift + i, shift);
  }
  const window = [rows, columns].flatMap((a, i) =>
    WINDOW_SIZES.map((name) => [
      name === "pad" ? ["padTop", "padLeft"][i]! : name + ["Height", "Width"][i]!,
      a[name]!,
    ]),
  );
  const isSame = isDepthwise
    ? !wide && outputs === inputs && draft.sameSize
    : isPointwise && outputs <= inputs;
  const values: Record<string, number> = {
    ...at,
    ...(draft.inPlace && isSame && { output: at.input }),
    ...Object.fromEntries(window),
    ...(plainKernel(kernel) === "fully_connected_s8" && {
      multiplier: draft.factors[0]![0],
      shift: draft.factors[0]![1],
    }),
    tile,
    batches: isDense ? tile : batches,
    depth,
    outputs,
    inputChannels: inputs,
    outputChannels: outputs,
    depthMultiplier,
    groups,
    inputZeroPoint: draft.inputZeroPoint,
    outputZeroPoint: draft.activation[1] === -1 ? -128 : draft.outputZeroPoint,
    activationMin: draft.activation[0] * (wide ? 256 : 1),
    activationMax: draft.activation[1] * (wide ? 256 : 1),
    factorStep: draft.seed % 2,
    narrowSums: Number(narrowSums),
    outputBytes: 1 + (draft.seed % 5 === 0 ? 0 : 1),
  };
  const list = loadKernel(kernel).parameters.map((name) => values[name]!);
  return { kernel, values: asStored(kernel, list), memory, constants: at.weights, origin };
}

/** `count` calls of the kernel of a layer with weights, right by its contract. */
export const layerCalls = (kernel: string, seed: number, count: number): Call[] =>
  fc
    .sample(layerDraft, { seed, numRuns: count })
    .map((draft, i) => layerCall(kernel, draft, `layer call ${i} of ${count}, seed ${seed}`));

const INT32_MAX = 2147483647;
const EDGES = [
  0,
  1,
  -1,
  2,
  3,
  5,
  8,
  16,
  255,
  256,
  4096,
  65535,
  65536,
  2 ** 24,
  2 ** 30,
  INT32_MAX,
  -INT32_MAX - 1,
];

/** Another value for an argument: near the old one, near the memory's end, an edge, or anything. */
const changes = (old: number, memoryBytes: number): readonly number[] => [
  old - 1,
  old + 1,
  old * 2,
  -old,
  old + 4,
  memoryBytes - 1,
  memoryBytes,
  memoryBytes - old,
  memoryBytes - 256, // a table that just fits, and one that does not
  memoryBytes - 255,
  ...EDGES,
];

interface Change {
  readonly at: number;
  readonly choice: number;
  readonly any: number;
}

const change: fc.Arbitrary<Change> = fc.record({ at: fc.nat(0xffff), choice: fc.nat(31), any: fc.integer() });

function changed(call: Call, { at, choice, any }: Change): Call {
  const position = at % call.values.length;
  const value = changes(call.values[position]!, call.memory.length)[choice] ?? any;
  return { ...call, values: asStored(call.kernel, call.values.with(position, value | 0)) };
}

/** Four bytes anywhere: weights, or a bias, multiplier or shift of any size. */
function scribbled(memory: Uint8Array, { at, any }: Change): Uint8Array {
  const copy = memory.slice();
  for (let i = 0; i < 4; i++) copy[(at + i) % copy.length] = any >> (8 * i);
  return copy;
}

/** Calls with one to three arguments, or all, changed, and now and then the memory. */
export function wrongCalls(valid: ReadonlyMap<string, Call[]>, seed: number, count: number): Call[] {
  const kernels = [...valid.values()];
  const draft = fc.record({
    kernel: fc.nat(kernels.length - 1),
    base: fc.nat(0xffff),
    changes: fc.array(change, { minLength: 0, maxLength: 3 }),
    garbage: fc.nat(49),
    memory: fc.option(change, { freq: 3, nil: undefined }),
    noise: fc.array(fc.integer(), { minLength: 32, maxLength: 32 }),
  });
  return fc.sample(draft, { seed, numRuns: count }).map((d, i) => {
    const calls = kernels[d.kernel]!;
    const base = calls[d.base % calls.length]!;
    const memory = d.memory ? scribbled(base.memory, d.memory) : base.memory;
    const call = {
      ...base,
      memory,
      origin: `wrong call ${i} of ${count}, seed ${seed}, from ${base.origin}`,
    };
    if (d.garbage === 0)
      return { ...call, values: asStored(call.kernel, d.noise.slice(0, base.values.length)) };
    return d.changes.reduce((next, step) => changed(next, step), call);
  });
}

/** One call of each kernel with each argument changed to each edge: what no random choice may miss. */
export function edgeCalls(valid: ReadonlyMap<string, Call[]>): Call[] {
  return [...valid.values()].flatMap((calls) => {
    // Some kernels' calls are all small.
    const largest = calls.toSorted((a, b) => b.memory.length - a.memory.length)[0]!;
    const call = calls.find(({ memory }) => memory.length > 256) ?? largest;
    return call.values.flatMap((old, at) =>
      changes(old, call.memory.length).map((value) => ({
        ...call,
        values: asStored(call.kernel, call.values.with(at, value | 0)),
        origin: `argument ${at} = ${value | 0} in ${call.origin}`,
      })),
    );
  });
}
