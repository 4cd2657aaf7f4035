/** Readers for people's data files: calibration rows and test rows. */
import { constants } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { parseCsv } from "./csv.ts";
import { DataError, type Dataset, MAX_BYTES } from "./dataset.ts";
import { parseNpy } from "./npy.ts";
import { parseRaw } from "./raw.ts";

export { DataError, type Dataset, parseCsv, parseNpy, parseRaw };

function readBytes(path: string, most: number): Uint8Array {
  try {
    const info = statSync(path);
    if (!info.isFile()) throw new DataError(`${path}: expected a data file, found something else`);
    if (info.size <= most) return readFileSync(path);
    throw new DataError(`${path}: expected at most ${most} bytes, found ${info.size}`);
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const found = code === "ENOENT" ? "none" : `one that can't be read (${code})`;
    throw new DataError(`${path}: expected a data file, found ${found}`);
  }
}

function readText(path: string): string {
  const bytes = readBytes(path, Math.min(MAX_BYTES, constants.MAX_STRING_LENGTH));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new DataError(`${path}: expected text in UTF-8, found another encoding`);
  }
}

/**
 * Reads a data file for an input tensor of `expectedElements` elements: .csv, .npy, anything else is raw
 * little-endian float32.
 * @throws DataError in one line on anything wrong with the file
 */
export function readDataset(path: string, expectedElements: number): Dataset {
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return parseCsv(readText(path), expectedElements, path);
    case ".npy":
      return parseNpy(readBytes(path, MAX_BYTES), expectedElements, path);
    default:
      return parseRaw(readBytes(path, MAX_BYTES), expectedElements, path);
  }
}
