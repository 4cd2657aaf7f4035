/** Runs files of node:test: one line for each file, everything about a failure, and the counts. */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { relative, resolve } from "node:path";
import { run } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";

/** `dist/test/x.test.js:9:3` of a stack line as `test/x.test.ts:12:5`, where a source map tells. */
function mapStackLine(line) {
  const match = /(file:\/\/[^\s():]+\.js):(\d+):(\d+)/.exec(line);
  if (match === null) return line;
  const [place, url, row, column] = match;
  const mapFile = `${fileURLToPath(url)}.map`;
  if (!existsSync(mapFile)) return line;
  const map = new SourceMap(JSON.parse(readFileSync(mapFile, "utf8")));
  const { originalSource, originalLine, originalColumn } = map.findEntry(row - 1, column - 1);
  if (originalSource === undefined) return line;
  const source = fileURLToPath(new URL(originalSource, pathToFileURL(mapFile)));
  return line.replace(place, `${relative(process.cwd(), source)}:${originalLine + 1}:${originalColumn + 1}`);
}

function describeThrown(thrown) {
  if (typeof thrown === "string") return thrown;
  return thrown instanceof Error && thrown.stack !== undefined ? thrown.stack : inspect(thrown);
}

/** Lines about an error without the frames of Node itself, with places in the sources. */
function describeError(error) {
  if (error.exitCode > 0) return [`expected exit status 0, found ${error.exitCode}`];
  if (error.signal) return [`expected exit status 0, found signal ${error.signal}`];
  // node:test wraps what a test threw; a timeout and the like have no cause.
  const lines = describeThrown(error.cause ?? error).split("\n");
  return lines.filter((line) => !/^\s+at .*(\(?node:\w|<anonymous>\)$)/.test(line)).map(mapStackLine);
}

function indent(lines) {
  return lines.map((line) => `    ${line}\n`).join("");
}

function newFile(path, source) {
  return {
    path,
    source,
    counts: { passed: 0, failed: 0, skipped: 0 },
    skips: [],
    failures: [],
    output: [],
    /** Names of the tests around the one that reports, outermost first. */
    names: [],
    /** Results so far, by nesting, of the suite that is running there. */
    results: [],
    /** What Node says about the process of the file, where it did not end well. */
    error: undefined,
    /** Tests that were announced and have no result yet. */
    pending: 0,
    ms: 0,
  };
}

function addFailure(file, name, lines) {
  file.counts.failed++;
  file.failures.push({ name, lines });
}

function addSkip(file, name, reason) {
  file.counts.skipped++;
  file.skips.push(`${file.source}: ${name}: ${reason}`);
}

function addResult(file, passed, { name, nesting, skip, todo, details }) {
  const path = [...file.names.slice(0, nesting), name].join(" > ");
  const results = file.results[nesting + 1] ?? 0;
  file.results[nesting + 1] = 0;
  file.results[nesting] = (file.results[nesting] ?? 0) + 1;
  // A skipped suite counts as one: its tests are not even known.
  if (skip !== undefined) addSkip(file, path, skip === true || skip === "" ? "no reason given" : skip);
  else if (todo !== undefined) addSkip(file, path, `to do: ${todo === true ? "no reason given" : todo}`);
  else if (!passed && details.error?.failureType !== "subtestsFailed")
    addFailure(file, path, describeError(details.error));
  else if (passed && details.type === "suite" && results === 0)
    addFailure(file, path, ["expected at least one test in the suite, found none"]);
  else if (passed && details.type !== "suite") file.counts.passed++;
}

function record(file, type, data) {
  // Node reports the file itself too, by its path; of that only a failure tells something: it crashed or
  // timed out.
  const isFile = data.nesting === 0 && data.name !== undefined && resolve(data.name) === file.path;
  const isResult = type === "test:pass" || type === "test:fail";
  if (isFile) {
    if (type === "test:complete") file.error = data.details.error;
  } else if (type === "test:enqueue") file.pending++;
  else if (type === "test:start") file.names[data.nesting] = data.name;
  else if (isResult) {
    file.pending--;
    addResult(file, type === "test:pass", data);
  } else if (type === "test:stdout" || type === "test:stderr") file.output.push(data.message);
  else if (type === "test:diagnostic" && data.message.startsWith("Error:")) file.output.push(data.message);
}

/** A line about each test that has ended, and about how far one has come that says so (test/support/progress.ts). */
function tell({ source, names }, since, type, data) {
  const seconds = Math.round((performance.now() - since) / 1000);
  const lines = type === "test:stderr" ? (data.message.match(/^progress .*$/gm) ?? []) : [];
  if (type === "test:pass" && data.details.type !== "suite")
    lines.push(`done ${[...names.slice(0, data.nesting), data.name].join(" > ")}`);
  for (const line of lines) process.stdout.write(`  ${seconds} s ${source}: ${line}\n`);
}

/** A file counts only where all that it announced was reported: one that ends early with status 0 is no success. */
function checkComplete(file) {
  const isExplained = file.failures.length > 0 && file.error?.failureType === "subtestsFailed";
  if (file.error !== undefined && !isExplained) addFailure(file, "the file", describeError(file.error));
  if (file.failures.length > 0) return;
  const reported = Object.values(file.counts).some((count) => count > 0);
  if (!reported) addFailure(file, "the file", ["expected at least one test, found none"]);
  else if (file.pending > 0)
    addFailure(file, "the file", [`expected a result of each test, found ${file.pending} without one`]);
}

function printFile({ source, counts, failures, output, ms }) {
  const parts = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  const status = counts.failed > 0 ? "FAIL" : "ok  ";
  process.stdout.write(`${status} ${source}: ${parts.join(", ")} (${(ms / 1000).toFixed(1)} s)\n`);
  for (const { name, lines } of failures) process.stdout.write(`  ${name}\n${indent(lines)}`);
  if (failures.length > 0 && output.length > 0)
    process.stdout.write(`  output\n${indent(output.join("").trimEnd().split("\n").map(mapStackLine))}`);
}

/**
 * Runs one compiled test file in its own process and prints a line about it. All that the process reports is
 * of this file, wherever the code of a test lies: a suite may be called from a module that several files import.
 * @param {string} path absolute path of a .js file
 * @param {string} source its name for the reader
 * @param {number} timeout milliseconds
 * @param {{progress?: boolean}} options progress: a line about each test as it ends
 * @returns {Promise<{source: string, counts: {passed: number, failed: number, skipped: number}, skips: string[], ms: number}>}
 */
export async function runNodeTest(path, source, timeout, { progress = false } = {}) {
  const file = newFile(path, source);
  const since = performance.now();
  for await (const { type, data } of run({ files: [path], timeout })) {
    record(file, type, data);
    if (progress) tell(file, since, type, data);
  }
  file.ms = performance.now() - since;
  checkComplete(file);
  printFile(file);
  return file;
}
