/** The result of every reader, its error, and the most that it accepts. */
import { BUDGETS } from "../../budgets.ts";

/** Rows of real (float) values for one input tensor, and what is known of their labels. */
export interface Dataset {
  readonly rows: readonly Float32Array[];
  /** Names of the feature columns, where the file has them. */
  readonly columns?: readonly string[];
  /** The expected class, or the number to predict, of every row, as written in the file. */
  readonly labels?: readonly string[];
  /** The numbers to predict of every row, where those are several. */
  readonly targets?: readonly Float32Array[];
  /** Columns that are neither features nor labels. */
  readonly others?: readonly string[];
}

/** How a table is read. */
export interface TableOptions {
  readonly mayMiss?: MayMiss;
  readonly categories?: CategoriesOf;
  /** Names of the columns in the order of the rows: a header is matched with them. */
  readonly features?: readonly string[];
  /** Columns with what is expected, by name; one that is called label, class, target or y if there are none. */
  readonly labels?: readonly string[];
}

/** Anything wrong with a data file: one line that says where, what was expected and what was found. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** Whether a row's element, from 0, may be missing, which NaN stands for. */
export type MayMiss = (element: number) => boolean;
export const noneMissing: MayMiss = () => false;

/** The texts that a row's element is the number of, where it is one of such. */
export type CategoriesOf = (element: number) => readonly string[] | undefined;
export const noCategories: CategoriesOf = () => undefined;

/** The number of a text in the table of an input; -1 for what the model knows nothing of. */
export const categoryOf = (table: readonly string[], text: string): number => table.indexOf(text);

export const MAX_ROWS: number = BUDGETS.dataRows;
export const MAX_BYTES: number = BUDGETS.dataBytes;

/** Text from a file as it goes into a message: quoted, cut, on one line. */
export const show = (text: string): string =>
  JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

/**
 * Refuses a data set of no rows, and one that a calibration can't mean to use.
 * @throws DataError
 */
export function checkSize(name: string, rows: number, elements: number): void {
  if (rows === 0) throw new DataError(`${name}: expected rows of ${elements} values, found none`);
  if (rows > MAX_ROWS) throw new DataError(`${name}: expected at most ${MAX_ROWS} rows, found more`);
  const bytes = rows * elements * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= MAX_BYTES) return;
  const found = `${rows} rows of ${elements} (${bytes} bytes)`;
  throw new DataError(`${name}: expected at most ${MAX_BYTES} bytes as float32, found ${found}`);
}

/**
 * `rows` rows of `elements` values each, all in one buffer; `read(i)` is the i-th in row-major order.
 * @throws DataError naming [row, element], both from 0, of a value that float32 can't hold as a finite number,
 * but NaN where it may be missing
 */
export function readRows(
  name: string,
  rows: number,
  elements: number,
  read: (index: number) => number,
  mayMiss: MayMiss = noneMissing,
): Float32Array[] {
  checkSize(name, rows, elements);
  const values = new Float32Array(rows * elements);
  for (let i = 0; i < values.length; i++) {
    const value = read(i);
    values[i] = value;
    if (Number.isFinite(values[i]) || (Number.isNaN(value) && mayMiss(i % elements))) continue;
    const place = `[${Math.floor(i / elements)}, ${i % elements}]`;
    throw new DataError(`${name}: value ${place}: expected a finite float32, found ${value}`);
  }
  return Array.from({ length: rows }, (_, row) => values.subarray(row * elements, (row + 1) * elements));
}

/** Names of a column or an array with the expected classes. */
export const LABEL = /^(label|class|target|y)$/i;
