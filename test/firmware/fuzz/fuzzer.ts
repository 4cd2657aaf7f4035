/** Building and running the libFuzzer harnesses in firmware/fuzz. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { coreSources, includeFolders, wasm3Flags } from "../../../host/firmware/posix_build.ts";
import { findProgram } from "../../../host/firmware/toolchain.ts";
import { findSource, runProcess, wasm3Sources } from "../../../host/firmware/wasm3_build.ts";
import { root } from "../../../host/root.ts";
import { oddModule } from "../../fuzz/odd_modules.ts";

export type Target = "image" | "kernels" | "ddi" | "journal" | "heap" | "modules" | "values";

const core = join(root, "firmware", "core");
const sources: Readonly<Record<Target, readonly string[]>> = {
  image: ["image.c", "native_stack.c", "module_scan.c", "function_scan.c", "operation_count.c"]
    .map((name) => join(core, name))
    .concat(join(root, "firmware", "fuzz", "no_model.c")),
  ddi: readdirSync(core)
    .filter((name) =>
      /^(ddi.*|json|update|transitions|slots|journal|crc32|image|native_stack|status)\.c$/.test(name),
    )
    .sort()
    .map((name) => join(core, name))
    .concat(join(root, "firmware", "fuzz", "no_model.c")),
  journal: ["journal.c", "crc32.c"].map((name) => join(core, name)),
  heap: [join(core, "heap.c")],
  modules: coreSources(),
  values: ["descriptor.c", "values.c", "stream.c"]
    .concat(["module_scan.c", "function_scan.c", "operation_count.c"])
    .map((name) => join(core, name)),
  kernels: coreSources().filter((path) => path.startsWith(join(core, "kernels"))),
};

const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"];
const sanitize = ["-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"];
const MAX_BYTES: Readonly<Record<Target, number>> = {
  image: 4096,
  kernels: 4096,
  ddi: 4096,
  journal: 8192,
  heap: 600,
  modules: 4096,
  values: 1024,
};
/** No input takes a second; so many are a loop without end. */
const TIMEOUT_SECONDS = 60;

export const corpusFolder = (target: Target): string => join(root, "test", "fuzz", "corpus", target);

/** Modules that odd_modules.ts makes, of which none has to be kept; for `target` modules. */
export function writeModuleCorpus(scratch: string, count: number): string {
  const folder = mkdtempSync(join(scratch, "modules-"));
  for (let index = 0; index < count; index++) {
    const { bytes } = oddModule(`corpus:${index}`);
    // The first byte: much RAM, and native kernels in every other one.
    writeFileSync(join(folder, `${index}`), Buffer.concat([Buffer.from([0xfe | (index & 1)]), bytes]));
  }
  return folder;
}

/** clang with libFuzzer, or why there is none and how to install it. */
export async function findFuzzer(scratch: string): Promise<{ clang: string } | { reason: string }> {
  const install = "apt-get install clang-16 libclang-rt-16-dev";
  const clang = findProgram("clang-16") ?? findProgram("clang");
  if (clang === undefined) return { reason: `clang is missing: ${install}` };
  const program = "int LLVMFuzzerTestOneInput(const char *data, long size) { return 0 * size * *data; }\n";
  const flags = ["-fsanitize=fuzzer,address", "-x", "c", "-", "-o", join(scratch, "probe")];
  const { status } = await runProcess([clang, ...flags], Buffer.from(program));
  return status === 0 ? { clang } : { reason: `${clang} has no libFuzzer: ${install}` };
}

/** wasm3 as the firmware has it, with sanitizers; the objects, and how the files that include it are compiled. */
async function buildInterpreter(clang: string, scratch: string): Promise<string[]> {
  const folder = findSource();
  assert.ok(folder !== undefined, "wasm3's source is missing");
  const objects = wasm3Sources(folder).map((source) => ({
    source,
    object: join(scratch, `${basename(source)}.o`),
  }));
  for (const { source, object } of objects) {
    // wasm3 keeps constants of 8 bytes at any multiple of 4.
    const flags = [...sanitize, "-fno-sanitize=alignment", "-w", ...wasm3Flags()];
    const built = await runProcess([clang, ...flags, "-c", source, "-o", object]);
    assert.equal(built.status, 0, built.stderr);
  }
  // It has the C library's memory, not the model's.
  const harness = join(scratch, "modules.o");
  const source = join(root, "firmware", "port", "posix", "modules.c");
  const flags = [...strict, ...sanitize, ...includeFolders().map((path) => `-I${path}`)];
  const built = await runProcess([clang, ...flags, "-c", source, "-o", harness]);
  assert.equal(built.status, 0, built.stderr);
  const nativeStack = "-DTHIMBLE_NATIVE_STACK_BYTES=1048576";
  return [...objects.map(({ object }) => object), harness, "-isystem", folder, ...wasm3Flags(), nativeStack];
}

/** Path of the harness for `target`, with sanitizers. */
export async function buildFuzzer(clang: string, target: Target, scratch: string): Promise<string> {
  const output = join(scratch, `${target}_fuzz`);
  const harness = join(root, "firmware", "fuzz", `${target}_fuzz.c`);
  const flags = [...strict, ...sanitize, ...includeFolders().map((path) => `-I${path}`)];
  const interpreter = target === "modules" ? await buildInterpreter(clang, scratch) : [];
  const built = await runProcess([
    clang,
    ...flags,
    ...interpreter,
    // Its model is none of the core's.
    ...(target === "values" ? ["-DTHIMBLE_NO_MONITOR"] : []),
    ...sources[target],
    harness,
    "-o",
    output,
  ]);
  assert.equal(built.status, 0, built.stderr);
  return output;
}

/**
 * Runs so many inputs from the corpus, by default the committed one, the same in every run; fails with what the harness says and
 * the input in base64. What it finds on the way goes to a folder of its own.
 */
export async function fuzz(
  program: string,
  target: Target,
  runs: number,
  seed: number,
  scratch: string,
  corpus = corpusFolder(target),
): Promise<void> {
  const finds = mkdtempSync(join(scratch, "finds-"));
  const artefacts = join(scratch, "artefacts");
  mkdirSync(artefacts, { recursive: true });
  const limits = [
    `-max_len=${MAX_BYTES[target]}`,
    `-timeout=${TIMEOUT_SECONDS}`,
    `-artifact_prefix=${artefacts}/`,
  ];
  const command = [program, `-runs=${runs}`, `-seed=${seed}`, ...limits, finds, corpus];
  const { status, stderr } = await runProcess(command);
  assert.equal(status, 0, stderr.slice(-4000));
}
