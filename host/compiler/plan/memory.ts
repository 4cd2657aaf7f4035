import { byteSize, kept, tensorOf } from "../../ir/graph.ts";
import { type Buffer, checkPlan, planArena } from "./arena.ts";
import { argumentValues } from "./blocks.ts";
import { type Constant, type KernelCall, type Program, storageOf } from "./lower.ts";

/**
 * Where everything lies in linear memory, in bytes: states and the arena, which inferences write, then
 * constants and argument blocks, which nobody does.
 */
export interface MemoryPlan {
  /** Offsets of constants, and of states. */
  readonly constants: ReadonlyMap<string, number>;
  /** Offsets of the calls' argument blocks, in the order of the calls. */
  readonly blocks: readonly number[];
  /** Offsets of tensors, views included, and of scratch buffers. */
  readonly tensors: ReadonlyMap<string, number>;
  readonly buffers: readonly Buffer[];
  readonly arena: {
    readonly offset: number;
    readonly bytes: number;
    readonly lowerBound: number;
    readonly optimal: boolean;
  };
  /** Where the first constant lies: all below may be written. */
  readonly constantsOffset: number;
  /** From there to the end of memory. */
  readonly constantBytes: number;
  /** All that a device has to provide. */
  readonly memoryBytes: number;
}

/** Address 0 stays unused, so that a stray null pointer hits no tensor. */
const BASE = 16;
/** Kernels may read tensors in words of eight bytes. */
const TENSOR_ALIGNMENT = 8;
/** Argument blocks are aligned as their widest field is. */
const BLOCK_ALIGNMENT = 4;
/** Bytes behind the last one: a kernel may read so far behind its weights, and a struct in C is filled up. */
const READ_AHEAD = 3;

const align = (offset: number, to: number): number => Math.ceil(offset / to) * to;

/** Lifetimes in steps of kernel calls. Inputs live from before the first, outputs past the last. */
export function lifetimes(program: Program): Buffer[] {
  const { graph, calls } = program;
  const spans = new Map<string, { start: number; end: number }>();
  const touch = (name: string, step: number): void => {
    const key = storageOf(program, name);
    const span = spans.get(key) ?? { start: step, end: step };
    spans.set(key, { start: Math.min(span.start, step), end: Math.max(span.end, step) });
  };
  for (const input of graph.inputs) touch(input, 0);
  calls.forEach((call, i) => {
    for (const argument of call.arguments) if (argument.kind === "tensor") touch(argument.name, i + 1);
  });
  for (const name of kept(graph)) touch(name, calls.length + 1);
  return [...spans].map(([name, span]) => ({
    name,
    bytes: program.scratch.get(name) ?? byteSize(tensorOf(graph, name)),
    alignment: TENSOR_ALIGNMENT,
    ...span,
  }));
}

/** Constants in a row from `begin` on. */
function placeConstants(constants: readonly Constant[], begin: number) {
  const offsets: [string, number][] = [];
  let end = begin;
  for (const { name, data } of constants) {
    end = align(end, data.BYTES_PER_ELEMENT);
    offsets.push([name, end]);
    end += data.byteLength;
  }
  return { offsets, end };
}

function placeBlocks(calls: readonly KernelCall[], begin: number): { offsets: number[]; end: number } {
  let end = begin;
  const offsets = calls.map(({ kernel }) => {
    const at = align(end, BLOCK_ALIGNMENT);
    end = at + kernel.block.bytes;
    return at;
  });
  return { offsets, end };
}

/** By falling element size, so that nothing is lost to alignment; otherwise in order of use. */
const byElement = (constants: readonly Constant[]): Constant[] =>
  [...constants].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);

/** States in the order in which they lie at the beginning of memory. */
export const stateOrder = ({ constants, states }: Program): Constant[] =>
  byElement(constants.filter(({ name }) => states.includes(name)));

/** Constants in the order in which they lie behind the arena. */
export const constantOrder = ({ constants, states }: Program): Constant[] =>
  byElement(constants.filter(({ name }) => !states.includes(name)));

export function planMemory(program: Program): MemoryPlan {
  const states = placeConstants(stateOrder(program), BASE);
  const buffers = lifetimes(program);
  const plan = planArena(buffers);
  checkPlan(buffers, plan);
  const arenaOffset = align(states.end, TENSOR_ALIGNMENT);
  const constantsOffset = align(arenaOffset + plan.bytes, BLOCK_ALIGNMENT);
  const constants = placeConstants(constantOrder(program), constantsOffset);
  const blocks = placeBlocks(program.calls, constants.end);
  const tensors = new Map<string, number>();
  for (const name of [...program.graph.tensors.keys(), ...program.scratch.keys()]) {
    const offset = plan.offsets.get(storageOf(program, name));
    if (offset !== undefined) tensors.set(name, arenaOffset + offset);
  }
  const memoryBytes = blocks.end + READ_AHEAD;
  return {
    constants: new Map([...states.offsets, ...constants.offsets]),
    blocks: blocks.offsets,
    tensors,
    buffers,
    arena: { offset: arenaOffset, bytes: plan.bytes, lowerBound: plan.lowerBound, optimal: plan.optimal },
    constantsOffset,
    constantBytes: memoryBytes - constantsOffset,
    memoryBytes,
  };
}

/** The values of a call's block as planned, in the order of its fields. */
export const blockValues = (call: Pick<KernelCall, "arguments">, plan: MemoryPlan): number[] =>
  argumentValues(call, (argument) =>
    argument.kind === "constant"
      ? plan.constants.get(argument.name)!
      : plan.tensors.get(argument.name)! + argument.offset,
  );
