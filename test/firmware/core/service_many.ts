/**
 * Twenty models in one piece of RAM, one of which is updated every minute, with power cut amid some updates: all of them answer
 * as the version in service, and nothing that their monitors saved is lost or counted twice.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { boot, type Device, type DeviceOptions } from "../../../host/fleet/simulator/device.ts";
import { type NorFlash, norFlash } from "../../../host/fleet/simulator/flash.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { decodeReport } from "../../../host/fleet/telemetry/report.ts";
import { parseImage } from "../../../host/image/mcuboot.ts";
import { key, publicHex, u32 } from "../../support/signed_images.ts";
import { untilPowerLoss, version } from "../../support/two_versions.ts";

export const MODELS = 20;
const SECTOR = 4096;
/** Sectors: the journal, then two slots and two halves of a monitor for each model. */
const [JOURNAL, SLOTS, MONITORS, END] = [0, 2, 2 + 2 * MODELS, 2 + 4 * MODELS];
const RAM_BYTES = 16384;
const MINUTE = 60;

export interface Wear {
  readonly updates: number;
  readonly cuts: number;
  readonly inferences: number;
  /** Most erases of a sector: the journal's, a slot's, a monitor's. */
  readonly journal: number;
  readonly slot: number;
  readonly monitor: number;
}

/** The number that a version of a model adds, which no other model's version adds at that time. */
const amountOf = (model: number, number: number): number => 1 + ((number * MODELS + model) % 250);

const imageOf = (model: number, number: number): Uint8Array =>
  version(amountOf(model, number), { id: `m${model}`, counter: number, padding: 100 });

interface Model {
  version: number;
  /** Inferences that are in flash, or were told; and those that the device has made since. */
  kept: number;
  unsaved: number;
  /** Intervals that were told, by hash and number. */
  readonly told: Map<string, number>;
}

/** Flash that counts the erases of each sector. */
function countedFlash(content: Uint8Array): { flash: NorFlash; erases: number[] } {
  const inner = norFlash({ bytes: END * SECTOR, sectorBytes: SECTOR, programBytes: 1 }, content, 1);
  const erases = new Array<number>(END).fill(0);
  const erase = (address: number): boolean => {
    erases[address / SECTOR]!++;
    return inner.erase(address);
  };
  return { flash: Object.assign(Object.create(inner) as NorFlash, { erase }), erases };
}

function factory(): Uint8Array {
  const content = new Uint8Array(END * SECTOR).fill(0xff);
  for (let model = 0; model < MODELS; model++) content.set(imageOf(model, 1), (SLOTS + 2 * model) * SECTOR);
  return content;
}

const optionsOf = (core: WebAssembly.Module, flash: NorFlash): DeviceOptions => ({
  core,
  flash,
  journal: JOURNAL * SECTOR,
  models: Array.from({ length: MODELS }, (_, model) => {
    const slot = (SLOTS + 2 * model) * SECTOR;
    return {
      slots: [slot, slot + SECTOR] as const,
      bytes: SECTOR,
      ramBytes: RAM_BYTES,
      sharesRam: true,
      monitor: { address: (MONITORS + 2 * model) * SECTOR, sectors: 1, ramBytes: 128 },
    };
  }),
  keys: [new Uint8Array(Buffer.from(publicHex(key), "hex"))],
  confirmAfter: 2,
  monitor: { interval: 3600, saveEvery: 900 },
});

/** A device and what it has to remember. */
function life(core: WebAssembly.Module) {
  const { flash, erases } = countedFlash(factory());
  const models = Array.from(
    { length: MODELS },
    (): Model => ({ version: 1, kept: 0, unsaved: 0, told: new Map() }),
  );
  const counts = { updates: 0, cuts: 0, inferences: 0 };
  let [device, uptime]: [Device, number] = [boot(optionsOf(core, flash)), 0];

  function infer(model: number): number {
    const service = device.services[model]!;
    assert.equal(service.switch(), 0);
    const outputs = service.invoke([u32(1000)]);
    assert.ok(typeof outputs !== "number", `model ${model}: ${outputs}`);
    models[model]!.unsaved++;
    counts.inferences++;
    return new DataView(outputs[0]!.buffer).getInt32(0, true) - 1000;
  }

  const answersAsItsVersion = (model: number): void =>
    assert.equal(infer(model), amountOf(model, models[model]!.version), `model ${model}`);

  /** Reports go to a server, which counts each once. */
  function tell(model: number): void {
    const [monitor, { told }] = [device.monitors[model]!, models[model]!];
    for (let report = monitor.report(); report; report = monitor.report()) {
      const { model: hash, inferences } = decodeReport(report.bytes);
      told.set(`${hash} ${report.interval}`, inferences);
      monitor.acknowledge(report.interval);
    }
  }

  /** All inferences of a model that a server was told of or that its monitor has. */
  function known(model: number): number {
    tell(model);
    const underWay = new DataView(device.monitors[model]!.counts().buffer).getUint16(56, true);
    return [...models[model]!.told.values()].reduce((a, b) => a + b, underWay);
  }

  function save(): void {
    for (const [model, each] of models.entries()) {
      assert.equal(device.monitors[model]!.save(), 0);
      each.kept += each.unsaved;
      each.unsaved = 0;
      assert.equal(known(model), each.kept, `model ${model}`);
    }
  }

  /** Switched off and on: what was saved is there, and not more than was counted. */
  function restart(): void {
    device.end();
    device = boot(optionsOf(core, flash));
    uptime = 0;
    assert.deepEqual(device.started, new Array(MODELS).fill(0));
    for (const [model, each] of models.entries()) {
      const found = known(model);
      assert.ok(found >= each.kept && found <= each.kept + each.unsaved, `model ${model}: ${found}`);
      [each.kept, each.unsaved] = [found, 0];
    }
  }

  /** Offers a version until it is confirmed, as a client does that comes again after each start. */
  function update(model: number, number: number): void {
    const service = device.services[model]!;
    const [image, each] = [imageOf(model, number), models[model]!];
    const hash = createHash("sha256").update(image).digest();
    // An image on trial is never begun anew: it runs on, or has been confirmed.
    while (service.record().state === "trial") infer(model);
    if (!service.isInService() || service.record().tag !== number) {
      const offset = service.begin({ size: image.length, hash, action: number, tag: number });
      assert.ok(offset >= 0, `${offset}`);
      assert.equal(service.write(image.subarray(offset)), 0);
      assert.equal(service.finish(), 0);
      infer(model);
      // Another model takes the RAM amid the trial.
      answersAsItsVersion((model + 1) % MODELS);
      infer(model);
    }
    const { state, outcome } = service.record();
    assert.deepEqual([state, outcome], ["idle", "installed"]);
    each.version = number;
    assert.equal(service.reported(), 0);
  }

  return {
    models,
    counts,
    erases,
    infer,
    answersAsItsVersion,
    update,
    save,
    tell,
    known,
    restart,
    cut: (operation: number, when: "before" | "amid" | "after", work: () => void): boolean =>
      untilPowerLoss(flash, { operation, when }, work),
    tick(seconds: number): void {
      uptime += seconds;
      for (const monitor of device.monitors) assert.equal(monitor.tick(uptime, 0), 0);
    },
    runningHash: (model: number): string =>
      Buffer.from(parseImage(imageOf(model, models[model]!.version)).digest).toString("hex"),
  };
}

const CUTS = ["before", "amid", "after"] as const;

/** Lives so many minutes. */
export function liveFor(core: WebAssembly.Module, minutes: number, seed = 1): Wear {
  const random = randomOf(seed);
  const at = life(core);
  for (let minute = 0; minute < minutes; minute++) {
    const model = minute % MODELS;
    const number = at.models[model]!.version + 1;
    if (random() % 4 === 0) {
      at.save();
      // Later ones come later, or an update would never end.
      for (let most = 16; ; most *= 2) {
        if (at.cut(random() % most, CUTS[random() % 3]!, () => at.update(model, number))) break;
        at.counts.cuts++;
        at.restart();
        if (random() % 3 > 0) continue;
        for (let each = 0; each < MODELS; each++) if (each !== model) at.answersAsItsVersion(each);
      }
    } else at.update(model, number);
    at.counts.updates++;
    for (let i = 0; i < 3; i++) at.answersAsItsVersion(random() % MODELS);
    at.answersAsItsVersion(model);
    at.tick(MINUTE);
    for (let each = 0; each < MODELS; each++) at.tell(each);
  }
  at.save();
  at.restart();
  for (let each = 0; each < MODELS; each++) at.answersAsItsVersion(each);
  const most = (from: number, to: number): number => Math.max(...at.erases.slice(from, to));
  return {
    ...at.counts,
    journal: most(JOURNAL, SLOTS),
    slot: most(SLOTS, MONITORS),
    monitor: most(MONITORS, END),
  };
}
