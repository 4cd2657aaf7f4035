/** NumPy's .npz archives: ZIP files with one .npy file for each array. */
import { unzipSync } from "fflate";
import { DataError, type Dataset, LABEL, MAX_BYTES, show } from "./dataset.ts";
import { decoding, type InputInfo } from "./media.ts";
import { parseNpy } from "./npy.ts";

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
  path: string,
): readonly string[] {
  const names = [...arrays.keys()];
  if (inputs.every(({ name }) => arrays.has(name))) return inputs.map(({ name }) => name);
  const values = names.filter((name) => !LABEL.test(name));
  if (values.length === inputs.length) return values;
  const expected = inputs.map(({ name }) => show(name)).join(", ");
  const found = names.map(show).join(", ") || "none";
  throw new DataError(`${path}: expected arrays ${expected}, or as many in order; found ${found}`);
}

/**
 * Samples of all inputs from an archive, each array as parseNpy reads it. An array called label, class, target
 * or y, of one value for each sample, gives labels.
 * @throws DataError
 */
export function parseNpz(bytes: Uint8Array, inputs: readonly InputInfo[], path = "npz"): Dataset {
  const arrays = unzip(bytes, path);
  const names = assign(arrays, inputs, path);
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
  const label = [...arrays.keys()].find((name) => LABEL.test(name) && !names.includes(name));
  if (label === undefined) return { rows };
  const labels = parseNpy(arrays.get(label)!, 1, `${path}: ${show(label)}`).rows.map(([value]) =>
    String(value),
  );
  if (labels.length === count) return { rows, labels };
  throw new DataError(`${path}: ${show(label)}: expected ${count} labels, found ${labels.length}`);
}
