/** The figures of the firmware as test/bench/firmware.csv keeps them, and what has grown since. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../host/root.ts";

export interface Recorded {
  /** Other compilers give other figures. */
  readonly compiler: string;
  readonly figures: ReadonlyMap<string, number>;
}

const path = join(root, "test", "bench", "firmware.csv");
const HEADER = "figure,value";
/** A figure may grow by so much before somebody has to say that it is right. */
const TOLERANCE = 0.02;

export function formatCsv({ compiler, figures }: Recorded): string {
  const rows = [...figures].map(([name, value]) => `${name},${value}`);
  return `${[`# ${compiler}`, HEADER, ...rows].join("\n")}\n`;
}

export function parseCsv(text: string): Recorded {
  const [first = "", header, ...rows] = text.trimEnd().split("\n");
  if (!first.startsWith("# ") || header !== HEADER)
    throw new Error(`firmware.csv: expected "# COMPILER" and "${HEADER}", found "${first}", "${header}"`);
  const entries = rows.map((row) => {
    const comma = row.lastIndexOf(",");
    return [row.slice(0, comma), Number(row.slice(comma + 1))] as const;
  });
  return { compiler: first.slice(2), figures: new Map(entries) };
}

export const readRecorded = (): Recorded => parseCsv(readFileSync(path, "utf8"));
export const writeRecorded = (recorded: Recorded): void => writeFileSync(path, formatCsv(recorded));

/** One line for each figure that is new or has grown by more than the tolerance. */
export function findGrowth(
  recorded: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): string[] {
  return [...found].flatMap(([name, value]) => {
    const before = recorded.get(name);
    if (before === undefined) return [`${name}: expected in firmware.csv, found none (now ${value})`];
    return value > before * (1 + TOLERANCE)
      ? [`${name}: expected at most 2 % over ${before}, found ${value}`]
      : [];
  });
}
