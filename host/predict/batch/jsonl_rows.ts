/** JSON Lines: an object in each line, with values by the names of features or of inputs; or a list of all values. */
import { parseJson } from "../../budgets.ts";
import { categoryOf, DataError } from "../../runtime/data/dataset.ts";
import { fileBytes } from "./files.ts";
import type { BadRow, Format, Part, PartRows, Source } from "./format.ts";
import { partBytes, recordScanner, type TextHead, textParts, utf8Text } from "./lines.ts";
import {
  type Answers,
  LABEL,
  labelOf,
  MODULE,
  passedName,
  ROW,
  type RowShape,
  SCORE,
  shortFloat,
} from "./rows.ts";

const FORMAT = "jsonl";

type Members = Readonly<Record<string, unknown>>;

async function open(file: string): Promise<Source> {
  const bytes = fileBytes(file);
  const scanner = () => recordScanner(undefined);
  return {
    bytes,
    parts: (most) =>
      textParts({ format: FORMAT, file, start: 0, linesBefore: 0, scanner: scanner(), head: {} }, most),
  };
}

const shown = (value: unknown): string => {
  if (value === undefined) return "none";
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

/** A number of float32, or NaN for one that may be missing; of a text its number among the categories. Throws DataError. */
function numberOf(value: unknown, shape: RowShape, i: number, name: string): number {
  const mayMiss = shape.mayMiss(i);
  const categories = shape.categories?.(i);
  if (categories) {
    if (typeof value === "string") return categoryOf(categories, value);
    throw new DataError(`${name}: expected a text, found ${shown(value)}`);
  }
  if ((value === null || value === undefined) && mayMiss) return Number.NaN;
  if (typeof value !== "number") throw new DataError(`${name}: expected a number, found ${shown(value)}`);
  const x = Math.fround(value);
  if (Number.isFinite(x)) return x;
  throw new DataError(`${name}: expected a number that fits float32, found ${value}`);
}

/** Lists within lists, as many as a tensor has axes. */
const flat = (value: unknown): unknown[] =>
  Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];

function writeList(
  list: unknown,
  place: { start: number; count: number; name: string },
  shape: RowShape,
  row: Float32Array,
): void {
  const { start, count, name } = place;
  if (!Array.isArray(list))
    throw new DataError(`${name}: expected a list of ${count} numbers, found ${shown(list)}`);
  const values = flat(list);
  if (values.length !== count)
    throw new DataError(`${name}: expected ${count} numbers, found ${values.length}`);
  values.forEach((value, i) => {
    row[start + i] = numberOf(value, shape, start + i, `${name}[${i}]`);
  });
}

/** Writes the values of a line to `row`; the members that are none of them. Throws DataError. */
export function readMembers(value: unknown, shape: RowShape, row: Float32Array): Members {
  if (Array.isArray(value)) {
    writeList(value, { start: 0, count: shape.length, name: "line" }, shape, row);
    return {};
  }
  if (typeof value !== "object" || value === null)
    throw new DataError(`expected an object or a list of ${shape.length} numbers, found ${shown(value)}`);
  const members = value as Members;
  const own = (name: string): unknown => (Object.hasOwn(members, name) ? members[name] : undefined);
  const byInput = !shape.features || shape.inputs.every(({ name }) => Array.isArray(own(name)));
  if (byInput) for (const input of shape.inputs) writeList(own(input.name), input, shape, row);
  else
    shape.features!.forEach((name, i) => {
      row[i] = numberOf(own(name), shape, i, name);
    });
  const used = new Set(byInput ? shape.inputs.map(({ name }) => name) : shape.features);
  return Object.fromEntries(Object.entries(members).filter(([name]) => !used.has(name)));
}

interface Passed {
  readonly row: number;
  readonly members: Members;
}

const exact = (value: number): number => Number(shortFloat(value));

function writeLines(rows: readonly Passed[], { names, scores, decided, module }: Answers): Uint8Array {
  const lines = rows.map(({ row, members }, i) => {
    const passed = Object.entries(members).map(([name, value]) => [passedName(name, []), value]);
    const decision = decided ? { [LABEL]: labelOf(decided[i]!), [SCORE]: exact(decided[i]!.score) } : {};
    const found = Object.fromEntries(names.map((name, j) => [name, exact(scores[i * names.length + j]!)]));
    return JSON.stringify({
      [ROW]: row,
      ...Object.fromEntries(passed),
      ...decision,
      scores: found,
      [MODULE]: module,
    });
  });
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

function parsed(line: string): unknown {
  try {
    return parseJson(line);
  } catch (error) {
    throw new DataError(`expected JSON, found ${shown(line)} (${(error as Error).message.split("\n")[0]})`);
  }
}

const LINE_BREAK = /\r\n|\r|\n/g;

/** Lines of a part; one that is not UTF-8 as its bytes. */
function linesIn(bytes: Buffer): (string | Buffer)[] {
  const text = utf8Text(bytes);
  if (text !== undefined) return text.replace(/^\uFEFF/, "").split(LINE_BREAK);
  return bytes
    .toString("latin1")
    .split(LINE_BREAK)
    .map((line) => {
      const own = Buffer.from(line, "latin1");
      return utf8Text(own)?.replace(/^\uFEFF/, "") ?? own;
    });
}

async function read(part: Part, shape: RowShape): Promise<PartRows> {
  const { firstLine } = part.head as TextHead;
  const bytes = await partBytes(FORMAT, part);
  const values: number[] = [];
  const rows: Passed[] = [];
  const bad: BadRow[] = [];
  const one = new Float32Array(shape.length);
  for (const [i, line] of linesIn(bytes).entries()) {
    if (typeof line === "string" && line.trim() === "") continue;
    const row = part.firstRow + i;
    try {
      if (typeof line !== "string")
        throw new DataError("expected text in UTF-8, found bytes that are not UTF-8");
      const members = readMembers(parsed(line), shape, one);
      for (const x of one) values.push(x);
      rows.push({ row, members });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      bad.push({ row, reason: `${part.file}:${firstLine + i}: ${error.message}`, values: String(line) });
    }
  }
  return { values: Float32Array.from(values), bad, write: (answers) => writeLines(rows, answers) };
}

export const jsonl: Format = { open, read };
