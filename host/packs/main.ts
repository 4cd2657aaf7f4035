/**
 * `npm run pack:arduino|platformio|zephyr|espressif [-- -o DIR]`: writes a package as a folder `thimble` and as
 * `thimble-VERSION.zip`, by default to build/packs/NAME. The same sources give the same bytes.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { parse, UsageError } from "../cli/options.ts";
import { print } from "../cli/output.ts";
import { root } from "../root.ts";
import type { Files } from "./library.ts";
import { PACK_NAMES, type PackName, packFiles } from "./packs.ts";

/** The earliest time that a .zip can hold, so that packing twice gives the same bytes. */
const EPOCH = new Date(1980, 0, 1);

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === "string" ? strToU8(content) : content;

/** A folder anew; what was in it is removed. */
export function writeFolder(folder: string, files: Files): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** All files below one folder `thimble`, as Arduino's IDE wants a library. */
export const zipFiles = (files: Files): Uint8Array =>
  zipSync(Object.fromEntries([...files].map(([path, content]) => [`thimble/${path}`, bytesOf(content)])), {
    level: 9,
    mtime: EPOCH,
  });

function packName(text: string | undefined): PackName {
  const found = PACK_NAMES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `expected ${PACK_NAMES.join(", ")}, found ${text === undefined ? "none" : `"${text}"`}`,
  );
}

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parse([...args], { output: { type: "string", short: "o" } }, ["PACK"]);
  const name = packName(positionals[0]);
  const folder = values.output ?? join(root, "build", "packs", name);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const files = await packFiles(name);
  writeFolder(join(folder, "thimble"), files);
  const archive = join(folder, `thimble-${version}.zip`);
  const bytes = zipFiles(files);
  writeFileSync(archive, bytes);
  print(`${archive}: ${files.size} files, ${bytes.length} bytes`);
}

if (process.argv[1]?.endsWith("packs/main.js")) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
