/**
 * A story of a fleet: devices, what goes wrong with them, and rollouts by the update server of `thimble serve`. The
 * same scenario and seed give the same story, down to the last bit in flash.
 */
import type { KeyObject } from "node:crypto";
import type { RolloutPlan, RolloutState, RolloutStatus } from "../server/management.ts";
import type { ServerResponse } from "../server/message.ts";
import { type UpdateServer, updateServer } from "../server/server.ts";
import { type Fleet, type FleetOptions, fleetOf, type Rollup } from "./fleet.ts";
import type { NetworkOptions } from "./network.ts";
import type { PowerOptions, SimulatedOptions } from "./simulated_device.ts";

/** Devices of one kind. */
export interface Group
  extends Pick<SimulatedOptions, "board" | "geometry" | "trialStarts" | "confirmAfter" | "inferEvery"> {
  readonly count: number;
  /** Images that they leave the factory with. */
  readonly image: Uint8Array;
  readonly slotBytes?: number;
  readonly ramBytes?: number;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly network?: Omit<NetworkOptions, "seed">;
  readonly power?: PowerOptions;
}

export interface ScenarioRollout
  extends Omit<RolloutPlan, "image" | "success" | "errors" | "retries">,
    Partial<Pick<RolloutPlan, "success" | "errors" | "retries">> {
  readonly image: Uint8Array;
  /** Simulated hours in which it has to come to its end; default 24. */
  readonly hours?: number;
  /** How it has to end; default finished. */
  readonly expect?: RolloutState;
}

export interface Scenario {
  readonly keys: readonly KeyObject[];
  readonly devices: readonly Group[];
  /** One after the other. */
  readonly rollouts: readonly ScenarioRollout[];
  /** Seconds between polls; default 300. */
  readonly poll?: number;
  /** Devices by the version that they run in the end: each that is named has to be run by so many. */
  readonly expect?: Readonly<Record<string, number>>;
}

export interface ScenarioOutcome {
  /** Expectations that were not met; empty where all were. */
  readonly failures: readonly string[];
  readonly rollouts: readonly RolloutStatus[];
  readonly rollup: Rollup;
  /** How often each fault of the network was met. */
  readonly faults: Readonly<Record<string, number>>;
  /** That have passed for the devices. */
  readonly seconds: number;
}

/** How a rollout stands at some point of the story. */
export interface Moment {
  readonly seconds: number;
  readonly status: RolloutStatus;
  /** Devices by the version that they run. */
  readonly versions: Readonly<Record<string, number>>;
}

/** Listeners to how the story goes on. */
export interface Audience {
  /** One line for each event. */
  readonly tell?: (line: string) => void;
  /** Every simulated minute of a rollout, and at its end. */
  readonly watch?: (moment: Moment) => void;
  /** Which device has its turn: an inference of each model, or a start. */
  readonly turn?: (device: number) => void;
}

const ORIGIN = "http://updates.example";
/** When the story begins: what the server writes down is the same in each run. */
const START = Date.UTC(2030, 0, 1);
const HOUR = 3600;

interface Stage {
  readonly fleet: Fleet;
  operate<T>(method: string, path: string, body?: unknown): T;
}

function operator(server: UpdateServer, token: string): Stage["operate"] {
  return <T>(method: string, path: string, body?: unknown): T => {
    const response: ServerResponse = server.handle({
      method,
      url: `${ORIGIN}/rest/v1${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body !== undefined && { body: body instanceof Uint8Array ? body : JSON.stringify(body) }),
    });
    const answer = JSON.parse(Buffer.from(response.body).toString("utf8")) as T & { title?: string };
    if (response.status >= 300) throw new RangeError(`${method} ${path}: ${answer.title ?? response.status}`);
    return answer;
  };
}

function makeFleet(
  core: WebAssembly.Module,
  { devices, keys }: Scenario,
  options: Pick<FleetOptions, "seed" | "clock" | "turn">,
  server: UpdateServer,
): Fleet {
  const groups = devices.flatMap((group) => Array<Group>(group.count).fill(group));
  return fleetOf(core, {
    ...options,
    count: groups.length,
    device(index) {
      const { image, slotBytes, ramBytes, attributes = {}, count: _, ...rest } = groups[index]!;
      const url = `${ORIGIN}/DEFAULT/controller/v1/device-${index}`;
      const authorization = `GatewayToken ${server.firstTokens!.gateway}`;
      return {
        ...rest,
        keys,
        models: [
          {
            image,
            ...(slotBytes !== undefined && { slotBytes }),
            ...(ramBytes !== undefined && { ramBytes }),
          },
        ],
        server: { url, authorization, attributes, handler: server.handle },
      };
    },
  });
}

/** Publishes the image, starts the rollout, and lets time pass until it comes to its end. */
async function rollOut(
  { fleet, operate }: Stage,
  { image, hours = 24, expect: _, ...plan }: ScenarioRollout,
  { watch }: Audience,
): Promise<RolloutStatus> {
  const { id: imageId } = operate<{ id: number }>("POST", "/images", image);
  const { id } = operate<RolloutStatus>("POST", "/rollouts?start=true", { ...plan, image: imageId });
  const status = (): RolloutStatus => {
    const found: RolloutStatus = operate("GET", `/rollouts/${id}`);
    watch?.({ seconds: fleet.clock.now, status: found, versions: fleet.rollup().versions });
    return found;
  };
  await fleet.run(hours * HOUR, { done: () => status().state !== "running" });
  return status();
}

const describe = ({ model, version, state, reason }: RolloutStatus): string =>
  `${model} ${version} ${state}${reason === "" ? "" : ` (${reason})`}`;

function judge(
  { rollouts, expect = {} }: Scenario,
  found: readonly RolloutStatus[],
  rollup: Rollup,
): string[] {
  const ends = found.flatMap((status, i) => {
    const { expect: wanted = "finished" } = rollouts[i]!;
    return status.state === wanted ? [] : [`rollouts[${i}]: expected ${wanted}, found ${describe(status)}`];
  });
  const versions = Object.entries(expect).flatMap(([version, count]) => {
    const devices = rollup.versions[version] ?? 0;
    return devices === count ? [] : [`expect: expected ${count} devices with ${version}, found ${devices}`];
  });
  return [...ends, ...versions];
}

function countFaults({ devices }: Fleet): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { network } of devices) {
    for (const [name, count] of Object.entries(network.faults)) total[name] = (total[name] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(total).sort());
}

/** A device without power when the story ends is looked at, too. */
function switchAllOn({ devices }: Fleet, turn: (device: number) => void): void {
  for (const [index, device] of devices.entries()) {
    turn(index);
    // Power may fail at that again.
    for (let attempts = 0; !device.isOn && attempts < 100; attempts++) device.boot();
  }
}

/** Plays the scenario. Throws RangeError where the server refuses what it asks for, such as an image. */
export async function playScenario(
  core: WebAssembly.Module,
  scenario: Scenario,
  seed: number,
  audience: Audience = {},
): Promise<ScenarioOutcome> {
  const { keys, poll = 300, rollouts } = scenario;
  const tell = audience.tell ?? (() => {});
  const clock = { now: 0 };
  const server = updateServer({ keys, poll, now: () => START + Math.floor(clock.now * 1000) });
  const operate = operator(server, server.firstTokens!.manage);
  const fleet = makeFleet(core, scenario, { seed, clock, turn: audience.turn }, server);
  try {
    const registered = (): number => operate<{ devices: number }>("GET", "/server").devices;
    await fleet.run(HOUR, { done: () => registered() === fleet.devices.length });
    // Their attributes come after their first poll.
    await fleet.run(2 * poll);
    tell(`${registered()} of ${fleet.devices.length} devices are known to the server`);
    const found: RolloutStatus[] = [];
    for (const rollout of rollouts) {
      found.push(await rollOut({ fleet, operate }, rollout, audience));
      tell(describe(found[found.length - 1]!));
    }
    // Devices that have a version on trial when a rollout ends have still to make up their minds.
    await fleet.run(HOUR);
    switchAllOn(fleet, audience.turn ?? (() => {}));
    const rollup = fleet.rollup();
    const failures = judge(scenario, found, rollup);
    return { failures, rollouts: found, rollup, faults: countFaults(fleet), seconds: clock.now };
  } finally {
    server.close();
  }
}
