/** Readers for people's data files: calibration rows and test rows. */
import { constants } from "node:buffer";
import { statSync } from "node:fs";
import { extname } from "node:path";
import { parseCsv } from "./csv.ts";
import { DataError, type Dataset, MAX_BYTES, noneMissing, type TableOptions } from "./dataset.ts";
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
    throw new DataError(`${path}: expected text in UTF-8, found bytes that are not UTF-8`);
  }
}

/** Files that people have and that are not read here, by extension: what they are, and what makes one that is. */
const FOREIGN: readonly (readonly [RegExp, string, string])[] = [
  [/^\.(parquet|pq)$/, "Parquet", 'pandas.read_parquet(FILE).to_csv("data.csv", index=False)'],
  [/^\.(feather|arrow)$/, "Feather", 'pandas.read_feather(FILE).to_csv("data.csv", index=False)'],
  [/^\.xlsx?$/, "Excel", 'pandas.read_excel(FILE).to_csv("data.csv", index=False)'],
  [/^\.(joblib|pkl|pickle)$/, "a pickle", 'numpy.savez("data.npz", X=..., y=...) of the arrays in it'],
  [/^\.(json|jsonl|ndjson)$/, "JSON", 'pandas.read_json(FILE).to_csv("data.csv", index=False)'],
  [/^\.(mat|h5|hdf5)$/, "an archive of arrays", 'numpy.savez("data.npz", X=..., y=...)'],
  [/^\.(pt|pth|tfrecord)$/, "tensors of a framework", 'numpy.savez("data.npz", X=..., y=...)'],
];
const PARQUET_MAGIC = "PAR1";

/** Refuses what would only be taken for raw numbers. */
function checkFormat(path: string): void {
  const found = FOREIGN.find(([extension]) => extension.test(extname(path).toLowerCase()));
  if (!found) return;
  const [, what, advice] = found;
  throw new DataError(
    `${path}: expected .csv, .npy, .npz, raw float32 or a folder, found ${what}; Python: ${advice}`,
  );
}

function readRaw(path: string): Uint8Array {
  const bytes = readBytes(path, MAX_BYTES);
  if (Buffer.from(bytes.subarray(0, 4)).toString("latin1") === PARQUET_MAGIC) checkFormat("data.parquet");
  return bytes;
}

/**
 * Reads a data file for an input tensor of `expectedElements` elements: .csv or .tsv, .npy, anything else is raw
 * little-endian float32, unless its name says that it is something else. NaN stands for elements that may be missing.
 * @throws DataError in one line on anything wrong with the file
 */
export function readDataset(path: string, expectedElements: number, options: TableOptions = {}): Dataset {
  const { mayMiss = noneMissing, labels } = options;
  const extension = extname(path).toLowerCase();
  checkFormat(path);
  if (extension === ".csv" || extension === ".tsv")
    return parseCsv(readText(path), expectedElements, path, options);
  if (labels)
    throw new DataError(`${path}: expected a .csv or .npz, as --label names a column; found neither`);
  return extension === ".npy"
    ? parseNpy(readBytes(path, MAX_BYTES), expectedElements, path, mayMiss)
    : parseRaw(readRaw(path), expectedElements, path, mayMiss);
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
  const { labels } = options;
  if (isFolder(path)) return readFolder(path, inputs, options);
  if (extname(path).toLowerCase() === ".npz")
    return parseNpz(readBytes(path, MAX_BYTES), inputs, path, { ...(labels && { labels }) });
  const owners = inputs.flatMap((input) =>
    new Array<InputInfo>(input.shape.reduce((product, n) => product * n, 1)).fill(input),
  );
  const named = inputs.every(({ features, shape }) => features?.length === shape.reduce((a, b) => a * b, 1));
  const features = inputs.flatMap((input) => input.features ?? []);
  return readDataset(path, owners.length, {
    mayMiss: (element) => owners[element]!.mayMiss ?? false,
    categories: (element) => owners[element]!.categories,
    ...(named && new Set(features).size === features.length && { features }),
    ...(labels && { labels }),
  });
}
