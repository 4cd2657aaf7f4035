/** Bodies of requests: each within its own bound, and all that are being received within one for the server. */
import type { IncomingMessage } from "node:http";
import { LIMITS } from "./limits.ts";
import { Refused } from "./message.ts";

export interface Bodies {
  /** A body of at most `limit` bytes; `start` is called once there is room for it. */
  read(message: IncomingMessage, limit: number, start: () => void): Promise<Uint8Array | Refused>;
}

/** Bytes that a refused peer may still send before its connection is cut: enough to hear the answer first. */
const [LINGER_MS, LINGER_BYTES] = [1000, 1024 * 1024];

/** Throws away what comes, for a moment: a connection that is cut at once takes the answer with it. */
export function discard(message: IncomingMessage): void {
  const cut = setTimeout(() => message.socket.destroy(), LINGER_MS).unref();
  let left = LINGER_BYTES;
  message.on("data", (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) message.socket.destroy();
  });
  message.once("close", () => clearTimeout(cut));
  message.resume();
}

/** All bytes that come, or the refusal once they are more than `limit`; rejects where the peer goes away. */
function collect(message: IncomingMessage, limit: number): Promise<Uint8Array | Refused> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    message.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= limit) pieces.push(piece);
      else {
        pieces.length = 0;
        resolve(new Refused(413, `body: expected at most ${limit} bytes, found more`));
      }
    });
    message.once("end", () => resolve(Buffer.concat(pieces)));
    message.once("close", () => reject(new Error("the peer went away")));
    message.once("error", reject);
  });
}

export function bodies(inAll: number = LIMITS.bodyBytesInAll): Bodies {
  let held = 0;
  return {
    async read(message, limit, start) {
      const told = message.headers["content-length"];
      const expected = told === undefined ? limit : Number(told);
      if (expected > limit)
        return new Refused(413, `body: expected at most ${limit} bytes, found ${expected}`);
      if (held + expected > inAll)
        return new Refused(503, "too many bodies at once: again in 1 s", { "retry-after": "1" });
      held += expected;
      if (message.headers.expect !== undefined) start();
      return collect(message, limit).finally(() => {
        held -= expected;
      });
    },
  };
}
