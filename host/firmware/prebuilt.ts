/**
 * C code that comes compiled to WebAssembly, in firmware/prebuilt, for machines with Node and npm alone. A module is used only
 * where it was made of the sources that are here: prebuilt.json has their SHA-256 (host/firmware/wasm_build.ts).
 * `node dist/test/gen/prebuilt.js` makes all of it.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../root.ts";

/** Contents of firmware/prebuilt/prebuilt.json. */
export interface PrebuiltList {
  /** The first line of what the compiler says of itself. */
  readonly compiler: string;
  /** SHA-256 of the sources, by the module's file name. */
  readonly sources: Readonly<Record<string, string>>;
}

export const PREBUILT_FOLDER: string = join(root, "firmware", "prebuilt");
export const PREBUILT_LIST: string = join(PREBUILT_FOLDER, "prebuilt.json");

export type Prebuilt =
  | { readonly bytes: Uint8Array<ArrayBuffer>; readonly compiler: string }
  | { readonly reason: string };

/** The module `name` where it was made of sources with this SHA-256, else why there is none. */
export function findPrebuilt(name: string, sources: string): Prebuilt {
  const path = join(PREBUILT_FOLDER, name);
  if (!existsSync(path) || !existsSync(PREBUILT_LIST)) return { reason: `no firmware/prebuilt/${name}` };
  const list = JSON.parse(readFileSync(PREBUILT_LIST, "utf8")) as PrebuiltList;
  if (list.sources[name] !== sources)
    return { reason: `firmware/prebuilt/${name} was made of other C sources` };
  return { bytes: new Uint8Array(readFileSync(path)), compiler: list.compiler };
}
