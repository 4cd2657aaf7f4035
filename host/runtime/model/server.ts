/**
 * A module on a server: its rows run inside WebAssembly, from real values to real values, and some kernels are replaced by
 * ones with SIMD that give the same bytes (assembly/server). The module's file is what it is; only its memory is made
 * larger, behind what it knows of.
 */
import { readFileSync } from "node:fs";
import { PAGE } from "../../module/engine.ts";
import { kernelCalls } from "../../module/kernel_calls.ts";
import { leb, Reader, readSections, SECTION } from "../../module/sections.ts";
import { checkRow, type Described, type Model, modelOf, type Rows, refuse } from "./model.ts";
import { planBytes, type Step, writePlan } from "./server_plan.ts";

/** Kernels that have a twin, by the names of their exports: see `prepare` in assembly/server/rows.ts. */
export const TWINS: ReadonlyMap<string, number> = new Map([
  ["kernel.conv2d_s8.2", 1],
  ["kernel.conv2d_lanes_s8.1", 1],
  ["kernel.conv2d_long_lanes_s8.1", 1],
  ["kernel.depthwise_conv2d_s8.2", 2],
  ["kernel.depthwise_conv2d_lanes_s8.1", 2],
  ["kernel.fully_connected_s8.2", 3],
  ["kernel.fully_connected_stationary_s8.1", 3],
  ["kernel.fully_connected_per_channel_s8.2", 4],
  ["kernel.fully_connected_per_channel_stationary_s8.1", 4],
]);

/** Values of inputs and outputs that are passed at a time. */
const STAGE_VALUES = 65536;
/** Below it a loop copies faster than a call of `set`. */
const FEW = 24;

interface Server {
  giveRoom(from: number, end: number): void;
  prepare(twin: number, block: number): number;
  inferRaw(plan: number): number;
  runRows(plan: number, input: number, output: number, rows: number): number;
}

let compiled: WebAssembly.Module | undefined;

function serverModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("../server.wasm", import.meta.url)));
  return compiled;
}

/** The module with `extra` pages behind its memory. It is in the subset: one memory, whose size is known. */
export function withPages(module: Uint8Array, extra: number): Uint8Array {
  const section = readSections(module).find(({ id }) => id === SECTION.memory)!;
  const reader = new Reader(module, section.start + 2, section.end);
  const pages = reader.u32() + extra;
  const limits = [1, 1, ...leb(pages), ...leb(pages)];
  const head = module.subarray(0, section.offset);
  return Buffer.concat([
    head,
    Buffer.from([SECTION.memory, ...leb(limits.length), ...limits]),
    module.subarray(section.end),
  ]);
}

/** Room for what twins prepare: weights and planes as int16, with their factors. */
const roomFor = (moduleBytes: number): number => 16 * moduleBytes + 2 ** 18;

/** Pages that `serve` needs behind those of a module. */
export const extraPages = (moduleBytes: number, described: readonly (readonly Described[])[]): number => {
  const values = described.flat().map(({ shape }) => shape.reduce((product, n) => product * n, 1));
  const [total] = [values.reduce((sum, n) => sum + n, 0)];
  const columns = described.flat().flatMap((tensor) => tensor.columns);
  const edges = columns.reduce((sum, [, , list]) => sum + 24 + 4 * (list?.length ?? 0), 0);
  const stage = 4 * (STAGE_VALUES + total);
  return Math.ceil((roomFor(moduleBytes) + stage + 8 * total + edges + 2 ** 16) / PAGE);
};

/** A twin's preparation may run into damaged arguments: then the module's own kernel stays. */
function prepared(server: Server, twin: number | undefined, block: number): number {
  if (twin === undefined) return 0;
  try {
    return server.prepare(twin, block);
  } catch {
    return 0;
  }
}

/**
 * The model of an instance whose memory has `extraPages` more than the module declares, from `end` on. `twins` false leaves
 * the module's kernels as they are.
 */
export function serve(
  exports: WebAssembly.Exports,
  described: readonly [inputs: readonly Described[], outputs: readonly Described[]],
  module: Uint8Array,
  end: number,
  twins = true,
): Model {
  const memory = exports.memory as WebAssembly.Memory;
  const found = kernelCalls(module);
  // An inference that may end early is run by the module alone.
  if (!found) return modelOf(exports, described);
  const calls = twins ? found : [];
  const table = new WebAssembly.Table({ element: "anyfunc", initial: Math.max(calls.length, 1) });
  const server = new WebAssembly.Instance(serverModule(), {
    env: { memory, table },
    module: { invoke: exports.invoke! },
  }).exports as unknown as Server;
  const bare = modelOf(exports, described);
  const tensors = [...bare.inputs, ...bare.outputs];
  const room = (end + planBytes(tensors, calls.length) + 15) & ~15;
  const stageAt = (room + roomFor(module.length) + 15) & ~15;
  server.giveRoom(room, stageAt);
  const steps = calls.map(({ kernel, block }, i): Step => {
    const place = prepared(server, TWINS.get(kernel), block);
    if (place) return { twin: TWINS.get(kernel)!, place, kernel: 0 };
    table.set(i, exports[kernel] as () => void);
    return { twin: 0, place: block, kernel: i };
  });
  // Without a twin, one call of `invoke` is faster than one of each kernel.
  const used = steps.some(({ twin }) => twin !== 0) ? steps : [];
  const { plan } = writePlan(memory, end, bare.inputs, bare.outputs, used);
  const infer = { ...exports, invoke: () => server.inferRaw(plan) };
  const rows = rowsOf(server, plan, bare, memory, stageAt);
  return modelOf(infer as unknown as WebAssembly.Exports, described, rows);
}

/** Rows by way of a stage in the module's memory. */
function rowsOf(server: Server, plan: number, model: Model, memory: WebAssembly.Memory, at: number): Rows {
  const { inputs, inputLength, outputLength } = model;
  const most = Math.max(1, Math.floor(STAGE_VALUES / (inputLength + outputLength)));
  const outAt = at + 4 * most * inputLength;
  const given = new Float32Array(memory.buffer, at, most * inputLength);
  const found = new Float32Array(memory.buffer, outAt, most * outputLength);
  const oneRow = found.subarray(0, outputLength);
  return (input, rows, output) => {
    for (let done = 0; done < rows; done += most) {
      const count = Math.min(most, rows - done);
      // No destructuring here: it allocates.
      const from = done * inputLength;
      const length = count * inputLength;
      if (length < FEW) for (let i = 0; i < length; i++) given[i] = input[from + i]!;
      else given.set(length === input.length ? input : input.subarray(from, from + length));
      const status = server.runRows(plan, at, outAt, count);
      if (status < 0) checkRow(inputs, input, (done - 1 - status) * inputLength);
      if (status !== 0) refuse("invoke", 0, status);
      const to = done * outputLength;
      const values = count * outputLength;
      if (values < FEW) for (let i = 0; i < values; i++) output[to + i] = found[i]!;
      else output.set(count === 1 ? oneRow : found.subarray(0, values), to);
    }
  };
}
