/** Requests and responses without sockets, so that a simulator can ask the server as fast as it can answer. */

export interface ServerRequest {
  readonly method: string;
  /** A path with its query, or a whole URL. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** A body that is no text, of a client that keeps both apart. */
  readonly bytes?: Uint8Array;
  /** The peer's address; audits and limits know no more of somebody without a token. */
  readonly address?: string;
}

export interface ServerResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A request that is refused: the status of HTTP, and one line for whoever sent it. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

const HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export const respond = (
  status: number,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse => ({
  status,
  headers: { ...HEADERS, ...headers },
  body: typeof body === "string" ? Buffer.from(body) : body,
});

export const respondJson = (
  value: unknown,
  { status = 200, type = "application/json" }: { readonly status?: number; readonly type?: string } = {},
): ServerResponse => respond(status, JSON.stringify(value), { "content-type": type });

/** RFC 9457: one shape for everything that is refused. */
export const respondRefusal = ({ status, message, headers }: Refused): ServerResponse =>
  respond(status, JSON.stringify({ status, title: message }), {
    "content-type": "application/problem+json",
    ...headers,
  });

export const bodyBytes = ({ bytes, body = "" }: ServerRequest): Uint8Array =>
  bytes ?? (typeof body === "string" ? Buffer.from(body) : body);

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value as an error names it: short, in one line. */
export function shown(value: Json | undefined): string {
  if (value === undefined) return "none";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return "an object";
  const text = JSON.stringify(value).replace(/\p{C}/gu, "?");
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

/** How deep documents may be: a parser that recurses ends where the stack does. */
const MAX_DEPTH = 16;

function depth(text: string): number {
  let [now, most, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === "\\") i++;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "{" || c === "[")) most = Math.max(most, ++now);
    else if (!quoted && (c === "}" || c === "]")) now--;
  }
  return most;
}

/** The JSON object that a request carries. Throws Refused (413, 400). */
export function readJson(request: ServerRequest, maxBytes: number): JsonObject {
  const bytes = bodyBytes(request);
  if (bytes.length > maxBytes)
    throw new Refused(413, `body: expected at most ${maxBytes} bytes, found ${bytes.length}`);
  const text = Buffer.from(bytes).toString("utf8");
  if (depth(text) > MAX_DEPTH)
    throw new Refused(400, `body: expected at most ${MAX_DEPTH} levels, found ${depth(text)}`);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new Refused(400, `body: expected JSON, found ${text === "" ? "nothing" : "no JSON"}`);
  }
  if (!isObject(value)) throw new Refused(400, `body: expected a JSON object, found ${shown(value)}`);
  return value;
}
