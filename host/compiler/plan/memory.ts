import { byteSize, tensorOf } from "../../ir/graph.ts";
import { type Buffer, checkPlan, planArena } from "./arena.ts";
import { type Constant, type Program, storageOf } from "./lower.ts";

/** Where everything lies in linear memory, in bytes. */
export interface MemoryPlan {
  readonly constants: ReadonlyMap<string, number>;
  /** Offsets of tensors, views included, and of scratch buffers. */
  readonly tensors: ReadonlyMap<string, number>;
  readonly buffers: readonly Buffer[];
  readonly arena: {
    readonly offset: number;
    readonly bytes: number;
    readonly lowerBound: number;
    readonly optimal: boolean;
  };
  /** Sum of the constants, alignment and self-test included. */
  readonly constantBytes: number;
  /** All that a device has to provide. */
  readonly memoryBytes: number;
}

/** Address 0 stays unused, so that a stray null pointer hits no tensor. */
const BASE = 16;
/** Kernels may read tensors in words of eight bytes. */
const TENSOR_ALIGNMENT = 8;

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
  for (const output of graph.outputs) touch(output, calls.length + 1);
  return [...spans].map(([name, span]) => ({
    name,
    bytes: program.scratch.get(name) ?? byteSize(tensorOf(graph, name)),
    alignment: TENSOR_ALIGNMENT,
    ...span,
  }));
}

/** Constants in a row; those of wider elements first, so that nothing is lost to alignment. */
function placeConstants(constants: readonly Constant[]): { offsets: Map<string, number>; end: number } {
  const offsets = new Map<string, number>();
  let end = BASE;
  for (const { name, data } of constants) {
    end = align(end, data.BYTES_PER_ELEMENT);
    offsets.set(name, end);
    end += data.byteLength;
  }
  return { offsets, end };
}

/** Constants by falling element size, otherwise in order of use. */
export const constantOrder = (constants: readonly Constant[]): Constant[] =>
  [...constants].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);

/** `selfTestBytes` of expected outputs lie behind the constants, where the module has a self-test. */
export function planMemory(program: Program, selfTestBytes = 0): MemoryPlan {
  const placed = placeConstants(constantOrder(program.constants));
  const { offsets } = placed;
  const end = placed.end + selfTestBytes;
  const buffers = lifetimes(program);
  const plan = planArena(buffers);
  checkPlan(buffers, plan);
  const arenaOffset = align(end, TENSOR_ALIGNMENT);
  const tensors = new Map<string, number>();
  for (const name of [...program.graph.tensors.keys(), ...program.scratch.keys()]) {
    const offset = plan.offsets.get(storageOf(program, name));
    if (offset !== undefined) tensors.set(name, arenaOffset + offset);
  }
  return {
    constants: offsets,
    tensors,
    buffers,
    arena: { offset: arenaOffset, bytes: plan.bytes, lowerBound: plan.lowerBound, optimal: plan.optimal },
    constantBytes: end - BASE,
    memoryBytes: arenaOffset + plan.bytes,
  };
}
