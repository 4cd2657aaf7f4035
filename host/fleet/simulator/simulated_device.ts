/**
 * A device as a test or a simulation has it: made from a board and images, with a power switch, a sensor, a server
 * behind a network, and a clock that nobody waits for.
 */

import type { KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { type BoardProfile, DEFAULT_BOARD, findBoard } from "../../firmware/boards.ts";
import { buildWasm } from "../../firmware/wasm_build.ts";
import { rawPublicKey, readPublicKey } from "../../image/keys.ts";
import { overHttp } from "./connection.ts";
import type { Answer, ServerOptions } from "./ddi.ts";
import { boot, type DeviceOptions, type ModelRecord, type Device as RunningDevice } from "./device.ts";
import { type Cut, type NorFlash, norFlash, PowerLoss } from "./flash.ts";
import { type Delivery, type Handler, type Network, type NetworkOptions, network } from "./network.ts";
import type { Pool } from "./pool.ts";
import { randomOf } from "./random.ts";
import { type Sensor, type SensorOptions, sensorOf } from "./sensor.ts";
import { type RealModel, realModel } from "./values.ts";

export interface ModelOptions {
  /** In slot A as it leaves the factory: an image's bytes, or the path of an .img file. */
  readonly image: Uint8Array | string;
  /** What the server calls the model; a device of one model takes any name without. */
  readonly name?: string;
  /** Default: the board's. */
  readonly slotBytes?: number;
  /** Default: the board's, shared evenly among the models. */
  readonly ramBytes?: number;
}

/** How badly a device is supplied with power. */
export interface PowerOptions {
  /** Of all starts, how many end with a loss of power at one of the next `operations` on flash: 0 to 1; default 0. */
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
  /** What flash holds instead of the models' images: bytes, or the path of a file that `save` has written. */
  readonly flash?: Uint8Array | string;
  readonly trialStarts?: number;
  readonly confirmAfter?: number;
  readonly server?: SimulatedServer;
  /** Between device and server; default one second each way and no faults. */
  readonly network?: NetworkOptions;
  readonly power?: PowerOptions;
  /** Seconds between two inferences of each model while the clock runs; default 60. */
  readonly inferEvery?: number;
  /** Of everything that is left to chance. */
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
  /** What the core of a device that is on offers beyond what is below. */
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
  /** The same on the tensors' bytes; a negative thimble_status where it failed. */
  inferBytes(inputs: readonly Uint8Array[], model?: number): Uint8Array[] | number;
  /** From now on the inferences of a running clock have the rows of a CSV or .npy file, over and over. */
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
/** Somebody, or a watchdog, switches it on again after at most so long. */
const MOST_SECONDS_OFF = 30;

let compiled: Promise<WebAssembly.Module> | undefined;

/** The core of all simulated devices, built where it is absent. Throws EngineError where no compiler is here. */
export function loadCore(): Promise<WebAssembly.Module> {
  compiled ??= buildWasm().then((bytes) => new WebAssembly.Module(bytes));
  return compiled;
}

const bytesOf = (source: Uint8Array | string): Uint8Array =>
  typeof source === "string" ? new Uint8Array(readFileSync(source)) : source;

function readKey(key: Uint8Array | KeyObject | string): Uint8Array {
  if (key instanceof Uint8Array) return key;
  return rawPublicKey(typeof key === "string" ? readPublicKey(readFileSync(key, "utf8"), key) : key);
}

const WHENS = ["before", "amid", "after"] as const;

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** The journal first, then two slots for every model. */
function layOut(options: SimulatedOptions): { flash: NorFlash; device: Omit<DeviceOptions, "core"> } {
  const { board: given = DEFAULT_BOARD, geometry = { sectorBytes: 4096, programBytes: 1 } } = options;
  const board = typeof given === "string" ? findBoard(given) : given;
  const { sectorBytes } = geometry;
  let end = 2 * sectorBytes;
  const models = options.models.map(({ slotBytes = board.slotBytes, ramBytes }) => {
    const bytes = roundUp(slotBytes, sectorBytes);
    const slots = [end, end + bytes] as const;
    end += 2 * bytes;
    return { slots, bytes, ramBytes: ramBytes ?? roundUp(board.ramBytes / options.models.length - 15, 16) };
  });
  const content = options.flash === undefined ? new Uint8Array(end).fill(0xff) : bytesOf(options.flash);
  for (const [i, { image }] of options.flash === undefined ? options.models.entries() : []) {
    const bytes = bytesOf(image);
    if (bytes.length > models[i]!.bytes)
      throw new RangeError(
        `models[${i}]: expected an image of ${models[i]!.bytes} bytes, found ${bytes.length}`,
      );
    content.set(bytes, models[i]!.slots[0]);
  }
  const flash = norFlash({ ...geometry, bytes: end }, content, options.seed);
  const names = options.models.flatMap(({ name }) => name ?? []);
  const { trialStarts, confirmAfter, server, log } = options;
  return {
    flash,
    device: {
      flash,
      journal: 0,
      models,
      keys: options.keys.map(readKey),
      ...(trialStarts !== undefined && { trialStarts }),
      ...(confirmAfter !== undefined && { confirmAfter }),
      ...(log && { log }),
      ...(server && {
        server: { ...server, seed: options.seed ?? 1, ...(names.length > 0 && { models: names }) },
      }),
    },
  };
}

/** A device that is off. Throws RangeError where what it is made of does not fit together. */
export function simulatedDevice(module: WebAssembly.Module, options: SimulatedOptions): SimulatedDevice {
  const { id = "device", seed = 1, clock = { now: 0 }, inferEvery = 60, power = {} } = options;
  const { rate = 0, operations = 40, offEvery = Number.POSITIVE_INFINITY } = power;
  const { flash, device } = layOut(options);
  const random = randomOf(seed ^ 0x5eed);
  const chance = (): number => random() / 2 ** 32;
  const link = network({ seed, ...options.network });
  const counts = { boots: 0, powerLosses: 0, requests: 0, inferences: 0, failures: 0 };
  const handler = options.server?.handler ?? overHttp;
  const sensors: (Sensor | undefined)[] = [];
  const zeros = new Map<number, Uint8Array>();
  let running: RunningDevice | undefined;
  let delivery: { readonly at: number; readonly answer: Answer } | undefined;
  /** When to start, to ask the server, to infer, to lose power. */
  const due = { boot: clock.now, client: 0, inference: 0, off: Number.POSITIVE_INFINITY };

  function off(): void {
    running?.end();
    running = undefined;
    delivery = undefined;
    flash.cut(undefined);
    flash.watch(undefined);
    flash.pack();
    due.boot = clock.now + 1 + (random() % MOST_SECONDS_OFF);
  }

  function lose(): void {
    counts.powerLosses++;
    off();
  }

  /** Undefined where power failed amid it. */
  function powered<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PowerLoss)) throw error;
      lose();
      return undefined;
    }
  }

  function on(): RunningDevice {
    if (!running) throw new RangeError(`${id}: expected a device that is on, found one that is off`);
    return running;
  }

  function start(): boolean {
    running?.end();
    counts.boots++;
    if (chance() < rate) flash.cut({ operation: random() % operations, when: WHENS[random() % 3]! });
    running = powered(() =>
      boot({ ...device, core: options.pool ?? module, ticks: () => Math.round(clock.now * 1e6) }),
    );
    due.client = clock.now;
    due.inference = clock.now + inferEvery;
    due.off = clock.now - offEvery * Math.log(1 - chance());
    return running !== undefined;
  }

  const zeroInput = (bytes: number): Uint8Array => {
    if (!zeros.has(bytes)) zeros.set(bytes, new Uint8Array(bytes));
    return zeros.get(bytes)!;
  };

  /** Undefined where power failed amid it. */
  function invoke(inputs: readonly Uint8Array[], model: number): Uint8Array[] | number | undefined {
    const service = on().services[model]!;
    counts.inferences++;
    const outputs = powered(() => {
      service.switch();
      return service.invoke(inputs);
    });
    if (typeof outputs === "number") counts.failures++;
    return outputs;
  }

  function inferBytes(inputs: readonly Uint8Array[], model = 0): Uint8Array[] | number {
    const outputs = invoke(inputs, model);
    if (outputs === undefined) throw new PowerLoss(`${id}: power failed amid an inference`);
    return outputs;
  }

  const realOf = (model: number): RealModel => realModel(flash, device.models[model]!, on().services[model]!);

  function inferAll(): void {
    for (const [model, service] of on().services.entries()) {
      const inputs = sensors[model]?.next(realOf(model)) ?? service.inputBytes().map(zeroInput);
      const outputs = invoke(inputs, model);
      if (outputs === undefined) return;
      if (typeof outputs !== "number") sensors[model]?.told(outputs, realOf(model));
    }
    due.inference = clock.now + inferEvery;
    // An outcome is news for the server.
    if (!delivery) due.client = clock.now;
  }

  function expect({ answer, seconds }: Delivery): number {
    delivery = { at: clock.now + seconds, answer };
    return nextDue();
  }

  /** Asks what is to be asked; undefined where the answer will come in real time. */
  function ask(): Promise<number> | undefined {
    const now = Math.floor(clock.now);
    const next = powered(() => running!.client!.next(now));
    if (next === undefined) return undefined;
    if (typeof next === "number") {
      due.client = now + next;
      return undefined;
    }
    counts.requests++;
    const delivered = link.exchange(next, handler);
    if (delivered instanceof Promise) return delivered.then(expect);
    expect(delivered);
    return undefined;
  }

  function receive({ answer }: { readonly answer: Answer }): void {
    delivery = undefined;
    powered(() => {
      running!.client!.answer(Math.floor(clock.now), answer);
      for (const service of running!.services) service.switch();
    });
    due.client = clock.now;
  }

  function nextDue(): number {
    if (!running) return due.boot;
    const client = delivery?.at ?? (running.client ? due.client : Number.POSITIVE_INFINITY);
    return Math.min(client, due.inference, due.off);
  }

  function step(): number | Promise<number> {
    if (running && clock.now >= due.off) lose();
    if (!running && clock.now >= due.boot) start();
    if (running && delivery && clock.now >= delivery.at) receive(delivery);
    if (running && clock.now >= due.inference) inferAll();
    const later = running?.client && !delivery && clock.now >= due.client ? ask() : undefined;
    return later ?? nextDue();
  }

  return {
    id,
    flash,
    clock,
    counts,
    network: link,
    get core() {
      return running;
    },
    get isOn() {
      return running !== undefined;
    },
    boot: start,
    powerOff: off,
    cut: flash.cut,
    version: (model = 0) => on().services[model]!.version(),
    record: (model = 0) => on().services[model]!.record(),
    reason(model = 0) {
      const { outcome, reason } = on().services[model]!.record();
      return outcome === "refused" || outcome === "lost" ? on().statusText(reason) : undefined;
    },
    infer(inputs, model = 0) {
      const outputs = inferBytes(realOf(model).quantize(inputs), model);
      if (typeof outputs === "number")
        throw new RangeError(`${id}: model ${model}: ${on().statusText(outputs)}`);
      return realOf(model).dequantize(outputs);
    },
    inferBytes,
    feed(file, feedOptions = {}) {
      sensors[feedOptions.model ?? 0] = sensorOf(file, feedOptions);
    },
    step,
    async run(seconds) {
      const end = clock.now + seconds;
      for (;;) {
        const next = await step();
        if (next > end) break;
        clock.now = Math.max(next, clock.now + LEAST_WAIT);
      }
      clock.now = end;
    },
    save: (path) => writeFileSync(path, flash.bytes),
  };
}
