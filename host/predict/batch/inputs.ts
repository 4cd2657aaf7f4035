/** Which files a pattern means. Apart from what threads load. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { globSync, isDynamicPattern } from "tinyglobby";
import { DataError } from "../../runtime/data/dataset.ts";

export interface InputFile {
  readonly file: string;
  /** Where its answers go, below the folder of all answers: empty, or as the file lies below its pattern. */
  readonly folder: string;
}

/** The longest folder that a pattern names in full. */
function baseOf(pattern: string): string {
  let base = dirname(pattern);
  while (isDynamicPattern(base)) base = dirname(base);
  return base;
}

/**
 * Files of a path, or of a pattern with * ? ** {a,b}, in the order of their names. Throws DataError where there are none.
 */
export function expandInput(pattern: string): InputFile[] {
  const info = statSync(pattern, { throwIfNoEntry: false });
  if (info?.isFile()) return [{ file: pattern, folder: "" }];
  const base = info?.isDirectory() ? pattern : baseOf(pattern);
  const inside = info?.isDirectory() ? "**" : pattern.slice(base === "." ? 0 : base.length + 1);
  const found = globSync(inside.replace(/^\.\//, ""), { cwd: base, onlyFiles: true });
  if (found.length === 0) throw new DataError(`--input ${pattern}: expected files, found none`);
  return found.sort().map((name) => {
    const folder = dirname(name);
    return { file: join(base, name), folder: folder === "." ? "" : folder };
  });
}
