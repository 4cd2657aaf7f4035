/** A server at a URL, as simulated devices reach it: over real sockets, in real time. */
import { emptyAnswer, type Handler, type Reply } from "./network.ts";

/** No image is as large, so a body without end is cut off here. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

async function readBody(response: Response): Promise<Pick<Reply, "body" | "whole">> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece as Uint8Array);
      bytes += (piece as Uint8Array).length;
      if (bytes > MAX_BODY_BYTES) return { body: pieces, whole: false };
    }
    return { body: pieces };
  } catch {
    return { body: pieces, whole: false };
  }
}

/** Asks whoever answers at the URL; nobody's answer is one of status 0. */
export const overHttp: Handler = async ({ method, url, headers, body: text, bytes }) => {
  const body = bytes ?? text;
  try {
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      ...(await readBody(response)),
    };
  } catch {
    return { ...emptyAnswer(0), whole: false };
  }
};
