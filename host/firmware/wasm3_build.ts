/**
 * Builds the wasm3 runner with the system's C compiler, once per content of its sources, flags and compiler,
 * and finds the wasm3 command line where one is installed.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { EngineError } from "../module/engine.ts";
import { root } from "../root.ts";
import { buildOnce, findProgram, forEachOfTwo, runProcess } from "./toolchain.ts";

export { type ProcessResult, runProcess } from "./toolchain.ts";

export type Compiler = { readonly command: readonly string[]; readonly version: string };

export type BuildOptions = {
  /** Adds the address and undefined-behaviour sanitizers; for tests. */
  readonly sanitize?: boolean;
  /** Folder with wasm3's m3_*.c; default WASM3_DIR, else what set-up took (host/sources.mjs). */
  readonly source?: string;
};

const firmware = join(root, "firmware");
const posixFolder = join(firmware, "port", "posix");
/** The runner, what watches its parent in `port`, and what scans a module on a device before wasm3 sees it. */
export const runnerSources = (port: string): string[] => [
  join(posixFolder, "wasm3_runner.c"),
  join(port, "wasm3_runner_parent.c"),
  join(firmware, "core", "module_scan.c"),
  join(firmware, "core", "function_scan.c"),
  join(firmware, "core", "operation_count.c"),
];
/** Folders that these include from. */
export const runnerFolders: readonly string[] = [
  join(firmware, "core"),
  join(firmware, "include"),
  posixFolder,
];

/** Features as in the firmware: no floats, no WASI. Part of wasm3's struct layout, so for every file. */
export const RUNNER_DEFINES: readonly string[] = ["-Dd_m3HasFloat=0", "-Dd_m3HasWASI=0", "-DNDEBUG"];
/** WebAssembly's integers wrap; wasm3 computes them as C's signed ones, where that is undefined. */
const wasm3Flags = ["-w", "-fwrapv", ...RUNNER_DEFINES];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"];

/** The C compiler: CC (which may hold arguments), else cc, gcc or clang; undefined where there is none. */
export async function findCompiler(): Promise<Compiler | undefined> {
  const requested = process.env.CC?.trim();
  const candidates = requested ? [requested.split(/\s+/)] : [["cc"], ["gcc"], ["clang"]];
  for (const [name, ...rest] of candidates) {
    const path = findProgram(name!);
    if (path === undefined) continue;
    const result = await runProcess([path, ...rest, "--version"]);
    const version = result.stdout.toString("utf8").split("\n")[0]!;
    if (result.status === 0) return { command: [path, ...rest], version };
  }
  return undefined;
}

/** Folder with wasm3's sources (WASM3_DIR, else what set-up took), or undefined where there is none. */
export function findSource(): string | undefined {
  const requested = process.env.WASM3_DIR;
  const isSource = (folder: string): boolean =>
    ["m3_env.c", "wasm3.h"].every((file) => existsSync(join(folder, file)));
  return [requested || join(root, "dist", "sources", "wasm3")].find(isSource);
}

/** wasm3's own version, e.g. "0.5.0", from its header. */
export function sourceVersion(source: string): string {
  const header = readFileSync(join(source, "wasm3.h"), "utf8");
  return /#\s*define\s+M3_VERSION\s+"([^"]*)"/.exec(header)?.[1] ?? "unknown";
}

/** wasm3's own files in `source`; which ones there are differs between versions. m3_api_* is for imports. */
export function wasm3Sources(source: string): string[] {
  return readdirSync(source)
    .filter((name) => /^m3_(?!api_).*\.c$/.test(name))
    .sort()
    .map((name) => join(source, name));
}

/** Whether the file holds wasm3's operations, where the time goes; which one does differs between versions. */
export const hasOperations = (path: string): boolean => readFileSync(path, "utf8").includes('"m3_exec.h"');

/** Flags of that file: it is refused where its operations would keep their frames, but for a build that says `keep`. */
export const operationFlags = (keep = false): string[] => [
  ...(keep ? ["-DTHIMBLE_KEEP_FRAMES"] : []),
  "-include",
  join(firmware, "core", "sibling_calls.h"),
];

/** Tells the runner whom wasm3 of this folder asks for a memory. */
export function memoryFlags(source: string): string[] {
  const header = readFileSync(join(source, "wasm3.h"), "utf8");
  const byModule = /\bm3_GetMemory\s*\(\s*IM3Module\b/.test(header);
  return byModule ? ["-DWASM3_MEMORY_OWNER=module", "-DWASM3_MEMORY_SIZE=size_t"] : [];
}

type Plan = {
  readonly source: string;
  /** Arguments of one compiler call each, less the output. */
  readonly objects: readonly { readonly name: string; readonly args: readonly string[] }[];
  readonly link: readonly string[];
};

function planBuild(source: string, sanitize: boolean): Plan {
  const extra = sanitize ? sanitizers : [];
  const objects = wasm3Sources(source).map((path) => ({
    name: basename(path),
    args: [
      ...(hasOperations(path) ? ["-O3", ...operationFlags()] : ["-O2"]),
      ...wasm3Flags,
      ...extra,
      "-c",
      path,
    ],
  }));
  const includes = [...runnerFolders.map((path) => `-I${path}`), "-isystem", source];
  const strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", ...includes];
  const ours = runnerSources(posixFolder).map((path) => ({
    name: basename(path),
    args: [...strict, ...RUNNER_DEFINES, ...memoryFlags(source), ...extra, "-c", path],
  }));
  return { source, objects: [...objects, ...ours], link: extra };
}

function hashPlan(plan: Plan, compiler: Compiler): string {
  const hash = createHash("sha256");
  const files = [plan.source, ...runnerFolders].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.[ch]$/.test(name))
      .sort()
      .map((name) => join(folder, name)),
  );
  for (const file of [...files, ...runnerSources(posixFolder)]) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  hash.update(JSON.stringify([plan.objects, plan.link, compiler]));
  return hash.digest("hex").slice(0, 16);
}

async function compile(compiler: Compiler, args: readonly string[], output: string): Promise<void> {
  const result = await runProcess([...compiler.command, ...args, "-o", output]);
  if (result.status === 0) return;
  const what = args.at(-1)!;
  throw new EngineError("wasm3", `${what}: ${compiler.command.join(" ")} failed\n${result.stderr.trimEnd()}`);
}

async function buildInto(folder: string, plan: Plan, compiler: Compiler): Promise<void> {
  await forEachOfTwo(plan.objects, ({ name, args }) => compile(compiler, args, join(folder, `${name}.o`)));
  const objects = plan.objects.map(({ name }) => join(folder, `${name}.o`));
  // -lm last: linkers take libraries in order.
  await compile(compiler, [...plan.link, ...objects, "-lm"], join(folder, "wasm3_runner"));
  await Promise.all(objects.map((object) => rm(object)));
}

/**
 * Path of the wasm3 runner, built where it is absent (some seconds; the sanitized one longer).
 * Throws EngineError where the compiler or wasm3's source is missing, or the build fails; then the message
 * has one line of ours and after it the compiler's own.
 */
export async function buildRunner(options: BuildOptions = {}): Promise<string> {
  const compiler = await findCompiler();
  if (!compiler) throw new EngineError("wasm3", "expected a C compiler (CC, cc, gcc or clang), found none");
  const source = options.source ?? findSource();
  if (source === undefined)
    throw new EngineError("wasm3", "expected wasm3's source in WASM3_DIR, found none");
  const plan = planBuild(source, options.sanitize ?? false);
  const target = join(root, "build", "wasm3", hashPlan(plan, compiler));
  const runner = join(target, "wasm3_runner");
  await buildOnce(target, "wasm3_runner", (folder) => buildInto(folder, plan, compiler));
  return runner;
}

/** Path of the wasm3 command line on PATH, or undefined where there is none. */
export function findWasm3Cli(): string | undefined {
  return findProgram("wasm3");
}

/**
 * Calls a module's `self_test` with the wasm3 command line `cli`; the i32 it returns. `started` is told its process.
 * Throws EngineError.
 */
export async function runCliSelfTest(
  cli: string,
  modulePath: string,
  started: (pid: number) => void = () => {},
): Promise<number> {
  const result = await runProcess([cli, "--func", "self_test", modulePath], undefined, { started });
  // The result goes to stderr in the versions seen; stdout is the module's own.
  const found = /^Result: (-?\d+)/m.exec(`${result.stderr}\n${result.stdout.toString("utf8")}`);
  const value = found ? Number(found[1]) : Number.NaN;
  if (result.status === 0 && Number.isSafeInteger(value)) return value | 0;
  const line = result.stderr.trim().split("\n")[0] || `exit status ${result.status ?? result.signal}`;
  throw new EngineError("wasm3", `${modulePath}: self_test in ${cli}: expected a result, found: ${line}`);
}
