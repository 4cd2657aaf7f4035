/** Monitors of a simulated device's models, and the reports that it sends of them: thimble_monitor.h by the device's clock. */

import type { Answer, Request } from "./ddi.ts";
import type { MonitorPlace } from "./device.ts";
import type { WasmDevice } from "./instance.ts";
import type { Delivery, Handler, Network } from "./network.ts";
import type { Power } from "./power.ts";
import type { Clock } from "./simulated_device.ts";

export interface MonitorOptions {
  /** Seconds of an interval; default 3600. */
  readonly interval?: number;
  /** Seconds between two saves of the interval under way; default 900, and 0 for none. */
  readonly saveEvery?: number;
  /** Ticks of an inference, in microseconds, above which it is an overrun; default 0: none is. */
  readonly overrun?: number;
  /** The device's clock knows the time of Unix, which is that at the clock's 0; default 2030. */
  readonly epoch?: number;
}

/** The monitor of one model of a device that runs. */
export interface RunningMonitor {
  /** A thimble_status. */
  tick(uptime: number, time: number): number;
  seal(): number;
  save(): number;
  /** The oldest report that waits. */
  report(): { readonly bytes: Uint8Array<ArrayBuffer>; readonly interval: number } | undefined;
  acknowledge(interval: number): void;
  count(counter: number, by: number): void;
  /** The interval under way, laid out as a report is. */
  counts(): Uint8Array;
}

export const MONITOR_DEFAULTS = {
  interval: 3600,
  saveEvery: 900,
  overrun: 0,
  epoch: Date.UTC(2030, 0, 1) / 1000,
} as const;

function setupOf(device: WasmDevice, place: MonitorPlace, options: MonitorOptions): number {
  const { interval, saveEvery, overrun } = { ...MONITOR_DEFAULTS, ...options };
  const { address, sectors, ramBytes } = place;
  const ram = device.reserve(ramBytes);
  const words = Uint32Array.of(address, sectors, ram.at, ramBytes, interval, saveEvery, overrun);
  const setup = device.reserve(words.byteLength);
  device.view(setup).set(new Uint8Array(words.buffer));
  return setup.at;
}

/** A monitor by its number. */
const runningMonitor = (device: WasmDevice, at: number, ramBytes: number): RunningMonitor => ({
  tick: (uptime, time) => device.exports.monitor_tick(at, uptime, time),
  seal: () => device.exports.monitor_seal(at),
  save: () => device.exports.monitor_save(at),
  report() {
    const found = device.exports.monitor_report(at);
    if (found === 0) return undefined;
    const bytes = new Uint8Array(device.view({ at: found, bytes: device.exports.monitor_report_bytes() }));
    return { bytes, interval: device.exports.monitor_report_interval() };
  },
  acknowledge: (taken) => device.exports.monitor_acknowledge(at, taken),
  counts: () => device.view({ at: device.exports.monitor_counts(at), bytes: ramBytes }).slice(),
  count: (counter, by) => device.exports.monitor_count(at, counter, by),
});

/** Adds a monitor to a model whose service has not started. Throws RangeError where its flash does not fit. */
export function addMonitor(
  device: WasmDevice,
  model: number,
  place: MonitorPlace,
  options: MonitorOptions,
): RunningMonitor {
  const status = device.exports.monitor_add(model, setupOf(device, place, options));
  if (status !== 0) throw new RangeError(`monitor of model ${model}: ${device.statusText(status)}`);
  return runningMonitor(device, model, place.ramBytes);
}

/** A version that waits runs beside the model in service, in so much RAM; its monitor opens and closes it with its ticks. */
export function addShadow(
  device: WasmDevice,
  model: number,
  { place, ramBytes }: { readonly place: MonitorPlace; readonly ramBytes: number },
  options: MonitorOptions,
): RunningMonitor {
  const ram = device.reserve(ramBytes);
  const status = device.exports.shadow_add(model, setupOf(device, place, options), ram.at, ramBytes);
  if (status !== 0) throw new RangeError(`shadow of model ${model}: ${device.statusText(status)}`);
  const monitor = runningMonitor(device, device.exports.shadow_monitor(model), place.ramBytes);
  return {
    ...monitor,
    tick(uptime, time) {
      const opened = device.exports.shadow_tick(model);
      const ticked = monitor.tick(uptime, time);
      return opened !== 0 ? opened : ticked;
    },
  };
}

export interface Reports {
  start(): void;
  due(): number;
  /** Ticks and sends what is due; a promise where an answer comes in real time. */
  step(): Promise<void> | undefined;
}

interface Setup {
  readonly clock: Clock;
  readonly power: Power;
  readonly link: Network;
  readonly handler: Handler;
  readonly counts: { requests: number };
  /** The controller's address, and the header that speaks for the device. */
  readonly server: { readonly url: string; readonly authorization?: string } | undefined;
  readonly options: MonitorOptions | undefined;
}

const TICK_SECONDS = 60;
/** Seconds until what was not taken is sent again. */
const AGAIN_SECONDS = 300;

/** The time by which monitors seal and save. */
function ticker({ clock, power, options }: Pick<Setup, "clock" | "power" | "options">) {
  let [bootedAt, due] = [0, 0];
  const epoch = options?.epoch ?? MONITOR_DEFAULTS.epoch;
  return {
    start() {
      [bootedAt, due] = [clock.now, clock.now + TICK_SECONDS];
    },
    due: () => due,
    tick() {
      if (clock.now < due) return;
      due = clock.now + TICK_SECONDS;
      const [uptime, time] = [Math.floor(clock.now - bootedAt), epoch + Math.floor(clock.now)];
      power.powered(() => {
        for (const each of power.running!.monitors) each.tick(uptime, time);
      });
    },
  };
}

/** A report or a sample on its way, and the run of the device that sent it. */
interface Sent extends Letter {
  readonly at: number;
  readonly answer: Answer;
  readonly by: Power["running"];
}

interface Letter {
  readonly path: "reports" | "samples";
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly model: number;
  /** The server has it, or never takes it. */
  readonly drop: () => void;
}

/** The answer to a report says of how many samples of that model the server wants to be told. */
const WANTED_HEADER = "thimble-samples";
const MOST_WANTED = 1000;

/** The report of the first model that has one, or else a sample of one of which the server wants some. */
function nextLetter(power: Power, wanted: readonly number[]): Letter | undefined {
  for (const [model, monitor] of power.running!.monitors.entries()) {
    const report = power.powered(() => monitor.report());
    if (!power.running) return undefined;
    const drop = (): void => monitor.acknowledge(report!.interval);
    if (report) return { path: "reports", bytes: report.bytes, model, drop };
  }
  for (const [model, samples] of power.running!.samples.entries()) {
    const found = (wanted[model] ?? 0) > 0 ? samples.first() : undefined;
    if (found) return { path: "samples", bytes: found.bytes, model, drop: () => samples.drop(found.at) };
  }
  return undefined;
}

/** Reports to a server, one at a time, oldest first; then the samples that it has asked for. */
function sender({ clock, power, link, handler, counts, server }: Omit<Setup, "options">) {
  let sendAt = 0;
  let sent: Sent | undefined;
  /** By model. */
  let wanted: number[] = [];

  const requestOf = ({ path, bytes }: Letter): Request => ({
    method: "POST",
    url: `${server!.url}/${path}`,
    headers: {
      "content-type": "application/octet-stream",
      ...(server!.authorization !== undefined && { authorization: server!.authorization }),
    },
    bytes,
  });

  function heed({ answer, path, model, drop }: Sent): void {
    // A report that the server never takes would hold up all others.
    const isTaken = (answer.status >= 200 && answer.status < 300) || answer.status === 400;
    if (isTaken) drop();
    sendAt = isTaken ? clock.now : clock.now + AGAIN_SECONDS;
    if (path === "samples") wanted[model] = isTaken ? wanted[model]! - 1 : 0;
    else if (isTaken) wanted[model] = Math.min(Number(answer.headers[WANTED_HEADER] ?? 0) || 0, MOST_WANTED);
  }

  return {
    start() {
      [sendAt, sent, wanted] = [clock.now, undefined, []];
    },
    due: () => (server ? (sent?.at ?? sendAt) : Number.POSITIVE_INFINITY),
    receive() {
      if (!sent || clock.now < sent.at) return;
      const done = sent;
      sent = undefined;
      if (done.by === power.running) heed(done);
    },
    send(): Promise<void> | undefined {
      if (!server || sent || clock.now < sendAt) return undefined;
      sendAt = clock.now + TICK_SECONDS;
      const letter = nextLetter(power, wanted);
      if (!letter) return undefined;
      const by = power.running;
      counts.requests++;
      const take = ({ answer, seconds }: Delivery): void => {
        sent = { ...letter, at: clock.now + seconds, answer, by };
      };
      const delivered = link.exchange(requestOf(letter), handler);
      if (delivered instanceof Promise) return delivered.then(take);
      take(delivered);
      return undefined;
    },
  };
}

export function reportsOf(setup: Setup): Reports {
  const { power, options } = setup;
  const [time, mail] = [ticker(setup), sender(setup)];
  return {
    start() {
      time.start();
      mail.start();
    },
    due: () => (options ? Math.min(time.due(), mail.due()) : Number.POSITIVE_INFINITY),
    step() {
      if (!options || !power.running) return undefined;
      time.tick();
      if (power.running) mail.receive();
      return power.running ? mail.send() : undefined;
    },
  };
}
