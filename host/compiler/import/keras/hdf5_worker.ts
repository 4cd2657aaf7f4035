/**
 * Reads an HDF5 file in a thread of its own: the library is C, compiled to WebAssembly, and was not made for
 * bytes that nobody trusts. Where it loops or faults, only this thread does; see hdf5.ts.
 */
import { parentPort, workerData } from "node:worker_threads";
import h5wasm, { type Dataset, type Group } from "h5wasm";
import { MAX_ELEMENTS } from "../importer.ts";
import type { Hdf5Content } from "./hdf5.ts";

/** Groups that training needs and inference does not. */
const SKIPPED = new Set(["optimizer", "optimizer_weights"]);
const MAX_OBJECTS = 16384;
/** Groups may be linked in circles. */
const MAX_DEPTH = 24;
const MAX_ATTRIBUTE_BYTES = 2 ** 24;
const FLOAT = 1;

const limit = (fits: boolean, message: string): void => {
  if (!fits) throw new RangeError(message);
};

type Draft = {
  attributes: Map<string, Map<string, unknown>>;
  datasets: Map<string, unknown>;
  objects: number;
};

function readAttributes(group: Group, path: string, draft: Draft): void {
  const found = new Map<string, unknown>();
  for (const [name, attribute] of Object.entries(group.attrs)) {
    const { size, total_size } = attribute.metadata;
    limit(
      size * total_size <= MAX_ATTRIBUTE_BYTES,
      `${path || "/"}: expected attributes of at most ${MAX_ATTRIBUTE_BYTES} bytes, found ${name}`,
    );
    const { value } = attribute;
    if (typeof value === "string" || Array.isArray(value)) found.set(name, value);
  }
  draft.attributes.set(path, found);
}

function readDataset(dataset: Dataset, path: string, draft: Draft, read: { values: number }): void {
  const { shape, type, size } = dataset.metadata;
  const length = (shape ?? []).reduce((product, n) => product * n, 1);
  read.values += length;
  limit(
    read.values <= 2 * MAX_ELEMENTS,
    `${path}: expected at most ${2 * MAX_ELEMENTS} values in all datasets, found more`,
  );
  if (shape === null || type !== FLOAT || (size !== 4 && size !== 8)) return;
  // A dataset of no axes is given as a number.
  const value = typeof dataset.value === "number" ? Float64Array.of(dataset.value) : dataset.value;
  if (value instanceof Float32Array || value instanceof Float64Array)
    draft.datasets.set(path, { shape, data: Float32Array.from(value) });
}

function readGroup(group: Group, path: string, depth: number, draft: Draft, read: { values: number }): void {
  readAttributes(group, path, draft);
  limit(depth < MAX_DEPTH, `${path}: expected groups at most ${MAX_DEPTH} deep, found deeper ones`);
  for (const name of group.keys()) {
    if (depth === 0 && SKIPPED.has(name)) continue;
    draft.objects++;
    limit(draft.objects <= MAX_OBJECTS, `expected at most ${MAX_OBJECTS} groups and datasets, found more`);
    const entity = group.get(name);
    if (entity instanceof h5wasm.Group) readGroup(entity, `${path}/${name}`, depth + 1, draft, read);
    else if (entity instanceof h5wasm.Dataset) readDataset(entity, `${path}/${name}`, draft, read);
  }
}

async function readFile(bytes: Uint8Array): Promise<Hdf5Content> {
  const { FS } = await h5wasm.ready;
  // The library's output on stderr is not for the user, who gets one line.
  const files = FS as unknown as { getStream(fd: number): Parameters<typeof FS.close>[0] };
  FS.close(files.getStream(2));
  FS.open("/dev/null", "w");
  FS.writeFile("/model.h5", bytes);
  const draft: Draft = { attributes: new Map(), datasets: new Map(), objects: 0 };
  readGroup(new h5wasm.File("/model.h5", "r"), "", 0, draft, { values: 0 });
  return draft as unknown as Hdf5Content;
}

/** The library's own messages are long and say nothing about the file. */
const reasonOf = (error: unknown): string | undefined =>
  error instanceof RangeError && error.message.includes("expected") ? error.message : undefined;

try {
  parentPort?.postMessage({ content: await readFile(workerData as Uint8Array) });
} catch (error) {
  parentPort?.postMessage({ reason: reasonOf(error) });
}
