/**
 * What `npm test` runs: set-up, lint, compile, kernel tests (as-pect), host tests (node:test).
 *
 *   node test/run.mjs              everything but *.slow.test.ts
 *   node test/run.mjs --slow       only *.slow.test.ts
 *   node test/run.mjs PATTERN...   only test files whose path contains one of the patterns
 *
 * The last line is `N passed, N failed, N skipped`. With CI=true a skip fails the run: a component that a
 * machine lacks would go unnoticed otherwise.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import {
  ensureCompiled,
  ensureCompiler,
  ensureInstalled,
  ensureNode,
  localTool,
  root,
  SetupError,
} from "../host/setup.mjs";
import { runNodeTests } from "./node_tests.mjs";

const minute = 60_000;
const fileTimeout = 10 * minute;
const slowFileTimeout = 240 * minute;

/** Counts of one step; `skips` are lines with the reasons. */
function outcome(passed, failed, skips = []) {
  return { counts: { passed, failed, skipped: skips.length }, skips };
}

function print(label, { counts }, since, details = "") {
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const numbers = `${counts.passed} passed${counts.failed > 0 ? `, ${counts.failed} failed` : ""}`;
  process.stdout.write(`${counts.failed > 0 ? "FAIL" : "ok  "} ${label}: ${numbers} (${seconds} s)\n`);
  if (counts.failed > 0) process.stdout.write(`${details.trimEnd()}\n`);
}

/** Runs steps that may throw a SetupError; the message, or "" where all went well. */
function attempt(...steps) {
  try {
    for (const step of steps) step();
    return "";
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return error.message;
  }
}

/** A step that counts as one test. */
function check(label, step) {
  const since = performance.now();
  const details = attempt(step);
  const result = details === "" ? outcome(1, 0) : outcome(0, 1);
  print(label, result, since, details);
  return result;
}

/** Steps that count, and are heard of, only when they fail. */
function prepare(label, ...steps) {
  const since = performance.now();
  const details = attempt(...steps);
  if (details === "") return [];
  const result = outcome(0, 1);
  print(label, result, since, details);
  return [result];
}

/** Runs an installed tool under this Node; its output is without colours. */
function runTool(path, args) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [path, ...args], {
    encoding: "utf8",
  });
  if (error) throw error;
  return { status, output: stripVTControlCharacters(`${stdout}${stderr}`) };
}

function lint() {
  const tool = localTool("@biomejs/biome", "biome");
  const { status, output } = runTool(tool, ["check", "--error-on-warnings", "--max-diagnostics=50"]);
  if (status !== 0) throw new SetupError(`${output}\nMost of it is put right by: npm run format`);
}

/** Kernel tests, in AssemblyScript. as-pect has no output for programs that we could trust more than its summary. */
function runKernelTests() {
  const since = performance.now();
  const config = "as-pect.config.js";
  if (!existsSync(config)) return outcome(0, 0, [`test/assembly: ${config} is missing`]);
  const tool = localTool("@as-pect/cli", "asp.js");
  const { status, output } = runTool(tool, ["--config", config, "--no-logo", "--summary"]);
  const [, passed = "0", total = "0"] = /\[Tests\]:\s*(\d+)\s*\/\s*(\d+)/.exec(output) ?? [];
  const failed = Number(total) - Number(passed);
  // A kernel that does not compile, or a trap outside of a test, leaves no failed test behind.
  const silent = failed === 0 && (status !== 0 || total === "0") ? 1 : 0;
  const result = outcome(Number(passed), failed + silent);
  print("test/assembly (as-pect)", result, since, output);
  return result;
}

/** Names of the test files asked for, with slashes; from the sources, since dist may hold left-overs. */
function selectTests({ slow, patterns }) {
  return readdirSync("test", { recursive: true })
    .map((path) => `test/${path.split(sep).join("/")}`)
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith("test/assembly/"))
    .filter((path) => path.endsWith(".slow.test.ts") === slow)
    .filter((path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)))
    .sort();
}

async function runHostTests(options) {
  const names = selectTests(options);
  if (names.length === 0 && options.patterns.length > 0)
    throw new SetupError(
      `test: expected part of the name of a test file, found ${options.patterns.join(" ")}`,
    );
  const files = new Map(names.map((name) => [join(root, "dist", name.replace(/\.ts$/, ".js")), name]));
  return files.size > 0 ? runNodeTests(files, options.slow ? slowFileTimeout : fileTimeout) : [];
}

async function runAll(options) {
  const partial = options.slow || options.patterns.length > 0;
  // Each stage needs the one before: without packages nothing runs, uncompiled tests would be old ones.
  const setup = prepare("set-up", ensureNode, ensureInstalled, ensureCompiler);
  if (setup.length > 0) return setup;
  const checks = partial
    ? prepare("compile", ensureCompiled)
    : [check("lint", lint), check("compile", ensureCompiled)];
  const compileFailed = checks.at(-1)?.counts.failed > 0;
  if (compileFailed) return checks;
  const kernels = partial ? [] : [runKernelTests()];
  return [...checks, ...kernels, ...(await runHostTests(options))];
}

function parseArguments(args) {
  const unknown = args.find((arg) => arg.startsWith("-") && arg !== "--slow");
  if (unknown !== undefined)
    throw new SetupError(`test: expected --slow or part of a name, found ${unknown}`);
  return { slow: args.includes("--slow"), patterns: args.filter((arg) => arg !== "--slow") };
}

/** Prints skips and totals; returns the exit status. */
function conclude(outcomes) {
  const skips = outcomes.flatMap((each) => each.skips);
  const total = (name) => outcomes.reduce((sum, { counts }) => sum + counts[name], 0);
  for (const skip of skips) process.stdout.write(`skip ${skip}\n`);
  const mustRun = ["true", "1"].includes(process.env.CI ?? "") && skips.length > 0;
  if (mustRun) process.stdout.write("FAIL CI is set, where nothing may be skipped\n");
  const [passed, failed, skipped] = ["passed", "failed", "skipped"].map(total);
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed > 0 || mustRun ? 1 : 0;
}

// Tools and tests read files by paths relative to the root, from wherever this was started.
process.chdir(root);
try {
  process.exitCode = conclude(await runAll(parseArguments(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
