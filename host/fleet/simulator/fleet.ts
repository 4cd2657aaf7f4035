/** Thousands of simulated devices in one process, on one clock: whatever is due first happens first. */
import { setImmediate } from "node:timers/promises";
import { instancePool } from "./pool.ts";
import { dueQueue } from "./queue.ts";
import { randomOf } from "./random.ts";
import {
  type Clock,
  type DeviceCounts,
  LEAST_WAIT,
  type SimulatedDevice,
  type SimulatedOptions,
  simulatedDevice,
} from "./simulated_device.ts";

export interface FleetOptions {
  readonly count: number;
  /** The options of device `index`; id, seed, clock and instances are the fleet's to give. */
  readonly device: (index: number) => Omit<SimulatedOptions, "clock" | "pool" | "seed">;
  readonly seed?: number;
  /** Default one of its own that stands at 0. */
  readonly clock?: Clock;
  /** Seconds in which the devices are switched on, one after the other in random order; default 60. */
  readonly startWithin?: number;
  /** Instances of the core, at least 2: so many devices are awake at a time; default 8. */
  readonly instances?: number;
  /** Told which device has its turn. */
  readonly turn?: ((index: number) => void) | undefined;
}

/** How many devices there are of each kind. Those that are off have no version and no state. */
export interface Rollup {
  readonly devices: number;
  readonly off: number;
  readonly versions: Readonly<Record<string, number>>;
  readonly states: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Why updates were refused. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly counts: DeviceCounts;
}

export interface Fleet {
  readonly devices: readonly SimulatedDevice[];
  readonly clock: Clock;
  /** Lets the clock run for so many seconds, or until `done`, which is asked every `every` (default 60) of them. */
  run(seconds: number, until?: { readonly done: () => boolean; readonly every?: number }): Promise<void>;
  /** Versions of the first model of each device. */
  rollup(): Rollup;
  /** How often a device was put aside so that another could have its instance. */
  readonly parkings: () => number;
}

const STEPS_PER_TASK = 256;

const add = (tally: Record<string, number>, name: string | undefined): void => {
  if (name !== undefined) tally[name] = (tally[name] ?? 0) + 1;
};

function countAll(devices: readonly SimulatedDevice[]): DeviceCounts {
  const total = { boots: 0, powerLosses: 0, requests: 0, inferences: 0, failures: 0 };
  for (const { counts } of devices) {
    for (const name of Object.keys(total) as (keyof DeviceCounts)[]) total[name] += counts[name];
  }
  return total;
}

function rollUp(devices: readonly SimulatedDevice[]): Rollup {
  const [versions, states, outcomes, reasons]: Record<string, number>[] = [{}, {}, {}, {}];
  for (const device of devices.filter(({ isOn }) => isOn)) {
    const { state, outcome } = device.record();
    add(versions!, device.version() ?? "none");
    add(states!, state);
    add(outcomes!, outcome);
    add(reasons!, device.reason());
  }
  return {
    devices: devices.length,
    off: devices.filter(({ isOn }) => !isOn).length,
    versions: versions!,
    states: states!,
    outcomes: outcomes!,
    reasons: reasons!,
    counts: countAll(devices),
  };
}

/** Switched off, until the clock runs. Throws RangeError where the options of a device do not fit together. */
export function fleetOf(module: WebAssembly.Module, options: FleetOptions): Fleet {
  const { count, device, seed = 1, clock = { now: 0 }, startWithin = 60, instances = 8 } = options;
  const turn = options.turn ?? (() => {});
  const pool = instancePool(module, instances);
  const random = randomOf(seed);
  const queue = dueQueue<SimulatedDevice>();
  let steps = 0;
  const devices = Array.from({ length: count }, (_, index) => {
    turn(index);
    const given = device(index);
    return simulatedDevice(module, { id: `device-${index}`, ...given, seed: random(), clock, pool });
  });
  const indices = new Map(devices.map((each, index) => [each, index]));
  for (const each of devices) queue.add((random() / 2 ** 32) * startWithin, each);

  async function runUntil(end: number): Promise<void> {
    while (queue.firstTime() <= end) {
      // Pages that nobody holds any more are freed between two tasks of the event loop only.
      if (++steps % STEPS_PER_TASK === 0) await setImmediate();
      clock.now = Math.max(clock.now, queue.firstTime());
      const each = queue.take();
      turn(indices.get(each)!);
      const step = each.step();
      const next = typeof step === "number" ? step : await step;
      queue.add(Math.max(next, clock.now + LEAST_WAIT), each);
    }
    clock.now = end;
  }

  return {
    devices,
    clock,
    parkings: pool.parkings,
    rollup: () => rollUp(devices),
    async run(seconds, until) {
      const end = clock.now + seconds;
      const every = until ? (until.every ?? 60) : seconds;
      while (clock.now < end && !until?.done()) await runUntil(Math.min(end, clock.now + every));
    },
  };
}
