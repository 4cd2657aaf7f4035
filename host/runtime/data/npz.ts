/** NumPy's .npz archives: ZIP files with one .npy file for each array. */
import { unzipSync } from "fflate";
import { DataError, type Dataset, LABEL, MAX_BYTES, show, type TableOptions } from "./dataset.ts";
import { decoding, type InputInfo } from "./media.ts";
import { npyRowElements, parseNpy } from "./npy.ts";

const MAX_ARRAYS = 256;

/** The arrays of an archive by name, in the order of the archive. */
function unzip(bytes: Uint8Array, path: string): Map<string, Uint8Array> {
  let [total, count] = [0, 0];
  const files = decoding(path, "a .npz archive", () =>
    unzipSync(bytes, {
      // Before anything is expanded: a few bytes may claim to be any number.
      filter: ({ name, originalSize }) => {
        total += originalSize;
        count++;
        if (total > MAX_BYTES || count > MAX_ARRAYS) {
          const expected = `at most ${MAX_ARRAYS} arrays of ${MAX_BYTES} bytes in all`;
          throw new DataError(`${path}: expected ${expected}, found more`);
        }
        return name.endsWith(".npy");
      },
    }),
  );
  return new Map(Object.entries(files).map(([name, data]) => [name.slice(0, -".npy".length), data]));
}

/** Which array is whose input: by name, or as many arrays in order. */
function assign(
  arrays: ReadonlyMap<string, Uint8Array>,
  inputs: readonly InputInfo[],
  isLabel: (name: string) => boolean,
  path: string,
): readonly string[] {
  const names = [...arrays.keys()];
  if (inputs.every(({ name }) => arrays.has(name))) return inputs.map(({ name }) => name);
  const values = names.filter((name) => !isLabel(name));
  if (values.length === inputs.length) return values;
  const expected = inputs.map(({ name }) => show(name)).join(", ");
  const found = names.map(show).join(", ") || "none";
  throw new DataError(`${path}: expected arrays ${expected}, or as many in order; found ${found}`);
}

/**
 * Samples of all inputs from an archive, each array as parseNpy reads it. An array called label, class, target
 * or y, or as `options.labels` says, gives labels where it has one value for each sample, and targets where it has more.
 * @throws DataError
 */
export function parseNpz(
  bytes: Uint8Array,
  inputs: readonly InputInfo[],
  path = "npz",
  { labels: wanted }: Pick<TableOptions, "labels"> = {},
): Dataset {
  const arrays = unzip(bytes, path);
  const isLabel = (name: string): boolean => (wanted ? wanted.includes(name) : LABEL.test(name));
  const names = assign(arrays, inputs, isLabel, path);
  const parts = names.map((name, i) => {
    const size = inputs[i]!.shape.reduce((product, n) => product * n, 1);
    const mayMiss = (): boolean => inputs[i]!.mayMiss ?? false;
    return parseNpy(arrays.get(name)!, size, `${path}: ${show(name)}`, mayMiss).rows;
  });
  const count = parts[0]!.length;
  const other = parts.findIndex(({ length }) => length !== count);
  if (other >= 0) {
    const found = `${parts[other]!.length} in ${show(names[other]!)}`;
    throw new DataError(`${path}: expected ${count} samples in every array, found ${found}`);
  }
  const rows = Array.from({ length: count }, (_, row) =>
    Float32Array.from(parts.flatMap((part) => [...part[row]!])),
  );
  const label = [...arrays.keys()].find((name) => isLabel(name) && !names.includes(name));
  if (label === undefined) {
    if (!wanted) return { rows };
    const found = [...arrays.keys()].map(show).join(", ");
    throw new DataError(`${path}: expected an array ${wanted.map(show).join(", ")}, found ${found}`);
  }
  const where = `${path}: ${show(label)}`;
  const size = npyRowElements(arrays.get(label)!, where);
  const targets = parseNpy(arrays.get(label)!, size, where).rows;
  if (targets.length !== count)
    throw new DataError(`${where}: expected ${count} labels, found ${targets.length}`);
  return size === 1 ? { rows, labels: targets.map(([value]) => String(value)) } : { rows, targets };
}
