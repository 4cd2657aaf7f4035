/**
 * Makes each committed mutant in a copy of the checkout, runs its nearest tests there, and prints those that no test
 * noticed.
 *
 *   npm run test:mutants                     all
 *   npm run test:mutants -- journal ddi      those whose name or source contains one of these
 *   npm run test:mutants -- --shard 1/4      every fourth, from the first
 *
 * Exit status 1 where one survives, or does not fit. The last line is `N passed, N failed, N skipped`: passed are
 * those that a test noticed.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { includeFolders, wasm3Flags } from "../../host/firmware/posix_build.ts";
import { findSource } from "../../host/firmware/wasm3_build.ts";
import { root } from "../../host/root.ts";
import { type Mutant, mutate, readMutants } from "./list.ts";

/** A mutant may loop for ever; the slowest of its tests takes a tenth of this. */
const TIMEOUT_MS = 10 * 60_000;
/** Of a mutant: builds of the core, and a few seconds of tests. Measured on two quiet cores. */
const SECONDS_EACH = 20;

/** What tests read of the checkout. Packages and what has been compiled before are the same for all. */
const COPIED = ["assembly", "dist", "firmware", "host", "test"];
const LINKED = ["node_modules", join("build", "wasm3"), join("build", "firmware", "objects")];
const FILES = ["package.json", "package-lock.json", "asconfig.json", "tsconfig.json"];

function copyCheckout(): string {
  mkdirSync(join(root, "build"), { recursive: true });
  const copy = mkdtempSync(join(root, "build", "mutants-"));
  mkdirSync(join(copy, "build", "firmware"), { recursive: true });
  for (const name of [...COPIED, ...FILES])
    cpSync(join(root, name), join(copy, name), { recursive: true, preserveTimestamps: true });
  for (const name of LINKED)
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(copy, name));
  return copy;
}

/** As the slow tests are dealt out; not compiled, since the runner has to run before that. */
const { shardFiles } = (await import(pathToFileURL(join(root, "test", "slow.mjs")).href)) as {
  shardFiles: (
    names: readonly string[],
    shard: string,
    minutes: Readonly<Record<string, number>>,
  ) => string[];
};

type Result = { readonly status: number | null; readonly output: string };

function call(cwd: string, command: string, args: readonly string[]): Result {
  // A test must not take itself for part of another's.
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    maxBuffer: 1 << 28,
    env,
  });
  return { status, output: `${stdout}${stderr}` };
}

const runTest = (copy: string, name: string): Result =>
  call(copy, process.execPath, ["--test", join("dist", name.replace(/\.ts$/, ".js"))]);

/** Whether a changed source compiles as the tests compile it: one that does not shows nothing. */
function compiles(copy: string, { file }: Mutant): Result {
  if (file.endsWith(".ts")) return call(copy, process.execPath, [join("host", "setup.mjs")]);
  const folders = includeFolders().map((path) => `-I${join(copy, relative(root, path))}`);
  const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
  return call(copy, "cc", [...strict, ...wasm3Flags(), ...folders, "-isystem", findSource() ?? "", file]);
}

/** The test that noticed it, undefined for none. Throws RangeError where the mutant is none. */
function killerOf(copy: string, mutant: Mutant): string | undefined {
  const path = join(copy, mutant.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, mutate(source, mutant));
  try {
    const { status, output } = compiles(copy, mutant);
    if (status !== 0) throw new RangeError(`does not compile: ${output.trim().split("\n")[0]}`);
    return mutant.tests.find((name) => runTest(copy, name).status !== 0);
  } finally {
    writeFileSync(path, source);
  }
}

/** Without a change everything passes, and nothing is left out. */
function checkTests(copy: string, mutants: readonly Mutant[]): void {
  for (const name of new Set(mutants.flatMap(({ tests }) => tests))) {
    const { status, output } = runTest(copy, name);
    if (status !== 0 || !/^# skipped 0$/m.test(output))
      throw new Error(
        `${name}: expected all of it to pass without a mutant, found failures or skips\n${output.slice(-2000)}`,
      );
  }
}

function select(args: readonly string[]): Mutant[] {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { shard: { type: "string", default: "1/1" } },
    allowPositionals: true,
  });
  const chosen = readMutants().filter(
    ({ name, file }) =>
      positionals.length === 0 || positionals.some((each) => `${file} ${name}`.includes(each)),
  );
  const parts = shardFiles(
    chosen.map(({ name }) => name),
    values.shard,
    {},
  );
  return chosen.filter(({ name }) => parts.includes(name));
}

function main(args: readonly string[]): number {
  const mutants = select(args);
  process.stdout.write(
    `${mutants.length} mutants, about ${Math.ceil((mutants.length * SECONDS_EACH) / 60)} minutes on two quiet cores\n`,
  );
  const copy = copyCheckout();
  const bad: string[] = [];
  try {
    checkTests(copy, mutants);
    process.stdout.write("without a change all their tests pass\n");
    for (const [i, mutant] of mutants.entries()) {
      const label = `${i + 1}/${mutants.length} ${mutant.file}: ${mutant.name}`;
      try {
        const killer = killerOf(copy, mutant);
        process.stdout.write(
          killer === undefined ? `SURVIVED ${label}\n` : `killed   ${label} (${killer})\n`,
        );
        if (killer === undefined)
          bad.push(`survived: ${mutant.file}: ${mutant.name}: ${mutant.from} -> ${mutant.to}`);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        process.stdout.write(`NONE     ${label}: ${error.message}\n`);
        bad.push(`${mutant.name}: ${error.message}`);
      }
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  for (const line of bad) process.stdout.write(`${line}\n`);
  process.stdout.write(`${mutants.length - bad.length} passed, ${bad.length} failed, 0 skipped\n`);
  return bad.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv.slice(2));
