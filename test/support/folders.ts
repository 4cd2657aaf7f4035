import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

/** A new folder for the tests of one file, removed when they are over. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "thimble-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** All files below a folder with their contents in hex: equal for folders that hold the same. */
export function snapshot(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const full = join(folder, path);
      return [path, statSync(full).isDirectory() ? "folder" : readFileSync(full).toString("hex")];
    }),
  );
}
