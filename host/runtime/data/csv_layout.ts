/** Which columns of a table are features and which are labels: by name where the model has names, else in order. */
import type { Line } from "./csv_records.ts";
import { DataError, LABEL, show, type TableOptions } from "./dataset.ts";

export const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
/** No column is called like this: a line that holds one is a row of values, whatever else is in it. */
const VALUE = /^[+-]?(\d*\.\d+(e[+-]?\d+)?|nan|inf(inity)?)$/i;
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

export interface Layout {
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

/** `thimble features` writes from where a row comes behind its features and label. */
const ORIGIN = ["file", "frame"];

const isOrigin = (names: readonly string[]): boolean =>
  names.length === ORIGIN.length && names.every((name, i) => name === ORIGIN[i]);

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
  const own = isOrigin(header.slice(-ORIGIN.length)) ? header.slice(0, -ORIGIN.length) : header;
  if (own.length === features) return { header, width, features: range(features), labels: [] };
  if (own.length === features + 1 && LABEL.test(own.at(-1)!))
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

/** The layout of a table whose columns are called so. Throws DataError, `where` is its file. */
export function layoutOfNames(
  header: readonly string[],
  features: number,
  where: string,
  { features: names, labels }: TableOptions,
): Layout {
  return names ? layoutByName(header, names, labels, where) : layoutInOrder(header, features, labels, where);
}

/** Columns that are neither features nor labels. */
export const otherColumns = ({ width, features, labels }: Layout): number[] => {
  const used = new Set([...features, ...labels]);
  return range(width).filter((i) => !used.has(i));
};

/** The layout of a table by its first record. Throws DataError. */
export function layoutOf(first: Line, features: number, name: string, options: TableOptions): Layout {
  const { labels } = options;
  const width = first.cells.length;
  const where = `${name}:1`;
  if (isHeader(first, name)) return layoutOfNames(first.cells, features, where, options);
  if (labels)
    throw new DataError(`${where}: expected column names, among them ${list(labels)}; found numbers`);
  if (width === features) return { width, features: range(width), labels: [] };
  const expected = `${features} columns, or one more at the end named label, class, target or y`;
  const found = width === features + 1 ? `${width} and no column names` : `${width}`;
  throw new DataError(`${where}: expected ${expected}; found ${found}`);
}
