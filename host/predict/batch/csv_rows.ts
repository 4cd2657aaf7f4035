/** Tables of text: columns by name, and all that are no features go into the answers as they are. */
import { bodyOf, rowReader } from "../../runtime/data/csv.ts";
import { type Layout, layoutOf } from "../../runtime/data/csv_layout.ts";
import { type Line, linesOf, sniffDelimiter } from "../../runtime/data/csv_records.ts";
import { DataError } from "../../runtime/data/dataset.ts";
import { fileBytes, readRange } from "./files.ts";
import type { BadRow, Format, Part, PartRows, Source } from "./format.ts";
import { partText, recordScanner, type TextHead, textParts } from "./lines.ts";
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

interface Head extends TextHead {
  readonly delimiter: string;
  readonly layout: Layout;
}

async function open(file: string, shape: RowShape): Promise<Source> {
  const bytes = fileBytes(file);
  const head = await readRange(file, 0, Math.min(bytes, HEAD_BYTES));
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(head);
  const mark = text.startsWith(MARK) ? Buffer.byteLength(MARK) : 0;
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
    parts: (partBytes) =>
      textParts({ format: FORMAT, file, start, linesBefore, scanner: scanner(), head: known }, partBytes),
  };
}

const quoted = (cell: string, delimiter: string): string =>
  cell.includes(delimiter) || /["\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** Columns that go into the answers as they are. */
const passedColumns = ({ width, features, header }: Layout): number[] => {
  const used = new Set(features);
  return header ? Array.from({ length: width }, (_, i) => i).filter((i) => !used.has(i)) : [];
};

interface Passed {
  readonly row: number;
  readonly cells: readonly string[];
}

function writeTable({ delimiter, layout }: Head, rows: readonly Passed[], answers: Answers): Uint8Array {
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
  const lines = rows.map(({ row, cells }, i) => {
    const values = Array.from(scores.subarray(i * names.length, (i + 1) * names.length), shortFloat);
    const decision = decided ? [labelOf(decided[i]!), shortFloat(decided[i]!.score)] : [];
    return line([String(row), ...passed.map((column) => cells[column]!), ...decision, ...values, module]);
  });
  return Buffer.from(`${[line(header), ...lines].join("\n")}\n`);
}

async function read(part: Part, shape: RowShape): Promise<PartRows> {
  const head = part.head as Head;
  const { delimiter, layout, firstLine } = head;
  const text = bodyOf(await partText(FORMAT, part));
  const reader = rowReader(layout, part.file, shape.mayMiss);
  const passed = layout.header ? passedColumns(layout) : [];
  const values: number[] = [];
  const rows: Passed[] = [];
  const bad: BadRow[] = [];
  const one = new Float32Array(shape.length);
  let row = part.firstRow;
  for (const line of linesOf(text, delimiter, firstLine)) {
    try {
      reader(line, one, 0);
      for (const x of one) values.push(x);
      rows.push({ row, cells: passed.length > 0 ? line.cells : [] });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      bad.push({ row, reason: error.message, values: line.cells });
    }
    row++;
  }
  return {
    values: Float32Array.from(values),
    bad,
    write: (answers) => writeTable(head, rows, answers),
  };
}

export const csv: Format = { open, read };
