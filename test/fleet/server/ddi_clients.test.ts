/** What real clients of DDI send, which a hawkBit takes: taken, within bounds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS } from "../../../host/fleet/server/limits.ts";
import { version } from "../../support/two_versions.ts";
import { feedbackOf, type RawDevice, rawDevice } from "./raw_device.ts";
import { json, rollout, type Scene, scene, startRollout } from "./server_and_devices.ts";

/** Whether no character of the text is half a pair. */
const isWhole = (text: string): boolean => !/\p{Cs}/u.test(text);

interface Action {
  readonly id: number;
  readonly state: string;
  readonly feedback: readonly { readonly details: readonly string[] }[];
}

/** A device with an order that it has downloaded, and where its feedback goes. */
function stage(plan: Readonly<Record<string, unknown>> = {}): { at: Scene; device: RawDevice; path: string } {
  const at = scene();
  const device = rawDevice(at, "device");
  device.configure({ board: "c3" });
  startRollout(at, at.publish(version(2)), { retries: 0, ...plan });
  return { at, device, path: device.download() };
}

const actionsOf = (at: Scene): readonly Action[] =>
  at.operate<{ actions: Action[] }>("GET", "/devices/device/actions").actions;

const status = (more: object) => ({
  status: { execution: "proceeding", result: { finished: "none" }, ...more },
});

describe("messages", () => {
  test("50 of them, however long: cut, and the last word stays whole in number", () => {
    const { at, device, path } = stage();
    const details = Array.from({ length: 50 }, (_, i) => `${i} ${"e".repeat(5000)}`);
    assert.equal(device.ask("POST", path, feedbackOf("failure", details)).status, 200);
    const kept = actionsOf(at)[0]!.feedback[0]!.details;
    assert.equal(kept.length, 50);
    assert.ok(kept.every((text) => text.length === LIMITS.detailChars));
    const { refusals } = rollout(at, 1);
    assert.equal(refusals[0]!.reason.length, LIMITS.detailChars);
  });

  test("more than 50: the last ones", () => {
    const { at, device, path } = stage();
    const details = Array.from({ length: 200 }, (_, i) => `${i}`);
    assert.equal(device.ask("POST", path, feedbackOf("none", details)).status, 200);
    const kept = actionsOf(at)[0]!.feedback[0]!.details;
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, "150", "199"]);
  });

  test("a message is not cut amid a character", () => {
    const { at, device, path } = stage();
    device.ask("POST", path, feedbackOf("none", [`x${"\u{1F600}".repeat(400)}`]));
    const [text] = actionsOf(at)[0]!.feedback[0]!.details;
    assert.ok(isWhole(text!) && text!.length >= LIMITS.detailChars - 1);
  });

  test("all that is kept of one order is bounded, but for the last word", () => {
    const { at, device, path } = stage();
    const details = Array.from({ length: 50 }, () => "e".repeat(LIMITS.detailChars));
    for (let i = 0; i < 20; i++) {
      at.clock.now += 10;
      assert.equal(device.ask("POST", path, feedbackOf("none", details)).status, 200);
    }
    assert.ok(JSON.stringify(actionsOf(at)[0]).length < 2 * LIMITS.feedbackCharsPerAction);
    assert.equal(device.ask("POST", path, feedbackOf("failure", ["the end"])).status, 200);
    assert.deepEqual(actionsOf(at)[0]!.feedback.at(-1)!.details, ["the end"]);
  });

  const shapes: readonly (readonly [string, object, readonly string[]])[] = [
    ["none", {}, []],
    ["null", { details: null }, []],
    ["one text", { details: "text" }, ["text"]],
    ["numbers and null among them", { details: [null, 1, "a"] }, ["1", "a"]],
    ["control characters", { details: ["a\u001b[2Jb\n"] }, ["a [2Jb "]],
    ["a code and a time", { code: 200, timestamp: 1, details: ["x"] }, ["x"]],
    ["progress in texts", { result: { finished: "none", progress: { cnt: "1", of: "3" } } }, []],
  ];
  for (const [name, more, kept] of shapes)
    test(`in other shapes: ${name}`, () => {
      const { at, device, path } = stage();
      assert.equal(device.ask("POST", path, status(more)).status, 200);
      assert.deepEqual(actionsOf(at)[0]!.feedback[0]!.details, kept);
    });

  for (const id of [undefined, null, "", 1, "1"])
    test(`with the id ${JSON.stringify(id)}, words in capitals`, () => {
      const { device, path } = stage();
      const body = { id, status: { execution: "CLOSED", result: { finished: "Success" } } };
      assert.equal(device.ask("POST", path, body).status, 200);
    });
});

describe("attributes", () => {
  test("numbers and truth values become texts, null is left out, keys are long", () => {
    const { at, device } = stage();
    const key = "k".repeat(128);
    const data = { n: 1.5, yes: true, no: false, nothing: null, [key]: "v".repeat(128) };
    assert.equal(device.ask("PUT", "/configData", { data }).status, 200);
    const { attributes } = at.operate<{ attributes: object }>("GET", "/devices/device");
    const expected = { board: "c3", n: "1.5", yes: "true", no: "false", [key]: "v".repeat(128) };
    assert.deepEqual(attributes, expected);
    startRollout(at, at.publish(version(3)), { query: "yes=true" });
  });

  test("a key that is too long is named", () => {
    const { device } = stage();
    const answer = device.ask("PUT", "/configData", { data: { ["k".repeat(129)]: "v" } });
    assert.equal(answer.status, 400);
    assert.match(json<{ title: string }>(answer).title, /1 to 128 characters, found "kkk/);
  });
});

describe("what an answer to an order means", () => {
  /** Of a deployment: what becomes of the order and of its device. */
  const deployments: readonly (readonly [string, string, string, string])[] = [
    ["rejected", "none", "open", "running"],
    ["rejected", "failure", "open", "running"],
    ["rejected", "success", "open", "running"],
    ["canceled", "none", "closed", "cancelled"],
    ["canceled", "success", "closed", "cancelled"],
    ["canceled", "failure", "closed", "failed"],
    ["closed", "success", "closed", "succeeded"],
    ["closed", "failure", "closed", "failed"],
    ["proceeding", "failure", "open", "running"],
    ["proceeding", "none", "open", "running"],
    ["scheduled", "none", "open", "running"],
    ["resumed", "none", "open", "running"],
    ["download", "none", "open", "running"],
    ["downloaded", "none", "open", "running"],
  ];
  for (const [execution, finished, action, member] of deployments)
    test(`deployment ${execution}/${finished}: the order is ${action}, its device ${member}`, () => {
      const { at, device, path } = stage({ errors: 100 });
      assert.equal(device.ask("POST", path, feedbackOf(finished, ["x"], execution)).status, 200);
      assert.equal(actionsOf(at)[0]!.state, action);
      const { counts } = rollout(at, 1).stages[0]!;
      assert.equal(counts[member as keyof typeof counts], 1);
      const isOffered = device.links()["deploymentBase"] !== undefined;
      assert.equal(isOffered, action === "open");
    });

  /** Of a cancellation. */
  const cancellations: readonly (readonly [string, string, string, string])[] = [
    ["rejected", "none", "open", "running"],
    ["rejected", "success", "open", "running"],
    ["rejected", "failure", "open", "running"],
    ["closed", "success", "closed", "cancelled"],
    ["closed", "none", "closed", "cancelled"],
    ["closed", "failure", "closed", "failed"],
    ["canceled", "none", "closed", "cancelled"],
    ["canceled", "success", "closed", "cancelled"],
    ["proceeding", "none", "cancelling", "running"],
  ];
  for (const [execution, finished, action, member] of cancellations)
    test(`cancellation ${execution}/${finished}: the order is ${action}, its device ${member}`, () => {
      const { at, device } = stage();
      at.operate("POST", "/rollouts/1/abort");
      const { href } = device.links()["cancelAction"]!;
      assert.equal(device.ask("POST", `${href}/feedback`, feedbackOf(finished, [], execution)).status, 200);
      assert.equal(actionsOf(at)[0]!.state, action);
      const { counts } = rollout(at, 1).stages[0]!;
      assert.equal(counts[member as keyof typeof counts], 1);
    });

  test("a success without a download is a failure that says so; asking for the last byte is a download", () => {
    for (const [ask, isBelieved] of [
      [undefined, false],
      [{ range: "bytes=0-99" }, false],
      [{ range: "bytes=100-" }, true],
      [{}, true],
    ] as const) {
      const at = scene();
      const device = rawDevice(at, "device");
      device.links();
      startRollout(at, at.publish(version(2)), { retries: 0 });
      const { href } = device.links()["deploymentBase"]!;
      device.ask("GET", href);
      if (ask) device.ask("GET", "/softwaremodules/1/artifacts/adder-2.0.0.img", undefined, ask);
      assert.equal(device.ask("POST", `${href}/feedback`, feedbackOf("success")).status, 200);
      const { stages, refusals } = rollout(at, 1);
      assert.equal(stages[0]!.counts.succeeded, isBelieved ? 1 : 0);
      if (!isBelieved) assert.match(refusals[0]!.reason, /success without a download/);
      const { installed } = at.operate<{ installed: object }>("GET", "/devices/device");
      assert.deepEqual(installed, isBelieved ? { adder: "2.0.0" } : {});
    }
  });

  test("a look at the head of an image is no download; nor is the download of an update before", () => {
    const { at, device, path } = stage();
    device.ask("POST", path, feedbackOf("success"));
    device.configure({ version: "1.0.0" });
    startRollout(at, 1, { retries: 0, errors: 100 });
    const { href } = device.links()["deploymentBase"]!;
    device.ask("GET", href);
    device.ask("HEAD", "/softwaremodules/1/artifacts/adder-2.0.0.img");
    device.ask("POST", `${href}/feedback`, feedbackOf("success"));
    assert.equal(rollout(at, 2).stages[0]!.counts.failed, 1);
  });
});

describe("ids of devices", () => {
  for (const name of ["Gerät 7", "センサー", "a b  c", "x".repeat(256), "(1)+[2]=;@$&!'", "\u{1F600}", "%41"])
    test(`"${name.slice(0, 20)}" registers, is found, updates`, () => {
      const at = scene();
      const device = rawDevice(at, encodeURIComponent(name));
      device.configure({ board: "c3" });
      const path = `/devices/${encodeURIComponent(name)}`;
      assert.equal(at.operate<{ name: string }>("GET", path).name, name);
      startRollout(at, at.publish(version(2)));
      assert.equal(device.report("success").status, 200);
      assert.deepEqual(at.operate<{ installed: object }>("GET", path).installed, { adder: "2.0.0" });
      const own = at.operate<{ token: string }>("POST", `${path}/token`);
      assert.ok(own.token.length > 20);
    });

  for (const name of [
    "x".repeat(257),
    " a",
    "a ",
    "a\u202eb",
    "a\u0000",
    "a\nb",
    "..",
    ".",
    "a/b",
    "a\\b",
    "\ud800x",
  ])
    test(`${JSON.stringify(name.slice(0, 20))} is none`, () => {
      const at = scene();
      assert.equal(at.refused("POST", "/devices", { name })[0], 400);
      if (!isWhole(name)) return;
      const status = rawDevice(at, encodeURIComponent(name)).ask("GET", "").status;
      assert.ok(status === 401 || status === 404, `${status}`);
    });

  test("the link to a deployment has a query, as hawkBit's", () => {
    const at = scene();
    const device = rawDevice(at, "device");
    device.links();
    startRollout(at, at.publish(version(2)));
    assert.match(Buffer.from(device.ask("GET", "").body).toString(), /\/deploymentBase\/1\?c=1"/);
    assert.equal(device.ask("GET", "/deploymentBase/1?c=1").status, 200);
  });

  test("both links to an image are there, and lead to it", () => {
    for (const publicUrl of [undefined, "http://updates.example", "https://updates.example"]) {
      const at = scene(publicUrl === undefined ? {} : { publicUrl });
      const device = rawDevice(at, "device");
      device.links();
      startRollout(at, at.publish(version(2)));
      const body = json<object>(device.ask("GET", device.links()["deploymentBase"]!.href));
      const links = [...JSON.stringify(body).matchAll(/"(download(?:-http)?)":\{"href":"([^"]+)"/g)];
      assert.deepEqual(
        links.map(([, name]) => name),
        ["download", "download-http"],
      );
      for (const [, , href] of links) assert.equal(device.ask("GET", href!).status, 200);
    }
  });

  test("new ones of one gateway come at a bounded rate; known ones are not held up", () => {
    const at = scene({ rates: { registration: { perSecond: 1, burst: 10 } } });
    const ask = (i: number) => rawDevice(at, `d${i}`).ask("GET", "");
    const statuses = Array.from({ length: 20 }, (_, i) => ask(i).status);
    assert.deepEqual([statuses.filter((each) => each === 200).length, statuses.at(-1)], [10, 429]);
    assert.equal(ask(0).status, 200);
    assert.ok(Number(ask(19).headers["retry-after"]) >= 1);
    at.clock.now += 2;
    assert.equal(ask(19).status, 200);
  });
});
