/**
 * Builds the firmware core with the port `posix` for this machine, once per content of its sources, flags and
 * compiler. The lists of sources and flags serve the other ports' builds too.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EngineError } from "../module/engine.ts";
import { root } from "../root.ts";
import { buildOnce, forEachOfTwo, runProcess } from "./toolchain.ts";
import {
  type Compiler,
  findCompiler,
  findSource,
  hasOperations,
  operationFlags,
  wasm3Sources,
} from "./wasm3_build.ts";

export type PosixBuildOptions = {
  /** Adds the address and undefined-behaviour sanitizers; for tests. */
  readonly sanitize?: boolean;
  /** Folder with wasm3's m3_*.c; default WASM3_DIR, else what set-up took (host/sources.mjs). */
  readonly source?: string;
  /** Further flags for our own files, e.g. -DTHIMBLE_NO_CONV2D_S8. */
  readonly flags?: readonly string[];
  /** Default: CC, else what is found on PATH. */
  readonly compiler?: Compiler;
};

const firmware = join(root, "firmware");
const program = "thimble_posix";
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g"];

function listFiles(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** The flags in firmware/core/wasm3.flags. */
export function wasm3Flags(): string[] {
  return readFileSync(join(firmware, "core", "wasm3.flags"), "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The core and the native kernels. */
export function coreSources(): string[] {
  const core = join(firmware, "core");
  return [...listFiles(core, /\.c$/), ...listFiles(join(core, "kernels"), /\.c$/)];
}

/** Our SHA-256 and the glue to Ed25519. */
export function cryptoSources(): string[] {
  return listFiles(join(firmware, "port", "crypto"), /\.c$/);
}

const ed25519Folder = join(root, "dist", "sources", "ed25519");

/** Others' sources that port/crypto/ed25519.c needs. Throws EngineError where set-up has not taken it (host/sources.mjs). */
export function ed25519Sources(): string[] {
  if (!existsSync(ed25519Folder))
    throw new EngineError("wasm3", `${ed25519Folder}: expected Ed25519's source, found none`);
  return ["ge", "fe", "sha512"].map((name) => join(ed25519Folder, `${name}.c`));
}

/** Folders that our own files include from, without wasm3's. */
export function includeFolders(): string[] {
  return [
    join(firmware, "include"),
    join(firmware, "core"),
    join(firmware, "core", "kernels"),
    join(firmware, "port", "crypto"),
    ed25519Folder,
  ];
}

type Step = { readonly source: string; readonly args: readonly string[] };

function planSteps(wasm3: string, options: PosixBuildOptions): Step[] {
  const extra = options.sanitize ? sanitizers : [];
  // A sanitized interpreter has larger frames, and some of its calls are not made in the caller's place.
  const nativeStack = options.sanitize ? ["-DTHIMBLE_NATIVE_STACK_BYTES=1048576"] : [];
  // wasm3 of 2021 keeps constants of 8 bytes at any multiple of 4.
  const anyAddress = options.sanitize ? ["-fno-sanitize=alignment"] : [];
  const step = (source: string, ...args: string[]): Step => ({ source, args: [...args, ...extra] });
  const strict = [
    "-std=c99",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    ...includeFolders().map((path) => `-I${path}`),
  ];
  const ours = [...strict, "-isystem", wasm3, ...wasm3Flags(), ...nativeStack, ...(options.flags ?? [])];
  const port = listFiles(join(firmware, "port", "posix"), /^(?!wasm3_runner).*\.c$/);
  return [
    ...wasm3Sources(wasm3).map((source) => ({
      source,
      args: [
        ...(hasOperations(source) ? ["-O3", ...operationFlags()] : ["-O2"]),
        ...["-w", ...wasm3Flags(), ...extra, ...anyAddress],
      ],
    })),
    ...coreSources().map((path) => step(path, ...ours)),
    ...[...cryptoSources(), ...port].map((path) => step(path, ...strict)),
    // It shifts negative numbers to the left, as every compiler in use allows.
    ...ed25519Sources().map((path) => ({
      source: path,
      args: ["-O2", "-w", ...(options.sanitize ? ["-fsanitize=address", "-g"] : [])],
    })),
  ];
}

function hashBuild(steps: readonly Step[], link: readonly string[], compiler: Compiler): string {
  const hash = createHash("sha256");
  const folders = [...new Set([...steps.map(({ source }) => dirname(source)), ...includeFolders()])].sort();
  for (const path of folders.flatMap((folder) => listFiles(folder, /\.[ch]$/))) {
    const content = readFileSync(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  hash.update(JSON.stringify([steps, link, compiler]));
  return hash.digest("hex").slice(0, 16);
}

async function compile(compiler: Compiler, args: readonly string[], what: string): Promise<void> {
  const result = await runProcess([...compiler.command, ...args]);
  if (result.status === 0) return;
  throw new EngineError("wasm3", `${what}: ${compiler.command.join(" ")} failed\n${result.stderr.trimEnd()}`);
}

async function buildInto(
  folder: string,
  steps: readonly Step[],
  link: readonly string[],
  compiler: Compiler,
): Promise<void> {
  const jobs = steps.map((step, index) => ({ ...step, object: join(folder, `${index}.o`) }));
  await forEachOfTwo(jobs, ({ source, args, object }) =>
    compile(compiler, [...args, "-c", source, "-o", object], source),
  );
  const objects = jobs.map(({ object }) => object);
  await compile(compiler, [...link, ...objects, "-o", join(folder, program)], program);
  await Promise.all(objects.map((object) => rm(object)));
}

/**
 * Path of the program `thimble_posix` (firmware/port/posix/main.c), built where it is absent.
 * Throws EngineError where the compiler or a source is missing, or the build fails.
 */
export async function buildPosix(options: PosixBuildOptions = {}): Promise<string> {
  const compiler = options.compiler ?? (await findCompiler());
  if (!compiler) throw new EngineError("wasm3", "expected a C compiler (CC, cc, gcc or clang), found none");
  const wasm3 = options.source ?? findSource();
  if (wasm3 === undefined) throw new EngineError("wasm3", "expected wasm3's source in WASM3_DIR, found none");
  const steps = planSteps(wasm3, options);
  const link = options.sanitize ? sanitizers : [];
  const target = join(root, "build", "posix", hashBuild(steps, link, compiler));
  await buildOnce(target, program, (folder) => buildInto(folder, steps, link, compiler));
  return join(target, program);
}
