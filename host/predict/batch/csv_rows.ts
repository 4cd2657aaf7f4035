/** Tables of text: columns by name, and all that are no features go into the answers as they are. */
import { rowReader } from "../../runtime/data/csv.ts";
import { type Layout, layoutOf } from "../../runtime/data/csv_layout.ts";
import { type Line, linesOf, sniffDelimiter } from "../../runtime/data/csv_records.ts";
import { DataError } from "../../runtime/data/dataset.ts";
import { ByteReader, endOfRecords } from "./csv_bytes.ts";
import { fileBytes, readRange } from "./files.ts";
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

const FORMAT = "csv";
/** The line with the names, and what decides which character is between cells. */
const HEAD_BYTES = 2 ** 20;
const MARK = "\uFEFF";
const MARK_BYTES = Buffer.byteLength(MARK);

interface Head extends TextHead {
  readonly delimiter: string;
  readonly layout: Layout;
}

async function open(file: string, shape: RowShape): Promise<Source> {
  const bytes = fileBytes(file);
  const head = await readRange(file, 0, Math.min(bytes, HEAD_BYTES));
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(head);
  const mark = text.startsWith(MARK) ? MARK_BYTES : 0;
  const body = text.slice(mark > 0 ? 1 : 0);
  const delimiter = sniffDelimiter(body);
  const first = linesOf(body, delimiter).next().value as Line | undefined;
  if (!first) throw new DataError(`${file}: expected rows of ${shape.length} values, found none`);
  if (first.fault) throw new DataError(`${file}:${first.fault.line}: ${first.fault.text}`);
  const layout = layoutOf(first, shape.length, file, shape.features ? { features: shape.features } : {});
  const scanner = () => recordScanner(delimiter.charCodeAt(0));
  const before = scanner();
  // The names are no row: they end where the second record begins.
  const start = layout.header ? before.advance(head, mark, mark + 1) : mark;
  const linesBefore = before.counts.lines;
  const known = { delimiter, layout };
  return {
    bytes,
    parts: (most) =>
      textParts({ format: FORMAT, file, start, linesBefore, scanner: scanner(), head: known }, most),
  };
}

const quoted = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || /["\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** Columns that go into the answers as they are. */
const passedColumns = ({ width, features, header }: Layout): number[] => {
  const used = new Set(features);
  return header ? Array.from({ length: width }, (_, i) => i).filter((i) => !used.has(i)) : [];
};

function writeTable({ delimiter, layout }: Head, { rows, cells }: Collected, answers: Answers): Uint8Array {
  const { names, scores, decided, module } = answers;
  const passed = passedColumns(layout);
  const line = (cells: readonly string[]): string =>
    cells.map((cell) => quoted(cell, delimiter)).join(delimiter);
  const header = [
    ROW,
    ...passed.map((i) => passedName(layout.header![i]!, names)),
    ...(decided ? [LABEL, SCORE] : []),
    ...names,
    MODULE,
  ];
  const cell = (text: string): string => quoted(text, delimiter);
  const lines = rows.map((row, i) => {
    let text = String(row);
    for (let j = i * passed.length; j < (i + 1) * passed.length; j++) text += delimiter + cell(cells[j]!);
    if (decided) text += delimiter + cell(labelOf(decided[i]!)) + delimiter + shortFloat(decided[i]!.score);
    for (let j = i * names.length; j < (i + 1) * names.length; j++)
      text += delimiter + shortFloat(scores[j]!);
    return text + delimiter + module;
  });
  return Buffer.from(`${[line(header), ...lines].join("\n")}\n`);
}

/** Rows of a part that have been read, and the cells of columns that are passed. */
class Collected {
  readonly rows: number[] = [];
  readonly cells: string[] = [];
  readonly bad: BadRow[] = [];
  readonly length: number;
  readonly values: Float32Array;

  /** Room for as many rows as may be in so many bytes: a cell takes one at least, with what is behind it. */
  constructor({ width, features }: Layout, bytes: number) {
    this.length = features.length;
    this.values = new Float32Array(this.length * (Math.ceil(bytes / width) + 1));
  }

  /** Where the values of the next row go. */
  get next(): number {
    return this.rows.length * this.length;
  }
}

const notText = (place: string): string => `${place}: expected text in UTF-8, found bytes that are not UTF-8`;

/** Reads records the long way, with a reason for each that can't be predicted. */
function readText(
  bytes: Buffer,
  place: { row: number; line: number },
  part: Part,
  found: Collected,
  shape: RowShape,
): number {
  const { delimiter, layout } = part.head as Head;
  const passed = passedColumns(layout);
  const text = utf8Text(bytes);
  if (text === undefined) {
    const reason = notText(`${part.file}:${place.line}`);
    found.bad.push({ row: place.row, reason, values: bytes.toString("utf8") });
    return 1;
  }
  const reader = rowReader(layout, part.file, shape.mayMiss, shape.categories);
  let read = 0;
  for (const line of linesOf(text, delimiter, place.line)) {
    const row = place.row + read++;
    try {
      reader(line, found.values, found.next);
      found.rows.push(row);
      for (const column of passed) found.cells.push(line.cells[column]!);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      found.bad.push({ row, reason: error.message, values: line.cells });
    }
  }
  return read;
}

async function read(part: Part, shape: RowShape): Promise<PartRows> {
  const head = part.head as Head;
  const { delimiter, layout, firstLine } = head;
  const all = await partBytes(FORMAT, part);
  const bytes = all.subarray(all.indexOf(MARK) === 0 ? MARK_BYTES : 0, endOfRecords(all));
  const passed = passedColumns(layout);
  const reader = new ByteReader(bytes, layout, delimiter.charCodeAt(0));
  const found = new Collected(layout, bytes.length);
  const hasTexts = layout.features.some((_, i) => shape.categories?.(i));
  let [row, line] = [part.firstRow, firstLine];
  for (let at = 0; at < bytes.length; ) {
    const next = hasTexts ? -1 : reader.read(at, found.values, found.next);
    if (next >= 0) {
      found.rows.push(row++);
      for (const column of passed) found.cells.push(reader.text(column));
      line++;
      at = next;
      continue;
    }
    const scanner = recordScanner(delimiter.charCodeAt(0));
    const end = scanner.advance(bytes, at, at + 1);
    row += readText(bytes.subarray(at, end), { row, line }, part, found, shape);
    line += scanner.counts.lines;
    at = end;
  }
  return {
    values: found.values.subarray(0, found.rows.length * shape.length),
    bad: found.bad,
    write: (answers) => writeTable(head, found, answers),
  };
}

export const csv: Format = { open, read };
