/** The update server behind node:http: who asks is known before a body is read, and slow peers are let go. */
import { createServer, type IncomingMessage, type ServerResponse as Reply, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Bodies, bodies, discard } from "./bodies.ts";
import { type ConnectionBounds, connections } from "./connections.ts";
import { LIMITS, TIMEOUTS } from "./limits.ts";
import { Refused, respondRefusal, type ServerRequest, type ServerResponse } from "./message.ts";

export interface HttpServer {
  readonly url: string;
  /** Answers what has been asked already, and no more. */
  close(): Promise<void>;
}

/** The server that answers: see UpdateServer. */
export interface Answering {
  /** How a refusal is said that needs no more than the head; default: RFC 9457. */
  readonly refusal?: (refused: Refused) => ServerResponse;
  readonly handle: (request: ServerRequest) => ServerResponse;
  readonly admit: (head: ServerRequest) => number | ServerResponse;
}

function send(reply: Reply, { status, headers, body }: ServerResponse, isLast: boolean): void {
  reply.writeHead(status, {
    ...(status !== 204 && status !== 304 && { "content-length": String(body.length) }),
    ...headers,
    ...(isLast && { connection: "close" }),
  });
  reply.end(body);
}

/** Headers that decide who asks for what: one of each, or the request means one thing here and another to a proxy. */
const SINGLE = ["host", "authorization", "content-length", "transfer-encoding"];

function hasTwice({ rawHeaders }: IncomingMessage): string | undefined {
  const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
  return SINGLE.find((name) => names.indexOf(name) !== names.lastIndexOf(name));
}

function headOf(message: IncomingMessage): ServerRequest {
  const headers = Object.entries(message.headers).flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return {
    method: message.method ?? "GET",
    url: message.url ?? "/",
    headers: Object.fromEntries(headers),
    address: message.socket.remoteAddress ?? "",
  };
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;

/** Answers by the head alone: what may yet come of the body is thrown away. */
function refuse(message: IncomingMessage, reply: Reply, response: ServerResponse): void {
  send(reply, response, true);
  discard(message);
}

async function answer(
  { handle, admit, refusal = respondRefusal }: Answering,
  waiting: Bodies,
  message: IncomingMessage,
  reply: Reply,
): Promise<void> {
  const twice = hasTwice(message);
  if (twice !== undefined)
    return refuse(message, reply, refusal(new Refused(400, `${twice}: expected one header, found two`)));
  const head = headOf(message);
  if (!hasBody(message)) {
    const response = handle(head);
    return send(reply, response, response.status === 401 || response.status === 429);
  }
  const admitted = admit(head);
  if (typeof admitted !== "number") return refuse(message, reply, admitted);
  const body = await waiting.read(message, admitted, () => reply.writeContinue());
  if (body instanceof Refused) return refuse(message, reply, refusal(body));
  send(reply, handle({ ...head, body }), false);
}

/** Listens. Rejects with the system's error where the address or the port can't be had. */
export async function serveHttp(
  answering: Answering,
  { host, port }: { readonly host: string; readonly port: number },
  bounds: ConnectionBounds = { inAll: LIMITS.connections, perPeer: LIMITS.connectionsPerPeer },
): Promise<HttpServer> {
  const waiting = bodies();
  const listener = (message: IncomingMessage, reply: Reply): void => {
    // A peer that goes away amid its request is told nothing.
    answer(answering, waiting, message, reply).catch(() => message.destroy());
  };
  const server: Server = createServer(
    {
      headersTimeout: TIMEOUTS.head,
      requestTimeout: TIMEOUTS.request,
      keepAliveTimeout: TIMEOUTS.idle,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: LIMITS.headerBytes,
    },
    listener,
  );
  // Who has no token is told so before sending a body.
  server.on("checkContinue", listener);
  server.setTimeout(TIMEOUTS.stalled);
  connections(server, bounds);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { address, family, port: found } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${found}`,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), TIMEOUTS.close);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
