/** Alerts to a receiver over real HTTP: once, again when they last, resolved; and none is lost while it is dead. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type AlertRules, readAlertRules } from "../../../host/fleet/server/alert_rules.ts";
import type { Post } from "../../../host/fleet/server/alerts.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { scratchFolder } from "../../support/folders.ts";
import { encodeReport, quietReport } from "../../support/reports.ts";
import { version } from "../../support/two_versions.ts";
import { type Scene, scene } from "./server_and_devices.ts";

interface Message {
  readonly version: string;
  readonly status: string;
  readonly receiver: string;
  readonly groupLabels: { readonly hash: string };
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly fingerprint: string;
  }[];
}

const folder = scratchFolder();
const image = version(2);
const hash = Buffer.from(parseImage(image).digest).toString("hex");

describe("alerts", () => {
  let http: Server;
  let url: string;
  const bodies: string[] = [];
  let isDead = false;

  before(async () => {
    http = createServer((request, response) => {
      let body = "";
      request.on("data", (piece) => {
        body += piece;
      });
      request.on("end", () => {
        if (!isDead) bodies.push(body);
        response.writeHead(isDead ? 503 : 200).end();
      });
    });
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/hook`;
  });
  after(() => http.close());

  const post: Post = async ({ url: to }, body) => (await fetch(to, { method: "POST", body })).status;
  const rulesOf = (more: Partial<AlertRules> = {}): AlertRules => ({
    url: "https://fleet.example",
    receivers: { team: { type: "webhook", url } },
    owners: { "add*": "ml@example.com" },
    routes: [{ receiver: "team" }],
    ...more,
  });
  const take = (): Message[] => bodies.splice(0).map((body) => JSON.parse(body) as Message);
  const round = async (at: Scene): Promise<Message[]> => {
    at.server.alerting!.collect();
    await at.server.alerting!.deliver();
    return take();
  };
  /** A report of 100 inferences of which some failed. */
  function report(at: Scene, interval: number, failed: number, device = "one"): void {
    const body = encodeReport({
      ...quietReport(hash, interval),
      inferences: 100,
      failures: [failed, 0, 0, 0, 0, 0],
    });
    const headers = { authorization: `GatewayToken ${at.gateway}` };
    assert.equal(
      at.ask({ method: "POST", url: `/DEFAULT/controller/v1/${device}/reports`, headers, body }).status,
      204,
    );
  }

  test("say model, version, what has changed, devices, a cause and where to look: once, and once that it is over", async () => {
    const at = scene({ alerts: { rules: rulesOf(), post } });
    at.publish(image);
    report(at, 1, 0);
    assert.deepEqual(await round(at), []);
    report(at, 2, 50);
    const [message, ...more] = await round(at);
    assert.deepEqual(more, []);
    const { version: format, status, receiver, groupLabels, alerts } = message!;
    assert.deepEqual([format, status, receiver, groupLabels], ["4", "firing", "team", { hash }]);
    const { labels, annotations, endsAt, fingerprint } = alerts[0]!;
    assert.deepEqual(labels, {
      alertname: "ThimbleModelUnwell",
      model: "adder",
      version: "2.0.0",
      hash,
      kind: "failures",
      owner: "ml@example.com",
    });
    assert.equal(
      annotations["summary"],
      "adder 2.0.0: failures: 25 % of inferences fail, most of them: trap",
    );
    assert.equal(annotations["devices"], "1 of 1: one");
    assert.match(annotations["look"]!, new RegExp(`https://fleet.example/rest/v1/models/${hash}$`));
    assert.equal(endsAt, "0001-01-01T00:00:00Z");
    assert.deepEqual(await round(at), [], "what was told is not told again");
    // A day later the device begins anew, and all is well for as many inferences.
    at.clock.now += 25 * 3600;
    const repeated = await round(at);
    assert.ok(
      repeated.some(
        ({ status: now, alerts: [first] }) => now === "firing" && first!.fingerprint === fingerprint,
      ),
    );
    for (let i = 3; i < 8; i++) report(at, i, 0);
    at.clock.now += 24 * 3600;
    report(at, 8, 0);
    report(at, 9, 0);
    const resolved = (await round(at)).filter(({ status: now }) => now === "resolved");
    assert.ok(
      resolved.some(
        ({ alerts: [first] }) => first!.fingerprint === fingerprint && first!.endsAt.startsWith("2030-01-0"),
      ),
    );
  });

  test("wait for a receiver that is dead, in order, and over a restart of the server", async () => {
    const data = join(folder, "data");
    const rules = rulesOf();
    const open = (): Scene =>
      scene({ folder: data, alerts: { rules, post }, log: () => {}, renewTokens: true });
    let at = open();
    at.publish(image);
    isDead = true;
    report(at, 1, 60);
    assert.deepEqual(await round(at), []);
    // Another model fails meanwhile, and the server is started again.
    const body = encodeReport({ ...quietReport("ee".repeat(32)), inferences: 100, overruns: 90 });
    at.ask({
      method: "POST",
      url: "/DEFAULT/controller/v1/two/reports",
      headers: { authorization: `GatewayToken ${at.gateway}` },
      body,
    });
    at.server.close();
    at = open();
    assert.deepEqual(await round(at), []);
    isDead = false;
    assert.deepEqual(await round(at), [], "it is left alone for some seconds");
    at.clock.now += 3600;
    const messages = await round(at);
    assert.deepEqual(
      messages.map(({ groupLabels }) => groupLabels.hash),
      [hash, "ee".repeat(32)],
    );
    assert.deepEqual(await round(at), []);
    at.server.close();
  });

  test("go where the rules say, but for models that are silenced, and to Slack as text", async () => {
    const rules = rulesOf({
      receivers: { slack: { type: "slack", url }, other: { type: "webhook", url } },
      routes: [
        { receiver: "slack", models: "add*", kinds: ["failures"] },
        { receiver: "other", models: "none" },
      ],
    });
    const at = scene({ alerts: { rules, post } });
    at.publish(image);
    report(at, 1, 60);
    const [slack, ...more] = (await round(at)) as unknown as { text: string }[];
    assert.deepEqual(more, []);
    assert.match(
      slack!.text,
      /^:warning: adder 2\.0\.0: failures: 60 % .*\n• devices: 1 of 1: one\n• probable cause: /,
    );
    const silenced = scene({
      alerts: { rules: rulesOf({ silences: [{ models: "adder", until: "2030-01-01T01:00:00Z" }] }), post },
    });
    silenced.publish(image);
    report(silenced, 1, 60);
    assert.deepEqual(await round(silenced), []);
    silenced.clock.now += 3700;
    assert.equal((await round(silenced)).length, 1);
  });

  test("follow rules that are checked before the server starts", () => {
    const file = join(folder, "rules.json");
    const refused = (value: unknown): string => {
      writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
      try {
        readAlertRules(file);
        return "";
      } catch (error) {
        return (error as Error).message.replace(file, "FILE");
      }
    };
    const good = {
      receivers: { team: { type: "slack", url: "https://hooks.example/x" } },
      routes: [{ receiver: "team" }],
    };
    assert.equal(refused(good), "");
    assert.match(refused("{"), /^FILE: expected JSON: /);
    assert.match(
      refused({ ...good, routes: [{ receiver: "nobody" }] }),
      /expected a receiver of team, found nobody/,
    );
    assert.match(refused({ ...good, recievers: {} }), /found recievers/);
    assert.match(refused({ ...good, routes: [{ receiver: "team", kinds: ["drift"] }] }), /kinds.*drift/);
    assert.match(
      refused({ ...good, silences: [{ models: "a", until: "soon" }] }),
      /expected a time of ISO 8601, found "soon"/,
    );
    assert.match(
      refused({ ...good, repeatHours: -1 }),
      /: repeatHours: expected a number above 0, found -1$/,
    );
    const rule = { models: "a", run: ["node"] };
    for (const [more, name] of [
      [{ kinds: ["shift"], againHours: 0 }, "againHours"],
      [{ labels: { file: "a.jsonl", least: 0 } }, "labels.least"],
    ] as const) {
      const message = refused({ ...good, retrain: [{ ...rule, ...more }] });
      assert.ok(message.endsWith(`: retrain[0].${name}: expected a number above 0, found 0`), message);
    }
  });
});
