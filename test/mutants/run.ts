/**
 * Makes each committed mutant in a copy of the checkout, runs its nearest tests there, and prints those that no test
 * noticed.
 *
 *   npm run test:mutants                     all
 *   npm run test:mutants -- journal ddi      those whose name or source contains one of these
 *   npm run test:mutants -- --shard 1/4      every fourth, from the first
 *   npm run test:mutants -- --resume FILE    keeps results in FILE, and takes from it those that still hold
 *
 * Exit status 1 where one survives, or does not fit. The last line is `N passed, N failed, N skipped`: passed are
 * those that a test noticed.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
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
  mkdirSync(join(copy, "tmp"));
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

/** A test must not take itself for part of another's; what one leaves behind when it is ended goes with the copy. */
function environment(copy: string): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env;
  return { ...env, TMPDIR: join(copy, "tmp") };
}

function call(copy: string, command: string, args: readonly string[]): Result {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: copy,
    encoding: "utf8",
    timeout: TIMEOUT_MS,
    maxBuffer: 1 << 28,
    env: environment(copy),
  });
  return { status, output: `${stdout}${stderr}` };
}

/** Runs a compiled test file. With its first failure it is ended, and all that it started: that is enough to know. */
function runTest(copy: string, name: string): Promise<Result> {
  const child = spawn(process.execPath, [join("dist", name.replace(/\.ts$/, ".js"))], {
    cwd: copy,
    env: environment(copy),
    detached: true,
  });
  const end = (): void => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  const timer = setTimeout(end, TIMEOUT_MS);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/^ *not ok /m.test(output)) end();
    });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      end();
      resolve({ status, output });
    });
  });
}

/** Whether a changed source compiles as the tests compile it: one that does not shows nothing. */
function compiles(copy: string, { file }: Mutant): Result {
  if (file.endsWith(".ts")) return call(copy, process.execPath, [join("host", "setup.mjs")]);
  const folders = includeFolders().map((path) => `-I${join(copy, relative(root, path))}`);
  const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"];
  return call(copy, "cc", [...strict, ...wasm3Flags(), ...folders, "-isystem", findSource() ?? "", file]);
}

/** The test that noticed it, undefined for none. Throws RangeError where the mutant is none. */
async function killerOf(copy: string, mutant: Mutant): Promise<string | undefined> {
  const path = join(copy, mutant.file);
  const source = readFileSync(path, "utf8");
  writeFileSync(path, mutate(source, mutant));
  try {
    const { status, output } = compiles(copy, mutant);
    if (status !== 0) throw new RangeError(`does not compile: ${output.trim().split("\n")[0]}`);
    for (const name of mutant.tests) if ((await runTest(copy, name)).status !== 0) return name;
    return undefined;
  } finally {
    writeFileSync(path, source);
  }
}

/** Without a change everything passes, and nothing is left out. */
async function checkTests(copy: string, mutants: readonly Mutant[]): Promise<void> {
  for (const name of new Set(mutants.flatMap(({ tests }) => tests))) {
    const { status, output } = await runTest(copy, name);
    if (status !== 0 || !/^# skipped 0$/m.test(output))
      throw new Error(
        `${name}: expected all of it to pass without a mutant, found failures or skips\n${output.slice(-2000)}`,
      );
  }
}

/** What a result depends on that is near, of a checkout in `folder`: the change, its source, its tests. */
function keyOf(folder: string, mutant: Mutant): string {
  const hash = createHash("sha256").update(JSON.stringify(mutant));
  for (const name of [mutant.file, ...mutant.tests]) hash.update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

/** Killers by key, of the lines `key killer`: only the killed are kept, the others are worth another try. */
const readKilled = (path: string): Map<string, string> =>
  new Map(
    existsSync(path)
      ? readFileSync(path, "utf8")
          .split("\n")
          .flatMap((line) => {
            const [key, killer] = line.split(" ");
            return key !== undefined && killer !== undefined ? [[key, killer] as const] : [];
          })
      : [],
  );

/** Runs one, tells what became of it, and returns what is bad about it. */
async function judge(
  copy: string,
  mutant: Mutant,
  label: string,
): Promise<{ killer?: string; bad?: string }> {
  try {
    const killer = await killerOf(copy, mutant);
    process.stdout.write(killer === undefined ? `SURVIVED ${label}\n` : `killed   ${label} (${killer})\n`);
    return killer === undefined
      ? { bad: `survived: ${mutant.file}: ${mutant.name}: ${mutant.from} -> ${mutant.to}` }
      : { killer };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stdout.write(`NONE     ${label}: ${error.message}\n`);
    return { bad: `${mutant.name}: ${error.message}` };
  }
}

function select(args: readonly string[]): { mutants: Mutant[]; resume: string | undefined } {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { shard: { type: "string", default: "1/1" }, resume: { type: "string" } },
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
  return { mutants: chosen.filter(({ name }) => parts.includes(name)), resume: values.resume };
}

async function main(args: readonly string[]): Promise<number> {
  const { mutants, resume } = select(args);
  const killed = resume === undefined ? new Map<string, string>() : readKilled(resume);
  const left = mutants.filter((mutant) => !killed.has(keyOf(root, mutant)));
  process.stdout.write(
    `${mutants.length} mutants, ${mutants.length - left.length} killed before, ${left.length} to run: about ${Math.ceil((left.length * SECONDS_EACH) / 60)} minutes on two quiet cores\n`,
  );
  const copy = copyCheckout();
  const bad: string[] = [];
  try {
    await checkTests(copy, left);
    process.stdout.write("without a change all their tests pass\n");
    for (const [i, mutant] of left.entries()) {
      const result = await judge(copy, mutant, `${i + 1}/${left.length} ${mutant.file}: ${mutant.name}`);
      if (result.bad !== undefined) bad.push(result.bad);
      if (resume !== undefined && result.killer !== undefined)
        appendFileSync(resume, `${keyOf(copy, mutant)} ${result.killer}\n`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  for (const line of bad) process.stdout.write(`${line}\n`);
  process.stdout.write(`${mutants.length - bad.length} passed, ${bad.length} failed, 0 skipped\n`);
  return bad.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv.slice(2));
