import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../root.ts";

/** Sources of the portable kernels and of the native ones: what a count of instructions depends on. */
const FOLDERS = ["assembly", join("firmware", "core", "kernels")].map((folder) => join(root, folder));

/** Text without comment lines and indentation: to explain a kernel better does not change what it costs. */
const essence = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(\/\/|\/\*|\*)/.test(line))
    .join("\n");

/** SHA-256, in short, of all sources in these folders: another one where a kernel changes. */
export function kernelHash(folders: readonly string[] = FOLDERS): string {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => /\.(ts|c|h)$/.test(name))
      .sort();
    for (const name of names) hash.update(`${name}\0${essence(readFileSync(join(folder, name), "utf8"))}\0`);
  }
  return hash.digest("hex").slice(0, 16);
}
