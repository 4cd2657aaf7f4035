/** The update client of the core against a scripted server: what it asks, and what it does with every answer. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import type { Device } from "../../../host/fleet/simulator/device.ts";
import { emptyAnswer } from "../../../host/fleet/simulator/network.ts";
import { type ScriptedServer, scriptedServer } from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, infer, version } from "../../support/two_versions.ts";
import { type Clock, connect, live } from "./ddi_session.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[1]!;

interface Scene {
  readonly device: Device;
  readonly server: ScriptedServer;
  readonly clock: Clock;
  /** Lets the device live for so many seconds; `spoil` may change any answer. */
  run(seconds: number, spoil?: (request: Request, answer: Answer, i: number) => Answer): void;
}

function scene(first = version(1)): Scene {
  const server = scriptedServer();
  const device = connect(core!, geometry, factory(geometry, first));
  const clock = { now: 0 };
  return {
    device,
    server,
    clock,
    run(seconds, spoil = (_, answer) => answer) {
      let i = 0;
      live(device, clock, clock.now + seconds, (request) => spoil(request, server.answer(request), i++));
    },
  };
}

const isDownload = ({ url }: Request): boolean => url.includes("/artifacts/");
const last = <T>(list: readonly T[]): T => list[list.length - 1]!;

/** Only the first download is spoilt. */
const once = (change: (answer: Answer, request: Request) => Answer) => {
  let done = false;
  return (request: Request, answer: Answer): Answer => {
    if (done || !isDownload(request)) return answer;
    done = true;
    return change(answer, request);
  };
};

const cut = (answer: Answer, pieces: number): Answer => ({
  ...answer,
  body: [...answer.body].slice(0, pieces),
  whole: false,
});

describe("the update client", { skip }, () => {
  test("says what it is, polls as it is told, and installs what it is offered", () => {
    const { device, server, run } = scene();
    run(200);
    assert.deepEqual(server.attributes, { board: "simulated", "version.adder": "1.0.0" });
    assert.deepEqual(server.requests.slice(0, 3), ["GET ", "PUT /configData", "GET "]);
    server.deployment = { id: 7, image: version(2) };
    run(400);
    assert.equal(infer(device), 2);
    assert.deepEqual(
      server.feedback.map(({ execution, finished }) => [execution, finished]),
      [
        ["download", "none"],
        ["downloaded", "none"],
        ["closed", "success"],
      ],
    );
    assert.equal(device.services[0]!.record().reported, true);
  });

  // hawkBit's quotas: 403 for too many attributes, or too many messages of one action.
  for (const status of [400, 403]) {
    test(`${status} to attributes and progress does not hold up an update`, () => {
      const { device, server, run } = scene();
      server.deployment = { id: 7, image: version(2) };
      run(400, (request, answer) =>
        request.method === "PUT" || request.body?.includes('"none"') ? emptyAnswer(status) : answer,
      );
      assert.equal(infer(device), 2);
      assert.equal(last(server.feedback).finished, "success");
    });
  }

  test("429 to attributes: they are sent again, later", () => {
    const { server, run } = scene();
    let refused = 0;
    run(400, (request, answer) => {
      if (request.method !== "PUT" || refused++ > 0) return answer;
      delete server.attributes["board"];
      return emptyAnswer(429);
    });
    assert.equal(server.requests.filter((line) => line === "PUT /configData").length, 2);
  });

  test("goes on where a connection broke, with a range", () => {
    const { device, server, run } = scene();
    server.deployment = { id: 7, image: version(2) };
    const ranges: (string | undefined)[] = [];
    const spoil = once((answer) => cut(answer, 4));
    run(600, (request, answer) => {
      if (isDownload(request)) ranges.push(request.headers["range"]);
      return spoil(request, answer);
    });
    assert.deepEqual(ranges, [undefined, `bytes=${4 * 1460}-`]);
    assert.equal(infer(device), 2);
  });

  const faults: readonly (readonly [string, (answer: Answer, request: Request) => Answer])[] = [
    ["no answer", () => ({ status: 0, headers: {}, body: [], whole: false })],
    ["429", () => emptyAnswer(429, { "retry-after": "30" })],
    ["500", () => emptyAnswer(500)],
    ["503 amid", (answer) => cut(answer, 1)],
    ["416", () => emptyAnswer(416)],
    [
      "a range that begins elsewhere",
      (answer) => ({ ...answer, status: 206, headers: { "content-range": "bytes 5-9/10" } }),
    ],
  ];
  for (const [name, change] of faults) {
    test(`${name}: tries again, later, and gets there`, () => {
      const { device, server, run } = scene();
      server.deployment = { id: 7, image: version(2) };
      run(900, once(change));
      assert.equal(infer(device), 2);
      assert.equal(last(server.feedback).finished, "success");
    });
  }

  test("200 for a range: skips what it has", () => {
    const { device, server, run } = scene();
    const image = version(2);
    server.deployment = { id: 7, image };
    const spoil = once((answer) => cut(answer, 4));
    run(600, (request, answer) =>
      isDownload(request) && request.headers["range"] !== undefined
        ? { ...answer, status: 200, headers: { etag: answer.headers["etag"]! }, body: [image] }
        : spoil(request, answer),
    );
    assert.equal(infer(device), 2);
  });

  test("another ETag amid a download: what is there is kept, since the order says which image it is", () => {
    const { device, server, run } = scene();
    server.deployment = { id: 7, image: version(2) };
    const starts: string[] = [];
    run(900, (request, answer) => {
      if (!isDownload(request)) return answer;
      starts.push(request.headers["range"] ?? "whole");
      const changed = { ...answer, headers: { ...answer.headers, etag: `"${starts.length}"` } };
      return starts.length === 1 ? cut(changed, 4) : changed;
    });
    assert.deepEqual(starts, ["whole", `bytes=${4 * 1460}-`]);
    assert.equal(infer(device), 2);
  });

  const refusals: readonly (readonly [string, Parameters<typeof describeRefusal>[0]])[] = [
    ["a wrong hash", { claims: { sha256: "ab".repeat(32) }, reason: /SHA-256 of the image differs/ }],
    ["a wrong size", { claims: { size: 100 }, reason: /SHA-256|longer than/ }],
    ["an image larger than the slot", { claims: { size: 1 << 20 }, reason: /larger than its slot/ }],
    ["an old image", { image: version(0, { counter: 0 }), reason: /security counter/ }],
    ["an image of another model", { image: version(2, { id: "other" }), reason: /another model/ }],
    ["an image that traps", { image: version(2, { traps: true }), reason: /trapped/ }],
    ["an image with one bit wrong", { damage: true, reason: /SHA-256|signature/ }],
  ];
  function describeRefusal({
    image = version(2),
    claims = {},
    damage = false,
    reason,
  }: {
    image?: Uint8Array;
    claims?: { size?: number; sha256?: string };
    damage?: boolean;
    reason: RegExp;
  }): void {
    const { device, server, run } = scene();
    const sent = damage ? image.map((byte, i) => (i === 5000 ? byte ^ 1 : byte)) : image;
    server.deployment = { id: 7, image: sent, claims };
    run(900);
    assert.equal(infer(device), 1);
    const { execution, finished, details } = last(server.feedback);
    assert.deepEqual([execution, finished], ["closed", "failure"]);
    assert.match(details[0]!, reason);
  }
  for (const [name, what] of refusals)
    test(`${name} is refused, and the server told why`, () => describeRefusal(what));

  test("410: the order is given up", () => {
    const { device, server, run } = scene();
    server.deployment = { id: 7, image: version(2) };
    run(600, (request, answer) => (isDownload(request) ? emptyAnswer(410) : answer));
    assert.equal(infer(device), 1);
    assert.match(last(server.feedback).details[0]!, /no more/);
  });

  test("an endless body, and a document without end, take no more than their room", () => {
    const { device, server, run } = scene();
    server.deployment = { id: 7, image: version(2) };
    function* endless(): Generator<Uint8Array> {
      for (let i = 0; i < 1e6; i++) yield new Uint8Array(1000).fill(0x5b);
    }
    run(300, (request, answer) => (isDownload(request) ? { ...answer, body: endless() } : answer));
    assert.equal(infer(device), 1);
    run(300, (_, answer) => ({ ...answer, body: endless() }));
    assert.equal(infer(device), 1);
  });

  test("a cancellation stops a download, and is confirmed", () => {
    const { device, server, run } = scene();
    server.deployment = { id: 7, image: version(2) };
    run(90, (request, answer) => (isDownload(request) ? cut(answer, 0) : answer));
    assert.equal(device.services[0]!.record().state, "download");
    server.cancel = 7;
    run(400);
    assert.equal(infer(device), 1);
    const feedback = server.feedback.find(({ kind }) => kind === "cancelAction")!;
    assert.deepEqual([feedback.id, feedback.execution, feedback.finished], ["1007", "closed", "success"]);
    assert.equal(device.services[0]!.record().state, "idle");
  });

  test("an order that comes again is answered again, and nothing is downloaded", () => {
    const { server, run } = scene();
    server.deployment = { id: 7, image: version(2) };
    run(600);
    const before = server.requests.filter((line) => line.includes("artifacts")).length;
    server.deployment = { id: 7, image: version(2) };
    run(300);
    assert.equal(server.requests.filter((line) => line.includes("artifacts")).length, before);
    assert.equal(last(server.feedback).finished, "success");
  });
});
