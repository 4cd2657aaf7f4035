import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../../root.ts";

const assembly = join(root, "assembly");
const native = join(root, "firmware", "core", "kernels");

/** Text without comment lines and white space: to explain or set a kernel better does not change what it costs. */
const essence = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !/^\s*(\/\/|\/\*|\*(\s|\/|$))/.test(line))
    .join("\n")
    .replace(/\s+/g, "");

function hashOf(files: readonly string[], base: string): string {
  const hash = createHash("sha256");
  for (const file of files.toSorted())
    hash.update(`${relative(base, file).replaceAll("\\", "/")}\0${essence(readFileSync(file, "utf8"))}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** Portable kernels import what they share; native ones include it, and a header's functions are beside it. */
function referredTo(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const beside = (name: string): string => join(dirname(file), name);
  const imported = [...text.matchAll(/^(?:import|export) .*from "(\..*)";$/gm)].map(([, name]) =>
    beside(`${name!}.ts`),
  );
  // Which kernels there are, and all blocks of arguments, is in every file's headers: no kernel depends on it.
  const included = [...text.matchAll(/^#include "([\w/]+\.h)"$/gm)]
    .map(([, name]) => beside(name!))
    .filter((header) => !/(?:^|\/)(?:native|arguments)\.h$/.test(header));
  return [...imported, ...included, ...included.map((header) => header.replace(/\.h$/, ".c"))].filter(
    (name) => existsSync(name),
  );
}

function reach(files: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    referredTo(file).forEach(visit);
  };
  files.forEach(visit);
  return [...found];
}

/** The file of the native twin, if there is one, by the function that the table has for the kernel. */
function nativeFile(name: string): string[] {
  const row = new RegExp(`"kernel\\.${name}\\.\\d+",[^}]*?\\bthimble_(\\w+)\\}`).exec(
    readFileSync(join(native, "table.c"), "utf8"),
  );
  return row ? [join(native, `${row[1]!}.c`)] : [];
}

/**
 * SHA-256, in short, of the sources of a kernel, portable and native, with all that they use: another one where what it
 * costs may have changed. So two branches that touch two kernels do not meet in the calibration.
 */
export const kernelHash = (name: string): string =>
  hashOf(reach([join(assembly, "kernels", `${name}.ts`), ...nativeFile(name)]), root);

/** SHA-256, in short, of all sources in these folders. */
export function sourcesHash(folders: readonly string[] = [assembly, native]): string {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|c|h)$/.test(name))
      .map((name) => join(folder, name)),
  );
  return hashOf(files, root);
}
