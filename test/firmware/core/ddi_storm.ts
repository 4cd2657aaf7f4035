/** How often a device asks a server that is broken in one way and stays so. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import { emptyAnswer } from "../../../host/fleet/simulator/network.ts";
import { BASE, scriptedServer } from "../../support/scripted_server.ts";
import { factory, GEOMETRIES, version } from "../../support/two_versions.ts";
import { connect } from "./ddi_session.ts";

/** Requests of a device in any hour, from an hour after the fault has begun. */
const MOST_PER_HOUR = 20;
const HOUR = 3600;

const [first, next] = [version(1), version(2)];
const refused = version(4, { id: "other" });
const geometry = GEOMETRIES[1]!;

interface Route {
  readonly name: string;
  readonly is: (request: Request) => boolean;
  /** What the server wants besides an update. */
  readonly cancels?: true;
  readonly image?: Uint8Array;
  readonly repeats?: "order" | "cancel" | "attributes";
}

const has =
  (method: string, part: string, body = "") =>
  (request: Request): boolean =>
    request.method === method && request.url.includes(part) && (request.body ?? "").includes(body);

export const ROUTES: readonly Route[] = [
  { name: "poll", is: ({ url }) => url === BASE },
  { name: "attributes", is: has("PUT", "/configData") },
  { name: "deployment", is: has("GET", "/deploymentBase/") },
  { name: "image", is: has("GET", "/artifacts/") },
  { name: "progress", is: has("POST", "/deploymentBase/", '"none"') },
  { name: "success", is: has("POST", "/deploymentBase/", '"success"') },
  { name: "failure", is: has("POST", "/deploymentBase/", '"failure"'), image: refused },
  { name: "cancellation", is: has("GET", "/cancelAction/"), cancels: true },
  { name: "answer to a cancellation", is: has("POST", "/cancelAction/"), cancels: true },
];

export interface Fault {
  readonly name: string;
  readonly spoil: (answer: Answer, i: number) => Answer;
}

const STATUSES = [
  0, 201, 202, 203, 204, 205, 206, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405,
  406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429,
  431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508, 510, 511, 520, 599, 999,
];

const withBody = (body: Uint8Array | string, whole = true) => ({
  spoil: (answer: Answer): Answer => ({ ...answer, status: 200, body: [Buffer.from(body)], whole }),
});

/** So many bytes of the body; the answer itself where that is all of it. */
function truncate(answer: Answer, bytes: number, whole: boolean): Answer {
  const body = Buffer.concat([...answer.body]);
  if (body.length <= bytes && whole) return { ...answer, body: [body] };
  return { ...answer, body: [body.subarray(0, bytes)], whole };
}

function* endless(): Generator<Uint8Array> {
  for (let i = 0; i < 10_000; i++) yield new Uint8Array(1000).fill(0x5b + (i % 2));
}

const BODIES: readonly Fault[] = [
  { name: "HTML", ...withBody("<html>log in</html>") },
  { name: "nothing", ...withBody("") },
  { name: "null", ...withBody("null") },
  { name: "{}", ...withBody("{}") },
  { name: "an empty list", ...withBody("[]") },
  { name: "no links", ...withBody('{"config":{"polling":{"sleep":"soon"}},"_links":{}}') },
  { name: "other types", ...withBody('{"id":[],"_links":{"deploymentBase":7},"deployment":{"chunks":[7]}}') },
  { name: "zeros", ...withBody(new Uint8Array(100)) },
  { name: "endless", spoil: (answer) => ({ ...answer, status: 200, body: endless() }) },
  ...[0, 1, 50, 150].flatMap((bytes) =>
    [true, false].map((whole) => ({
      name: `${bytes} bytes, ${whole ? "then the end" : "then it breaks"}`,
      spoil: (answer: Answer) => truncate(answer, bytes, whole),
    })),
  ),
  {
    name: "one bit wrong",
    spoil: (answer, i) => {
      const body = Buffer.concat([...answer.body]);
      if (body.length > 0) body[(i * 37) % body.length]! ^= 1 << (i % 7);
      return { ...answer, body: [body] };
    },
  },
];

export const FAULTS: readonly Fault[] = [
  ...STATUSES.map((status) => ({
    name: `status ${status}`,
    spoil: () => ({ ...emptyAnswer(status), whole: status !== 0 }),
  })),
  ...STATUSES.map((status) => ({
    name: `status ${status}, with the right body`,
    spoil: (answer: Answer) => ({ ...answer, status }),
  })),
  ...BODIES,
];

/** Answers that are right, but leave all as it was. */
const FORGETFUL: readonly Route[] = [
  { name: "the order comes again", is: () => false, repeats: "order" },
  { name: "the order comes again, refused", is: () => false, repeats: "order", image: refused },
  { name: "the cancellation comes again", is: () => false, cancels: true, repeats: "cancel" },
  { name: "attributes are wanted again", is: () => false, repeats: "attributes" },
];

export interface Run {
  /** Seconds of each request. */
  readonly times: readonly number[];
  /** Those of the answers that were spoilt, and the index of the request. */
  readonly spoilt: readonly number[];
}

/** Lets a device live with the fault for so many hours; the server wants a poll every `interval` seconds. */
export function endure(
  core: WebAssembly.Module,
  route: Route,
  { spoil }: Fault,
  { interval, hours, seed = 1 }: { interval: string; hours: number; seed?: number },
): Run {
  const server = scriptedServer(interval);
  const device = connect(core, geometry, factory(geometry, first), { seed });
  const image = route.image ?? next;
  const want = (): void => {
    server.deployment ??= { id: 7, image };
    if (route.cancels) server.cancel ??= 7;
    if (route.repeats === "attributes") server.links["configData"] = { href: `${BASE}/configData` };
  };
  want();
  const times: number[] = [];
  const spoilt: number[] = [];
  for (let now = 0; now < hours * HOUR; ) {
    const request = device.client!.next(now);
    device.services[0]!.switch();
    if (device.services[0]!.record().state === "trial") device.services[0]!.confirm();
    if (typeof request === "number") {
      now += Math.min(request, 30);
      continue;
    }
    times.push(now);
    const isSpoilt = route.is(request);
    // What the server does not get it does not act on.
    const answer = isSpoilt && request.method !== "GET" ? emptyAnswer(200) : server.answer(request);
    if (isSpoilt || route.repeats) spoilt.push(times.length - 1);
    if (route.repeats) want();
    device.client!.answer(now, isSpoilt ? spoil(answer, spoilt.length) : answer);
  }
  device.end();
  return { times, spoilt };
}

/** The most requests in any hour that begins with a spoilt answer, or what repeats, after the first. */
export function mostPerHour({ times, spoilt }: Run): number {
  const within = (start: number): number =>
    times.filter((time) => time >= times[start]! && time < times[start]! + HOUR).length;
  return Math.max(0, ...spoilt.filter((at) => times[at]! >= HOUR).map(within));
}

const NO_FAULT: Fault = { name: "", spoil: (answer) => answer };

export interface StormOptions {
  /** One of so many combinations of routes and faults. */
  readonly step: number;
  readonly hours: number;
  readonly intervals: readonly string[];
}

export async function stormSuite({ step, hours, intervals }: StormOptions): Promise<void> {
  const availability = await wasmAvailability();
  const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
  const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
  const combinations = [
    ...ROUTES.flatMap((route) => FAULTS.map((fault) => ({ route, fault }))),
    ...FORGETFUL.map((route) => ({ route, fault: NO_FAULT })),
  ].flatMap((each) => intervals.map((interval) => ({ ...each, interval })));
  const chosen = combinations.filter(({ route }, i) => i % step === 0 || FORGETFUL.includes(route));

  describe("a server that is broken is left alone", { skip }, () => {
    test(`after an hour at most ${MOST_PER_HOUR} requests an hour: ${chosen.length} of ${combinations.length} faults`, (t) => {
      const storms: string[] = [];
      let worst = 0;
      for (const { route, fault, interval } of chosen) {
        const most = mostPerHour(endure(core!, route, fault, { interval, hours }));
        worst = Math.max(worst, most);
        if (most > MOST_PER_HOUR) storms.push(`${route.name}, ${fault.name}, ${interval}: ${most}`);
      }
      t.diagnostic(`at most ${worst} requests in any hour`);
      assert.deepEqual(storms, []);
    });

    test("Retry-After holds everything up, whatever was asked", () => {
      for (const route of ROUTES) {
        for (const [i, status] of [302, 400, 403, 404, 409, 410, 429, 500, 503].entries()) {
          const seconds = [90, 5000, 86_400][i % 3]!;
          const spoil = () => emptyAnswer(status, { "retry-after": String(seconds) });
          const { times, spoilt } = endure(
            core!,
            route,
            { name: "", spoil },
            { interval: "00:01:00", hours: 5 },
          );
          assert.ok(spoilt.length > 0, route.name);
          for (const at of spoilt) {
            const gap = (times[at + 1] ?? Number.POSITIVE_INFINITY) - times[at]!;
            assert.ok(gap >= seconds, `${route.name}: ${status}, ${seconds} s: asked after ${gap} s`);
          }
        }
      }
    });
  });
}
