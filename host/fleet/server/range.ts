/** A file, or the part of it that is asked for (RFC 9110, section 14). */
import { respond, type ServerResponse } from "./message.ts";

interface Span {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** One range of bytes; undefined for what is to be answered as if there were none, such as several. */
function readRange(header: string | undefined, size: number): Span | "none" | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < start) return undefined;
  return start < end ? { start, end } : "none";
}

/** `etag` with its quotes. */
export function respondFile(
  file: Uint8Array,
  etag: string,
  name: string,
  { method, headers }: { readonly method: string; readonly headers: Readonly<Record<string, string>> },
): ServerResponse {
  const common = {
    etag,
    "accept-ranges": "bytes",
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="${name}"`,
  };
  if (headers["if-none-match"] === etag) return respond(304, "", common);
  // A range of another file than the one that was begun is worth nothing.
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  const range = isSame ? readRange(headers["range"], file.length) : undefined;
  if (range === "none") return respond(416, "", { ...common, "content-range": `bytes */${file.length}` });
  const { start, end } = range ?? { start: 0, end: file.length };
  return respond(range ? 206 : 200, method === "HEAD" ? "" : file.subarray(start, end), {
    ...common,
    "content-length": String(end - start),
    ...(range && { "content-range": `bytes ${start}-${end - 1}/${file.length}` }),
  });
}
