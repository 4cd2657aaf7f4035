/** Facts about a model that its builder states: kept beside the module, never in the bytes that go to devices. */
import { readFileSync, statSync } from "node:fs";
import { parseJson } from "../budgets.ts";
import { ModelError } from "../ir/graph.ts";

export type MetaValue = string | number | boolean;
/** By key a value, or values by name, as of metrics and of library versions. */
export type Meta = Readonly<Record<string, MetaValue | Readonly<Record<string, MetaValue>>>>;

const KEY = /^[A-Za-z][\w.-]{0,63}$/;
const MOST_LETTERS = 4096;

const fail = (where: string, expected: string, found: unknown): never => {
  throw new ModelError(`--meta ${where}: expected ${expected}, found ${JSON.stringify(found)?.slice(0, 60)}`);
};

function value(where: string, found: unknown): MetaValue {
  if (typeof found === "boolean" || (typeof found === "number" && Number.isFinite(found))) return found;
  if (typeof found === "string" && found.length <= MOST_LETTERS) return found;
  return fail(where, `a text of up to ${MOST_LETTERS} letters, a number, true or false`, found);
}

const isObject = (found: unknown): found is Readonly<Record<string, unknown>> =>
  typeof found === "object" && found !== null && !Array.isArray(found);

function checkKey(where: string, key: string): void {
  if (!KEY.test(key)) fail(where, `a key of up to 64 letters, digits, ".", "_" or "-"`, key);
}

function ofFile(path: string): Meta {
  let found: unknown;
  try {
    found = parseJson(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ModelError(`--meta ${path}: expected JSON, found ${(error as Error).message.split("\n")[0]}`);
  }
  if (!isObject(found)) return fail(path, "an object", found);
  const entries = Object.entries(found).map(([key, each]): [string, Meta[string]] => {
    checkKey(path, key);
    const where = `${path}: ${key}`;
    if (!isObject(each)) return [key, value(where, each)];
    return [
      key,
      Object.fromEntries(Object.entries(each).map(([name, one]) => [name, value(`${where}.${name}`, one)])),
    ];
  });
  return Object.fromEntries(entries);
}

/** The value of key=value: a number where it is one; "metrics.accuracy=0.97" is one of several. */
function ofPair(text: string): Meta {
  const at = text.indexOf("=");
  const [path, given] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  const isNumber = given !== "" && String(Number(given)) === given;
  const found = isNumber ? Number(given) : value(path, given);
  const dot = path.indexOf(".");
  const key = dot < 0 ? path : path.slice(0, dot);
  checkKey(text, key);
  return dot < 0 ? { [key]: found } : { [key]: { [path.slice(dot + 1)]: found } };
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** Facts of all values of --meta, each a JSON file or key=value; later ones count. Throws ModelError. */
export function readMeta(given: readonly string[]): Meta {
  const all: Record<string, Meta[string]> = {};
  for (const text of given) {
    if (!isFile(text) && !text.includes("="))
      throw new ModelError(`--meta: expected a JSON file or key=value, found "${text}"`);
    for (const [key, found] of Object.entries(isFile(text) ? ofFile(text) : ofPair(text))) {
      const before = all[key];
      all[key] = isObject(before) && isObject(found) ? { ...before, ...found } : found;
    }
  }
  return all;
}

/** Lines of key and value, values by name one behind the other. */
export const metaRows = (meta: Meta): (readonly [key: string, text: string])[] =>
  Object.entries(meta).map(([key, found]) => [
    key,
    isObject(found)
      ? Object.entries(found)
          .map(([name, each]) => `${name} ${each}`)
          .join(", ")
      : String(found),
  ]);
