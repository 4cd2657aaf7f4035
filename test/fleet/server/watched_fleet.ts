/**
 * Devices with the real core whose reports go to a server over a network that loses, doubles and reorders them, with power
 * cut at operations on flash; and what they saw, counted centrally from the rows themselves.
 */
import assert from "node:assert/strict";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import {
  loadCore,
  type SimulatedDevice,
  simulatedDevice,
} from "../../../host/fleet/simulator/simulated_device.ts";
import { decodeReport } from "../../../host/fleet/telemetry/report.ts";
import { key } from "../../support/signed_images.ts";
import {
  countsOf,
  rawOf,
  type Seen,
  type WatchedModel,
  watchedWine,
  wineRows,
} from "../../support/watched.ts";
import { type Scene, scene } from "./server_and_devices.ts";

/** Counts of what happened, so that a test can ask that enough did. */
export interface Troubles {
  cuts: number;
  lostRequests: number;
  lostAnswers: number;
  doubled: number;
  late: number;
}

interface Told {
  readonly at: Scene;
  readonly wine: WatchedModel;
  /** All that devices saw and had saved. */
  readonly central: Seen;
  readonly troubles: Troubles;
}

interface Life {
  readonly device: SimulatedDevice;
  readonly random: () => number;
  /** Rows and results of the interval under way that are in flash, and those that are not yet. */
  saved: { row: number[]; raw: Int8Array }[];
  unsaved: { row: number[]; raw: Int8Array }[];
  readonly sealed: { row: number[]; raw: Int8Array }[];
  uptime: number;
}

const CUTS = ["before", "amid", "after"] as const;
const [SAVE, INTERVAL] = [60, 3600];

const monitorOf = ({ device }: Life) => device.core!.monitors[0]!;

/** Inferences of the interval under way, as the device has them. */
function underWay(life: Life): number {
  const counts = monitorOf(life).counts();
  return new DataView(counts.buffer, counts.byteOffset).getUint16(56, true);
}

/** One tick of the monitor with power cut at one of the next operations, or not; false where it was. */
function tick(life: Life, seconds: number, troubles: Troubles): boolean {
  const { device, random } = life;
  device.cut({ operation: random() % 40, when: CUTS[random() % 3]! });
  life.uptime += seconds;
  try {
    assert.equal(monitorOf(life).tick(life.uptime, 0), 0);
    device.cut(undefined);
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    troubles.cuts++;
    device.powerOff();
    assert.ok(device.boot());
    life.uptime = 0;
    return false;
  }
}

/** Saves what was counted; with power cut it is all in flash, or what was saved before is. */
function save(life: Life, troubles: Troubles): void {
  const before = life.saved.length;
  tick(life, SAVE, troubles);
  const kept = underWay(life);
  const all = [...life.saved, ...life.unsaved];
  assert.ok(kept === all.length || kept === before, `expected ${before} or ${all.length}, found ${kept}`);
  [life.saved, life.unsaved] = [all.slice(0, kept), []];
}

/** Seals what is saved, where there is room; with power cut it is sealed, or it is as it was. */
function seal(life: Life, troubles: Troubles): void {
  if (life.saved.length === 0) return;
  tick(life, INTERVAL, troubles);
  const kept = underWay(life);
  assert.ok(kept === 0 || kept === life.saved.length, `expected 0 or ${life.saved.length}, found ${kept}`);
  if (kept > 0) return;
  life.sealed.push(...life.saved);
  life.saved = [];
}

/** A network between the devices and the server: what is on its way may come later, after others, and again. */
function postOffice(at: Scene, random: () => number, troubles: Troubles) {
  const held: { readonly name: string; readonly body: Uint8Array }[] = [];
  const arrive = (name: string, body: Uint8Array): boolean => {
    const url = `/DEFAULT/controller/v1/${name}/reports`;
    const headers = { authorization: `GatewayToken ${at.gateway}` };
    const { status } = at.ask({ method: "POST", url, headers, body });
    assert.ok(status === 204 || status === 429, `status ${status}`);
    return status === 204;
  };
  const late = (): void => {
    if (held.length < 20 || random() % 3 > 0) return;
    const [letter] = held.splice(random() % held.length, 1);
    troubles.late++;
    arrive(letter!.name, letter!.body);
  };
  return {
    /** Whether the device hears that the server has it. */
    send(name: string, body: Uint8Array): boolean {
      late();
      switch (random() % 6) {
        case 0:
          troubles.lostRequests++;
          return false;
        case 1:
          troubles.lostAnswers++;
          arrive(name, body);
          return false;
        case 2:
          troubles.doubled++;
          arrive(name, body);
          return arrive(name, body);
        case 3:
          // It goes astray, and comes in the end.
          held.push({ name, body });
          return false;
        default:
          if (random() % 4 === 0) held.push({ name, body });
          return arrive(name, body);
      }
    },
    flush(): void {
      for (const { name, body } of held.splice(0)) arrive(name, body);
    },
  };
}
type PostOffice = ReturnType<typeof postOffice>;

/** Sends what waits: with `untilGone` until the server has it all. */
function mail(life: Life, office: PostOffice, untilGone: boolean): void {
  for (let tries = untilGone ? 200 : 2; tries > 0; tries--) {
    const waiting = monitorOf(life).report();
    if (!waiting) return;
    if (office.send(life.device.id, waiting.bytes)) monitorOf(life).acknowledge(waiting.interval);
  }
  assert.ok(!untilGone, "expected that 200 tries are enough");
}

function live(
  life: Life,
  wine: WatchedModel,
  rows: readonly number[][],
  told: PostOffice,
  troubles: Troubles,
) {
  const { device, random } = life;
  for (let step = 0; step < 6; step++) {
    for (let count = random() % 6; count > 0; count--) {
      // A gap, a value far away, and a missing one are counted as any other.
      const row = rows[random() % rows.length]!.map((x) => (random() % 50 === 0 ? Math.fround(x * 9) : x));
      const [values] = device.infer([row]);
      life.unsaved.push({ row, raw: rawOf(wine.image, values!) });
    }
    save(life, troubles);
    if (random() % 2 === 0) seal(life, troubles);
    mail(life, told, false);
  }
}

/** The end of a life: all is sealed and sent, with no cut. */
function settle(life: Life, office: PostOffice): void {
  mail(life, office, true);
  if (life.saved.length > 0) {
    assert.equal(monitorOf(life).seal(), 0);
    const { inferences } = decodeReport(monitorOf(life).report()!.bytes);
    assert.equal(inferences, life.saved.length);
    life.sealed.push(...life.saved.splice(0));
  }
  mail(life, office, true);
}

const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x + b[i]!);

/** Runs so many devices through it; gives the server, and what it has to have counted. */
export async function tellOf(count: number, seed = 1): Promise<Told> {
  const [core, wine, rows] = [await loadCore(), await watchedWine(key), wineRows()];
  const at = scene();
  at.publish(wine.image);
  const random = randomOf(seed);
  const troubles: Troubles = { cuts: 0, lostRequests: 0, lostAnswers: 0, doubled: 0, late: 0 };
  const office = postOffice(at, random, troubles);
  let central = countsOf(wine, [], []);
  for (let i = 0; i < count; i++) {
    // The server registers so many devices in a second.
    at.clock.now += 0.1;
    const device = simulatedDevice(core, {
      id: `device-${i}`,
      seed: i + 1,
      keys: [key],
      models: [{ image: wine.image }],
      monitor: { interval: INTERVAL, saveEvery: SAVE },
      confirmAfter: 1,
    });
    assert.ok(device.boot());
    const life: Life = { device, random, saved: [], unsaved: [], sealed: [], uptime: 0 };
    live(life, wine, rows, office, troubles);
    settle(life, office);
    device.powerOff();
    const mine = countsOf(
      wine,
      life.sealed.map(({ row }) => row),
      life.sealed.map(({ raw }) => raw),
    );
    central = {
      inferences: central.inferences + mine.inferences,
      classes: plus(central.classes, mine.classes),
      channels: central.channels.map((counts, k) => plus(counts, mine.channels[k]!)),
    };
  }
  office.flush();
  return { at, wine, central, troubles };
}

/** The server's sum equals the central count, and enough has gone wrong on the way. */
export async function assertSumOf(count: number): Promise<Troubles> {
  const { at, wine, central, troubles } = await tellOf(count);
  const sum = at.operate<{
    readonly inferences: number;
    readonly classes: readonly { readonly count: number }[];
    readonly channels: readonly { readonly counts: readonly number[] }[];
  }>("GET", `/models/${wine.hash}`);
  assert.deepEqual(
    {
      inferences: sum.inferences,
      classes: sum.classes.map((each) => each.count),
      channels: sum.channels.map(({ counts }) => counts),
    },
    central,
  );
  const [model] = at.operate<{ models: { hash: string; devices: number }[] }>("GET", "/models").models;
  assert.deepEqual([model!.hash, model!.devices <= count], [wine.hash, true]);
  for (const [kind, number] of Object.entries(troubles)) assert.ok(number >= count / 4, `${kind}: ${number}`);
  return troubles;
}
