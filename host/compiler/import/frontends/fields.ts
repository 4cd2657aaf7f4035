/** The fields of a JSON file with parameters: each is asked for by name, with its bounds and what stands where it is left out. */
import { ModelError } from "../../../ir/graph.ts";

/** Bounds of a number, both within. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Each throws ModelError that names the field, where its value is not of that kind or out of bounds. */
export interface Fields {
  /** Finite numbers; where there is no `otherwise`, the field has to be there. */
  number(name: string, bounds: Bounds, otherwise?: number): number;
  whole(name: string, bounds: Bounds, otherwise?: number): number;
  flag(name: string, otherwise: boolean): boolean;
  oneOf<T extends string>(name: string, values: readonly T[], otherwise?: T): T;
  text(name: string): string;
  /** One or more of the values, none of them twice. */
  someOf<T extends string>(name: string, values: readonly T[], otherwise: readonly T[]): readonly T[];
  /** Two or more rising numbers. */
  rising(name: string, bounds: Bounds): readonly number[];
  has(name: string): boolean;
  /** The fault of a value that is of its kind and yet fits no others. */
  fail(name: string, expected: string, found?: unknown): never;
  /** Refuses fields that nobody asked for. */
  finish(): void;
}

const within = ({ min, max }: Bounds): string => `${min} to ${max}`;
const isWithin = (x: unknown, { min, max }: Bounds): boolean => typeof x === "number" && x >= min && x <= max;

const quoted = (list: readonly string[]): string[] => list.map((each) => JSON.stringify(each));

const isSome = (x: unknown, list: readonly string[]): boolean =>
  Array.isArray(x) && x.length > 0 && new Set(x).size === x.length && x.every((each) => list.includes(each));

const isRising = (x: unknown, bounds: Bounds): boolean =>
  Array.isArray(x) &&
  x.length > 1 &&
  x.every((each, i) => isWithin(each, bounds) && (i === 0 || each > x[i - 1]));

/** Reads fields of a document; messages begin with `where`. */
export function readFields(document: unknown, where: string): Fields {
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw new ModelError(`${where}: expected a map of fields, found ${JSON.stringify(document)}`);
  const values = new Map(Object.entries(document));
  const known = new Set<string>();
  const fail = (name: string, expected: string, found: unknown = values.get(name)): never => {
    const shown = found === undefined ? "none" : JSON.stringify(found);
    throw new ModelError(`${where}: ${name}: expected ${expected}, found ${shown}`);
  };
  const value = <T>(
    name: string,
    otherwise: T | undefined,
    expected: string,
    fits: (x: unknown) => boolean,
  ) => {
    known.add(name);
    const found = values.get(name) ?? otherwise;
    return fits(found) ? (found as T) : fail(name, expected);
  };
  return {
    number: (name, bounds, otherwise) =>
      value(name, otherwise, `a number of ${within(bounds)}`, (x) => isWithin(x, bounds)),
    whole: (name, bounds, otherwise) =>
      value(
        name,
        otherwise,
        `a whole number of ${within(bounds)}`,
        (x) => isWithin(x, bounds) && Number.isInteger(x),
      ),
    flag: (name, otherwise) => value(name, otherwise, "true or false", (x) => typeof x === "boolean"),
    oneOf: <T extends string>(name: string, list: readonly T[], otherwise?: T) =>
      value<T>(name, otherwise, quoted(list).join(" or "), (x) => list.includes(x as T)),
    someOf: <T extends string>(name: string, list: readonly T[], otherwise: readonly T[]) =>
      value<readonly T[]>(name, otherwise, `a list of ${quoted(list).join(", ")}`, (x) => isSome(x, list)),
    rising: (name, bounds) =>
      value<readonly number[]>(name, undefined, `two or more rising numbers of ${within(bounds)}`, (x) =>
        isRising(x, bounds),
      ),
    text: (name) => value<string>(name, undefined, "text", (x) => typeof x === "string"),
    has: (name) => {
      known.add(name);
      return values.get(name) !== undefined && values.get(name) !== null;
    },
    fail,
    finish() {
      const unknown = [...values.keys()].find((name) => !known.has(name));
      if (unknown !== undefined)
        throw new ModelError(`${where}: ${unknown}: unknown field; expected ${[...known].sort().join(", ")}`);
    },
  };
}
