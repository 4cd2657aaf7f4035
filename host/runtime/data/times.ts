/** Tables of what is heard when: a row for each occurrence, with the recording's file, its start and its label. */
import { basename } from "node:path";
import { bodyOf } from "./csv.ts";
import { NUMBER } from "./csv_layout.ts";
import { linesOf, sniffDelimiter } from "./csv_records.ts";
import { DataError, MAX_BYTES, show } from "./dataset.ts";
import { readBytes } from "./files.ts";

/** Seconds from the beginning of a recording; one that has no end in the table ends where it starts. */
export interface Time {
  readonly line: number;
  /** The recording's name without its folders. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

const COLUMNS = ["file", "start", "end", "label"];

/** Reads a table with columns file, start and label, and perhaps end. Throws DataError in one line. */
export function readTimes(path: string): Time[] {
  const text = bodyOf(new TextDecoder().decode(readBytes(path, MAX_BYTES)));
  const [head, ...lines] = [...linesOf(text, sniffDelimiter(text))];
  const names = head?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const [file, start, end, label] = COLUMNS.map((name) => names.indexOf(name)) as [
    number,
    number,
    number,
    number,
  ];
  if (file < 0 || start < 0 || label < 0)
    throw new DataError(
      `${path}: expected columns file, start, end and label, found ${show(names.join(", "))}`,
    );
  return lines
    .filter(({ cells }) => cells.length > 1 || cells[0] !== "")
    .map(({ number, cells, fault }) => {
      if (fault) throw new DataError(`${path}:${fault.line}: ${fault.text}`);
      if (cells.length !== names.length)
        throw new DataError(`${path}:${number}: expected ${names.length} columns, found ${cells.length}`);
      const seconds = (column: number): number => {
        const cell = cells[column]!.trim();
        if (!NUMBER.test(cell) || Number(cell) < 0)
          throw new DataError(
            `${path}:${number}, column ${COLUMNS[column === start ? 1 : 2]}: expected seconds from 0 on, found ${show(cell)}`,
          );
        return Number(cell);
      };
      const from = seconds(start);
      const to = end < 0 || cells[end]!.trim() === "" ? from : seconds(end);
      if (to < from) throw new DataError(`${path}:${number}: expected an end from ${from} on, found ${to}`);
      return {
        line: number,
        file: basename(cells[file]!.trim()),
        start: from,
        end: to,
        label: cells[label]!.trim(),
      };
    });
}
