import { readFileSync } from "node:fs";
import { UsageError } from "./options.ts";

/** A line of a table that has a name in its first column; undefined where it has none. */
export const labelPair = (line: string, pattern: RegExp): [string, string] | undefined => {
  const [, name, label] = pattern.exec(line) ?? [];
  return name === undefined ? undefined : [name, label!.trim().replace(/^"(.*)"$/, "$1")];
};

/** Warns of labels, as they are to be shown, that a server found to be none of the model's classes. */
export const warnOfLabels = (command: string, shown: readonly string[]): void => {
  if (shown.length === 0) return;
  process.stderr.write(
    `thimble ${command}: ${shown.join(", ")}: none of the model's classes, so decisions beside them count as wrong\n`,
  );
};

/** Labels by id, of rows `id,label` with a header or without. Throws UsageError where a row is none, or there is none at all. */
export function labelRows(file: string): Map<string, string> {
  const lines = readFileSync(file, "utf8").split(/\r?\n/).filter(Boolean);
  const rows = lines.filter((line, i) => i > 0 || !/^"?id"?[,;\t]/i.test(line));
  const pairs = rows.map((line) => {
    const pair = labelPair(line, /^"?([^,;\t"]+)"?[,;\t](.*)$/);
    if (pair) return pair;
    throw new UsageError(`${file}: expected rows of id,label, found "${line.slice(0, 40)}"`);
  });
  if (pairs.length === 0) throw new UsageError(`${file}: expected rows of id,label, found none`);
  return new Map(pairs);
}
