/**
 * `npm test`: set-up, lint, compile, kernel tests (as-pect), host tests (node:test).
 *
 *   node test/run.mjs              everything but *.slow.test.ts
 *   node test/run.mjs --slow       only *.slow.test.ts, with the progress of each
 *   ... --slow --shard i/n         the i-th of n parts, which take about as long as each other
 *   ... --slow --record            and keep how long they took (test/slow.json)
 *   node test/run.mjs PATTERN...   only test files whose path contains one of the patterns
 *
 * The last line is `N passed, N failed, N skipped`. With CI=true a skip fails the run: a component that a
 * machine lacks would go unnoticed otherwise.
 */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, sep } from "node:path";
import { parseArgs, stripVTControlCharacters } from "node:util";
import {
  ensureCompiled,
  ensureInstalled,
  ensureNode,
  ensureSources,
  localTool,
  root,
  SetupError,
} from "../host/setup.mjs";
import { runNodeTest } from "./node_tests.mjs";
import { describePlan, readMinutes, recordMinutes, shardFiles } from "./slow.mjs";

/** Two cores are what the smallest machines have; a test may time out but must not fail for want of cores. */
const concurrency = 2;
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
async function runTool(path, args) {
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { status, output: stripVTControlCharacters(output) };
}

async function runLint() {
  const since = performance.now();
  const tool = localTool("@biomejs/biome", "biome");
  const { status, output } = await runTool(tool, ["check", "--error-on-warnings", "--max-diagnostics=50"]);
  const result = status === 0 ? outcome(1, 0) : outcome(0, 1);
  print("lint", result, since, `${output}\nMost of it is put right by: npm run format`);
  return result;
}

/** Kernel tests, in AssemblyScript; test/assembly/reporter.js writes the totals. */
async function runKernelTests() {
  const since = performance.now();
  const tool = localTool("@as-pect/cli", "asp.js");
  const { status, output } = await runTool(tool, ["--config", "as-pect.config.js", "--no-logo"]);
  const totals = /^as-pect: (\d+) passed, (\d+) failed, (\d+) files$/m.exec(output) ?? [];
  const [passed = 0, failed = 0, files = 0] = totals.slice(1).map(Number);
  // A spec that does not compile ends the run with the files after it unread.
  const expected = readdirSync("test/assembly").filter((name) => name.endsWith(".spec.ts")).length;
  const isSilent = failed === 0 && (status !== 0 || passed === 0 || files !== expected);
  const result = outcome(passed, failed + (isSilent ? 1 : 0));
  const details = isSilent ? `expected results of ${expected} files, found ${files}\n` : "";
  print("test/assembly (as-pect)", result, since, `${details}${output}`);
  return result;
}

/** Files that take longest: they start first, so that no core waits for one of them at the end. */
const LONGEST = [
  "test/cases/engines.",
  "test/cli/build.",
  "test/firmware/powerfail/",
  "test/bench/",
  "test/package/",
];

const rankOf = (name) =>
  (LONGEST.findIndex((start) => name.startsWith(start)) + LONGEST.length + 1) % (LONGEST.length + 1);

/** Names of the test files asked for, with slashes; from the sources, since dist may hold left-overs. */
function selectTests({ slow, patterns }) {
  return readdirSync("test", { recursive: true })
    .map((path) => `test/${path.split(sep).join("/")}`)
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith("test/assembly/"))
    .filter((path) => path.endsWith(".slow.test.ts") === slow)
    .filter((path) => patterns.length === 0 || patterns.some((pattern) => path.includes(pattern)))
    .sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}

/** One job for each test file asked for. */
function hostTestJobs(options) {
  const names = selectTests(options);
  if (names.length === 0)
    throw new SetupError(
      `test: expected part of the name of a test file, found ${options.patterns.join(" ") || "no test file"}`,
    );
  const compiled = (name) => join(root, "dist", name.replace(/\.ts$/, ".js"));
  if (!options.slow) return names.map((name) => () => runNodeTest(compiled(name), name, fileTimeout));
  const files = shardFiles(names, options.shard, readMinutes());
  process.stdout.write(describePlan(files, readMinutes(), concurrency));
  return files.map((name) => () => runNodeTest(compiled(name), name, slowFileTimeout, { progress: true }));
}

/** Runs jobs in their order, so many at a time; their outcomes in that order. */
async function runJobs(jobs) {
  const outcomes = [];
  const waiting = jobs.entries();
  const worker = async () => {
    for (const [index, job] of waiting) outcomes[index] = await job();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return outcomes;
}

async function runAll(options) {
  const partial = options.slow || options.patterns.length > 0;
  // Each stage needs the one before: without packages nothing runs, uncompiled tests would be old ones.
  const setup = prepare("set-up", ensureNode, ensureInstalled, ensureSources);
  if (setup.length > 0) return setup;
  const compiled = partial ? prepare("compile", ensureCompiled) : [check("compile", ensureCompiled)];
  if (compiled.some(({ counts }) => counts.failed > 0)) return compiled;
  // The longest job first: it would keep one core waiting at the end.
  const jobs = [...(partial ? [] : [runKernelTests, runLint]), ...hostTestJobs(options)];
  const outcomes = await runJobs(jobs);
  if (options.record) recordMinutes(outcomes);
  return [...compiled, ...outcomes];
}

function parseArguments(args) {
  const { values, positionals, tokens } = parseArgs({
    args,
    options: { slow: { type: "boolean" }, record: { type: "boolean" }, shard: { type: "string" } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const known = ["slow", "record", "shard"];
  const unknown = tokens.find(({ kind, name }) => kind === "option" && !known.includes(name))?.rawName;
  if (unknown !== undefined)
    throw new SetupError(`test: expected --slow, --shard, --record or part of a name, found ${unknown}`);
  const { slow = false, record = false, shard } = values;
  if (!slow && (record || shard !== undefined))
    throw new SetupError("test: expected --slow with --shard and --record, found none");
  return { slow, record, shard: String(shard ?? "1/1"), patterns: positionals };
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
