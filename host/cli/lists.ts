/** Options that are lists: texts with commas between them, or the lines of a file. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { UsageError } from "./options.ts";

/** Texts separated by commas, or the lines of a file. */
function textList(text: string): string[] {
  const isFile = existsSync(text) && statSync(text).isFile();
  const texts = isFile ? readFileSync(text, "utf8").trim().split(/\r?\n/) : text.split(",");
  return texts.map((each) => each.trim());
}

/** NAME=UNIT each; a name may have a "=". */
export function unitsOf(text: string): ReadonlyMap<string, string> {
  const pairs = textList(text).map((each): [string, string] => {
    const at = each.lastIndexOf("=");
    const [name, unit] = [each.slice(0, Math.max(at, 0)).trim(), each.slice(at + 1).trim()];
    if (name === "" || unit === "") throw new UsageError(`--units: expected NAME=UNIT, found "${each}"`);
    return [name, unit];
  });
  const units = new Map(pairs);
  if (units.size < pairs.length) throw new UsageError(`--units: expected names that differ, found "${text}"`);
  return units;
}

/** LAYER=BITS each, of 4 or 8 bits. */
export function bitsOf(text: string): ReadonlyMap<string, number> {
  const pairs = textList(text).map((each): [string, number] => {
    const at = each.lastIndexOf("=");
    const [layer, bits] = [each.slice(0, Math.max(at, 0)).trim(), each.slice(at + 1).trim()];
    if (layer === "" || !["4", "8"].includes(bits))
      throw new UsageError(`--bits: expected LAYER=4 or LAYER=8, found "${each}"`);
    return [layer, Number(bits)];
  });
  return new Map(pairs);
}

/** Names separated by commas, or the lines of a file. */
export function nameList(option: string, text: string): readonly string[] {
  const names = textList(text);
  if (names.includes("") || new Set(names).size < names.length)
    throw new UsageError(`${option}: expected names that differ, found "${text}"`);
  return names;
}
