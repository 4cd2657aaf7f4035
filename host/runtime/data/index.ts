/** Readers for people's data files: calibration rows and test rows. */
import { constants } from "node:buffer";
import { statSync } from "node:fs";
import { extname } from "node:path";
import { parseCsv } from "./csv.ts";
import { DataError, type Dataset, MAX_BYTES, type MayMiss, noneMissing } from "./dataset.ts";
import { readBytes } from "./files.ts";
import { readFolder } from "./folder.ts";
import type { InputInfo, MediaOptions } from "./media.ts";
import { parseNpy } from "./npy.ts";
import { parseNpz } from "./npz.ts";
import { parseRaw } from "./raw.ts";

export { DataError, type Dataset, type InputInfo, type MediaOptions, parseCsv, parseNpy, parseNpz, parseRaw };

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
 * little-endian float32. NaN stands for elements that may be missing.
 * @throws DataError in one line on anything wrong with the file
 */
export function readDataset(path: string, expectedElements: number, mayMiss: MayMiss = noneMissing): Dataset {
  switch (extname(path).toLowerCase()) {
    case ".csv":
      return parseCsv(readText(path), expectedElements, path, mayMiss);
    case ".npy":
      return parseNpy(readBytes(path, MAX_BYTES), expectedElements, path, mayMiss);
    default:
      return parseRaw(readBytes(path, MAX_BYTES), expectedElements, path, mayMiss);
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/**
 * Reads samples of all inputs of a model, each row the inputs one after the other: what `readDataset` reads,
 * .npz archives, and folders of images or of sounds.
 * @throws DataError in one line on anything wrong with the data, or where the model takes no such
 */
export function readSamplesOf(
  path: string,
  inputs: readonly InputInfo[],
  options: MediaOptions = {},
): Dataset {
  if (isFolder(path)) return readFolder(path, inputs, options);
  if (extname(path).toLowerCase() === ".npz") return parseNpz(readBytes(path, MAX_BYTES), inputs, path);
  const owners = inputs.flatMap((input) =>
    new Array<InputInfo>(input.shape.reduce((product, n) => product * n, 1)).fill(input),
  );
  return readDataset(path, owners.length, (element) => owners[element]!.mayMiss ?? false);
}
