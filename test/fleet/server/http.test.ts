/** The server's sockets: who asks is known before a body is read, and peers that hold connections keep nobody out. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Bodies, bodies } from "../../../host/fleet/server/bodies.ts";
import { connections } from "../../../host/fleet/server/connections.ts";
import { type Answering, type HttpServer, serveHttp } from "../../../host/fleet/server/http.ts";
import { LIMITS, peerOf } from "../../../host/fleet/server/limits.ts";
import { respond, type ServerRequest } from "../../../host/fleet/server/message.ts";
import { version } from "../../support/two_versions.ts";
import { type Scene, scene } from "./server_and_devices.ts";

/** A connection that says what it is told to, and collects what comes. */
async function open(port: number): Promise<Socket & { readonly said: () => string }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (data: Buffer) => {
    text += data.toString("latin1");
  });
  socket.on("error", () => {});
  await once(socket, "connect");
  return Object.assign(socket, { said: () => text });
}

const portOf = ({ url }: HttpServer): number => Number(new URL(url).port);
const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]);

/** The whole answer to raw bytes. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = await open(port);
  socket.write(bytes);
  if (!socket.closed) await once(socket, "close");
  return socket.said();
}

describe("a server behind sockets", () => {
  let at: Scene;
  let http: HttpServer;
  /** Requests that came as far as the server proper, and those whose head was looked at. */
  const seen: { handled: ServerRequest[]; admitted: ServerRequest[] } = { handled: [], admitted: [] };
  before(async () => {
    at = scene();
    const answering: Answering = {
      handle(request) {
        seen.handled.push(request);
        return at.server.handle(request);
      },
      admit(head) {
        seen.admitted.push(head);
        return at.server.admit(head);
      },
    };
    http = await serveHttp(answering, { host: "127.0.0.1", port: 0 });
  });
  after(() => http.close());

  const unread: readonly (readonly [string, string, string, number])[] = [
    ["an image without a token", "POST /rest/v1/images", "", 401],
    ["an image with a wrong token", "POST /rest/v1/images", "Authorization: Bearer wrong\r\n", 401],
    ["attributes without a token", "PUT /DEFAULT/controller/v1/x/configData", "", 401],
    [
      "feedback with a wrong token",
      "POST /DEFAULT/controller/v1/x/deploymentBase/1/feedback",
      "Authorization: GatewayToken x\r\n",
      401,
    ],
    ["a body for the page", "GET /", "", 413],
    ["a body for nothing", "POST /nothing", "", 413],
  ];
  for (const [name, line, authorization, status] of unread)
    for (const length of [`Content-Length: ${LIMITS.imageBytes}`, "Transfer-Encoding: chunked"])
      test(`${name} (${length.split(":")[0]}): answered before any of the body has come`, async () => {
        const before = seen.handled.length;
        const answer = await exchange(
          portOf(http),
          `${line} HTTP/1.1\r\nHost: x\r\n${authorization}${length}\r\n\r\n`,
        );
        assert.equal(statusOf(answer), status, answer);
        assert.match(answer, /connection: close/i);
        assert.equal(seen.handled.length, before);
        assert.equal(seen.admitted.at(-1)!.body, undefined);
      });

  test("who may not send is told so before sending: Expect: 100-continue", async () => {
    const head = `POST /rest/v1/images HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n`;
    assert.equal(statusOf(await exchange(portOf(http), `${head}\r\n`)), 401);
    const socket = await open(portOf(http));
    socket.write(`${head}Authorization: Bearer ${at.manage}\r\n\r\n`);
    await once(socket, "data");
    assert.equal(statusOf(socket.said()), 100);
    socket.write("image");
    await once(socket, "data");
    assert.match(socket.said(), /HTTP\/1\.1 422/);
    socket.destroy();
  });

  test("with the right token the body is taken; a longer one than is told or may be is not", async () => {
    const send = (body: Uint8Array | ReadableStream, path = "/rest/v1/images") =>
      fetch(`${http.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${at.manage}` },
        body: body as BodyInit,
        duplex: "half",
      } as RequestInit);
    assert.equal((await send(version(2))).status, 200);
    assert.equal((await send(new Blob([new Uint8Array(version(3))]).stream())).status, 200);
    const long = new Uint8Array(LIMITS.managementBytes + 1);
    assert.equal((await send(long, "/rest/v1/rollouts")).status, 413);
    assert.equal((await send(new Blob([long]).stream(), "/rest/v1/rollouts")).status, 413);
  });

  for (const [name, headers] of [
    ["Host", "Host: a\r\nHost: b\r\n"],
    ["Host, the same", "Host: a\r\nhost: a\r\n"],
    ["Authorization", "Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n"],
    ["Content-Length", "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n"],
    [
      "Content-Length and Transfer-Encoding",
      "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
    ],
    ["two hosts in one header", "Host: a, b\r\n"],
    ["no host", ""],
  ] as const)
    test(`a request with two of a kind is refused: ${name}`, async () => {
      assert.equal(
        statusOf(await exchange(portOf(http), `GET / HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)),
        400,
      );
    });

  test("a head without end is refused", async () => {
    const long = "x".repeat(LIMITS.headerBytes + 1);
    assert.equal(
      statusOf(await exchange(portOf(http), `GET / HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`)),
      431,
    );
  });
});

describe("connections", () => {
  /** A server that answers every request, with room for few. */
  async function few(inAll: number, perPeer: number): Promise<{ server: Server; port: number }> {
    const server = createServer((_, reply) => reply.end("here"));
    connections(server, { inAll, perPeer });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return { server, port: typeof address === "object" ? address!.port : 0 };
  }
  const ask = async (socket: Socket): Promise<void> => {
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await once(socket, "data");
  };

  for (const [name, inAll, perPeer] of [
    ["of one peer", 100, 4],
    ["in all", 4, 100],
  ] as const)
    test(`${name}: those that have asked nothing go first, the oldest before others, and a new one is served`, async () => {
      const { server, port } = await few(inAll, perPeer);
      const useful = await open(port);
      await ask(useful);
      const silent: Socket[] = [];
      for (let i = 0; i < 10; i++) {
        const socket = await open(port);
        socket.write("GET / HTTP/1.1\r\nX: ");
        silent.push(socket);
      }
      const latest = await open(port);
      await ask(latest);
      await ask(useful);
      const count = await new Promise<number>((resolve) => server.getConnections((_, n) => resolve(n)));
      assert.equal(count, 4);
      await Promise.all(silent.slice(0, 8).map((socket) => socket.closed || once(socket, "close")));
      assert.ok(silent.slice(8).every((socket) => !socket.closed));
      server.closeAllConnections();
      server.close();
    });

  test("what has come but just now is heard first, above the bounds; then they hold again", async () => {
    const { server, port } = await few(100, 4);
    // All of it lies in the system's buffers before the server has read any.
    const sockets = Array.from({ length: 12 }, () => connect(port, "127.0.0.1"));
    for (const socket of sockets) socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await Promise.all(sockets.map((socket) => once(socket, "data")));
    for (const socket of sockets) socket.on("error", () => {});
    await ask(await open(port));
    const count = await new Promise<number>((resolve) => server.getConnections((_, n) => resolve(n)));
    assert.equal(count, 4);
    server.closeAllConnections();
    server.close();
  });

  test("where all have asked, the one that asked longest ago goes", async () => {
    const { server, port } = await few(100, 2);
    const [first, second] = [await open(port), await open(port)];
    await ask(first);
    await ask(second);
    await ask(first);
    const third = await open(port);
    await ask(third);
    await (second.closed || once(second, "close"));
    await ask(first);
    server.closeAllConnections();
    server.close();
  });

  test("one IPv6 network is one peer; an IPv4 address is itself however it is written", () => {
    const same = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6"];
    assert.equal(new Set(same.map(peerOf)).size, 1);
    assert.notEqual(peerOf("2001:db8:1:3::1"), peerOf("2001:db8:1:2::1"));
    assert.equal(peerOf("::ffff:10.0.0.1"), peerOf("10.0.0.1"));
    assert.notEqual(peerOf("10.0.0.2"), peerOf("10.0.0.1"));
    assert.equal(peerOf("2001:db8::1"), peerOf("2001:db8::ff"));
  });
});

describe("bodies at the same time", () => {
  /** A server that reads bodies, all of them together up to so many bytes. */
  async function reading(waiting: Bodies): Promise<{ server: Server; port: number }> {
    const server = createServer((message, reply) => {
      waiting
        .read(message, 1000, () => {})
        .then((body) => reply.end(body instanceof Uint8Array ? `${body.length}` : `${body.status}`))
        .catch(() => {});
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return { server, port: typeof address === "object" ? address!.port : 0 };
  }

  test("are bounded in all; what is done, or has gone away, makes room", async () => {
    const { server, port } = await reading(bodies(2000));
    const begin = async (length: string): Promise<Awaited<ReturnType<typeof open>>> => {
      const socket = await open(port);
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${length}\r\n\r\n`);
      return socket;
    };
    const bodyOf = (text: string): string => text.split("\r\n\r\n")[1] ?? "";
    const [a, b] = [await begin("Content-Length: 1000"), await begin("Transfer-Encoding: chunked")];
    const third = await begin("Content-Length: 1");
    await once(third, "data");
    assert.match(third.said(), /503/);
    a.destroy();
    await once(a, "close");
    b.write("5\r\nabcde\r\n0\r\n\r\n");
    await once(b, "data");
    assert.match(bodyOf(b.said()), /5/);
    const fourth = await begin("Content-Length: 3");
    fourth.write("abc");
    await once(fourth, "data");
    // Not the head, whose Content-Length of "503" is 3 as well.
    assert.equal(bodyOf(fourth.said()), "3");
    const long = await begin("Transfer-Encoding: chunked");
    long.write(`3e9\r\n${"x".repeat(1001)}\r\n0\r\n\r\n`);
    await once(long, "data");
    assert.equal(bodyOf(long.said()), "413");
    assert.match(respond(200, "x").headers["cache-control"]!, /no-store/);
    server.closeAllConnections();
    server.close();
  });
});
