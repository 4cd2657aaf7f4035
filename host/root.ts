/** Where the package lies, for what is not compiled: firmware sources, the build folder. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function isRoot(folder: string): boolean {
  const file = join(folder, "package.json");
  return (
    existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: unknown }).name === "thimble"
  );
}

function findRoot(): string {
  // Walked, not counted: this file runs from host/ and from dist/host/.
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    if (isRoot(folder)) return folder;
    if (folder === dirname(folder))
      throw new Error(`${start}: expected a parent folder with the package thimble, found none`);
  }
}

/** Absolute path of the folder that holds package.json. */
export const root: string = findRoot();

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { readonly version: string };

/** The version of this package. */
export const version: string = manifest.version;
