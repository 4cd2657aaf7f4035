/**
 * The update client of a simulated device (firmware/core/ddi.c) from the outside: which request it makes next, and
 * what comes of it. Whether a real server or a scripted one answers is the caller's choice.
 */
import type { Place, WasmDevice } from "./instance.ts";

export interface ServerOptions {
  /** Of the controller: https://host/TENANT/controller/v1/ID. */
  readonly url: string;
  /** The header's value: "TargetToken ..." or "GatewayToken ...". */
  readonly authorization?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** Names by which the server calls the models, in their order; a device of one model takes any without. */
  readonly models?: readonly string[];
  /** Of the jitter. */
  readonly seed?: number;
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An answer in pieces, as a connection delivers it. */
export interface Answer {
  /** Of HTTP; 0 where there was none. */
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
  /** What came of the last request. */
  answer(now: number, answer: Answer): void;
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

/** The first byte that a partial answer holds; 0 where it does not say. */
const rangeStart = (headers: Readonly<Record<string, string>>): number =>
  Number(/^bytes (\d+)-/.exec(headers["content-range"] ?? "")?.[1] ?? 0);

export function updateClient(device: WasmDevice, server: ServerOptions, buffer: Place): UpdateClient {
  const keep = (text: string | undefined): number => {
    if (text === undefined) return 0;
    const bytes = Buffer.from(`${text}\0`);
    const place = device.reserve(bytes.length);
    device.view(place).set(bytes);
    return place.at;
  };
  const attributes = server.attributes && JSON.stringify(server.attributes);
  device.exports.ddi_open(keep(server.url), keep(server.authorization), keep(attributes), server.seed ?? 1);
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
      const etag = Buffer.from(`${headers["etag"] ?? ""}\0`).subarray(-buffer.bytes);
      device.view(buffer).set(etag);
      const retryAfter = Number.parseInt(headers["retry-after"] ?? "0", 10) || 0;
      const wanted = device.exports.ddi_head(
        status,
        rangeStart(headers),
        headers["etag"] === undefined ? 0 : buffer.at,
        retryAfter,
      );
      device.exports.ddi_end(now, (wanted === 0 || pourAll(body)) && whole ? 1 : 0);
    },
  };
}
