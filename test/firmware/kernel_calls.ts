/**
 * Single kernel calls with the memory they start from: right ones, from random graphs of one node, and
 * wrong ones, made from those. Shared by the test of the native kernels and the corpus of their fuzzer.
 */
import fc from "fast-check";
import { type Graph, toBytes } from "../../host/ir/graph.ts";
import { lower, type Program } from "../../host/plan/lower.ts";
import { type MemoryPlan, planMemory } from "../../host/plan/memory.ts";
import { lcgBytes, seededInputs } from "../../host/verify/vectors.ts";
import { graphs } from "../kernels/graphs.ts";
import { kernelNames, type Machine } from "../kernels/machine.ts";

export interface Call {
  readonly kernel: string;
  readonly values: readonly number[];
  readonly memory: Uint8Array;
  /** What it was made from, to replay a failure. */
  readonly origin: string;
}

/** Bytes behind a call's memory that its twin must leave alone. */
const GUARD = 64;
const GUARD_BYTE = 0xa5;

/** What the AssemblyScript kernel makes of a call's memory. */
export function runTwin(machine: Machine, call: Call): Uint8Array {
  const { length } = call.memory;
  machine.memory.set(call.memory);
  machine.memory.fill(GUARD_BYTE, length, length + GUARD);
  machine.kernels.get(call.kernel)!(...call.values);
  if (!machine.memory.subarray(length, length + GUARD).every((byte) => byte === GUARD_BYTE)) {
    throw new Error(`${call.kernel} in V8 wrote past its memory: ${call.origin}`);
  }
  return machine.memory.slice(0, length);
}

/** The whole linear memory before the first call: noise, where nothing else is. */
function startMemory(program: Program, plan: MemoryPlan, seed: number): Uint8Array {
  const memory = lcgBytes(seed + 1, plan.memoryBytes).bytes;
  for (const { name, data } of program.constants) memory.set(toBytes(data), plan.constants.get(name)!);
  seededInputs(program.graph, seed).forEach((bytes, i) => {
    memory.set(bytes, plan.tensors.get(program.graph.inputs[i]!)!);
  });
  return memory;
}

function callsOf(machine: Machine, graph: Graph, seed: number, origin: string): Call[] {
  const program = lower(graph);
  const plan = planMemory(program);
  let memory = startMemory(program, plan, seed);
  return program.calls.map(({ kernel, arguments: list }) => {
    const values = list.map((argument) => {
      if (argument.kind === "number") return argument.value;
      if (argument.kind === "constant") return plan.constants.get(argument.name)!;
      return plan.tensors.get(argument.name)! + argument.offset;
    });
    const call = { kernel: kernel.name, values, memory, origin };
    memory = runTwin(machine, call);
    return call;
  });
}

/** At least `least` right calls of every kernel; the same ones every time. */
export function validCalls(machine: Machine, seed: number, least: number): ReadonlyMap<string, Call[]> {
  const calls = new Map<string, Call[]>(kernelNames().map((name) => [name, []]));
  const enough = (name: string): boolean => calls.get(name)!.length >= least;
  for (const [op, arbitrary] of Object.entries(graphs)) {
    let wanting = new Set<string>();
    for (let round = 0; round === 0 || [...wanting].some((name) => !enough(name)); round++) {
      const made = fc
        .sample(arbitrary, { seed: seed + round, numRuns: least })
        .flatMap((graph, i) =>
          callsOf(machine, graph, i, `${op}, sample ${i} of ${least}, seed ${seed + round}`),
        );
      for (const call of made) calls.get(call.kernel)!.push(call);
      wanting = new Set(made.map((call) => call.kernel));
    }
  }
  return calls;
}

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
  return { ...call, values: call.values.with(position, value | 0) };
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
    if (d.garbage === 0) return { ...call, values: d.noise.slice(0, base.values.length) };
    return d.changes.reduce((next, step) => changed(next, step), call);
  });
}

/** One call of each kernel with each argument changed to each edge: what no random choice may miss. */
export function edgeCalls(valid: ReadonlyMap<string, Call[]>): Call[] {
  return [...valid.values()].flatMap((calls) => {
    const call = calls.find(({ memory }) => memory.length > 256)!;
    return call.values.flatMap((old, at) =>
      changes(old, call.memory.length).map((value) => ({
        ...call,
        values: call.values.with(at, value | 0),
        origin: `argument ${at} = ${value | 0} in ${call.origin}`,
      })),
    );
  });
}
