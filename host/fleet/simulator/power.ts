/** The power of a simulated device: on, off, and lost at any operation on flash. */
import type { Device as RunningDevice } from "./device.ts";
import { type NorFlash, PowerLoss } from "./flash.ts";
import { randomOf } from "./random.ts";
import type { Clock, PowerOptions } from "./simulated_device.ts";

/** Somebody, or a watchdog, switches it on again after at most so many seconds. */
const MOST_SECONDS_OFF = 30;
const WHENS = ["before", "amid", "after"] as const;

export interface Power {
  readonly running: RunningDevice | undefined;
  /** The device that is on. Throws RangeError where it is off. */
  on(): RunningDevice;
  /** Switches it on, or resets it; false where power failed at that. */
  start(): boolean;
  off(): void;
  /** Switches it off and counts a loss of power. */
  lose(): void;
  /** The result of `work`; undefined where power failed amid it. */
  powered<T>(work: () => T): T | undefined;
  /** When power comes back or goes, in seconds of the clock. */
  due(): number;
}

interface Setup {
  readonly id: string;
  readonly clock: Clock;
  readonly flash: NorFlash;
  readonly counts: { boots: number; powerLosses: number };
  readonly seed: number;
  readonly options: PowerOptions;
  readonly boot: () => RunningDevice;
}

export function powerOf({ id, clock, flash, counts, seed, options, boot }: Setup): Power {
  const { rate = 0, operations = 40, offEvery = Number.POSITIVE_INFINITY } = options;
  const random = randomOf(seed ^ 0x5eed);
  const chance = (): number => random() / 2 ** 32;
  let running: RunningDevice | undefined;
  let due = clock.now;

  function off(): void {
    running?.end();
    running = undefined;
    flash.cut(undefined);
    flash.watch(undefined);
    flash.pack();
    due = clock.now + 1 + (random() % MOST_SECONDS_OFF);
  }

  function lose(): void {
    counts.powerLosses++;
    off();
  }

  function powered<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
      lose();
      return undefined;
    }
  }

  return {
    get running() {
      return running;
    },
    on() {
      if (!running) throw new RangeError(`${id}: expected a device that is on, found one that is off`);
      return running;
    },
    start() {
      running?.end();
      counts.boots++;
      if (chance() < rate) flash.cut({ operation: random() % operations, when: WHENS[random() % 3]! });
      running = powered(boot);
      const lasts = -offEvery * Math.log(1 - chance());
      if (running) due = clock.now + lasts;
      return running !== undefined;
    },
    off,
    lose,
    powered,
    due: () => due,
  };
}
