/**
 * Builds C code as WebAssembly, once per content of its sources, flags and compiler. `thimble` is the firmware core with
 * the port `wasm` (firmware/port/wasm), for simulated devices (host/fleet/simulator/instance.ts); `wasm3_runner` is the
 * program of the engine wasm3, for machines without a C compiler (host/firmware/wasi.ts). Where clang is missing,
 * firmware/prebuilt holds what this builds.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Availability, EngineError } from "../module/engine.ts";
import { root } from "../root.ts";
import { coreSources, cryptoSources, ed25519Sources, includeFolders, wasm3Flags } from "./posix_build.ts";
import { findPrebuilt } from "./prebuilt.ts";
import { buildOnce, findProgram, forEachOfTwo, runProcess } from "./toolchain.ts";
import {
  findSource,
  hasOperations,
  memoryFlags,
  operationFlags,
  RUNNER_DEFINES,
  runnerFolders,
  runnerSources,
  wasm3Sources,
} from "./wasm3_build.ts";

export type WasmProgram = "thimble" | "wasm3_runner";

export type WasmBuildOptions = {
  /** Default: thimble. */
  readonly program?: WasmProgram;
  /** Folder with wasm3's m3_*.c; default WASM3_DIR, else what set-up took (host/sources.mjs). */
  readonly source?: string;
  /** Further flags for our own files, e.g. -DTHIMBLE_NO_CONV2D_S8. */
  readonly flags?: readonly string[];
};

const COMPILERS = ["clang-16", "clang"];
const INSTALL = "apt-get install clang-16 lld-16 wasi-libc libclang-rt-16-dev-wasm32";

const portFolder = join(root, "firmware", "port", "wasm");
const wasiFolder = join(root, "firmware", "port", "wasi");

/** Tail calls: otherwise every operation of wasm3 would take room on the host's stack until a branch. */
const target = ["--target=wasm32-wasi", "--sysroot=/usr", "-mtail-call", "-mbulk-memory", "-msign-ext"];
const sections = ["-ffunction-sections", "-fdata-sections"];
const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"];
const lean = ["-Wl,--gc-sections", "-Wl,--strip-all"];
/** Only mem* and str* of wasi-libc are used: a module that imports from WASI is caught by the tests. */
const library = ["-nostartfiles", "-Wl,--no-entry", ...lean];
/** Below the data, so that it can't grow into them without a trap. */
const stackOf = (bytes: number): string[] => ["-Wl,--stack-first", `-Wl,-z,stack-size=${bytes}`];

type Step = { readonly source: string; readonly args: readonly string[] };

interface Plan {
  readonly artefact: string;
  readonly steps: readonly Step[];
  readonly link: readonly string[];
  /** Folders whose headers may be included. */
  readonly folders: readonly string[];
}

const listPort = (): string[] =>
  readdirSync(portFolder)
    .filter((name) => name.endsWith(".c"))
    .sort()
    .map((name) => join(portFolder, name));

/** Assertions name their file without its folder: the same bytes wherever the checkout lies. */
const step = (source: string, ...args: string[]): Step => ({
  source,
  args: [...target, ...sections, "-O2", `-ffile-prefix-map=${dirname(source)}/=`, ...args, "-c", source],
});

const operations = (path: string): string[] => (hasOperations(path) ? operationFlags() : []);

function planThimble(wasm3: string, flags: readonly string[]): Plan {
  const folders = [...includeFolders(), portFolder];
  const ours = [...strict, ...folders.map((path) => `-I${path}`), ...flags];
  return {
    artefact: "thimble.wasm",
    steps: [
      ...wasm3Sources(wasm3).map((path) => step(path, "-w", ...operations(path), ...wasm3Flags())),
      ...coreSources().map((path) => step(path, ...ours, "-isystem", wasm3, ...wasm3Flags())),
      ...[...cryptoSources(), ...listPort()].map((path) => step(path, ...ours)),
      ...ed25519Sources().map((path) => step(path, "-w")),
    ],
    // The stack's pointer is all that an instance keeps outside of its memory: the host sets it back after an exception.
    link: [...library, ...stackOf(64 * 1024), "-Wl,--export=__stack_pointer"],
    folders: [...folders, wasm3],
  };
}

function planRunner(wasm3: string, flags: readonly string[]): Plan {
  const ours = [...strict, ...runnerFolders.map((path) => `-I${path}`), "-isystem", wasm3, ...flags];
  return {
    artefact: "wasm3_runner.wasm",
    steps: [
      ...wasm3Sources(wasm3).map((path) =>
        step(path, "-w", "-fwrapv", ...operations(path), ...RUNNER_DEFINES),
      ),
      ...runnerSources(wasiFolder).map((path) =>
        step(path, ...ours, ...RUNNER_DEFINES, ...memoryFlags(wasm3)),
      ),
    ],
    link: [...lean, ...stackOf(1024 * 1024)],
    folders: [...runnerFolders, wasm3],
  };
}

function planOf({ program, source, flags = [] }: WasmBuildOptions): Plan | undefined {
  const wasm3 = source ?? findSource();
  if (wasm3 === undefined) return undefined;
  return program === "wasm3_runner" ? planRunner(wasm3, flags) : planThimble(wasm3, flags);
}

/** A path as on every machine, wherever the package lies; text that holds paths of it likewise. */
const placeless = (text: string): string => text.replaceAll(root, "").replaceAll("\\", "/");

/** Contents as on every machine: Git may write other ends of lines. */
const linesOf = (path: string): string => readFileSync(path, "utf8").replaceAll("\r\n", "\n");

/** The headers that may be included, as [path, contents]. */
const headersOf = ({ folders }: Plan): [string, string][] =>
  [...new Set(folders)].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".h"))
      .sort()
      .map((name): [string, string] => [placeless(join(folder, name)), linesOf(join(folder, name))]),
  );

const sha256 = (...parts: readonly unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex");

/** SHA-256 of all that a module is made of, the compiler apart: the same on every machine. */
function hashSources(plan: Plan): string {
  const steps = plan.steps.map(({ source, args }) => [args.map(placeless), linesOf(source)]);
  return sha256(steps, headersOf(plan), plan.link);
}

type Compiler = { readonly command: string; readonly version: string };

/** Whether compiler, linker and C library make a module: the only thing that tells for all three. */
async function probe(command: string): Promise<string | undefined> {
  const text = "#include <string.h>\nvoid copy(char *a, char *b) { strcpy(a, b); }\n";
  const args = [...target, ...library, "-Wl,--export=copy", "-x", "c", "-", "-o", "-"];
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

const noSource = "wasm3's source was not found";

/**
 * Whether the module can be had here: compiler, linker, C library and sources, or one in firmware/prebuilt that was made
 * of these sources. The version is the compiler's.
 */
export async function wasmAvailability(options: WasmBuildOptions = {}): Promise<Availability> {
  const plan = planOf(options);
  if (plan === undefined) return { available: false, reason: noSource, install: "node host/setup.mjs" };
  const compiler = await findCompiler();
  if (!("reason" in compiler)) return { available: true, version: compiler.version };
  const prebuilt = findPrebuilt(plan.artefact, hashSources(plan));
  if ("bytes" in prebuilt) return { available: true, version: `${prebuilt.compiler}, elsewhere` };
  return { available: false, reason: `${compiler.reason}, and ${prebuilt.reason}`, install: INSTALL };
}

async function call(command: readonly string[], cwd: string, what: string): Promise<void> {
  const { status, stderr } = await runProcess(command, undefined, { cwd });
  if (status === 0) return;
  throw new EngineError("wasm3", `${what}: ${command[0]} failed\n${stderr.trimEnd()}`);
}

/** Objects are kept: of a build most are the same as those of the one before. */
async function makeObject({ source, args }: Step, path: string, { command }: Compiler): Promise<void> {
  if (existsSync(path)) return;
  const fresh = `${path}.${process.pid}`;
  await call([command, ...args, "-o", fresh], dirname(path), source);
  renameSync(fresh, path);
}

async function buildInto(folder: string, plan: Plan, compiler: Compiler): Promise<void> {
  const objects = join(root, "build", "firmware", "objects");
  mkdirSync(objects, { recursive: true });
  const headers = sha256(headersOf(plan));
  // Objects are named after what they are made of, wherever the checkout lies.
  const pathOf = ({ source, args }: Step): string =>
    join(objects, `${sha256(args.map(placeless), compiler, linesOf(source), headers).slice(0, 24)}.o`);
  await forEachOfTwo(plan.steps, (each) => makeObject(each, pathOf(each), compiler));
  const linked = [...target, ...plan.link, ...plan.steps.map(pathOf), "-o", plan.artefact];
  await call([compiler.command, ...linked], folder, plan.artefact);
}

/** A module that was compiled here, and what firmware/prebuilt has to say about it. */
export interface Compiled {
  readonly artefact: string;
  /** SHA-256 of all that it is made of, the compiler apart. */
  readonly sources: string;
  readonly compiler: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

async function compileHere(plan: Plan, sources: string, compiler: Compiler): Promise<Compiled> {
  const folder = join(root, "build", "firmware", sha256(sources, compiler).slice(0, 16));
  await buildOnce(folder, plan.artefact, (fresh) => buildInto(fresh, plan, compiler));
  const bytes = new Uint8Array(await readFile(join(folder, plan.artefact)));
  return { artefact: plan.artefact, sources, compiler: compiler.version, bytes };
}

const missing = (reason: string): EngineError => new EngineError("wasm3", reason);

/** As `buildWasm`, and never out of firmware/prebuilt. */
export async function compileWasm(options: WasmBuildOptions = {}): Promise<Compiled> {
  const compiler = await findCompiler();
  if ("reason" in compiler) throw missing(`${compiler.reason}; install: ${INSTALL}`);
  const plan = planOf(options);
  if (plan === undefined) throw missing("expected wasm3's source in WASM3_DIR, found none");
  return compileHere(plan, hashSources(plan), compiler);
}

/**
 * The module's bytes, compiled where they are absent (some seconds), or out of firmware/prebuilt where there is no
 * clang. Throws EngineError where the compiler or a source is missing, or the build fails; then the message has one line
 * of ours and after it the compiler's own.
 */
export async function buildWasm(options: WasmBuildOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const plan = planOf(options);
  if (plan === undefined) throw missing("expected wasm3's source in WASM3_DIR, found none");
  const sources = hashSources(plan);
  const compiler = await findCompiler();
  if (!("reason" in compiler)) return (await compileHere(plan, sources, compiler)).bytes;
  const prebuilt = findPrebuilt(plan.artefact, sources);
  if ("bytes" in prebuilt) return prebuilt.bytes;
  throw missing(`${compiler.reason}, and ${prebuilt.reason}; install: ${INSTALL}`);
}
