/** Comma-separated values: numbers, labels, and what is wrong with a cell. */
import { type Layout, layoutOf, NUMBER, otherColumns } from "./csv_layout.ts";
import { isBreak, type Line, linesOf, sniffDelimiter } from "./csv_records.ts";
import {
  type CategoriesOf,
  categoryOf,
  checkSize,
  DataError,
  type Dataset,
  type MayMiss,
  noCategories,
  noneMissing,
  show,
  type TableOptions,
} from "./dataset.ts";

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

/** Features of a record, written to `row` from `at` on. Throws DataError, which names line and column. */
export type RowReader = (line: Line, row: Float32Array, at: number) => void;

/** Reads records of a table with this layout; `name` stands for its file in messages. Texts of categories are numbers. */
export function rowReader(
  layout: Layout,
  name: string,
  mayMiss: MayMiss,
  categories: CategoriesOf = noCategories,
): RowReader {
  const { header, width, features } = layout;
  /** Blanks belong to a text where the model knows it with them, as "read_csv" of pandas keeps them. */
  const numberOf = (table: readonly string[], cell: string, padded: string | undefined): number => {
    const exact = padded === undefined ? -1 : categoryOf(table, padded);
    return exact >= 0 ? exact : categoryOf(table, cell);
  };
  return ({ number, cells, padded, fault }, row, at) => {
    if (fault) throw new DataError(`${name}:${fault.line}: ${fault.text}`);
    if (cells.length !== width) {
      const found = cells.length === 1 && cells[0] === "" ? "an empty line" : `${cells.length}`;
      throw new DataError(`${name}:${number}: expected ${width} columns, found ${found}`);
    }
    for (let i = 0; i < features.length; i++) {
      const cell = cells[features[i]!]!;
      const table = categories(i);
      const x = table ? numberOf(table, cell, padded?.get(features[i]!)) : toNumber(cell);
      if (Number.isNaN(x) && !(mayMiss(i) && MISSING.test(cell)))
        throw badCell(cell, `${name}:${number}: column ${columnName(header, features[i]!)}`);
      row[at + i] = x;
    }
  };
}

/** What `parseCsv` reads: a text without the mark of its byte order, and without line breaks at its end. */
export function bodyOf(text: string): string {
  let end = text.length;
  while (end > 0 && isBreak(text[end - 1])) end--;
  return text.slice(text.startsWith("\uFEFF") ? 1 : 0, end);
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
  const { mayMiss = noneMissing, categories } = options;
  const body = bodyOf(text);
  const rows: Float32Array[] = [];
  const labels: string[] = [];
  const targets: Float32Array[] = [];
  let layout: Layout | undefined;
  let read: RowReader | undefined;

  for (const line of linesOf(body, sniffDelimiter(body))) {
    const { number, cells, fault } = line;
    if (!layout || !read) {
      if (fault) throw new DataError(`${name}:${fault.line}: ${fault.text}`);
      layout = layoutOf(line, expectedColumns, name, options);
      read = rowReader(layout, name, mayMiss, categories);
      if (layout.header) continue;
    }
    const row = new Float32Array(expectedColumns);
    read(line, row, 0);
    rows.push(row);
    checkSize(name, rows.length, expectedColumns);

    const where = (i: number) => `${name}:${number}: column ${columnName(layout?.header, i)}`;
    if (layout.labels.length > 1) targets.push(targetsIn(cells, layout.labels, where));
    if (layout.labels.length !== 1) continue;
    const label = cells[layout.labels[0]!]!;
    if (label === "")
      throw new DataError(`${where(layout.labels[0]!)}: expected a class, found an empty cell`);
    labels.push(label);
  }
  checkSize(name, rows.length, expectedColumns);
  const columns = layout?.header && layout.features.map((i) => layout!.header![i]!);
  const others = layout?.header ? otherColumns(layout).map((i) => layout!.header![i]!) : [];
  return {
    rows,
    ...(columns && { columns }),
    ...(labels.length > 0 && { labels }),
    ...(targets.length > 0 && { targets }),
    ...(others.length > 0 && { others }),
  };
}
