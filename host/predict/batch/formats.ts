/** Formats of files that a batch reads and writes, by the endings of their names. */
import { extname } from "node:path";
import { DataError } from "../../runtime/data/dataset.ts";
import type { Format } from "./format.ts";

/** Each is loaded when a file of it is met: every thread would load them all otherwise. */
const FORMATS: readonly (readonly [endings: readonly string[], load: () => Promise<Format>])[] = [
  [[".csv", ".tsv"], async () => (await import("./csv_rows.ts")).csv],
  [[".jsonl", ".ndjson"], async () => (await import("./jsonl_rows.ts")).jsonl],
  [[".npy"], async () => (await import("./npy_rows.ts")).npy],
  [[".parquet", ".pq"], async () => (await import("./parquet_rows.ts")).parquet],
];

/** Throws DataError where the file's name has none of the endings. */
export async function formatOf(file: string): Promise<Format> {
  const ending = extname(file).toLowerCase();
  const found = FORMATS.find(([endings]) => endings.includes(ending));
  if (found) return found[1]();
  const endings = FORMATS.flatMap(([each]) => each).join(" ");
  throw new DataError(`${file}: expected a name that ends in ${endings}, found ${ending || "no ending"}`);
}
