/** Simulated devices against a real server: the C core asks, fetch answers, and each device has a clock of its own. */
import type { Answer, Request } from "../../../../host/fleet/simulator/ddi.ts";
import { boot, type Device } from "../../../../host/fleet/simulator/device.ts";
import type { NorFlash } from "../../../../host/fleet/simulator/flash.ts";
import { factory, GEOMETRIES, infer, layout } from "../../../support/two_versions.ts";
import type { Hawkbit } from "./real_server.ts";

export interface Member {
  readonly name: string;
  readonly device: Device;
  readonly flash: NorFlash;
  /** Seconds. */
  now: number;
  /** Method, status and range of what was asked, in order. */
  readonly transcript: string[];
}

const geometry = GEOMETRIES[0]!;

export interface MemberOptions {
  readonly name: string;
  readonly token: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly seed?: number;
}

export function member(
  core: WebAssembly.Module,
  hawkbit: Hawkbit,
  image: Uint8Array,
  options: MemberOptions,
): Member {
  const { name, token, attributes, seed = 1 } = options;
  const flash = factory(geometry, image, seed);
  const server = {
    url: `${hawkbit.url}/DEFAULT/controller/v1/${name}`,
    authorization: `TargetToken ${token}`,
    seed,
    ...(attributes && { attributes }),
  };
  const device = boot({ ...layout(geometry).options, core, flash, server });
  return { name, device, flash, now: 0, transcript: [] };
}

export async function request({ method, url, headers, body }: Request): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    ...(body !== undefined && { body }),
  });
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    body: [new Uint8Array(await answer.arrayBuffer())],
    whole: true,
  };
}

export type Spoil = (request: Request, answer: Answer) => Answer;

/** Waits, on its own clock, until the device next asks, and lets it ask until it waits again. */
export async function wake(member: Member, spoil: Spoil = (_, answer) => answer): Promise<void> {
  const { device, transcript } = member;
  const client = device.client!;
  const wait = client.next(member.now);
  if (typeof wait === "number") member.now += wait;
  for (let next = client.next(member.now); typeof next !== "number"; next = client.next(member.now)) {
    const answer = spoil(next, await request(next));
    const path = new URL(next.url).pathname.split("/").slice(5).join("/");
    transcript.push(`${next.method} ${path} ${next.headers["range"] ?? ""} ${answer.status}`);
    client.answer(member.now, answer);
    device.services[0]!.switch();
    infer(device);
    infer(device);
  }
}

/** As many devices at a time as a small server likes. */
const AT_ONCE = 16;

/** hawkBit does its part in the background, so a round that is over at once gives it a moment. */
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
const ROUNDS = 2000;

/** Lets every device wake once in each round, until `done`. Throws Error where it never is. */
export async function wakeAll(
  fleet: readonly Member[],
  done: () => Promise<boolean> | boolean,
  spoil?: Spoil,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    if (await done()) return;
    const queue = [...fleet];
    const worker = async (): Promise<void> => {
      for (let each = queue.shift(); each !== undefined; each = queue.shift()) await wake(each, spoil);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await moment();
  }
  throw new Error(`expected an end within ${ROUNDS} rounds of polling, found none`);
}

/** Tells the server of devices and their tokens, as a factory does. */
export async function register(hawkbit: Hawkbit, devices: readonly MemberOptions[]): Promise<void> {
  const answer = await fetch(`${hawkbit.url}/rest/v1/targets`, {
    method: "POST",
    headers: { authorization: hawkbit.authorization, "content-type": "application/json" },
    body: JSON.stringify(
      devices.map(({ name, token }) => ({ controllerId: name, name, securityToken: token })),
    ),
  });
  if (answer.status !== 201) throw new Error(`targets: expected status 201, found ${answer.status}`);
}
