import { ModelError } from "./graph.ts";

/** Checks of decoded JSON and CBOR: each says what is wrong first, and where, or undefined. */
export type Check = (value: unknown, path: string) => string | undefined;

function show(value: unknown): string {
  if (value === undefined) return "none";
  if (value === null || typeof value !== "object") return String(value);
  return Array.isArray(value) ? "a list" : ArrayBuffer.isView(value) ? "bytes" : "a map";
}

const expect =
  (what: string, fits: (value: unknown) => boolean): Check =>
  (value, path) =>
    fits(value) ? undefined : `${path}: expected ${what}, found ${show(value)}`;

export const isText = expect("text", (value) => typeof value === "string");
export const isBytes = expect("bytes", (value) => value instanceof Uint8Array);
export const isBoolean = expect("true or false", (value) => typeof value === "boolean");
export const isNumber = expect("a finite number", Number.isFinite);
export const isNull = expect("null", (value) => value === null);
export const isInteger = expect("a whole number", Number.isSafeInteger);
export const isCount = expect(
  "a whole number of at least 0",
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

export const isOneOf = (...values: readonly unknown[]): Check =>
  expect(values.join(" or "), (value) => values.includes(value));

export const anyOf =
  (...checks: readonly Check[]): Check =>
  (value, path) => {
    const faults = checks.map((check) => check(value, path));
    return faults.includes(undefined) ? undefined : faults[0];
  };

export const isList =
  (element: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) return `${path}: expected a list, found ${show(value)}`;
    for (const [i, each] of value.entries()) {
      const fault = element(each, `${path}[${i}]`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

const fieldsOf = (value: unknown): ReadonlyMap<string, unknown> | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
    ? new Map(Object.entries(value))
    : undefined;

/** Fields by name; those of `optional` may be left out, and others may be there. */
export const isRecord =
  (fields: Readonly<Record<string, Check>>, optional: Readonly<Record<string, Check>> = {}): Check =>
  (value, path) => {
    const found = fieldsOf(value);
    if (!found) return `${path}: expected a map, found ${show(value)}`;
    for (const [name, check] of Object.entries({ ...fields, ...optional })) {
      if (!found.has(name) && name in optional) continue;
      const fault = check(found.get(name), path === "" ? name : `${path}.${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

/** A map from any name to values of one kind. */
export const isMap =
  (element: Check): Check =>
  (value, path) => {
    const found = fieldsOf(value);
    if (!found) return `${path}: expected a map, found ${show(value)}`;
    return isList(element)([...found.values()], path);
  };

/** Throws ModelError, whose message begins with `where`, unless the document passes the check. */
export function checkDocument(value: unknown, check: Check, where: string): void {
  const fault = check(value, "");
  if (fault !== undefined) throw new ModelError(`${where}: ${fault.replace(/^: /, "")}`);
}
