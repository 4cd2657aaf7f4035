/** Figures as test/bench/*.csv keep them, and what has grown since. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Availability } from "../../host/module/engine.ts";
import { root } from "../../host/root.ts";

export interface Recorded {
  /** Other compilers give other figures. */
  readonly compiler: string;
  readonly figures: ReadonlyMap<string, number>;
}

/** A file of figures, by its name in test/bench. */
export type FiguresFile =
  | "firmware.csv"
  | "firmware_cortex-m3.csv"
  | "firmware_cortex-m4.csv"
  | "inference.csv"
  | "trees.csv";

const pathOf = (file: FiguresFile): string => join(root, "test", "bench", file);
const HEADER = "figure,value";
/** A figure may grow by so much before somebody has to say that it is right. */
const TOLERANCE = 0.02;

export function formatCsv({ compiler, figures }: Recorded): string {
  const rows = [...figures].map(([name, value]) => `${name},${value}`);
  return `${[`# ${compiler}`, HEADER, ...rows].join("\n")}\n`;
}

export function parseCsv(file: FiguresFile, text: string): Recorded {
  const [first = "", header, ...rows] = text.trimEnd().split("\n");
  if (!first.startsWith("# ") || header !== HEADER)
    throw new Error(`${file}: expected "# COMPILER" and "${HEADER}", found "${first}", "${header}"`);
  const entries = rows.map((row) => {
    const comma = row.lastIndexOf(",");
    return [row.slice(0, comma), Number(row.slice(comma + 1))] as const;
  });
  return { compiler: first.slice(2), figures: new Map(entries) };
}

export const readRecorded = (file: FiguresFile): Recorded =>
  parseCsv(file, readFileSync(pathOf(file), "utf8"));
export const writeRecorded = (file: FiguresFile, recorded: Recorded): void =>
  writeFileSync(pathOf(file), formatCsv(recorded));

/**
 * The share by which a figure may grow. How long Ed25519 takes depends on the bits of the digest, so that a byte more in a
 * module's metadata moves it by a few per cent either way.
 */
const toleranceOf = (name: string): number => (name.endsWith(" open_ed25519") ? 0.1 : TOLERANCE);

/** One line for each figure that is new or has grown by more than its tolerance. */
export function findGrowth(
  file: FiguresFile,
  recorded: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): string[] {
  return [...found].flatMap(([name, value]) => {
    const before = recorded.get(name);
    if (before === undefined) return [`${name}: expected in ${file}, found none (now ${value})`];
    const tolerance = toleranceOf(name);
    return value > before * (1 + tolerance)
      ? [`${name}: expected at most ${100 * tolerance} % over ${before}, found ${value}`]
      : [];
  });
}

/** Why recorded figures say nothing about what is measured here, or false where they do. */
export function reasonToSkip(file: FiguresFile, availability: Availability): string | false {
  if (!availability.available) return `${availability.reason}; install: ${availability.install}`;
  const { compiler } = readRecorded(file);
  if (availability.version === compiler) return false;
  return `${file} was measured with ${compiler}, here is ${availability.version}`;
}
