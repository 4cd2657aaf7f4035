/** The commands against what is no update server: one clear line, no success, nothing secret. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { after, before, describe, test } from "node:test";
import { ask, withoutSecrets } from "../../../host/fleet/server/ask.ts";
import { hawkbitManagement } from "../../../host/fleet/server/hawkbit.ts";
import { serveHttp } from "../../../host/fleet/server/http.ts";
import { type Management, ManagementError } from "../../../host/fleet/server/management.ts";
import { thimbleManagement } from "../../../host/fleet/server/thimble_management.ts";
import { version } from "../../support/two_versions.ts";
import { rawDevice } from "./raw_device.ts";
import { scene } from "./server_and_devices.ts";

type Answer = (message: IncomingMessage, reply: ServerResponse) => void;

const answering =
  (status: number, type: string, body: string, headers: Record<string, string> = {}): Answer =>
  (_, reply) => {
    reply.writeHead(status, { "content-type": type, ...headers }).end(body);
  };

const IMAGE = { id: 1, model: "adder", version: "2.0.0", sha256: "aa", bytes: 4 };

const ANSWERS: readonly (readonly [string, Answer, RegExp])[] = [
  [
    "a page",
    answering(200, "text/html", "<html>Welcome"),
    /expected JSON of an update server, found a page \(HTML\) \(HTTP 200\)/,
  ],
  [
    "a page of an error",
    answering(502, "text/html", "<h1>Bad Gateway"),
    /expected success, found a page \(HTML\) \(HTTP 502\)/,
  ],
  ["nothing", answering(200, "text/plain", ""), /found an empty answer/],
  ["text", answering(200, "text/plain", "hello"), /found text\/plain/],
  ["half a document", answering(200, "application/json", '{"id":'), /expected JSON of an update server/],
  [
    "another document",
    answering(200, "application/json", '{"ok":true}'),
    /expected an image of an update server, found an answer in which "id" is missing or of another type/,
  ],
  ["a list", answering(200, "application/json", "[]"), /"id" is missing or of another type/],
  ["a text", answering(200, "application/json", '"image"'), /found a string/],
  ["null", answering(200, "application/json", "null"), /found null/],
  [
    "an id that is none",
    answering(200, "application/json", JSON.stringify({ ...IMAGE, id: "1" })),
    /"id" is missing or of another type/,
  ],
  [
    "an image without bytes",
    answering(200, "application/json", JSON.stringify({ ...IMAGE, bytes: -1 })),
    /"bytes" is missing or of another type/,
  ],
  [
    "a redirect",
    answering(302, "text/html", "", { location: "https://user:secret@elsewhere/x?token=secret" }),
    /expected an answer, found a redirect to https:\/\/\*\*\*@elsewhere\/x \(HTTP 302\)/,
  ],
  [
    "a redirect that keeps the method",
    answering(307, "text/html", "", { location: "/login" }),
    /found a redirect to \/login \(HTTP 307\)/,
  ],
  [
    "a refusal",
    answering(409, "application/problem+json", '{"status":409,"title":"in use"}'),
    /: in use \(HTTP 409\)/,
  ],
  [
    "a refusal in many lines",
    answering(400, "application/json", '{"title":"a\\nb\\u001b[2J"}'),
    /: a b\?\[2J \(HTTP 400\)/,
  ],
  [
    "an end amid the answer",
    (_, reply) => void reply.writeHead(200, { "content-length": "100" }).write("x", () => reply.destroy()),
    /the answer broke off/,
  ],
  ["no answer", (message) => void message.socket.destroy(), /no answer \(/],
];

describe("what answers is no update server", () => {
  let server: Server;
  let url: string;
  let answer: Answer;
  const requests: string[] = [];
  before(async () => {
    server = createServer((message, reply) => {
      requests.push(`${message.method} ${message.url} ${message.headers.authorization}`);
      message.resume();
      answer(message, reply);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address!.port : 0}`;
  });
  after(() => server.close());

  for (const [name, how, expected] of ANSWERS)
    test(`publish, and ${name}`, async () => {
      answer = how;
      const management = thimbleManagement({ url, token: "top-secret" });
      await assert.rejects(management.publish(version(2)), (error: Error) => {
        assert.ok(error instanceof ManagementError);
        assert.match(error.message, expected);
        assert.ok(!error.message.includes("secret") && !error.message.includes("\n"), error.message);
        return true;
      });
    });

  const calls: readonly (readonly [string, (management: Management) => Promise<unknown>])[] = [
    ["images", (management) => management.images()],
    ["start", (management) => management.start({ image: 1, stages: [], success: 1, errors: 1, retries: 0 })],
    ["rollouts", (management) => management.rollouts()],
    ["status", (management) => management.status(1)],
    ["pause", (management) => management.pause(1)],
    ["resume", (management) => management.resume(1)],
    ["abort", (management) => management.abort(1)],
    ["abort of one device", (management) => management.abort(1, { device: "d" })],
  ];
  for (const [name, call] of calls)
    for (const body of ['{"ok":true}', '{"images":[{}],"rollouts":[{}],"actions":[{}]}', "[]", "<html>"])
      test(`${name}: ${body} is none of its answers`, async () => {
        answer = answering(200, "application/json", body);
        await assert.rejects(call(thimbleManagement({ url, token: "t" })), ManagementError);
      });

  test("a connection is not kept, since a command may compute for longer than a server waits", async () => {
    const kept: (string | undefined)[] = [];
    answer = (message, reply) => {
      kept.push(message.headers.connection);
      answering(200, "application/json", "[]")(message, reply);
    };
    for (const method of ["GET", "POST"]) await ask(url, { method, path: "images", headers: {} });
    assert.deepEqual(kept, ["close", "close"]);
  });

  test("a hawkBit that is none: the same", async () => {
    for (const [, how] of ANSWERS.slice(0, 5)) {
      answer = how;
      const management = hawkbitManagement({ url, authorization: "Basic dXNlcjpzZWNyZXQ=" });
      await assert.rejects(
        management.rollouts(),
        (error: Error) => error instanceof ManagementError && !error.message.includes("dXNl"),
      );
    }
  });

  test("a redirect is not followed, and the token goes nowhere else", async () => {
    answer = answering(302, "text/html", "", { location: "/elsewhere" });
    requests.length = 0;
    await assert.rejects(
      ask(url, { method: "POST", path: "x", headers: { authorization: "Bearer t" }, body: {} }),
      ManagementError,
    );
    assert.deepEqual(requests, ["POST /x Bearer t"]);
  });
});

describe("an address", () => {
  for (const [url, shown] of [
    ["http://user:secret@host:1/x", "http://***@host:1/x"],
    ["http://user:se/cr@et@host/", "http://***@host/"],
    ["user:secret@host", "***@host"],
    ["http://host/?token=secret#secret", "http://host/"],
    ["hawkbit+https://user:secret@host", "hawkbit+https://***@host"],
    ["http://host", "http://host"],
    ["ftp://u:secret@h", "ftp://***@h"],
  ] as const)
    test(`${shown} is all that is shown`, () => assert.equal(withoutSecrets(url), shown));
});

describe("the server itself", () => {
  test("fits the shapes: publish, rollouts, one device's order, deletion", async () => {
    const at = scene();
    const device = rawDevice(at, encodeURIComponent("Gerät 7"));
    device.links();
    const http = await serveHttp(at.server, { host: "127.0.0.1", port: 0 });
    try {
      const management = thimbleManagement({ url: http.url, token: at.manage });
      const image = await management.publish(version(2));
      assert.equal(image.version, "2.0.0");
      const plan = {
        image: image.id,
        stages: [{ rest: true }] as const,
        success: 90,
        errors: 10,
        retries: 0,
      };
      const { id } = await management.start(plan);
      device.download();
      await management.abort(id, { device: "Gerät 7" });
      const { stages } = await management.abort(id, { device: "Gerät 7", force: true });
      assert.equal(stages[0]!.counts.cancelled, 1);
      await assert.rejects(
        management.abort(id, { device: "Gerät 7" }),
        /expected an open order of rollout 1, found none/,
      );
      assert.equal((await management.rollouts()).length, 1);
      await management.deleteImage(image.id);
      assert.deepEqual(await management.images(), []);
    } finally {
      await http.close();
    }
  });
});
