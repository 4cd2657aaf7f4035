/** Modules in wasm3, the interpreter that the firmware uses, through the runner in firmware/port/posix. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BuildOptions,
  buildRunner,
  findCompiler,
  findSource,
  runProcess,
  sourceVersion,
} from "../../firmware/wasm3_build.ts";
import type { Vector } from "../../ir/graph.ts";
import {
  type Availability,
  checkVectors,
  type Engine,
  EngineError,
  type TensorBytes,
} from "../../module/engine.ts";

/** Calls the runner; its stdout. Its one line of complaint becomes an EngineError. */
async function call(command: readonly string[], input?: Uint8Array): Promise<Buffer> {
  const result = await runProcess(command, input);
  if (result.status === 0) return result.stdout;
  const line = result.stderr.split("\n")[0]!.replace(/^wasm3_runner: /, "");
  throw new EngineError("wasm3", line || `runner ended with ${result.signal ?? `status ${result.status}`}`);
}

async function withModule<T>(
  options: BuildOptions,
  module: Uint8Array,
  work: (command: readonly string[]) => Promise<T>,
): Promise<T> {
  // wasm3 of 2022 does not validate, and is not memory-safe on a module that is not valid.
  if (!WebAssembly.validate(new Uint8Array(module))) {
    throw new EngineError("wasm3", "malformed module: expected valid WebAssembly");
  }
  const runner = await buildRunner(options);
  const folder = await mkdtemp(join(tmpdir(), "thimble-wasm3-"));
  try {
    const file = join(folder, "module.wasm");
    await writeFile(file, module);
    return await work([runner, file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseTensors(text: string): TensorBytes {
  const bytes = (kind: string): number[] =>
    [...text.matchAll(new RegExp(`^${kind}_\\d+ (\\d+)$`, "gm"))].map((match) => Number(match[1]));
  return { inputs: bytes("input"), outputs: bytes("output") };
}

function split(stdout: Buffer, count: number, outputBytes: readonly number[]): Vector[] {
  const vectorBytes = outputBytes.reduce((sum, bytes) => sum + bytes, 0);
  if (stdout.length !== count * vectorBytes) {
    throw new EngineError("wasm3", `expected ${count * vectorBytes} output bytes, found ${stdout.length}`);
  }
  let at = 0;
  const take = (bytes: number): Uint8Array => {
    at += bytes;
    return new Uint8Array(stdout.subarray(at - bytes, at));
  };
  return Array.from({ length: count }, () => outputBytes.map(take));
}

async function runVectors(command: readonly string[], vectors: readonly Vector[]): Promise<Vector[]> {
  const tensors = parseTensors((await call([...command, "--tensors"])).toString("utf8"));
  checkVectors("wasm3", vectors, tensors.inputs);
  const stdout = await call(command, Buffer.concat(vectors.flat()));
  return split(stdout, vectors.length, tensors.outputs);
}

async function runSelfTest(command: readonly string[]): Promise<number | undefined> {
  const line = (await call([...command, "--self-test"])).toString("utf8").trim();
  return line === "none" ? undefined : Number(line);
}

async function availability(options: BuildOptions): Promise<Availability> {
  if (!(await findCompiler())) {
    return {
      available: false,
      reason: "no C compiler (looked for CC, cc, gcc, clang)",
      install: "apt-get install gcc libc6-dev, or set CC",
    };
  }
  const source = options.source ?? findSource();
  if (source === undefined) {
    return {
      available: false,
      reason: "wasm3's source was not found",
      install: "node host/setup.mjs, or set WASM3_DIR to the folder with m3_env.c",
    };
  }
  return { available: true, version: sourceVersion(source) };
}

/** A wasm3 engine; the runner is built at first use (see wasm3_build.ts) and its failures are EngineErrors. */
export function wasm3Engine(options: BuildOptions = {}): Engine {
  return {
    name: "wasm3",
    availability: () => availability(options),
    run: (module, vectors) => withModule(options, module, (command) => runVectors(command, vectors)),
    selfTest: (module) => withModule(options, module, runSelfTest),
  };
}

/** wasm3 as the firmware configures it. */
export const wasm3: Engine = wasm3Engine();
