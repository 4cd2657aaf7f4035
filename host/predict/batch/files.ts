/** Files of a batch: how a range of one is read, and how one is written so that nobody ever sees half of it. */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileKind } from "../../file_kind.ts";
import { DataError } from "../../runtime/data/dataset.ts";

/** Bytes of a file. Throws DataError where it is none that has an end. */
export function fileBytes(file: string): number {
  const info = statSync(file, { throwIfNoEntry: false });
  if (info?.isFile()) return info.size;
  throw new DataError(`${file}: expected a data file, found ${info ? fileKind(info) : "none"}`);
}

/** Bytes of a file from `start` to `end`. Throws DataError where there are fewer. */
export async function readRange(file: string, start: number, end: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(end - start);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    if (bytesRead === buffer.length) return buffer;
    throw new DataError(`${file}: expected ${end} bytes as before, found ${start + bytesRead}`);
  } finally {
    await handle.close();
  }
}

/** Writes a file at once: it is on the disk under another name in `staging`, of the same disk, before it has its own. */
export function writeWhole(file: string, bytes: Uint8Array, staging: string): void {
  const temporary = join(staging, randomUUID());
  const handle = openSync(temporary, "w");
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  mkdirSync(dirname(file), { recursive: true });
  renameSync(temporary, file);
}
