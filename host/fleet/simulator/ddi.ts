/**
 * The update client of a simulated device (firmware/core/ddi.c) from the outside: which request it makes next, and
 * what comes of it. Whether a real server or a scripted one answers is the caller's choice.
 */
import type { Place, WasmDevice } from "./instance.ts";

export interface ServerOptions {
  /** The controller's address: https://host/TENANT/controller/v1/ID. */
  readonly url: string;
  /** The header's value: "TargetToken ..." or "GatewayToken ...". */
  readonly authorization?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Names by which the server calls the models, in their order; a device of one model takes any without. */
  readonly models?: readonly string[];
  /** The seed of the jitter. */
  readonly seed?: number;
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A body that is no text. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** An answer in pieces, as a connection delivers it. */
export interface Answer {
  /** The status of HTTP; 0 where there was none. */
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Iterable<Uint8Array>;
  /** False where the connection breaks behind the body. */
  readonly whole: boolean;
}

export interface UpdateClient {
  /** The request to make at `now` (seconds), or for how many seconds there is none. */
  next(now: number): Request | number;
  /** The outcome of the last request. */
  answer(now: number, answer: Answer): void;
  /** Other attributes from now on. Throws RangeError where they are too long to be sent. */
  change(attributes: Readonly<Record<string, string>>): void;
}

/** Offsets in thimble_ddi_request. */
const REQUEST = { method: 0, url: 4, authorization: 8, body: 12, bodyBytes: 16, rangeStart: 20 };

function readRequest(memory: Uint8Array, at: number): Request {
  const view = new DataView(memory.buffer, at);
  const pointer = (offset: number): number => view.getUint32(offset, true);
  const text = (start: number): string =>
    Buffer.from(memory.subarray(start, memory.indexOf(0, start))).toString("utf8");
  const optional = (offset: number): string | undefined =>
    pointer(offset) === 0 ? undefined : text(pointer(offset));
  const [authorization, body, start] = [
    optional(REQUEST.authorization),
    optional(REQUEST.body),
    pointer(REQUEST.rangeStart),
  ];
  return {
    method: text(pointer(REQUEST.method)),
    url: text(pointer(REQUEST.url)),
    headers: {
      accept: "application/hal+json, application/octet-stream",
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(start > 0 && { range: `bytes=${start}-` }),
    },
    ...(body !== undefined && { body }),
  };
}

type Headers = Answer["headers"];

/** THIMBLE_DDI_NO_RANGE, which no range begins at. */
const NO_RANGE = 0xffffffff;

/** The first byte that a partial answer holds, below 2^32 - 1; that where it does not say. */
export function rangeStart(headers: Headers): number {
  const start = Number(/^bytes (\d+)-/i.exec(headers["content-range"] ?? "")?.[1] ?? NO_RANGE);
  return start < NO_RANGE ? start : NO_RANGE;
}

const MAX_SECONDS = 0x7fffffff;

/** Seconds of Retry-After, which may be a date: then after that of the answer; 0 where there is none. */
export function retryAfter(headers: Headers): number {
  const value = headers["retry-after"]?.trim() ?? "";
  const seconds = /^\d+$/.test(value)
    ? Number(value)
    : (Date.parse(value) - Date.parse(headers["date"] ?? "")) / 1000;
  return Math.min(Math.max(Math.ceil(seconds) || 0, 0), MAX_SECONDS);
}

function checkLength(what: string, text: string, most: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > most) throw new RangeError(`server: ${what}: expected at most ${most} bytes, found ${bytes}`);
}

/** Throws RangeError where the URL or the attributes are too long to be sent. */
export function updateClient(device: WasmDevice, server: ServerOptions, buffer: Place): UpdateClient {
  const keep = (text: string | undefined): number => {
    if (text === undefined) return 0;
    const bytes = Buffer.from(`${text}\0`);
    const place = device.reserve(bytes.length);
    device.view(place).set(bytes);
    return place.at;
  };
  checkLength("url", server.url, device.exports.ddi_url_bytes());
  const keepAttributes = (attributes: ServerOptions["attributes"]): number => {
    const json = attributes && JSON.stringify(attributes);
    checkLength("attributes", json ?? "", device.exports.ddi_attributes_bytes());
    return keep(json);
  };
  const attributes = keepAttributes(server.attributes);
  device.exports.ddi_open(keep(server.url), keep(server.authorization), attributes, server.seed ?? 1);
  const names = server.models ?? [undefined];
  for (const [model, name] of names.entries()) device.exports.ddi_model(keep(name), model);

  /** Passes data through the device's memory in pieces; false where the device wants no more. */
  const pour = (data: Uint8Array): boolean => {
    for (let start = 0; start < data.length; start += buffer.bytes) {
      const piece = data.subarray(start, start + buffer.bytes);
      device.view(buffer).set(piece);
      if (device.exports.ddi_body(buffer.at, piece.length) === 0) return false;
    }
    return true;
  };

  /** Pulls piece by piece: an endless body ends where the device has enough of it. */
  const pourAll = (body: Iterable<Uint8Array>): boolean => {
    for (const piece of body) if (!pour(piece)) return false;
    return true;
  };

  return {
    next(now) {
      const wait = device.exports.ddi_next(now);
      return wait > 0
        ? wait
        : readRequest(new Uint8Array(device.exports.memory.buffer), device.exports.ddi_request());
    },
    answer(now, { status, headers, body, whole }) {
      const wanted = device.exports.ddi_head(status, rangeStart(headers), retryAfter(headers));
      device.exports.ddi_end(now, (wanted === 0 || pourAll(body)) && whole ? 1 : 0);
    },
    change(changed) {
      device.exports.ddi_attributes(keepAttributes(changed));
    },
  };
}
