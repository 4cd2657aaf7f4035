/**
 * Numbers of a table straight from its bytes: text is made of a record only where it is unusual. A cell of up to 15 digits is
 * a whole number over or times a power of ten, both exact, so that one rounding gives what `Number` gives of its text
 * (W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990).
 */
import type { Layout } from "../../runtime/data/csv_layout.ts";

const [TAB, LF, CR, BLANK, QUOTE, PLUS, MINUS, POINT, ZERO] = [9, 10, 13, 32, 34, 43, 45, 46, 48];
const LOWER_CASE = 32;
const E = 101;
const EXACT_DIGITS = 15;
const EXACT_POWER = 22;
const POWERS = Float64Array.from({ length: EXACT_POWER + 1 }, (_, i) => Number(`1e${i}`));

const isDigit = (byte: number | undefined): boolean => byte! >= ZERO && byte! <= ZERO + 9;
const isSign = (byte: number | undefined): boolean => byte === PLUS || byte === MINUS;
const isBlank = (byte: number | undefined, delimiter: number): boolean =>
  byte === BLANK || (byte === TAB && delimiter !== TAB);
const isEnd = (byte: number | undefined): boolean => byte === undefined || byte === LF || byte === CR;

/** The digits of a number as a whole one, and how many of them stand behind the point. */
interface Digits {
  value: number;
  count: number;
  fraction: number;
  negative: boolean;
}

/** Reads records whose cells are plain. */
export interface ByteReader {
  /**
   * The values of the features of the record at `at`, written to `row` from `to` on; where the next record begins, or -1 where
   * this one needs a closer look: it has quotes, letters beyond ASCII, other columns than expected, or no number.
   */
  readonly read: (at: number, row: Float32Array, to: number) => number;
  /** The text of a column that is no feature, in the record that was read last. */
  readonly text: (column: number) => string;
}

/** A reader of `bytes`, which end where the last record does, without its line break. */
export function byteReader(bytes: Buffer, { width, features }: Layout, delimiter: number): ByteReader {
  const featureOf = new Int32Array(width).fill(-1);
  features.forEach((column, i) => {
    featureOf[column] = i;
  });
  const starts = new Int32Array(width);
  const ends = new Int32Array(width);
  let at = 0;

  /** The power of ten behind a number, from its "e" on; NaN where there is no number. */
  const exponent = (): number => {
    const sign = bytes[++at] === MINUS ? -1 : 1;
    if (isSign(bytes[at])) at++;
    if (!isDigit(bytes[at])) return Number.NaN;
    let value = 0;
    while (isDigit(bytes[at])) value = value * 10 + bytes[at++]! - ZERO;
    return sign * value;
  };

  /** Leaves the cell behind the digits that have been read, and their exponent. NaN where they are no number of float32. */
  const finish = (digits: Digits, from: number): number => {
    const { value, count, fraction, negative } = digits;
    const power = (bytes[at]! | LOWER_CASE) === E ? exponent() - fraction : -fraction;
    if (count === 0 || Number.isNaN(power)) return Number.NaN;
    const isExact = count <= EXACT_DIGITS && Math.abs(power) <= EXACT_POWER;
    const real = power < 0 ? value / POWERS[-power]! : value * POWERS[power]!;
    const single = Math.fround(
      isExact ? (negative ? -real : real) : Number(bytes.toString("latin1", from, at)),
    );
    while (isBlank(bytes[at], delimiter)) at++;
    return Number.isFinite(single) ? single : Number.NaN;
  };

  const digits: Digits = { value: 0.5, count: 0, fraction: 0, negative: false };

  /** The number from here to the end of the cell. Local variables, since those of the reader are slow in a loop. */
  const number = (): number => {
    let i = at;
    while (isBlank(bytes[i], delimiter)) i++;
    const from = i;
    digits.negative = bytes[i] === MINUS;
    if (isSign(bytes[i])) i++;
    const first = i;
    let [value, point] = [0, -1];
    for (; ; i++) {
      const digit = bytes[i]! - ZERO;
      if (digit >= 0 && digit <= 9) value = value * 10 + digit;
      else if (digit === POINT - ZERO && point < 0) point = i;
      else break;
    }
    digits.value = value;
    digits.count = i - first - (point < 0 ? 0 : 1);
    digits.fraction = point < 0 ? 0 : i - point - 1;
    at = i;
    return finish(digits, from);
  };

  /** Goes to the end of a cell; whether it is plain. */
  const pass = (column: number): boolean => {
    starts[column] = at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === delimiter || byte === LF || byte === CR) break;
      if (byte === QUOTE || byte > 126) return false;
    }
    ends[column] = at;
    return true;
  };

  const read = (from: number, row: Float32Array, to: number): number => {
    at = from;
    for (let column = 0; column < width; column++) {
      if (column > 0 && bytes[at++] !== delimiter) return -1;
      const feature = featureOf[column]!;
      if (feature < 0) {
        if (!pass(column)) return -1;
        continue;
      }
      const value = number();
      if (Number.isNaN(value)) return -1;
      row[to + feature] = value;
    }
    if (!isEnd(bytes[at])) return -1;
    if (bytes[at] === CR && bytes[at + 1] === LF) at++;
    return Math.min(at + 1, bytes.length);
  };
  return { read, text: (column) => bytes.toString("latin1", starts[column], ends[column]).trim() };
}

/** Where the last record ends: line breaks at the end are none. */
export function endOfRecords(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--;
  return end;
}
