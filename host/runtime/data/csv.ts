/** Comma-separated values (RFC 4180), and the semicolons and tabs that spreadsheets write instead. */
import {
  checkSize,
  DataError,
  type Dataset,
  LABEL,
  noneMissing,
  show,
  type TableOptions,
} from "./dataset.ts";

interface Line {
  /** Where the record starts in the file, from 1; a quoted cell may hold line breaks. */
  readonly number: number;
  readonly cells: readonly string[];
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** No column is called like this: a line that holds one is a row of values, whatever else is in it. */
const VALUE = /^[+-]?(\d*\.\d+(e[+-]?\d+)?|nan|inf(inity)?)$/i;
const LINE_BREAK = /\r\n|\r|\n/g;

const isBreak = (c: string | undefined): boolean => c === "\n" || c === "\r";

/** The commonest of comma, semicolon and tab in the first line, outside quotes. */
function sniffDelimiter(text: string): string {
  const counts = new Map([",", ";", "\t"].map((c) => [c, 0]));
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') quoted = !quoted;
    if (quoted) continue;
    if (isBreak(c)) break;
    if (counts.has(c)) counts.set(c, counts.get(c)! + 1);
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/** Index just past the closing quote of the cell that opens at `start`; -1 if nothing closes it. */
function endOfQuoted(text: string, start: number): number {
  let close = text.indexOf('"', start + 1);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close < 0 ? -1 : close + 1;
}

function endOfPlain(text: string, start: number, delimiter: string): number {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '"' && !isBreak(text[end])) end++;
  return end;
}

/** The records of a text that doesn't end in a line break. */
function* linesOf(text: string, delimiter: string, name: string): Generator<Line> {
  let at = 0;
  for (let line = 1; at < text.length; ) {
    const number = line;
    const cells: string[] = [];
    for (let more = true; more; ) {
      const quoted = text[at] === '"';
      const end = quoted ? endOfQuoted(text, at) : endOfPlain(text, at, delimiter);
      if (end < 0)
        throw new DataError(`${name}:${line}: expected a closing quote, found the end of the file`);
      const raw = text.slice(at, end);
      cells.push(quoted ? raw.slice(1, -1).replaceAll('""', '"') : raw.trim());
      if (quoted) line += raw.match(LINE_BREAK)?.length ?? 0;
      more = text[end] === delimiter;
      at = more ? end + 1 : end;
    }
    if (at < text.length && !isBreak(text[at])) {
      const found = show(text.slice(at, endOfPlain(text, at + 1, delimiter)));
      throw new DataError(`${name}:${line}: expected quotes around a whole cell only, found ${found}`);
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line++;
    yield { number, cells };
  }
}

/** Whether the first line names the columns; refuses one that could be either names or values. */
function isHeader(first: Line, name: string): boolean {
  const { cells } = first;
  if (!cells.every((cell) => NUMBER.test(cell))) return !cells.some((cell) => VALUE.test(cell));
  // Data frames without column names are written so; taken for values it would ruin the calibration.
  if (cells.length > 2 && cells.every((cell, i) => cell === String(i))) {
    const found = `0 to ${cells.length - 1}, which may be either`;
    throw new DataError(`${name}:1: expected column names such as p0 or a row of values, found ${found}`);
  }
  return false;
}

interface Layout {
  readonly header?: readonly string[];
  /** Cells of every line. */
  readonly width: number;
  /** The column of each feature, and of each label. */
  readonly features: readonly number[];
  readonly labels: readonly number[];
}

/** Names for a message, as many as a line is readable with. */
const list = (names: readonly string[]): string =>
  names.slice(0, 5).map(show).join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Columns that are asked for by name, in that order. */
function columnsByName(header: readonly string[], names: readonly string[], where: string): number[] {
  const missing = names.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    const others = header.filter((name) => !names.includes(name));
    throw new DataError(
      `${where}: expected columns ${list(missing)}, found ${others.length > 0 ? `${list(others)} instead` : "none of that name"}`,
    );
  }
  const twice = names.find((name) => header.indexOf(name) !== header.lastIndexOf(name));
  if (twice !== undefined) throw new DataError(`${where}: expected one column ${show(twice)}, found several`);
  return names.map((name) => header.indexOf(name));
}

/** The columns of a table without known names: features in order, a label after them. */
function layoutInOrder(
  header: readonly string[],
  features: number,
  labels: readonly string[] | undefined,
  where: string,
): Layout {
  const width = header.length;
  if (labels) {
    const chosen = columnsByName(header, labels, where);
    const rest = range(width).filter((i) => !chosen.includes(i));
    if (rest.length === features) return { header, width, features: rest, labels: chosen };
    throw new DataError(
      `${where}: expected ${features} columns beside ${list(labels)}, found ${rest.length}`,
    );
  }
  const last = header[width - 1]!;
  if (width === features) return { header, width, features: range(width), labels: [] };
  if (width === features + 1 && LABEL.test(last))
    return { header, width, features: range(features), labels: [features] };
  const expected = `${features} columns, or one more at the end named label, class, target or y`;
  let found = `${width}`;
  if (width === features + 1) found += `, the last named ${show(last)} (--label NAME says which it is)`;
  if (width > features && header[0] === "") found += ", the first unnamed as a data frame's index is";
  throw new DataError(`${where}: expected ${expected}; found ${found}`);
}

/** By name, where the model knows what its columns are called: order does not matter, nor what else there is. */
function layoutByName(
  header: readonly string[],
  names: readonly string[],
  labels: readonly string[] | undefined,
  where: string,
): Layout {
  const features = columnsByName(header, names, where);
  const width = header.length;
  if (labels) return { header, width, features, labels: columnsByName(header, labels, where) };
  const label = header.findLastIndex((name, i) => LABEL.test(name) && !features.includes(i));
  return { header, width, features, labels: label >= 0 ? [label] : [] };
}

function layoutOf(first: Line, features: number, name: string, options: TableOptions): Layout {
  const { features: names, labels } = options;
  const width = first.cells.length;
  const where = `${name}:1`;
  if (isHeader(first, name))
    return names
      ? layoutByName(first.cells, names, labels, where)
      : layoutInOrder(first.cells, features, labels, where);
  if (labels)
    throw new DataError(`${where}: expected column names, among them ${list(labels)}; found numbers`);
  if (width === features) return { width, features: range(width), labels: [] };
  const expected = `${features} columns, or one more at the end named label, class, target or y`;
  const found = width === features + 1 ? `${width} and no column names` : `${width}`;
  throw new DataError(`${where}: expected ${expected}; found ${found}`);
}

/** NaN for what isn't a number that float32 can hold. */
function toNumber(cell: string): number {
  const value = NUMBER.test(cell) ? Math.fround(Number(cell)) : Number.NaN;
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Texts that stand for a missing value: those of pandas and R, and an empty cell. */
const MISSING = /^(nan|na|)$/i;

function badCell(cell: string, where: string): DataError {
  let expected = "a number";
  if (NUMBER.test(cell)) expected += " that fits float32";
  // With semicolons or tabs between cells, a comma is most likely the decimal comma of a locale.
  if (/^[^,]*\d,\d+$/.test(cell)) expected += " with a decimal point";
  if (MISSING.test(cell)) expected += ", as the model takes no missing values there";
  return new DataError(`${where}: expected ${expected}, found ${cell === "" ? "an empty cell" : show(cell)}`);
}

/** A column as messages call it: by its name if that fits in a line, else by its place from 1. */
function columnName(header: readonly string[] | undefined, index: number): string {
  const name = header?.[index] ?? "";
  return /^[\p{L}\p{N}\p{P}\p{S} ]{1,40}$/u.test(name) ? name : `${index + 1}`;
}

/** The numbers to predict in one row. */
function targetsIn(
  cells: readonly string[],
  columns: readonly number[],
  where: (i: number) => string,
): Float32Array {
  const values = Float32Array.from(columns, (column) => toNumber(cells[column]!));
  const bad = values.findIndex(Number.isNaN);
  if (bad >= 0) throw badCell(cells[columns[bad]!]!, where(columns[bad]!));
  return values;
}

/**
 * Rows of `expectedColumns` numbers, in the order of the columns, or in that of `options.features` where the first
 * line names columns; otherwise it is already a row. Labels are in the column that `options.labels` names, or in one
 * that is called label, class, target or y, the last one where features have no known names.
 * A column that may miss values has NaN for empty cells and those that say so. `name` stands for the file in messages.
 * @throws DataError `name:line: column c: expected …, found …`, lines from 1
 */
export function parseCsv(
  text: string,
  expectedColumns: number,
  name = "csv",
  options: TableOptions = {},
): Dataset {
  const { mayMiss = noneMissing } = options;
  let end = text.length;
  while (end > 0 && isBreak(text[end - 1])) end--;
  const body = text.slice(text.startsWith("\uFEFF") ? 1 : 0, end);
  const rows: Float32Array[] = [];
  const labels: string[] = [];
  const targets: Float32Array[] = [];
  let layout: Layout | undefined;

  for (const { number, cells } of linesOf(body, sniffDelimiter(body), name)) {
    if (!layout) {
      layout = layoutOf({ number, cells }, expectedColumns, name, options);
      if (layout.header) continue;
    }
    if (cells.length !== layout.width) {
      const found = cells.length === 1 && cells[0] === "" ? "an empty line" : `${cells.length}`;
      throw new DataError(`${name}:${number}: expected ${layout.width} columns, found ${found}`);
    }
    const where = (i: number) => `${name}:${number}: column ${columnName(layout?.header, i)}`;
    const { features } = layout;
    const row = Float32Array.from(features, (column) => toNumber(cells[column]!));
    const bad = row.findIndex(
      (x, i) => Number.isNaN(x) && !(mayMiss(i) && MISSING.test(cells[features[i]!]!)),
    );
    if (bad >= 0) throw badCell(cells[features[bad]!]!, where(features[bad]!));
    rows.push(row);
    checkSize(name, rows.length, expectedColumns);

    if (layout.labels.length > 1) targets.push(targetsIn(cells, layout.labels, where));
    if (layout.labels.length !== 1) continue;
    const label = cells[layout.labels[0]!]!;
    if (label === "")
      throw new DataError(`${where(layout.labels[0]!)}: expected a class, found an empty cell`);
    labels.push(label);
  }
  checkSize(name, rows.length, expectedColumns);
  const columns = layout?.header && layout.features.map((i) => layout!.header![i]!);
  const used = new Set([...(layout?.features ?? []), ...(layout?.labels ?? [])]);
  const others = layout?.header?.filter((_, i) => !used.has(i)) ?? [];
  return {
    rows,
    ...(columns && { columns }),
    ...(labels.length > 0 && { labels }),
    ...(targets.length > 0 && { targets }),
    ...(others.length > 0 && { others }),
  };
}
