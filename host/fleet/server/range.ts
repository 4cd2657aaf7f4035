/** A file, or the part of it that is asked for (RFC 9110, section 14). */
import { respond, type ServerResponse } from "./message.ts";

interface Span {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** One range of bytes; undefined for what is to be answered as if there were none, such as several. */
function readRange(header: string | undefined, size: number): Span | "none" | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start < end ? { start, end } : "none";
}

/** Whether a list of tags has this one; "*" is any. */
const names = (list: string, etag: string): boolean =>
  list.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);

export interface ServedFile {
  readonly bytes: Uint8Array;
  /** With its quotes. */
  readonly etag: string;
  readonly name: string;
}

interface FileAnswer {
  readonly response: ServerResponse;
  /** Whether the peer has, or gets with this, the last byte of the file. */
  readonly isToEnd: boolean;
}

export function respondFile(
  { bytes, etag, name }: ServedFile,
  { method, headers }: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
): FileAnswer {
  const common = {
    etag,
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="${name}"`,
  };
  const size = bytes.length;
  if (headers["if-match"] !== undefined && !names(headers["if-match"], etag))
    return { response: respond(412, "", common), isToEnd: false };
  if (headers["if-none-match"] !== undefined && names(headers["if-none-match"], etag))
    return { response: respond(304, "", common), isToEnd: method === "GET" };
  // A range of another file than the one that was begun is worth nothing.
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  const range = isSame ? readRange(headers["range"], size) : undefined;
  if (range === "none")
    return {
      response: respond(416, "", { ...common, "content-range": `bytes */${size}` }),
      // It asks for what is behind the last byte: it has all of them.
      isToEnd: headers["range"] === `bytes=${size}-`,
    };
  const { start, end } = range ?? { start: 0, end: size };
  const response = respond(range ? 206 : 200, method === "HEAD" ? "" : bytes.subarray(start, end), {
    ...common,
    "content-length": String(end - start),
    ...(range && { "content-range": `bytes ${start}-${end - 1}/${size}` }),
  });
  return { response, isToEnd: method === "GET" && end === size };
}
