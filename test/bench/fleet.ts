/**
 * What simulated devices cost: memory and time of a fleet that only polls and infers, and of one in which every
 * device takes an update. `npm run bench:fleet [-- --json] [-- --devices N]`.
 */
import { createPublicKey } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Fleet, fleetOf } from "../../host/fleet/simulator/fleet.ts";
import { loadCore } from "../../host/fleet/simulator/simulated_device.ts";
import { table } from "../../host/table.ts";
import { BASE, type Deployment, scriptedServer } from "../support/scripted_server.ts";
import { key } from "../support/signed_images.ts";
import { version } from "../support/two_versions.ts";

interface Cost {
  readonly devices: number;
  /** Held by each device once it has been put aside, in and outside of the heap. */
  readonly idleBytes: number;
  /** The same after the update. */
  readonly updatedBytes: number;
  /** Of the processor, as all times. */
  readonly startMicroseconds: number;
  /** Of one poll that brings nothing, the server's own time included. */
  readonly pollMicroseconds: number;
  readonly inferenceMicroseconds: number;
  /** From the order to the report of an image of 9 KiB. */
  readonly updateMicroseconds: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

async function usedBytes(): Promise<number> {
  // Weak references hold until the task is over.
  await setImmediate();
  collect();
  await setImmediate();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Microseconds of the processor that so many simulated seconds take. */
async function time(fleet: Fleet, seconds: number): Promise<number> {
  const since = process.cpuUsage();
  await fleet.run(seconds);
  const { user, system } = process.cpuUsage(since);
  return user + system;
}

const POLL = 60;
const HOUR = 3600;
const NEVER = 1e9;

async function measure(devices: number): Promise<Cost> {
  const core = await loadCore();
  const [image, next] = [version(1), version(2)];
  let deployment: Deployment | undefined;
  const make = (server: boolean, inferEvery: number): Fleet =>
    fleetOf(core, {
      count: devices,
      device() {
        const scripted = scriptedServer();
        let ordered = false;
        return {
          keys: [createPublicKey(key)],
          models: [{ image, slotBytes: 16384, ramBytes: 16384 }],
          inferEvery,
          ...(server && {
            server: {
              url: BASE,
              handler(request) {
                scripted.requests.length = 0;
                if (deployment && !ordered) scripted.deployment = deployment;
                ordered = deployment !== undefined;
                return scripted.answer(request);
              },
            },
          }),
        };
      },
    });
  const before = await usedBytes();
  const fleet = make(true, NEVER);
  const started = await time(fleet, POLL);
  await fleet.run(2 * POLL);
  const idleBytes = ((await usedBytes()) - before) / devices;
  const polls = (await time(fleet, HOUR)) / devices / (HOUR / POLL);
  deployment = { id: 7, image: next };
  const updates = await time(fleet, HOUR);
  for (const { core } of fleet.devices)
    for (let i = 0; i < 4; i++) core!.services[0]!.invoke([Buffer.alloc(4)]);
  const reports = await time(fleet, POLL);
  const updatedBytes = ((await usedBytes()) - before) / devices;
  const installed = fleet.rollup().versions["2.0.0"];
  if (installed !== devices)
    throw new RangeError(`bench: expected ${devices} devices with 2.0.0, found ${installed}`);
  const inferring = make(false, 1);
  await inferring.run(2 * POLL);
  const inferences = (await time(inferring, 20)) / devices / 20;
  return {
    devices,
    idleBytes: Math.round(idleBytes),
    updatedBytes: Math.round(updatedBytes),
    startMicroseconds: Math.round(started / devices),
    pollMicroseconds: Math.round(polls),
    inferenceMicroseconds: Math.round(inferences),
    updateMicroseconds: Math.round((updates + reports) / devices - polls * (HOUR / POLL)),
  };
}

const { values } = parseArgs({
  options: { json: { type: "boolean" }, devices: { type: "string", default: "2000" } },
});
const cost = await measure(Number(values.devices));
if (values.json) console.log(JSON.stringify([cost]));
else console.log(table(Object.entries(cost).map(([name, value]) => [name, String(value)])));
