/** Formats of files: each cuts a file into parts, reads the rows of a part, and writes the answers to them. */
import { createHash, type Hash } from "node:crypto";
import type { Answers, RowShape } from "./rows.ts";

/** Consecutive rows of a file, which are predicted and written as a whole. */
export interface Part {
  readonly file: string;
  /** From 0. */
  readonly number: number;
  /** Number of its first row in the file, from 1. */
  readonly firstRow: number;
  /** Bytes of the file that it has. */
  readonly start: number;
  readonly end: number;
  /** Facts of the part and of the whole file that the format needs: plain data. */
  readonly head: unknown;
  /** SHA-256 of all that its answers depend on but the model, in hex. */
  readonly hash: string;
}

/** A row that can't be predicted. */
export interface BadRow {
  /** In the file, from 1. */
  readonly row: number;
  readonly reason: string;
  /** The row as the file has it, where that is text. */
  readonly values?: unknown;
}

export interface PartRows {
  /** Rows that can be predicted, one after the other. */
  readonly values: Float32Array;
  readonly bad: readonly BadRow[];
  /** A file of the format with the answers to these rows. */
  readonly write: (answers: Answers) => Uint8Array | Promise<Uint8Array>;
}

/** A file whose beginning has been read. */
export interface Source {
  readonly bytes: number;
  /** Its parts, of some `partBytes` each. Throws DataError. */
  readonly parts: (partBytes: number) => AsyncGenerator<Part>;
}

export interface Format {
  /** Throws DataError where the file can't have rows of that shape. */
  readonly open: (file: string, shape: RowShape) => Promise<Source>;
  /** The rows of a part. Throws DataError where the file is no longer what it was. */
  readonly read: (part: Part, shape: RowShape) => Promise<PartRows>;
}

/** Changed whenever the same rows would be written otherwise than before. */
const VERSION = 1;

/** The hash of a part, to which its bytes are yet to be added. */
export const partHash = (format: string, { firstRow, head }: Pick<Part, "firstRow" | "head">): Hash =>
  createHash("sha256").update(JSON.stringify([VERSION, format, firstRow, head]));
