/** Modules that were ever published, by all names that logs give them: the data folder of an update server, or any folder. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { ImageError } from "../../image/error.ts";
import { isImage, parseImage } from "../../image/mcuboot.ts";
import { DataError } from "../../runtime/data/dataset.ts";

export interface Archive {
  /** The file of a module by its SHA-256, its image's, or the image's digest. Throws DataError where none has it. */
  find(hash: string): { readonly file: string; readonly bytes: Uint8Array };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** No image is larger. */
const MOST_BYTES = 2 ** 24;
const MAGIC = Buffer.from([0, 0x61, 0x73, 0x6d]);

const isModule = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, 4)).equals(MAGIC);

/** A server names its files by their SHA-256. */
const promised = (name: string): string | undefined => /(?:^|\/)([0-9a-f]{64})$/.exec(name)?.[1];

/** All names of a file's module; none where it holds none. Throws ImageError or DataError where it is damaged. */
function namesOf(name: string, bytes: Uint8Array): string[] {
  const own = sha256(bytes);
  const wanted = promised(name);
  if (wanted !== undefined && wanted !== own)
    throw new DataError(`expected the file that its name is the SHA-256 of, found one of ${own}`);
  if (isImage(bytes)) {
    const { body, digest } = parseImage(bytes);
    return [own, sha256(body), Buffer.from(digest).toString("hex")];
  }
  return isModule(bytes) || /\.wasm$/.test(name) ? [own] : [];
}

/** Reads the names of all files below folders. Throws DataError where one of these is none. */
export function openArchive(folders: readonly string[]): Archive {
  const files = new Map<string, string>();
  const damaged: string[] = [];
  for (const folder of folders) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
      throw new DataError(`--archive ${folder}: expected a folder, found none`);
    for (const entry of readdirSync(folder, { recursive: true })) {
      const name = String(entry).split(sep).join("/");
      const path = join(folder, String(entry));
      const info = statSync(path, { throwIfNoEntry: false });
      if (!info?.isFile() || info.size > MOST_BYTES) continue;
      try {
        for (const hash of namesOf(name, readFileSync(path))) files.set(hash, path);
      } catch (error) {
        if (!(error instanceof DataError || error instanceof ImageError)) throw error;
        damaged.push(`${path}: ${error.message}`);
      }
    }
  }
  return {
    find(hash) {
      const file = files.get(hash);
      if (file !== undefined) return { file, bytes: new Uint8Array(readFileSync(file)) };
      const faults = damaged.length > 0 ? `; damaged: ${damaged.join("; ")}` : "";
      throw new DataError(`module ${hash}: expected it in ${folders.join(", ")}, found none${faults}`);
    },
  };
}
