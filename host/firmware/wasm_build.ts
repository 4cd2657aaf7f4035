/**
 * Builds the firmware core with the port `wasm` (firmware/port/wasm), once per content of its sources, flags
 * and compiler: the C code of a device as a WebAssembly module, for simulated ones (host/fleet/simulator/instance.ts).
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Availability, EngineError } from "../module/engine.ts";
import { root } from "../root.ts";
import { coreSources, cryptoSources, ed25519Sources, includeFolders, wasm3Flags } from "./posix_build.ts";
import { buildOnce, findProgram, forEachOfTwo, runProcess } from "./toolchain.ts";
import { findSource, hasOperations, operationFlags, wasm3Sources } from "./wasm3_build.ts";

export type WasmBuildOptions = {
  /** Folder with wasm3's m3_*.c; default WASM3_DIR, else what set-up took (host/sources.mjs). */
  readonly source?: string;
  /** Further flags for our own files, e.g. -DTHIMBLE_NO_CONV2D_S8. */
  readonly flags?: readonly string[];
};

const COMPILERS = ["clang-16", "clang"];
const INSTALL = "apt-get install clang-16 lld-16 wasi-libc libclang-rt-16-dev-wasm32";
const ARTEFACT = "thimble.wasm";

const portFolder = join(root, "firmware", "port", "wasm");

/** Tail calls: otherwise every operation of wasm3 would take room on the host's stack until a branch. */
const target = ["--target=wasm32-wasi", "--sysroot=/usr", "-mtail-call", "-mbulk-memory", "-msign-ext"];
const sections = ["-ffunction-sections", "-fdata-sections"];
const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"];
/** Only mem* and str* of wasi-libc are used: a module that imports from WASI is caught by the tests. */
const link = ["-nostartfiles", "-Wl,--no-entry", "-Wl,--gc-sections", "-Wl,--strip-all"];
/**
 * Below the data, so that it can't grow into them without a trap. The pointer is all that an instance keeps outside
 * of its memory: the host sets it back after an exception.
 */
const stack = ["-Wl,--stack-first", "-Wl,-z,stack-size=65536", "-Wl,--export=__stack_pointer"];

type Step = { readonly source: string; readonly args: readonly string[] };

const listPort = (): string[] =>
  readdirSync(portFolder)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => join(portFolder, name));

function planSteps(wasm3: string, flags: readonly string[]): Step[] {
  const step = (source: string, ...args: string[]): Step => ({
    source,
    args: [...target, ...sections, "-O2", ...args, "-c", source],
  });
  const folders = [...includeFolders(), portFolder];
  const ours = [...strict, ...folders.map((path) => `-I${path}`), ...flags];
  return [
    ...wasm3Sources(wasm3).map((path) =>
      step(path, "-w", ...(hasOperations(path) ? operationFlags() : []), ...wasm3Flags()),
    ),
    ...coreSources().map((path) => step(path, ...ours, "-isystem", wasm3, ...wasm3Flags())),
    ...[...cryptoSources(), ...listPort()].map((path) => step(path, ...ours)),
    ...ed25519Sources().map((path) => step(path, "-w")),
  ];
}

function hashBuild(steps: readonly Step[], compiler: Compiler): string {
  const hash = createHash("sha256");
  const folders = [...new Set([...steps.map(({ source }) => dirname(source)), ...includeFolders()])].sort();
  const sourcesIn = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /\.[ch]$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  for (const path of folders.flatMap(sourcesIn)) {
    const content = readFileSync(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  hash.update(JSON.stringify([steps, link, stack, compiler]));
  return hash.digest("hex").slice(0, 16);
}

type Compiler = { readonly command: string; readonly version: string };

/** Whether compiler, linker and C library make a module: the only thing that tells for all three. */
async function probe(command: string): Promise<string | undefined> {
  const text = "#include <string.h>\nvoid copy(char *a, char *b) { strcpy(a, b); }\n";
  const args = [...target, ...link, "-Wl,--export=copy", "-x", "c", "-", "-o", "-"];
  const result = await runProcess([command, ...args], Buffer.from(text));
  if (result.status === 0) return undefined;
  const line = result.stderr.split("\n").find((each) => /error/.test(each)) ?? result.stderr.split("\n")[0]!;
  return `${command} makes no WebAssembly: ${line.trim()}`;
}

async function findCompiler(): Promise<Compiler | { readonly reason: string }> {
  const command = COMPILERS.find((name) => findProgram(name) !== undefined);
  if (command === undefined) return { reason: `no ${COMPILERS[0]}` };
  const reason = await probe(command);
  if (reason !== undefined) return { reason };
  const { stdout } = await runProcess([command, "--version"]);
  return { command, version: stdout.toString("utf8").split("\n")[0]! };
}

/** Whether compiler, linker, C library and sources are here; the version is the compiler's. */
export async function wasmAvailability(options: WasmBuildOptions = {}): Promise<Availability> {
  const compiler = await findCompiler();
  if ("reason" in compiler) return { available: false, reason: compiler.reason, install: INSTALL };
  if ((options.source ?? findSource()) === undefined) {
    return { available: false, reason: "wasm3's source was not found", install: "npm install" };
  }
  return { available: true, version: compiler.version };
}

async function call(command: readonly string[], cwd: string, what: string): Promise<void> {
  const { status, stderr } = await runProcess(command, undefined, { cwd });
  if (status === 0) return;
  throw new EngineError("wasm3", `${what}: ${command[0]} failed\n${stderr.trimEnd()}`);
}

/** Changes with whatever an object is made of, wherever the checkout lies. */
function hashObject({ source, args }: Step, headers: Buffer, compiler: Compiler): string {
  const text = JSON.stringify([args, compiler]).replaceAll(root, "");
  return createHash("sha256")
    .update(text)
    .update(readFileSync(source))
    .update(headers)
    .digest("hex")
    .slice(0, 24);
}

/** Objects are kept: of a build most are the same as those of the one before. */
async function makeObject(step: Step, path: string, { command }: Compiler): Promise<void> {
  if (existsSync(path)) return;
  const fresh = `${path}.${process.pid}`;
  await call([command, ...step.args, "-o", fresh], dirname(path), step.source);
  renameSync(fresh, path);
}

async function buildInto(folder: string, steps: readonly Step[], compiler: Compiler): Promise<void> {
  const objects = join(root, "build", "firmware", "objects");
  mkdirSync(objects, { recursive: true });
  const folders = [
    ...new Set([...steps.map(({ source }) => dirname(source)), ...includeFolders(), portFolder]),
  ];
  const names = folders.flatMap((each) => readdirSync(each).map((name) => join(each, name)));
  const headers = Buffer.concat(
    names
      .filter((name) => name.endsWith(".h"))
      .sort()
      .map((name) => readFileSync(name)),
  );
  const pathOf = (step: Step): string => join(objects, `${hashObject(step, headers, compiler)}.o`);
  await forEachOfTwo(steps, (step) => makeObject(step, pathOf(step), compiler));
  await call(
    [compiler.command, ...target, ...link, ...stack, ...steps.map(pathOf), "-o", ARTEFACT],
    folder,
    ARTEFACT,
  );
}

/**
 * The module's bytes, built where it is absent (some seconds). Throws EngineError where the compiler or a
 * source is missing, or the build fails; then the message has one line of ours and after it the compiler's own.
 */
export async function buildWasm(options: WasmBuildOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const compiler = await findCompiler();
  if ("reason" in compiler) throw new EngineError("wasm3", `${compiler.reason}; install: ${INSTALL}`);
  const wasm3 = options.source ?? findSource();
  if (wasm3 === undefined) throw new EngineError("wasm3", "expected wasm3's source in WASM3_DIR, found none");
  const steps = planSteps(wasm3, options.flags ?? []);
  const folder = join(root, "build", "firmware", hashBuild(steps, compiler));
  await buildOnce(folder, ARTEFACT, (fresh) => buildInto(fresh, steps, compiler));
  return new Uint8Array(await readFile(join(folder, ARTEFACT)));
}
