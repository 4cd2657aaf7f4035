/** Runs files of node:test: one line for each file, everything about a failure, and the counts. */
import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { relative } from "node:path";
import { run } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inspect } from "node:util";

/** Two cores are what the smallest machines have; a test may time out but must not fail for want of cores. */
const concurrency = 2;

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
  // node:test wraps what a test threw; a timeout and the like have no cause.
  const lines = describeThrown(error.cause ?? error).split("\n");
  return lines.filter((line) => !/^\s+at .*(\(?node:\w|<anonymous>\)$)/.test(line)).map(mapStackLine);
}

function indent(lines) {
  return lines.map((line) => `    ${line}\n`).join("");
}

function newFile(source) {
  return {
    source,
    counts: { passed: 0, failed: 0, skipped: 0 },
    skips: [],
    failures: [],
    output: [],
    path: [],
    ms: 0,
  };
}

function addFailure(file, name, error) {
  file.counts.failed++;
  file.failures.push({ name, lines: describeError(error) });
}

function addSkip(file, name, reason) {
  file.counts.skipped++;
  file.skips.push(`${file.source}: ${name}: ${reason}`);
}

function addResult(file, passed, { name, nesting, skip, todo, details }) {
  const path = [...file.path.slice(0, nesting), name].join(" > ");
  // A skipped suite counts as one: its tests are not even known.
  if (skip !== undefined) addSkip(file, path, skip === true || skip === "" ? "no reason given" : skip);
  else if (todo !== undefined) addSkip(file, path, `to do: ${todo === true ? "no reason given" : todo}`);
  else if (!passed && details.error?.failureType !== "subtestsFailed") addFailure(file, path, details.error);
  else if (passed && details.type !== "suite") file.counts.passed++;
}

function finish(file) {
  const reported = Object.values(file.counts).some((count) => count > 0);
  if (!reported) addFailure(file, "the file", "expected at least one test, found none");
  printFile(file);
}

function printFile({ source, counts, failures, output, ms }) {
  const parts = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  const status = counts.failed > 0 ? "FAIL" : "ok  ";
  process.stdout.write(`${status} ${source}: ${parts.join(", ")} (${(ms / 1000).toFixed(1)} s)\n`);
  for (const { name, lines } of failures) process.stdout.write(`  ${name}\n${indent(lines)}`);
  if (failures.length > 0 && output.length > 0)
    process.stdout.write(`  output\n${indent(output.join("").trimEnd().split("\n").map(mapStackLine))}`);
}

function record(file, type, data) {
  const isFile = data.name === data.file && data.nesting === 0;
  if (type === "test:start") file.path[data.nesting] = data.name;
  else if (type === "test:complete" && isFile) file.ms = data.details.duration_ms;
  else if (type === "test:stdout" || type === "test:stderr") file.output.push(data.message);
  else if (type === "test:pass" || type === "test:fail") {
    // Of the file itself only a failure tells something: it crashed or timed out.
    if (!isFile) addResult(file, type === "test:pass", data);
    else if (type === "test:fail") addResult(file, false, { ...data, name: "the file" });
  }
}

/**
 * Runs compiled test files, each once and in its own process, and prints one line for each.
 * @param {Map<string, string>} files absolute path of a .js file -> its name for the reader
 * @param {number} timeout milliseconds for one file
 * @returns {Promise<{counts: {passed: number, failed: number, skipped: number}, skips: string[]}[]>}
 */
export async function runNodeTests(files, timeout) {
  const results = new Map([...files].map(([path, source]) => [path, newFile(source)]));
  let current;
  for await (const { type, data } of run({ files: [...files.keys()], concurrency, timeout })) {
    const file = results.get(data.file) ?? current;
    if (file === undefined) continue;
    // These come in the order of the files, so a file ends where the next one begins.
    if (/^test:(start|pass|fail)$/.test(type) && file !== current) {
      if (current !== undefined) finish(current);
      current = file;
    }
    if (type === "test:diagnostic" && data.message.startsWith("Error:")) current.output.push(data.message);
    record(file, type, data);
  }
  if (current !== undefined) finish(current);
  return [...results.values()];
}
