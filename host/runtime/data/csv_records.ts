/** Records of comma-separated values (RFC 4180), and of what spreadsheets write with semicolons and tabs instead. */
import { show } from "./dataset.ts";

export interface Line {
  /** Where the record starts in the file, from 1; a quoted cell may hold line breaks. */
  readonly number: number;
  readonly cells: readonly string[];
  /** Cells without quotes as they lie in the file, by column, where blanks around them were left out of `cells`. */
  readonly padded?: ReadonlyMap<number, string>;
  /** What is wrong with its quotes, and in which line: "expected ..., found ..."; its cells are worth nothing then. */
  readonly fault?: { readonly line: number; readonly text: string };
}

const LINE_BREAK = /\r\n|\r|\n/g;

export const isBreak = (c: string | undefined): boolean => c === "\n" || c === "\r";

/** The commonest of comma, semicolon and tab in the first line, outside quotes. */
export function sniffDelimiter(text: string): string {
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

/** Index of the first line break from `start` on, or the end. */
function endOfLine(text: string, start: number): number {
  let end = start;
  while (end < text.length && !isBreak(text[end])) end++;
  return end;
}

/**
 * The records of a text that doesn't end in a line break; the first of them is in line `first`. After one with a fault it
 * goes on in the next line.
 */
export function* linesOf(text: string, delimiter: string, first = 1): Generator<Line> {
  let at = 0;
  for (let line = first; at < text.length; ) {
    const number = line;
    const cells: string[] = [];
    let padded: Map<number, string> | undefined;
    let fault: Line["fault"];
    for (let more = true; more; ) {
      const quoted = text[at] === '"';
      const end = quoted ? endOfQuoted(text, at) : endOfPlain(text, at, delimiter);
      if (end < 0) {
        fault = { line, text: "expected a closing quote, found the end of the file" };
        at = text.length;
        break;
      }
      const raw = text.slice(at, end);
      const cell = quoted ? raw.slice(1, -1).replaceAll('""', '"') : raw.trim();
      if (!quoted && cell.length < raw.length) padded = (padded ?? new Map()).set(cells.length, raw);
      cells.push(cell);
      if (quoted) line += raw.match(LINE_BREAK)?.length ?? 0;
      more = text[end] === delimiter;
      at = more ? end + 1 : end;
    }
    if (at < text.length && !isBreak(text[at])) {
      const found = show(text.slice(at, endOfPlain(text, at + 1, delimiter)));
      fault = { line, text: `expected quotes around a whole cell only, found ${found}` };
      at = endOfLine(text, at);
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    line++;
    yield { number, cells, ...(padded && { padded }), ...(fault && { fault }) };
  }
}
