/**
 * A device as a test or a simulation has it: made from a board and images, with a power switch, a sensor, a server
 * behind a network, and a clock that nobody waits for.
 */

import type { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { BoardProfile } from "../../firmware/boards.ts";
import { buildWasm } from "../../firmware/wasm_build.ts";
import type { Decided } from "../../ops/border_decision.ts";
import { clientOf } from "./client.ts";
import { overHttp } from "./connection.ts";
import type { ServerOptions } from "./ddi.ts";
import { boot, type ModelRecord, type Device as RunningDevice } from "./device.ts";
import type { Cut, NorFlash } from "./flash.ts";
import { layOut } from "./flash_contents.ts";
import { inferencesOf, type RealInputs } from "./inferences.ts";
import { type Handler, type Network, type NetworkOptions, network } from "./network.ts";
import type { Pool } from "./pool.ts";
import { powerOf } from "./power.ts";
import { type MonitorOptions, reportsOf } from "./reports.ts";
import type { SamplesOptions } from "./samples.ts";
import type { SensorOptions } from "./sensor.ts";

export interface ModelOptions {
  /** In slot A as it leaves the factory: an image's bytes, or the path of an .img file. */
  readonly image: Uint8Array | string;
  /** The server's name of the model; a device of one model takes any name without. */
  readonly name?: string;
  /** Default: the board's. */
  readonly slotBytes?: number;
  /** Default: the board's, shared evenly among the models. */
  readonly ramBytes?: number;
}

/** How badly a device is supplied with power. */
export interface PowerOptions {
  /** The share of starts that end with a loss of power at one of the next `operations` on flash: 0 to 1; default 0. */
  readonly rate?: number;
  /** Default 40. */
  readonly operations?: number;
  /** Seconds from one loss of power to the next, on average, whatever the device does; default never. */
  readonly offEvery?: number;
}

export interface SimulatedServer extends ServerOptions {
  /** Default: whoever answers at the URL. */
  readonly handler?: Handler;
}

export interface Clock {
  /** Seconds, never going back. */
  now: number;
}

export interface SimulatedOptions {
  readonly id?: string;
  /** A name of host/firmware/boards.ts, a profile, or the path of a .json file with one; default esp32-c3. */
  readonly board?: string | BoardProfile;
  /** Default 4 KiB sectors that are programmed byte by byte. */
  readonly geometry?: { readonly sectorBytes: number; readonly programBytes: number };
  /** Whose signatures the device trusts: 32 bytes, keys, or paths of public keys (PEM). */
  readonly keys: readonly (Uint8Array | KeyObject | string)[];
  readonly models: readonly ModelOptions[];
  /** Models have one RAM, the board's whole, since they never run at once; default false. */
  readonly sharedRam?: boolean;
  /** Contents of flash instead of the models' images: bytes, or the path of a file that `save` has written. */
  readonly flash?: Uint8Array | string;
  readonly trialStarts?: number;
  readonly confirmAfter?: number;
  readonly server?: SimulatedServer;
  /** Between device and server; default one second each way and no faults. */
  readonly network?: NetworkOptions;
  readonly power?: PowerOptions;
  /** Watches the models, and sends reports to the server; default not. */
  readonly monitor?: MonitorOptions;
  /** Keeps samples of the models that are watched, and gives them where the server asks; default not. */
  readonly samples?: SamplesOptions;
  /** A version that waits for its installation runs beside the model in service, where that is watched; default false. */
  readonly shadow?: boolean;
  /** Seconds between two inferences of each model while the clock runs; default 60. */
  readonly inferEvery?: number;
  /** The seed of everything that is left to chance. */
  readonly seed?: number;
  /** Default one of its own that stands at 0. */
  readonly clock?: Clock;
  /** Default an instance of the core for this device alone. */
  readonly pool?: Pool;
  readonly log?: (line: string) => void;
}

export interface DeviceCounts {
  readonly boots: number;
  readonly powerLosses: number;
  readonly requests: number;
  readonly inferences: number;
  /** Inferences that gave no outputs. */
  readonly failures: number;
}

/** Methods that need a device that is on throw RangeError where it is off; models count from 0. */
export interface SimulatedDevice {
  readonly id: string;
  readonly flash: NorFlash;
  readonly clock: Clock;
  /** The core of a device that is on. */
  readonly core: RunningDevice | undefined;
  readonly isOn: boolean;
  readonly counts: DeviceCounts;
  readonly network: Network;
  /** Switches it on; false where power failed at that. */
  boot(): boolean;
  powerOff(): void;
  /** Power fails at that operation on flash, counted from now; undefined: not any more. */
  cut(cut: Cut | undefined): void;
  version(model?: number): string | undefined;
  record(model?: number): ModelRecord;
  /** Why the last update was refused, or its image lost; undefined where it was not. */
  reason(model?: number): string | undefined;
  /** One inference on real values, a list for each input; real values of each output. */
  infer(inputs: readonly (readonly number[])[], model?: number): number[][];
  /** The class that one inference decides for, and its label, as the firmware gets them from thimble_decide. */
  decide(inputs: RealInputs, model?: number): Decided;
  /** Inference on the tensors' bytes; a negative thimble_status where it failed. */
  inferBytes(inputs: readonly Uint8Array[], model?: number): Uint8Array[] | number;
  /**
   * From now on the inferences of a running clock have the rows of a CSV or .npy file, over and over; a model of a stream
   * hears a recording (WAV, or CSV with a column for each channel), as the clock goes on.
   */
  feed(file: string, options?: SensorOptions): void;
  /** Does what is due by now; when it has to be called again. */
  step(): number | Promise<number>;
  /** Lets the clock run for so many seconds. */
  run(seconds: number): Promise<void>;
  /** Writes all that flash holds to a file, bit by bit. */
  save(path: string): void;
}

/** Seconds that anything takes: an answer at once, over and over, must not stop the clock. */
export const LEAST_WAIT = 1e-3;
let compiled: Promise<WebAssembly.Module> | undefined;

/** The core of all simulated devices, built where it is absent. Throws EngineError where no compiler is here. */
export function loadCore(): Promise<WebAssembly.Module> {
  compiled ??= buildWasm().then((bytes) => new WebAssembly.Module(bytes));
  return compiled;
}

/** A device that is off. Throws RangeError where what it is made of does not fit together. */
export function simulatedDevice(module: WebAssembly.Module, options: SimulatedOptions): SimulatedDevice {
  const { id = "device", seed = 1, clock = { now: 0 } } = options;
  const { flash, device } = layOut(options);
  const counts = { boots: 0, powerLosses: 0, requests: 0, inferences: 0, failures: 0 };
  const link = network({ seed, ...options.network });
  const power = powerOf({
    id,
    clock,
    flash,
    counts,
    seed,
    options: options.power ?? {},
    boot: () => boot({ ...device, core: options.pool ?? module, ticks: () => Math.round(clock.now * 1e6) }),
  });
  const inferences = inferencesOf({
    id,
    clock,
    flash,
    counts,
    power,
    device,
    every: options.inferEvery ?? 60,
  });
  const handler = options.server?.handler ?? overHttp;
  const client = clientOf({ clock, counts, power, link, handler });
  const { server, monitor } = options;
  const reports = reportsOf({ clock, power, link, handler, counts, server, options: monitor });

  function start(): boolean {
    const isOn = power.start();
    client.start();
    inferences.start();
    reports.start();
    return isOn;
  }

  function nextDue(): number {
    return power.running ? Math.min(client.due(), inferences.due(), reports.due(), power.due()) : power.due();
  }

  async function delivered(answer: Promise<unknown>): Promise<number> {
    await answer;
    return nextDue();
  }

  function step(): number | Promise<number> {
    if (power.running && clock.now >= power.due()) power.lose();
    if (!power.running && clock.now >= power.due()) start();
    if (power.running) client.receive();
    // An outcome is news for the server.
    if (power.running && clock.now >= inferences.due() && inferences.all()) client.hurry();
    const answers = power.running ? [client.ask(), reports.step()].filter((each) => each !== undefined) : [];
    return answers.length > 0 ? delivered(Promise.all(answers)) : nextDue();
  }

  return {
    id,
    flash,
    clock,
    counts,
    network: link,
    get core() {
      return power.running;
    },
    get isOn() {
      return power.running !== undefined;
    },
    boot: start,
    powerOff: power.off,
    cut: flash.cut,
    version: (model = 0) => power.on().services[model]!.version(),
    record: (model = 0) => power.on().services[model]!.record(),
    reason(model = 0) {
      const { outcome, reason } = power.on().services[model]!.record();
      return outcome === "refused" ? power.on().statusText(reason) : undefined;
    },
    infer: inferences.infer,
    decide: inferences.decide,
    inferBytes: inferences.inferBytes,
    feed: inferences.feed,
    step,
    run: (seconds) => runClock(clock, step, seconds),
    save: (path) => writeFileSync(path, flash.bytes),
  };
}

async function runClock(clock: Clock, step: () => number | Promise<number>, seconds: number): Promise<void> {
  const end = clock.now + seconds;
  for (;;) {
    const next = await step();
    if (next > end) break;
    clock.now = Math.max(next, clock.now + LEAST_WAIT);
  }
  clock.now = end;
}
