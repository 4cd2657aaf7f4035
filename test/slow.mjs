/**
 * Which slow test files a run has, in which order, and how long that takes. test/slow.json has the minutes that
 * each took when it ran alone on a quiet core; `npm run test:slow -- --record` writes those of what it ran.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { SetupError } from "../host/setup.mjs";

const path = "test/slow.json";

export const readMinutes = () => JSON.parse(readFileSync(path, "utf8"));

/** [i, n] of "i/n". Throws SetupError where it is none. */
function parseShard(shard) {
  const [, part, parts] = (/^([1-9]\d?)\/([1-9]\d?)$/.exec(shard) ?? []).map(Number);
  if (part === undefined || part > parts)
    throw new SetupError(`test: --shard: expected i/n with i from 1 to n, found ${shard}`);
  return [part, parts];
}

/**
 * The files of one shard, the longest first; all are dealt out to the shards in that order, each to the one that has
 * least to do.
 */
export function shardFiles(names, shard, minutes) {
  const [part, parts] = parseShard(shard);
  const shards = Array.from({ length: parts }, () => ({ names: [], total: 0 }));
  const length = (name) => minutes[name] ?? 1;
  for (const name of [...names].sort((a, b) => length(b) - length(a) || (a < b ? -1 : 1))) {
    const least = shards.reduce((best, each) => (each.total < best.total ? each : best));
    least.names.push(name);
    least.total += length(name);
  }
  const found = shards[part - 1].names;
  if (found.length === 0)
    throw new SetupError(`test: --shard: expected at most ${names.length} parts, found ${parts}`);
  return found;
}

/** What is about to run, for whoever waits for it. */
export function describePlan(names, minutes, concurrency) {
  const known = names.filter((name) => minutes[name] !== undefined);
  const [longest, sum] = [Math.max, (...all) => all.reduce((a, b) => a + b, 0)].map((of) =>
    of(0, ...known.map((name) => minutes[name])),
  );
  const rest = names.length - known.length;
  const lines = names.map(
    (name) => `  ${name}: ${minutes[name] === undefined ? "not measured" : `${minutes[name]} min`}\n`,
  );
  const total = Math.ceil(Math.max(longest, sum / concurrency));
  return `${names.length} ${names.length === 1 ? "file" : "files"}, about ${total} minutes on ${concurrency} quiet cores${rest > 0 ? `, and ${rest} that nobody has measured` : ""}\n${lines.join("")}`;
}

/** Keeps the minutes of files that have passed. */
export function recordMinutes(files) {
  const minutes = readMinutes();
  for (const { source, counts, ms } of files)
    if (counts.failed === 0) minutes[source] = Math.max(0.1, Math.round(ms / 6000) / 10);
  const sorted = Object.fromEntries(Object.entries(minutes).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(path, `${JSON.stringify(sorted, undefined, 2)}\n`);
}
