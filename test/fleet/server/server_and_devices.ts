/** What tests of the update server share: a server in memory on a virtual clock, and simulated devices that ask it. */
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { RolloutStatus } from "../../../host/fleet/server/management.ts";
import type { ServerRequest, ServerResponse } from "../../../host/fleet/server/message.ts";
import {
  type UpdateServer,
  type UpdateServerOptions,
  updateServer,
} from "../../../host/fleet/server/server.ts";
import type { Answer, Request } from "../../../host/fleet/simulator/ddi.ts";
import { boot, type Device } from "../../../host/fleet/simulator/device.ts";
import { key } from "../../support/signed_images.ts";
import { factory, GEOMETRIES, infer, layout, version } from "../../support/two_versions.ts";

export const availability = await wasmAvailability();
export const skipDevices: string | false = availability.available
  ? false
  : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const geometry = GEOMETRIES[1]!;

export const ORIGIN = "https://updates.example";

export const trusted = createPublicKey(key);
const START = Date.UTC(2030, 0, 1);

export interface Scene {
  readonly server: UpdateServer;
  readonly manage: string;
  readonly gateway: string;
  /** Seconds since the beginning. */
  readonly clock: { now: number };
  ask(request: Partial<ServerRequest> & { readonly url: string }): ServerResponse;
  /** An operator's request; its answer, which has to be a success. */
  operate<T>(method: string, path: string, body?: unknown): T;
  /** The same, which has to be refused: status and reason. */
  refused(method: string, path: string, body?: unknown): readonly [number, string];
  publish(image: Uint8Array): number;
}

export const json = <T>({ body }: ServerResponse): T => JSON.parse(Buffer.from(body).toString("utf8")) as T;

export function scene(options: Partial<UpdateServerOptions> = {}): Scene {
  const clock = { now: 0 };
  const server = updateServer({ keys: [trusted], poll: 60, now: () => START + clock.now * 1000, ...options });
  const { manage, gateway } = server.firstTokens!;
  const operator = (method: string, path: string, body?: unknown): ServerResponse =>
    server.handle({
      method,
      url: `${ORIGIN}/rest/v1${path}`,
      headers: { authorization: `Bearer ${manage}` },
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
  return {
    server,
    manage,
    gateway,
    clock,
    ask: (request) => server.handle({ method: "GET", headers: {}, ...request }),
    operate<T>(method: string, path: string, body?: unknown): T {
      const response = operator(method, path, body);
      assert.ok(response.status < 300, `${method} ${path}: ${Buffer.from(response.body)}`);
      return response.status === 204 ? (undefined as T) : json<T>(response);
    },
    refused(method, path, body) {
      const response = operator(method, path, body);
      assert.ok(response.status >= 400, `${method} ${path}: ${response.status}`);
      return [response.status, json<{ title: string }>(response).title];
    },
    publish(image) {
      return this.operate<{ id: number }>("POST", "/images", image).id;
    },
  };
}

export interface DeviceAtServer {
  readonly name: string;
  readonly device: Device;
  readonly requests: string[];
}

/** A device from the factory that knows the server, with the gateway's token. */
export function join(
  { gateway }: Scene,
  name: string,
  {
    attributes = { board: "simulated" },
    authorization = `GatewayToken ${gateway}`,
    first = version(1),
  }: {
    readonly attributes?: Readonly<Record<string, string>>;
    readonly authorization?: string;
    readonly first?: Uint8Array;
  } = {},
): DeviceAtServer {
  const url = `${ORIGIN}/DEFAULT/controller/v1/${name}`;
  const flash = factory(geometry, first);
  const server = {
    url,
    authorization,
    attributes,
    models: ["adder"],
    seed: name.length + name.charCodeAt(name.length - 1),
  };
  return { name, requests: [], device: boot({ ...layout(geometry).options, core: core!, flash, server }) };
}

/** What runs on the device: the amount that its version adds. */
export const running = ({ device }: DeviceAtServer): number => infer(device);

function* pieces(body: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += 1460) yield body.subarray(at, at + 1460);
}

export function answerOf({ ask }: Scene, request: Request): Answer {
  const { status, headers, body } = ask(request);
  return { status, headers, body: pieces(body), whole: true };
}

/** Lets devices live side by side for so many seconds; `spoil` may change any answer, and lose requests. */
export function live(
  at: Scene,
  devices: readonly DeviceAtServer[],
  seconds: number,
  spoil: (device: DeviceAtServer, request: Request, answer: () => Answer) => Answer = (_, __, answer) =>
    answer(),
): void {
  for (const end = at.clock.now + seconds; at.clock.now < end; at.clock.now++) {
    for (const each of devices) {
      const next = each.device.client!.next(at.clock.now);
      if (typeof next !== "number") {
        each.requests.push(`${next.method} ${next.url.slice(ORIGIN.length)}`);
        each.device.client!.answer(
          at.clock.now,
          spoil(each, next, () => answerOf(at, next)),
        );
      }
      each.device.services[0]!.switch();
      infer(each.device);
    }
  }
}

export const rollout = (at: Scene, id: number): RolloutStatus =>
  at.operate<RolloutStatus>("GET", `/rollouts/${id}`);

/** Starts a rollout of an image to all devices, or as `plan` says. */
export const startRollout = (
  at: Scene,
  image: number,
  plan: Readonly<Record<string, unknown>> = {},
): RolloutStatus =>
  at.operate<RolloutStatus>("POST", "/rollouts?start=true", { image, stages: [{ rest: true }], ...plan });
