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

/** Reads records whose cells are plain, of bytes that end where the last record does. */
export class ByteReader {
  private readonly bytes: Buffer;
  private readonly delimiter: number;
  /** The feature that a column is; -1 for a column that is none. */
  private readonly featureOf: Int32Array;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly digits: Digits = { value: 0.5, count: 0, fraction: 0, negative: false };
  private at = 0;

  constructor(bytes: Buffer, { width, features }: Layout, delimiter: number) {
    this.bytes = bytes;
    this.delimiter = delimiter;
    this.featureOf = new Int32Array(width).fill(-1);
    features.forEach((column, i) => {
      this.featureOf[column] = i;
    });
    this.starts = new Int32Array(width);
    this.ends = new Int32Array(width);
  }

  /**
   * The values of the features of the record at `from`, written to `row` from `to` on; where the next record begins, or -1
   * where this one needs a closer look: it has quotes, letters beyond ASCII, other columns than expected, or no number.
   */
  read(from: number, row: Float32Array, to: number): number {
    const { bytes, delimiter, featureOf } = this;
    this.at = from;
    for (let column = 0; column < featureOf.length; column++) {
      if (column > 0 && bytes[this.at++] !== delimiter) return -1;
      const feature = featureOf[column]!;
      if (feature < 0) {
        if (!this.pass(column)) return -1;
        continue;
      }
      const value = this.number();
      if (Number.isNaN(value)) return -1;
      row[to + feature] = value;
    }
    const end = this.at;
    if (!isEnd(bytes[end])) return -1;
    const isPair = bytes[end] === CR && bytes[end + 1] === LF;
    return Math.min(end + (isPair ? 2 : 1), bytes.length);
  }

  /** The text of a column that is no feature, in the record that was read last. */
  text(column: number): string {
    return this.bytes.toString("latin1", this.starts[column], this.ends[column]).trim();
  }

  /** Goes to the end of a cell; whether it is plain. */
  private pass(column: number): boolean {
    const { bytes, delimiter } = this;
    let i = this.at;
    this.starts[column] = i;
    for (; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (byte === delimiter || byte === LF || byte === CR) break;
      if (byte === QUOTE || byte > 126) return false;
    }
    this.ends[column] = i;
    this.at = i;
    return true;
  }

  /** The number from here to the end of the cell; NaN where there is none that float32 holds. */
  private number(): number {
    const { bytes, delimiter, digits } = this;
    let i = this.at;
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
    this.at = i;
    return this.finish(from);
  }

  /** Leaves the cell behind the digits that have been read, and their exponent. */
  private finish(from: number): number {
    const { bytes, delimiter } = this;
    const { value, count, fraction, negative } = this.digits;
    const power = (bytes[this.at]! | LOWER_CASE) === E ? this.exponent() - fraction : -fraction;
    if (count === 0 || Number.isNaN(power)) return Number.NaN;
    const isExact = count <= EXACT_DIGITS && Math.abs(power) <= EXACT_POWER;
    const real = power < 0 ? value / POWERS[-power]! : value * POWERS[power]!;
    const signed = negative ? -real : real;
    const single = Math.fround(isExact ? signed : Number(bytes.toString("latin1", from, this.at)));
    while (isBlank(bytes[this.at], delimiter)) this.at++;
    return Number.isFinite(single) ? single : Number.NaN;
  }

  /** The power of ten behind a number, from its "e" on; NaN where there is no number. */
  private exponent(): number {
    const { bytes } = this;
    const sign = bytes[++this.at] === MINUS ? -1 : 1;
    if (isSign(bytes[this.at])) this.at++;
    if (!isDigit(bytes[this.at])) return Number.NaN;
    let value = 0;
    while (isDigit(bytes[this.at])) value = value * 10 + bytes[this.at++]! - ZERO;
    return sign * value;
  }
}

/** Where the last record ends: line breaks at the end are none. */
export function endOfRecords(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--;
  return end;
}
