/** Cuts a file of text between two records, in one pass that keeps nothing of it. */
import { type FileHandle, open } from "node:fs/promises";
import { DataError } from "../../runtime/data/dataset.ts";
import { readRange } from "./files.ts";
import { type Part, partHash } from "./format.ts";

const CHUNK = 2 ** 20;
/** Bytes of one record, which has to be held in memory. */
export const MOST_RECORD_BYTES: number = 2 ** 24;

const [LF, CR, QUOTE] = [10, 13, 34];
const [CELL_BEGINS, PLAIN, QUOTED, QUOTE_SEEN] = [0, 1, 2, 3];

/** Knows where records of a text end, byte for byte. */
export interface Scanner {
  /** Records that have begun, and lines that have ended. */
  readonly counts: { rows: number; lines: number };
  /** Goes from byte `from` to the first record that begins at `enough` or behind it, or to the end. */
  readonly advance: (bytes: Uint8Array, from: number, enough: number) => number;
}

/**
 * Records of a table, which may have line breaks in quotes; without a delimiter every line is one. Quotes amid a cell are
 * a fault that its reader reports: it goes on in the next line, and so does this.
 */
export function recordScanner(delimiter: number | undefined): Scanner {
  const counts = { rows: 0, lines: 0 };
  let state = CELL_BEGINS;
  let begins = true;
  let last = 0;
  /** Goes from line to line, where there is nothing else to look for: neither quotes nor carriage returns. */
  const advanceLines = (bytes: Uint8Array, from: number, enough: number): number => {
    for (let i = from; i < bytes.length; ) {
      if (begins) {
        state = CELL_BEGINS;
        if (i >= enough) return i;
        counts.rows++;
        begins = false;
      }
      const end = bytes.indexOf(LF, i);
      if (end < 0) break;
      counts.lines++;
      begins = true;
      last = LF;
      i = end + 1;
    }
    last = bytes.at(-1) ?? last;
    state = begins || last === delimiter ? CELL_BEGINS : PLAIN;
    return bytes.length;
  };
  const advance = (bytes: Uint8Array, from: number, enough: number): number => {
    const isPlain = last !== CR && (state === CELL_BEGINS || state === PLAIN);
    const has = (byte: number): boolean => bytes.indexOf(byte, from) >= 0;
    if (isPlain && !has(CR) && !(delimiter !== undefined && has(QUOTE)))
      return advanceLines(bytes, from, enough);
    for (let i = from; i < bytes.length; i++) {
      const byte = bytes[i]!;
      const isRest = byte === LF && last === CR;
      if (begins && !isRest) {
        if (i >= enough) return i;
        counts.rows++;
        begins = false;
      }
      last = byte;
      if (isRest) continue;
      const isBreak = byte === LF || byte === CR;
      if (isBreak) counts.lines++;
      if (state === QUOTED) {
        if (byte === QUOTE) state = QUOTE_SEEN;
      } else if (isBreak) {
        begins = true;
        state = CELL_BEGINS;
      } else if (byte === delimiter) state = CELL_BEGINS;
      else if (byte === QUOTE && delimiter !== undefined && (state === CELL_BEGINS || state === QUOTE_SEEN))
        state = QUOTED;
      else state = PLAIN;
    }
    return bytes.length;
  };
  return { counts, advance };
}

export interface TextFile {
  readonly format: string;
  readonly file: string;
  /** Where records begin, and how many lines lie before. */
  readonly start: number;
  readonly linesBefore: number;
  readonly scanner: Scanner;
  /** Facts that the reader of a part needs, beside the line it begins in. */
  readonly head: object;
}

/** The place of a part, which its head says. */
export interface TextHead {
  readonly firstLine: number;
}

async function* chunksOf(handle: FileHandle, from: number): AsyncGenerator<Uint8Array> {
  for (let at = from; ; ) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** Parts of some `partBytes`, each of whole records. Throws DataError where a record is too long. */
export async function* textParts(text: TextFile, partBytes: number): AsyncGenerator<Part> {
  const { format, file, scanner } = text;
  const handle = await open(file);
  try {
    let [number, at] = [0, text.start];
    const begin = (rows: number) => {
      const head = { ...text.head, firstLine: 1 + text.linesBefore + scanner.counts.lines };
      const place = { firstRow: rows + 1, head };
      return { start: at, place, hash: partHash(format, place) };
    };
    let part = begin(0);
    const whole = (): Part => ({
      file,
      number: number++,
      ...part.place,
      start: part.start,
      end: at,
      hash: part.hash.digest("hex"),
    });
    for await (const chunk of chunksOf(handle, at)) {
      for (let from = 0; from < chunk.length; ) {
        const to = scanner.advance(chunk, from, from + part.start + partBytes - at);
        part.hash.update(chunk.subarray(from, to));
        at += to - from;
        from = to;
        if (at - part.start > partBytes + MOST_RECORD_BYTES)
          throw new DataError(
            `${file}: expected records of at most ${MOST_RECORD_BYTES} bytes, found more after row ${scanner.counts.rows - 1}`,
          );
        if (to === chunk.length) break;
        yield whole();
        part = begin(scanner.counts.rows);
      }
    }
    if (at > part.start) yield whole();
  } finally {
    await handle.close();
  }
}

/** The bytes of a part, which have to be those that were counted. Throws DataError. */
export async function partBytes(format: string, part: Part): Promise<Buffer> {
  const bytes = await readRange(part.file, part.start, part.end);
  if (partHash(format, part).update(bytes).digest("hex") === part.hash) return bytes;
  throw new DataError(`${part.file}: expected a file that nobody changes meanwhile, found it changed`);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as text; undefined where they are not UTF-8. */
export function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
