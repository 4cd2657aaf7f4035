/** Reading the JSON of a layer's configuration, which may hold anything. */
import { ModelError } from "../../../ir/graph.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A layer's configuration by key; a missing key takes the fallback, and is an error where there is none. */
export interface Options {
  /** undefined where the key is missing or null. */
  raw(key: string): unknown;
  text(key: string, fallback?: string): string;
  boolean(key: string, fallback?: boolean): boolean;
  number(key: string, fallback?: number): number;
  int(key: string, fallback?: number): number;
  /** `count` whole numbers; one number alone stands for all. */
  ints(key: string, count: number, fallback?: number): number[];
}

const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 100) ?? "none";

export function optionsOf(config: JsonObject): Options {
  const raw = (key: string): unknown => (Object.hasOwn(config, key) ? (config[key] ?? undefined) : undefined);
  const wrong = (key: string, expected: string): never => {
    throw new ModelError(`${key}: expected ${expected}, found ${shown(raw(key))}`);
  };
  const value = <T>(key: string, expected: string, fits: (value: unknown) => value is T, fallback?: T): T => {
    const found = raw(key) ?? fallback;
    return fits(found) ? found : wrong(key, expected);
  };
  const isText = (x: unknown): x is string => typeof x === "string";
  const isBoolean = (x: unknown): x is boolean => typeof x === "boolean";
  const isNumber = (x: unknown): x is number => typeof x === "number" && Number.isFinite(x);
  const isInt = (x: unknown): x is number => Number.isSafeInteger(x);
  const isInts = (x: unknown): x is number[] => Array.isArray(x) && x.every(isInt);
  return {
    raw,
    text: (key, fallback) => value(key, "text", isText, fallback),
    boolean: (key, fallback) => value(key, "true or false", isBoolean, fallback),
    number: (key, fallback) => value(key, "a number", isNumber, fallback),
    int: (key, fallback) => value(key, "a whole number", isInt, fallback),
    ints: (key, count, fallback) => {
      const found = raw(key) ?? fallback;
      const list = isInt(found) ? new Array<number>(count).fill(found) : found;
      return isInts(list) && list.length === count ? list : wrong(key, `${count} whole numbers`);
    },
  };
}
