/** Clients that lie: each is refused with a reason, and the state is as it was. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS } from "../../../host/fleet/server/limits.ts";
import type { RolloutStatus } from "../../../host/fleet/server/management.ts";
import type { ServerResponse } from "../../../host/fleet/server/message.ts";
import { key, makeImage, otherKey } from "../../support/signed_images.ts";
import { version } from "../../support/two_versions.ts";
import { feedbackOf, type RawDevice, rawDevice } from "./raw_device.ts";
import { json, rollout, type Scene, scene, startRollout } from "./server_and_devices.ts";

interface Stage {
  readonly at: Scene;
  readonly honest: RawDevice;
  readonly liar: RawDevice;
  readonly rollout: RolloutStatus;
}

/** Two devices with tokens of their own and an order each; both have read theirs. */
function stage(): Stage {
  const at = scene();
  const [honest, liar] = ["honest", "liar"].map((name) => {
    const { token } = at.operate<{ token: string }>("POST", "/devices", { name });
    return rawDevice(at, name, `TargetToken ${token}`);
  }) as [RawDevice, RawDevice];
  const started = startRollout(at, at.publish(version(2)));
  for (const device of [honest, liar]) device.ask("GET", device.links()["deploymentBase"]!.href);
  return { at, honest, liar, rollout: started };
}

const reason = (response: ServerResponse): readonly [number, string] => [
  response.status,
  json<{ title: string }>(response).title,
];

/** The number of the device's order. */
const actionOf = (device: RawDevice): string => device.links()["deploymentBase"]!.href.split("/").pop()!;

/** All that the management API shows, but for when things were seen. */
function everything({ at }: Stage): unknown {
  const paths = [
    "/devices",
    "/images",
    "/rollouts",
    "/rollouts/1/devices",
    "/devices/honest/actions",
    "/devices/liar/actions",
    "/tokens",
    "/audit",
  ];
  return paths.map((path) => at.operate("GET", path));
}

type Attempt = (stage: Stage) => ServerResponse;
const own = (device: RawDevice) => `/deploymentBase/${actionOf(device)}/feedback`;

const ATTEMPTS: readonly (readonly [string, Attempt, number, RegExp])[] = [
  ["no token", ({ at, liar }) => at.ask({ url: liar.url }), 401, /TargetToken or GatewayToken/],
  [
    "a wrong token",
    ({ at }) => rawDevice(at, "honest", "TargetToken guess").ask("GET", ""),
    401,
    /TargetToken/,
  ],
  [
    "an operator's token",
    ({ at }) => rawDevice(at, "liar", `GatewayToken ${at.manage}`).ask("GET", ""),
    401,
    /TargetToken/,
  ],
  [
    "a gateway's token for operators",
    ({ at }) => at.ask({ url: "/rest/v1/devices", headers: { authorization: `Bearer ${at.gateway}` } }),
    401,
    /token of an operator/,
  ],
  ["another tenant", ({ at, liar }) => at.ask({ url: liar.url.replace("DEFAULT", "OTHER") }), 404, /tenant/],
  ["another's device", ({ honest, liar }) => liar.ask("GET", `http://x${honest.url}`), 401, /TargetToken/],
  [
    "feedback for another's order",
    ({ honest, liar }) => liar.ask("POST", own(honest), feedbackOf("success")),
    404,
    /expected one of liar/,
  ],
  [
    "another's order",
    ({ honest, liar }) => liar.ask("GET", `/deploymentBase/${actionOf(honest)}`),
    404,
    /expected one of liar/,
  ],
  [
    "an order that never was",
    ({ liar }) => liar.ask("POST", "/deploymentBase/999/feedback", feedbackOf("success")),
    404,
    /found 999/,
  ],
  [
    "a number that is none",
    ({ liar }) => liar.ask("POST", "/deploymentBase/1e3/feedback", feedbackOf("success")),
    404,
    /expected a number/,
  ],
  [
    "a body for another order",
    ({ honest, liar }) => liar.ask("POST", own(liar), { id: actionOf(honest), ...feedbackOf("success") }),
    400,
    /as in the path/,
  ],
  [
    "a cancellation that nobody ordered",
    ({ liar }) => liar.ask("POST", `/cancelAction/${actionOf(liar)}/feedback`, feedbackOf("success")),
    404,
    /cancellation/,
  ],
  [
    "a success without an end",
    ({ liar }) => liar.ask("POST", own(liar), feedbackOf("success", [], "download")),
    400,
    /expected closed with a success/,
  ],
  [
    "an end without a result",
    ({ liar }) => liar.ask("POST", own(liar), feedbackOf("none", [], "closed")),
    400,
    /found none/,
  ],
  [
    "an unknown word",
    ({ liar }) => liar.ask("POST", own(liar), feedbackOf("victory")),
    400,
    /expected success or failure or none/,
  ],
  ["no JSON", ({ liar }) => liar.ask("POST", own(liar), "{"), 400, /expected JSON/],
  ["JSON that is no object", ({ liar }) => liar.ask("POST", own(liar), "[]"), 400, /expected a JSON object/],
  [
    "JSON without end",
    ({ liar }) => liar.ask("POST", own(liar), `{"a":${"[".repeat(5000)}`),
    400,
    /at most 16 levels/,
  ],
  [
    "a giant body",
    ({ liar }) => liar.ask("PUT", "/configData", "x".repeat(LIMITS.deviceBytes + 1)),
    413,
    /at most 262144 bytes/,
  ],
  [
    "many attributes",
    ({ liar }) =>
      liar.ask("PUT", "/configData", {
        data: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`k${i}`, "v"])),
      }),
    400,
    /at most 100 attributes, found 101/,
  ],
  [
    "giant attributes",
    ({ liar }) =>
      liar.ask("PUT", "/configData", {
        data: Object.fromEntries(
          Array.from({ length: 100 }, (_, i) => [`${i}${"\u{1F600}".repeat(60)}`, "\u{1F600}".repeat(64)]),
        ),
      }),
    400,
    /at most \d+ bytes, found \d+/,
  ],
  [
    "attributes that are no texts",
    ({ liar }) => liar.ask("PUT", "/configData", { data: { a: ["1"] } }),
    400,
    /data\.a: expected a text/,
  ],
  [
    "a prototype for an attribute",
    ({ liar }) => liar.ask("PUT", "/configData", '{"data":{"__proto__":"x"}}'),
    400,
    /expected names/,
  ],
  [
    "another file's name",
    ({ liar }) => liar.ask("GET", "/softwaremodules/1/artifacts/other.img"),
    404,
    /artifact/,
  ],
  [
    "a way up",
    ({ liar }) => liar.ask("GET", "/softwaremodules/1/artifacts/..%2f..%2fstate.db"),
    404,
    /path of this server/,
  ],
  [
    "a way up that is plain",
    ({ liar }) => liar.ask("GET", "/softwaremodules/1/artifacts/../../state.db"),
    404,
    /path of this server/,
  ],
  [
    "a zero byte",
    ({ liar }) => liar.ask("GET", "/softwaremodules/1/artifacts/adder%00.img"),
    404,
    /path of this server/,
  ],
  [
    "half an escape",
    ({ liar }) => liar.ask("GET", "/softwaremodules/1/artifacts/%f"),
    404,
    /path of this server/,
  ],
  [
    "a name that is a path",
    ({ at }) => rawDevice(at, "..%2fliar", `GatewayToken ${at.gateway}`).ask("GET", ""),
    404,
    /path of this server/,
  ],
  [
    "a name too long",
    ({ at }) => rawDevice(at, "x".repeat(257), `GatewayToken ${at.gateway}`).ask("GET", ""),
    401,
    /TargetToken/,
  ],
  ["a URL too long", ({ liar }) => liar.ask("GET", `?${"x".repeat(5000)}`), 414, /at most 4096 characters/],
  [
    "a host that is none",
    ({ liar }) => liar.ask("GET", "", undefined, { host: "evil.example/path?" }),
    400,
    /a path and a host/,
  ],
  ["another method", ({ liar }) => liar.ask("DELETE", ""), 405, /expected GET/],
];

describe("a client that lies", () => {
  for (const [name, attempt, status, expected] of ATTEMPTS)
    test(`${name}: ${status}, and nothing has changed`, () => {
      const before = stage();
      const state = everything(before);
      const [found, title] = reason(attempt(before));
      assert.equal(found, status, title);
      assert.match(title, expected);
      assert.deepEqual(withoutSightings(everything(before)), withoutSightings(state));
    });

  test("an order that is closed stays as it is", () => {
    const { at, liar } = stage();
    const path = own(liar);
    assert.equal(liar.ask("POST", path, feedbackOf("failure", ["first"])).status, 200);
    // It is retried, by an order of its own.
    assert.notEqual(own(liar), path);
    assert.equal(liar.ask("POST", path, feedbackOf("success")).status, 410);
    assert.equal(rollout(at, 1).stages[0]!.counts.succeeded, 0);
  });

  test("who has not read an order can't report on it", () => {
    const at = scene();
    const device = rawDevice(at, "hasty");
    device.links();
    startRollout(at, at.publish(version(2)));
    assert.equal(device.ask("POST", own(device), feedbackOf("success")).status, 404);
    assert.equal(device.report("success").status, 200);
  });

  test("endless progress is kept to a bound", () => {
    const { at, liar } = stage();
    for (let i = 0; i < 200; i++) {
      at.clock.now += 1;
      liar.ask("POST", own(liar), feedbackOf("none", [`${i}`]));
    }
    const { actions } = at.operate<{ actions: { feedback: unknown[] }[] }>("GET", "/devices/liar/actions");
    assert.equal(actions[0]!.feedback.length, LIMITS.feedbackPerAction);
  });

  test("guessing tokens, and asking without end, is slowed down; others go on", () => {
    const { at, honest, liar } = stage();
    const guess = () =>
      at.ask({ url: liar.url, headers: { authorization: "TargetToken x" }, address: "203.0.113.9" }).status;
    const guesses = Array.from({ length: 40 }, guess);
    assert.deepEqual([guesses[0], guesses[39]], [401, 429]);
    const polls = Array.from({ length: 200 }, () => liar.ask("GET", ""));
    const last = polls.at(-1)!;
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers["retry-after"]) >= 1);
    assert.equal(honest.ask("GET", "").status, 200);
    at.clock.now += 60;
    assert.equal(liar.ask("GET", "").status, 200);
    assert.equal(guess(), 401);
  });
});

/** Polls of the lie itself may be seen; nothing else may. */
const withoutSightings = (state: unknown): unknown =>
  JSON.parse(JSON.stringify(state, (name, value: unknown) => (name === "seen" ? undefined : value)));

describe("images that are refused", () => {
  const images: readonly (readonly [string, () => Uint8Array, number, RegExp])[] = [
    ["nothing", () => new Uint8Array(), 422, /header: expected 32 bytes, found 0/],
    ["somebody else's", () => version(2, { signer: otherKey }), 422, /signed with another key/],
    [
      "one with a bit wrong",
      () => version(2).map((byte, i) => (i === 500 ? byte ^ 1 : byte)),
      422,
      /damaged/,
    ],
    ["one that is cut", () => version(2).subarray(0, 5000), 422, /expected at least \d+ bytes, found 5000/],
    ["one with more behind it", () => Buffer.concat([version(2), Buffer.alloc(4)]), 422, /expected the end/],
    [
      "no module",
      () => makeImage({ body: Buffer.from("no module"), key, protectedTlvs: [[0xa0, Buffer.from("x")]] }),
      422,
      /image: /,
    ],
    [
      "one without a model's name",
      () => makeImage({ body: version(2).subarray(32), key }),
      422,
      /model id: expected one, found none/,
    ],
    ["a giant", () => new Uint8Array(LIMITS.imageBytes + 1), 413, /at most 16777216 bytes/],
  ];
  for (const [name, image, status, expected] of images)
    test(name, () => {
      const at = scene();
      const [found, title] = at.refused("POST", "/images", image());
      assert.deepEqual([found, expected.test(title)], [status, true], title);
      assert.deepEqual(at.operate("GET", "/images"), { images: [] });
    });

  test("another image of a version that is there", () => {
    const at = scene();
    const id = at.publish(version(2));
    assert.equal(at.publish(version(2)), id);
    assert.match(
      at.refused("POST", "/images", version(2, { padding: 8000 }))[1],
      /expected a new version of adder/,
    );
  });
});

describe("operators' mistakes are refused", () => {
  const image = version(2);
  const stages = [{ rest: true }];
  const plans: readonly (readonly [object, number, RegExp])[] = [
    [{ image: 1, stages, sucess: 1 }, 400, /found "sucess"/],
    [{ image: 9, stages }, 404, /image: expected one of the server, found 9/],
    [{ image: 1 }, 400, /stages: expected 1 to 20/],
    [{ image: 1, stages: [] }, 400, /stages: expected 1 to 20/],
    [{ image: 1, stages: [{ count: 0 }] }, 400, /stages\[0\]\.count/],
    [{ image: 1, stages: [{ percent: 0 }] }, 400, /stages\[0\]\.percent/],
    [{ image: 1, stages, errors: 101 }, 400, /errors: expected a number from 0 to 100, found 101/],
    [{ image: 1, stages, query: "board" }, 400, /query: expected KEY=VALUE, found "board"/],
    [{ image: 1, stages, query: "board=x" }, 409, /found none for "board=x"/],
    [{ image: 1, stages, minVersion: "new" }, 400, /minVersion: expected X\.Y\.Z/],
    [{ image: 1, stages, name: "../x" }, 400, /name: expected 1 to 64 letters/],
  ];
  for (const [plan, status, expected] of plans)
    test(JSON.stringify(plan), () => {
      const at = scene();
      rawDevice(at, "device").links();
      at.publish(image);
      const [found, title] = at.refused("POST", "/rollouts?start=true", plan);
      assert.deepEqual([found, expected.test(title)], [status, true], title);
      assert.deepEqual(at.operate("GET", "/rollouts"), { rollouts: [] });
    });

  test("a name in use, a command out of turn, the last token", () => {
    const at = scene();
    rawDevice(at, "device").links();
    startRollout(at, at.publish(image), { name: "one" });
    assert.match(at.refused("POST", "/rollouts", { image: 1, stages, name: "one" })[1], /found "one" in use/);
    assert.match(
      at.refused("POST", "/rollouts/1/resume")[1],
      /expected a rollout that is paused, found running/,
    );
    assert.match(at.refused("DELETE", "/tokens/admin")[1], /expected another one with the role manage/);
    at.operate("DELETE", "/devices/device");
    assert.equal(rollout(at, 1).state, "finished");
    assert.match(at.refused("GET", "/devices/device")[1], /device: expected one of the server/);
  });
});
