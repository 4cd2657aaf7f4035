/** Images beside the database, each in a file that its SHA-256 names; what is given out has that SHA-256. */
import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { LIMITS } from "./limits.ts";

export type FileState = "good" | "missing" | "damaged";

export interface ImageFiles {
  /** On the disk when this returns, whatever was there before. */
  write(sha256: string, image: Uint8Array): void;
  /** The image, or why there is none to give out. */
  read(sha256: string): Uint8Array | Exclude<FileState, "good">;
  /** The state of the file; read only where it has changed since it was read last. */
  state(sha256: string): FileState;
  remove(sha256: string): void;
  /** SHA-256 of all files that are there. */
  names(): string[];
}

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

function writeWhole(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w", 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

interface Cached {
  readonly image: Uint8Array;
  /** Facts of the file when it was read and found good. */
  readonly stamp: string;
}

/** Images that were read last, up to a number of bytes: devices of a fleet ask for the same few. */
function imageCache() {
  const images = new Map<string, Cached>();
  let bytes = 0;
  const drop = (sha256: string): void => {
    bytes -= images.get(sha256)?.image.length ?? 0;
    images.delete(sha256);
  };
  return {
    get: (sha256: string): Cached | undefined => images.get(sha256),
    drop,
    put(sha256: string, cached: Cached): void {
      drop(sha256);
      images.set(sha256, cached);
      bytes += cached.image.length;
      while (bytes > LIMITS.cachedImageBytes && images.size > 1) drop(images.keys().next().value!);
    },
  };
}

function filesInMemory(): ImageFiles {
  const memory = new Map<string, Uint8Array>();
  return {
    write: (name, image) => void memory.set(name, image),
    read: (name) => memory.get(name) ?? "missing",
    state: (name) => (memory.has(name) ? "good" : "missing"),
    remove: (name) => void memory.delete(name),
    names: () => [...memory.keys()],
  };
}

/** Size, time and number of a file: another file in its place, or other bytes in it, has another. */
function stampOf(path: string): string | undefined {
  const info = statSync(path, { throwIfNoEntry: false });
  return info && `${info.size} ${info.mtimeMs} ${info.ctimeMs} ${info.ino}`;
}

/** Keeps images in `folder`, or in memory where there is none. */
export function imageFiles(folder?: string): ImageFiles {
  if (folder === undefined) return filesInMemory();
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A file that was being written when a process was killed.
  for (const name of readdirSync(folder)) if (name.endsWith(".part")) rmSync(join(folder, name));
  const cache = imageCache();
  const checked = new Map<string, { readonly stamp: string; readonly state: FileState }>();
  const pathOf = (sha256: string): string => join(folder, `${sha256}.img`);
  const read: ImageFiles["read"] = (sha256) => {
    const stamp = stampOf(pathOf(sha256));
    if (stamp === undefined) return "missing";
    const cached = cache.get(sha256);
    if (cached?.stamp === stamp) return cached.image;
    const image = new Uint8Array(readFileSync(pathOf(sha256)));
    const state = sha256Of(image) === sha256 ? "good" : "damaged";
    checked.set(sha256, { stamp, state });
    if (state === "damaged") return state;
    cache.put(sha256, { image, stamp });
    return image;
  };
  return {
    read,
    write(sha256, image) {
      cache.drop(sha256);
      writeWhole(`${pathOf(sha256)}.part`, image);
      renameSync(`${pathOf(sha256)}.part`, pathOf(sha256));
      sync(folder);
    },
    state(sha256) {
      const known = checked.get(sha256);
      if (known && known.stamp === stampOf(pathOf(sha256))) return known.state;
      const found = read(sha256);
      return typeof found === "string" ? found : "good";
    },
    remove(sha256) {
      cache.drop(sha256);
      checked.delete(sha256);
      rmSync(pathOf(sha256), { force: true });
    },
    names: () =>
      readdirSync(folder).flatMap((name) => (/^[0-9a-f]{64}\.img$/.test(name) ? [name.slice(0, 64)] : [])),
  };
}
