import { readFileSync, statSync } from "node:fs";
import { fileKind } from "../../file_kind.ts";
import { DataError } from "./dataset.ts";

/**
 * The bytes of a file, `most` at the most.
 * @throws DataError where it is missing, larger, no file or not to be read
 */
export function readBytes(path: string, most: number): Uint8Array {
  try {
    const info = statSync(path);
    if (!info.isFile()) throw new DataError(`${path}: expected a data file, found ${fileKind(info)}`);
    if (info.size <= most) return readFileSync(path);
    throw new DataError(`${path}: expected at most ${most} bytes, found ${info.size}`);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const found = code === "ENOENT" ? "none" : `one that can't be read (${code})`;
    throw new DataError(`${path}: expected a data file, found ${found}`);
  }
}
