/**
 * Runs lowered programs without compiling each: one module holds all kernels, and the calls of a
 * `Program` are interpreted here at the planned offsets. A thousand cases take about a second.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileAssemblyScript } from "../../../host/compiler/compile/asc.ts";
import { optimize } from "../../../host/compiler/compile/optimize.ts";
import { encodeBlock } from "../../../host/compiler/plan/blocks.ts";
import { exportName, kernelFolder, loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { type KernelCall, lower, type Program } from "../../../host/compiler/plan/lower.ts";
import { blockValues, type MemoryPlan, planMemory } from "../../../host/compiler/plan/memory.ts";
import type { Vector } from "../../../host/ir/graph.ts";
import { byteSize, type Graph, tensorOf, toBytes } from "../../../host/ir/graph.ts";
import type { Choices } from "../../../host/ops/lowering.ts";

const PAGES = 4;
/** Bytes behind the planned memory that must stay as they are. */
const GUARD = 64;

type KernelFunction = (block: number) => void;

export interface Machine {
  readonly memory: Uint8Array;
  readonly kernels: ReadonlyMap<string, KernelFunction>;
}

/** Names of the files in assembly/kernels that are kernels; the others are what kernels share. */
export const kernelNames = (): string[] =>
  readdirSync(kernelFolder)
    .filter((file) => readFileSync(join(kernelFolder, file), "utf8").includes("export const VERSION"))
    .map((file) => file.replace(/\.ts$/, ""))
    .sort();

const nativeTable = join(kernelFolder, "..", "..", "firmware", "core", "kernels", "table.c");

/** Those that the firmware has native twins of, whatever their version; it runs the others as they are. */
export function nativeKernelNames(): string[] {
  const table = readFileSync(nativeTable, "utf8");
  return kernelNames().filter((name) => table.includes(`"kernel.${name}.`));
}

/** Every kernel in one module, compiled and optimised as the kernels of a model are. */
export async function kernelMachine(): Promise<Machine> {
  const kernels = kernelNames().map(loadKernel);
  const source = kernels.map(({ name }) => `export { ${name} } from "thimble/assembly/kernels/${name}";`);
  const binary = await optimize(
    await compileAssemblyScript(`${source.join("\n")}\n`, "release", PAGES),
    kernels,
  );
  const { exports } = await WebAssembly.instantiate(new WebAssembly.Module(new Uint8Array(binary)));
  return {
    memory: new Uint8Array((exports.memory as WebAssembly.Memory).buffer),
    kernels: new Map(
      kernels.map((kernel) => [kernel.name, exports[exportName(kernel)] as unknown as KernelFunction]),
    ),
  };
}

/** Where the states lie. */
const statesIn = ({ constants, states }: Program, plan: MemoryPlan): { at: number; bytes: number }[] =>
  constants
    .filter(({ name }) => states.includes(name))
    .map(({ name, data }) => ({ at: plan.constants.get(name)!, bytes: data.byteLength }));

/** Throws when the call writes anything but its node's results, its states and its scratch, each in its full size. */
function guardedCall(machine: Machine, program: Program, plan: MemoryPlan, call: KernelCall): void {
  const { memory } = machine;
  const { graph } = program;
  const { outputs } = graph.nodes.find((node) => node.name === call.node)!;
  const scratch = call.arguments.flatMap((argument) =>
    argument.kind === "tensor" && program.scratch.has(argument.name) ? [argument.name] : [],
  );
  const end = plan.memoryBytes + GUARD;
  const before = memory.slice(0, end);
  machine.kernels.get(call.kernel.name)!(plan.blocks[program.calls.indexOf(call)]!);
  for (const name of [...outputs, ...scratch]) {
    // An output that is in its input's place may be smaller than the buffer.
    const bytes = program.scratch.get(name) ?? byteSize(tensorOf(graph, name));
    const at = plan.tensors.get(name);
    // A state's next value is where the state is.
    if (at !== undefined) before.set(memory.subarray(at, at + bytes), at);
  }
  for (const { at, bytes } of statesIn(program, plan)) before.set(memory.subarray(at, at + bytes), at);
  if (Buffer.compare(before, memory.subarray(0, end)) === 0) return;
  const at = before.findIndex((byte, i) => byte !== memory[i]);
  throw new Error(`kernel ${call.kernel.name} wrote at ${at}, outside of ${outputs.join(", ")}`);
}

/** Puts states, argument blocks and constants where they are planned. */
export function placeConstants(memory: Uint8Array, program: Program, plan: MemoryPlan): void {
  for (const { name, data } of program.constants) memory.set(toBytes(data), plan.constants.get(name)!);
  program.calls.forEach((call, i) => {
    memory.set(encodeBlock(call.kernel, blockValues(call, plan)), plan.blocks[i]!);
  });
}

function place(memory: Uint8Array, program: Program, plan: MemoryPlan, inputs: Vector): void {
  placeConstants(memory, program, plan);
  program.graph.inputs.forEach((name, i) => {
    memory.set(inputs[i]!, plan.tensors.get(name)!);
  });
}

/**
 * Outputs of a quantised graph for each vector. What no tensor or constant fills holds a different
 * byte for every vector, so that a kernel which reads it can't agree with the reference twice.
 */
export function runOnMachine(
  machine: Machine,
  graph: Graph,
  vectors: readonly Vector[],
  choices?: Choices,
): Vector[] {
  const program = lower(graph, choices);
  const plan = planMemory(program);
  const { memory } = machine;
  if (plan.memoryBytes + GUARD > memory.length) {
    throw new Error(
      `graph ${graph.name}: expected at most ${memory.length - GUARD} bytes, found ${plan.memoryBytes}`,
    );
  }
  const states = statesIn(program, plan);
  return vectors.map((inputs, i) => {
    const kept = states.map(({ at, bytes }) => memory.slice(at, at + bytes));
    memory.fill(0x55 + 0x33 * i, 0, plan.memoryBytes + GUARD);
    place(memory, program, plan, inputs);
    if (i > 0) for (const [n, { at }] of states.entries()) memory.set(kept[n]!, at);
    for (const call of program.calls) guardedCall(machine, program, plan, call);
    return graph.outputs.map((name) => {
      const at = plan.tensors.get(name)!;
      return memory.slice(at, at + byteSize(tensorOf(graph, name)));
    });
  });
}
