/** Images beside the database, each in a file that its SHA-256 names: what is there is whole. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface ImageFiles {
  /** On the disk when this returns. */
  write(sha256: string, image: Uint8Array): void;
  read(sha256: string): Uint8Array;
}

/** Devices of a fleet ask for the same few images. */
const CACHED_IMAGES = 8;

function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

function writeWhole(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  fsyncSync(file);
  closeSync(file);
}

/** Keeps images in `folder`, or in memory where there is none. */
export function imageFiles(folder?: string): ImageFiles {
  const memory = new Map<string, Uint8Array>();
  if (folder === undefined)
    return { write: (name, image) => void memory.set(name, image), read: (name) => memory.get(name)! };

  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // What was being written when a process was killed.
  for (const name of readdirSync(folder)) if (name.endsWith(".part")) rmSync(join(folder, name));
  const pathOf = (sha256: string): string => join(folder, `${sha256}.img`);
  return {
    write(sha256, image) {
      writeWhole(`${pathOf(sha256)}.part`, image);
      renameSync(`${pathOf(sha256)}.part`, pathOf(sha256));
      sync(folder);
    },
    read(sha256) {
      const image = memory.get(sha256) ?? new Uint8Array(readFileSync(pathOf(sha256)));
      if (memory.size >= CACHED_IMAGES && !memory.has(sha256)) memory.delete(memory.keys().next().value!);
      memory.set(sha256, image);
      return image;
    },
  };
}
