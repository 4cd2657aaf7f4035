/** The update server behind node:http: bodies are bounded before they are read, slow peers are let go. */
import { createServer, type IncomingMessage, type ServerResponse as Reply, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isDdiPath } from "./ddi.ts";
import { LIMITS } from "./limits.ts";
import { Refused, respondRefusal, type ServerRequest, type ServerResponse } from "./message.ts";

export interface HttpServer {
  readonly url: string;
  /** Answers what has been asked already, and no more. */
  close(): Promise<void>;
}

/** A peer that takes longer for a request holds a connection for nothing. */
const REQUEST_TIMEOUT = 30_000;
const MAX_CONNECTIONS = 10_000;

function maxBytes({ method, url = "" }: IncomingMessage): number {
  if (isDdiPath(url)) return LIMITS.deviceBytes;
  const path = url.split("?")[0];
  return method === "POST" && path === "/rest/v1/images" ? LIMITS.imageBytes : LIMITS.managementBytes;
}

/** The body, or undefined where it is longer than it may be. */
async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const limit = maxBytes(message);
  if (Number(message.headers["content-length"] ?? 0) > limit) return undefined;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function send(reply: Reply, { status, headers, body }: ServerResponse, isLast: boolean): void {
  reply.writeHead(status, {
    ...(status !== 204 && status !== 304 && { "content-length": String(body.length) }),
    ...headers,
    ...(isLast && { connection: "close" }),
  });
  reply.end(body);
}

const textHeaders = (message: IncomingMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(message.headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value]] : [],
    ),
  );

async function answer(
  handle: (request: ServerRequest) => ServerResponse,
  message: IncomingMessage,
  reply: Reply,
): Promise<void> {
  const body = await readBody(message);
  if (!body) {
    send(
      reply,
      respondRefusal(new Refused(413, `body: expected at most ${maxBytes(message)} bytes, found more`)),
      true,
    );
    return;
  }
  const request = {
    method: message.method ?? "GET",
    url: message.url ?? "/",
    headers: textHeaders(message),
    body,
    address: message.socket.remoteAddress ?? "",
  };
  send(reply, handle(request), false);
}

/** Listens. Rejects with the system's error where the address or the port can't be had. */
export async function serveHttp(
  handle: (request: ServerRequest) => ServerResponse,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<HttpServer> {
  const server: Server = createServer({ requestTimeout: REQUEST_TIMEOUT }, (message, reply) => {
    // A peer that goes away amid its request is told nothing.
    answer(handle, message, reply).catch(() => message.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: found } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${found}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
