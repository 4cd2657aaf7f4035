/**
 * Modules in wasm3, the interpreter that the firmware uses, through the runner in firmware/port/posix: a program of this
 * machine where it has a C compiler, else the same program as WebAssembly in V8.
 */
import { runWasi } from "../../firmware/wasi.ts";
import { buildWasm, wasmAvailability } from "../../firmware/wasm_build.ts";
import {
  type BuildOptions,
  buildRunner,
  findCompiler,
  findSource,
  type ProcessResult,
  runProcess,
  sourceVersion,
} from "../../firmware/wasm3_build.ts";
import type { Vector } from "../../ir/graph.ts";
import {
  type Availability,
  checkModule,
  checkVectors,
  type Engine,
  EngineError,
  type RunLimits,
  type TensorBytes,
  tookTooLong,
} from "../../module/engine.ts";

export type Wasm3Options = BuildOptions & {
  /** Default: what the machine's C compiler makes, where it has one. */
  readonly runner?: "native" | "wasm";
};

/** Calls the runner for a module in a mode, with `input` as its vectors; its stdout. */
type Call = (mode: readonly string[], input?: Uint8Array) => Promise<Buffer>;

/** The module for the runner's stdin: nothing has to be put into a folder, which somebody might leave behind. */
function framed(module: Uint8Array, input: Uint8Array): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(module.length);
  return Buffer.concat([size, module, input]);
}

/** The runner with these arguments and this on stdin. */
type Runner = (args: readonly string[], input: Uint8Array, limits: RunLimits) => Promise<ProcessResult>;

/** Whether the runner is to be WebAssembly: who names a compiler, or wants sanitizers, wants a program of this machine. */
async function isWasm({ runner, sanitize }: Wasm3Options): Promise<boolean> {
  if (runner !== undefined) return runner === "wasm";
  return !process.env["CC"] && !sanitize && (await findCompiler()) === undefined;
}

async function openRunner(options: Wasm3Options): Promise<Runner> {
  const idle = ({ milliseconds }: RunLimits) => (milliseconds === undefined ? {} : { idleMs: milliseconds });
  if (await isWasm(options)) {
    const program = await buildWasm({ ...sourceOf(options), program: "wasm3_runner" });
    return (args, input, limits) =>
      runWasi({ program, args: ["wasm3_runner", ...args], input }, idle(limits));
  }
  const path = await buildRunner(options);
  const parent = ["--parent", String(process.pid)];
  return (args, input, limits) => runProcess([path, ...args, ...parent], input, idle(limits));
}

const sourceOf = ({ source }: Wasm3Options) => (source === undefined ? {} : { source });

/** The runner's one line of complaint becomes an EngineError. */
async function open(options: Wasm3Options, module: Uint8Array, limits: RunLimits): Promise<Call> {
  checkModule("wasm3", module);
  const runner = await openRunner(options);
  return async (mode, input = new Uint8Array()) => {
    const result = await runner(["-", ...mode], framed(module, input), limits);
    if (result.status === 0) return result.stdout;
    if (result.isStuck) throw tookTooLong("wasm3", limits.milliseconds!);
    const line = result.stderr.split("\n")[0]!.replace(/^wasm3_runner: /, "");
    throw new EngineError("wasm3", line || `runner ended with ${result.signal ?? `status ${result.status}`}`);
  };
}

function parseTensors(text: string): TensorBytes {
  const bytes = (kind: string): number[] =>
    [...text.matchAll(new RegExp(`^${kind}_\\d+ (\\d+)$`, "gm"))].map((match) => Number(match[1]));
  return { inputs: bytes("input"), outputs: bytes("output") };
}

/** For each vector a byte, 1 where its outputs are new, and then these. */
function split(stdout: Buffer, count: number, outputBytes: readonly number[]): Vector[] {
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    at += bytes;
    if (at > stdout.length)
      throw new EngineError("wasm3", `expected at least ${at} output bytes, found ${stdout.length}`);
    return new Uint8Array(stdout.subarray(at - bytes, at));
  };
  const vectors = Array.from({ length: count }, () => (take(1)[0] === 1 ? outputBytes.map(take) : []));
  if (at !== stdout.length)
    throw new EngineError("wasm3", `expected ${at} output bytes, found ${stdout.length}`);
  return vectors;
}

async function runVectors(call: Call, vectors: readonly Vector[]): Promise<Vector[]> {
  const tensors = parseTensors((await call(["--tensors"])).toString("utf8"));
  checkVectors("wasm3", vectors, tensors.inputs);
  return split(await call([], Buffer.concat(vectors.flat())), vectors.length, tensors.outputs);
}

async function runSelfTest(call: Call): Promise<number | undefined> {
  const line = (await call(["--self-test"])).toString("utf8").trim();
  return line === "none" ? undefined : Number(line);
}

const lacking = (reason: string, install: string): Availability => ({ available: false, reason, install });

async function availability(options: Wasm3Options): Promise<Availability> {
  const source = options.source ?? findSource();
  const takeSource = "node host/setup.mjs, or set WASM3_DIR to the folder with m3_env.c";
  if (await isWasm(options)) {
    if (source === undefined) return lacking("wasm3's source was not found", takeSource);
    const found = await wasmAvailability({ source, program: "wasm3_runner" });
    if (found.available) return { available: true, version: `${sourceVersion(source)} as WebAssembly` };
    return lacking(`no C compiler, ${found.reason}`, `apt-get install gcc libc6-dev, or ${found.install}`);
  }
  if (!(await findCompiler()))
    return lacking(
      "no C compiler (looked for CC, cc, gcc, clang)",
      "apt-get install gcc libc6-dev, or set CC",
    );
  if (source === undefined) return lacking("wasm3's source was not found", takeSource);
  return { available: true, version: sourceVersion(source) };
}

/**
 * A wasm3 engine; the runner is built at first use (see wasm3_build.ts, wasm_build.ts) and its failures are EngineErrors.
 */
export function wasm3Engine(options: Wasm3Options = {}): Engine {
  return {
    name: "wasm3",
    availability: () => availability(options),
    run: async (module, vectors, limits = {}) => runVectors(await open(options, module, limits), vectors),
    selfTest: async (module, limits = {}) => runSelfTest(await open(options, module, limits)),
  };
}

/** wasm3 as the firmware configures it. */
export const wasm3: Engine = wasm3Engine();
