/**
 * A log of predictions: JSON lines, each with what an inference was made of and what it gave, and its own SHA-256. Values are
 * bytes in base64, since numbers in JSON lose NaN and the sign of zero.
 */
import { createHash } from "node:crypto";
import { DataError } from "../../runtime/data/dataset.ts";

/** Real values as float32, little-endian, of all inputs or outputs one after the other; or the bytes of each raw tensor. */
export type Logged = { readonly values: Float32Array } | { readonly raw: readonly Uint8Array[] };

export interface Entry {
  /** SHA-256 in hex of the module, of its image, or the digest that the image's signature is of, as devices call it. */
  readonly module: string;
  /** When it was made, by ISO 8601. */
  readonly time: string;
  /** Inferences that share state, and their place in it from 0: the state before is what those before it left. */
  readonly session: string;
  readonly step: number;
  readonly input: Logged;
  readonly output: Logged;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

function encodeLogged(logged: Logged): unknown {
  if ("raw" in logged) return { raw: logged.raw.map(base64) };
  const { values } = logged;
  return { values: base64(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) };
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** One line, without its end. The SHA-256 is of all before it. */
export function encodeEntry({ input, output, ...rest }: Entry): string {
  const text = JSON.stringify({ ...rest, input: encodeLogged(input), output: encodeLogged(output) });
  const body = text.slice(0, -1);
  return `${body},"sha256":"${sha256(body)}"}`;
}

/** SHA-256 of a line in hex, as it says itself; `decodeEntry` proves it. */
export const hashOfLine = (line: string): string => /"sha256":"([0-9a-f]{64})"\}$/.exec(line)?.[1] ?? "";

const fail = (what: string, expected: string, found: unknown): never => {
  const text = String(found);
  throw new DataError(
    `${what}: expected ${expected}, found ${text.length > 80 ? `${text.slice(0, 80)}...` : text}`,
  );
};

function decodeBytes(what: string, value: unknown): Uint8Array {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
    return fail(what, "base64", typeof value);
  return new Uint8Array(Buffer.from(value, "base64"));
}

function decodeLogged(what: string, value: unknown): Logged {
  const { values, raw } = (value ?? {}) as { values?: unknown; raw?: unknown };
  if (Array.isArray(raw)) return { raw: raw.map((each) => decodeBytes(what, each)) };
  if (values === undefined) return fail(what, '"values" or "raw"', "neither");
  const bytes = decodeBytes(what, values);
  if (bytes.length % 4 !== 0) fail(what, "float32 values", `${bytes.length} bytes`);
  return { values: new Float32Array(bytes.slice().buffer) };
}

/** Reads an untrusted line. Throws DataError that says what is wrong with it. */
export function decodeEntry(line: string): Entry {
  const [, body, hash] = /^(.*),"sha256":"([0-9a-f]{64})"\}$/s.exec(line) ?? [];
  if (body === undefined) return fail("line", "an entry that ends with its SHA-256", "none");
  const found = sha256(body);
  if (found !== hash) fail("SHA-256 of the line", hash!, found);
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(`${body}}`) as Record<string, unknown>;
  } catch {
    return fail("line", "JSON", "none");
  }
  const { module, time, session, step, input, output } = fields;
  if (typeof module !== "string" || !/^[0-9a-f]{64}$/.test(module))
    return fail("module", "a SHA-256", module);
  if (typeof time !== "string" || Number.isNaN(Date.parse(time)))
    return fail("time", "a time of ISO 8601", time);
  if (typeof session !== "string") return fail("session", "a text", typeof session);
  if (!Number.isSafeInteger(step) || (step as number) < 0) return fail("step", "a whole number", step);
  return {
    module,
    time,
    session,
    step: step as number,
    input: decodeLogged("input", input),
    output: decodeLogged("output", output),
  };
}
