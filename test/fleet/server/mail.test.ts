/** Alerts by e-mail to a real SMTP server: to the model's owner, once, in order, and none is lost while it is dead or refuses. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, describe, test } from "node:test";
import { SMTPServer } from "smtp-server";
import {
  type AlertRules,
  type MailReceiver,
  readAlertRules,
} from "../../../host/fleet/server/alert_rules.ts";
import { sendMail } from "../../../host/fleet/server/mail.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { scratchFolder } from "../../support/folders.ts";
import { encodeReport, quietReport } from "../../support/reports.ts";
import { version } from "../../support/two_versions.ts";
import { type Scene, scene } from "./server_and_devices.ts";

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const folder = scratchFolder();
const image = version(2);
const hash = Buffer.from(parseImage(image).digest).toString("hex");
const PASSWORD = "a/b@c";

/** Lines that quoted-printable has broken are whole again. */
function readMessage(raw: string): Pick<Received, "headers" | "text"> {
  const end = raw.indexOf("\r\n\r\n");
  const head = raw.slice(0, end).replace(/\r\n[ \t]+/g, " ");
  const headers = Object.fromEntries(
    head.split("\r\n").map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
    }),
  );
  const body = raw.slice(end + 4);
  const text =
    headers["content-transfer-encoding"] === "quoted-printable"
      ? body
          .replace(/=\r\n/g, "")
          .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
      : body;
  return { headers, text: text.replaceAll("\r\n", "\n") };
}

describe("alerts by e-mail", () => {
  const received: Received[] = [];
  let refused = "";
  let smtp: SMTPServer | undefined;
  let port = 0;

  async function listen(at = 0): Promise<void> {
    const started = new SMTPServer({
      authOptional: true,
      allowInsecureAuth: true,
      disabledCommands: ["STARTTLS"],
      onAuth: ({ username, password }, _, done) =>
        password === PASSWORD ? done(null, { user: username }) : done(new Error("wrong password")),
      onRcptTo: ({ address }, _, done) =>
        address === refused ? done(Object.assign(new Error("no such user"), { responseCode: 550 })) : done(),
      onData(stream, { envelope, user }, done) {
        const pieces: Buffer[] = [];
        stream.on("data", (piece: Buffer) => pieces.push(piece));
        stream.on("end", () => {
          received.push({
            from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
            to: envelope.rcptTo.map(({ address }) => address),
            user: user as string | undefined,
            ...readMessage(Buffer.concat(pieces).toString("utf8")),
          });
          done();
        });
      },
    });
    smtp = started;
    await new Promise<void>((resolve) => started.listen(at, "127.0.0.1", resolve));
    port = (started.server.address() as AddressInfo).port;
  }
  const close = async (): Promise<void> => {
    const ending = smtp;
    smtp = undefined;
    if (ending) await new Promise<void>((resolve) => ending.close(() => resolve()));
  };
  afterEach(() => {
    received.length = 0;
    refused = "";
  });
  after(close);

  const receiverOf = (more: Partial<MailReceiver> = {}): MailReceiver => ({
    type: "email",
    url: `smtp://fleet:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
    from: "thimble@fleet.example",
    ...more,
  });
  const sceneOf = (rules: AlertRules): Scene =>
    scene({
      log: () => {},
      alerts: {
        rules,
        post: (receiver, body, id) => {
          assert.equal(receiver.type, "email");
          return sendMail(receiver as MailReceiver, body, id);
        },
      },
    });
  const rulesOf = (receivers: Readonly<Record<string, MailReceiver>>): AlertRules => ({
    url: "https://fleet.example",
    receivers,
    routes: Object.keys(receivers).map((receiver) => ({ receiver })),
  });
  async function round(at: Scene): Promise<number> {
    at.server.alerting!.collect();
    return at.server.alerting!.deliver();
  }
  /** A report of 100 inferences of which half failed. */
  function fail(at: Scene, model: string): void {
    const body = encodeReport({ ...quietReport(model), inferences: 100, failures: [50, 0, 0, 0, 0, 0] });
    const headers = { authorization: `GatewayToken ${at.gateway}` };
    const url = "/DEFAULT/controller/v1/one/reports";
    assert.equal(at.ask({ method: "POST", url, headers, body }).status, 204);
  }

  test("tell the owner whom the publisher named, with all that is needed to act", async () => {
    await listen();
    const at = sceneOf(rulesOf({ post: receiverOf() }));
    const found = at.operate<{ owner: string }>("POST", "/images?owner=ml%40example.com", image);
    assert.equal(found.owner, "ml@example.com");
    // Published again without one it keeps its owner, and a line too many is none.
    assert.equal(at.operate<{ owner: string }>("POST", "/images", image).owner, "ml@example.com");
    assert.equal(at.refused("POST", "/images?owner=a%0Ab", image)[0], 400);
    fail(at, hash);
    assert.equal(await round(at), 1);
    assert.equal(await round(at), 0);
    const [mail, ...more] = received;
    assert.deepEqual(more, []);
    const { from, to, user, headers, text } = mail!;
    assert.deepEqual([from, to, user], ["thimble@fleet.example", ["ml@example.com"], "fleet"]);
    assert.equal(headers["subject"], "[thimble] firing: adder 2.0.0: failures");
    assert.equal(headers["auto-submitted"], "auto-generated");
    assert.match(text, /^adder 2\.0\.0: failures: 50 % of inferences fail, most of them: trap\n/);
    assert.match(
      text,
      /\ndevices: 1 of 1: one\nprobable cause: .+\nowner: ml@example\.com\nlook further: curl /,
    );
    assert.match(text, new RegExp(`/rest/v1/models/${hash}\n$`));
    await close();
  });

  test("wait for a server that is dead, and are then the same messages", async () => {
    await listen();
    const at = sceneOf(rulesOf({ post: receiverOf({ to: "team@example.com" }) }));
    at.publish(image);
    const before = port;
    await close();
    fail(at, hash);
    fail(at, "ee".repeat(32));
    assert.equal(await round(at), 0);
    await listen(before);
    at.clock.now += 3600;
    assert.equal(await round(at), 2);
    assert.deepEqual(
      received.map(({ to, headers }) => [to[0], headers["message-id"]!.replace(/\d{9,}/, "TIME")]),
      [
        ["team@example.com", "<TIME.1@thimble.invalid>"],
        ["team@example.com", "<TIME.2@thimble.invalid>"],
      ],
    );
    await close();
  });

  test("hold up no others where one addressee is refused, and wait themselves", async () => {
    await listen();
    refused = "gone@example.com";
    const at = sceneOf(rulesOf({ owners: receiverOf() }));
    at.operate("POST", `/images?owner=${encodeURIComponent(refused)}`, image);
    fail(at, hash);
    fail(at, "ee".repeat(32));
    assert.equal(await round(at), 1);
    assert.deepEqual(
      received.splice(0).map(({ to }) => to[0]),
      ["thimble@fleet.example"],
      "a model without owner",
    );
    refused = "";
    at.clock.now += 20;
    assert.equal(await round(at), 1);
    assert.deepEqual(
      received.map(({ to }) => to[0]),
      ["gone@example.com"],
    );
    await close();
  });

  test("send no password in clear to another machine, and say where one is wrong", async () => {
    await listen();
    const url = `smtp://fleet:wrong@127.0.0.1:${port}`;
    const body = JSON.stringify({ to: "a@example.com", subject: "s", text: "t" });
    assert.equal(await sendMail(receiverOf({ url }), body, "1"), 535);
    // A name of this machine that is not one of a loopback: the server offers no TLS.
    const named = `smtp://fleet:${encodeURIComponent(PASSWORD)}@0.0.0.0:${port}`;
    assert.equal(await sendMail(receiverOf({ url: named }), body, "2"), 500);
    assert.deepEqual(received, []);
    await close();
  });

  test("follow rules that say from whom, and to which server", () => {
    const file = join(folder, "rules.json");
    const refusedFor = (receiver: object): string => {
      writeFileSync(file, JSON.stringify({ receivers: { post: receiver }, routes: [] }));
      try {
        readAlertRules(file);
        return "";
      } catch (error) {
        return (error as Error).message.replace(file, "FILE");
      }
    };
    const good = { type: "email", url: "smtps://mail.example", from: "a@example.com" };
    assert.equal(refusedFor(good), "");
    assert.match(refusedFor({ ...good, url: "https://mail.example" }), /url: expected smtp:\/\/HOST:PORT/);
    assert.match(refusedFor({ ...good, from: "a@b\nBcc: c@d" }), /from: expected an address of e-mail/);
    assert.match(refusedFor({ ...good, cc: "b@example.com" }), /found cc/);
    assert.match(
      refusedFor({ type: "pager", url: "https://x.example" }),
      /type: expected webhook or slack or email, found pager/,
    );
  });
});
