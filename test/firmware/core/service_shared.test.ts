/** Models that share their RAM: one at a time is open, and a trial that another model interrupts goes on as it was. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { boot, type Device } from "../../../host/fleet/simulator/device.ts";
import { type NorFlash, norFlash } from "../../../host/fleet/simulator/flash.ts";
import { loadCore } from "../../../host/fleet/simulator/simulated_device.ts";
import { skipDevices } from "../../fleet/server/server_and_devices.ts";
import { key, publicHex, STATUS, u32 } from "../../support/signed_images.ts";
import { version } from "../../support/two_versions.ts";
import { liveFor } from "./service_many.ts";

const SECTOR = 4096;

describe("models that share RAM", { skip: skipDevices }, async () => {
  const core = skipDevices ? undefined : await loadCore();
  const imageOf = (id: string, amount: number, more = {}): Uint8Array =>
    version(amount, { id, padding: 100, ...more });

  function flashOf(): NorFlash {
    const content = new Uint8Array(6 * SECTOR).fill(0xff);
    content.set(imageOf("a", 10), 2 * SECTOR);
    content.set(imageOf("b", 20), 4 * SECTOR);
    return norFlash({ bytes: 6 * SECTOR, sectorBytes: SECTOR, programBytes: 1 }, content, 1);
  }
  const start = (flash: NorFlash, confirmAfter = 3, trialStarts = 3): Device =>
    boot({
      core: core!,
      flash,
      journal: 0,
      models: [2, 4].map((sector) => ({
        slots: [sector * SECTOR, (sector + 1) * SECTOR] as const,
        bytes: SECTOR,
        ramBytes: 16384,
        sharesRam: true,
      })),
      keys: [new Uint8Array(Buffer.from(publicHex(key), "hex"))],
      confirmAfter,
      trialStarts,
    });
  /** The number that the model adds; or the status of an inference. */
  const infer = (device: Device, model: number): number => {
    const outputs = device.services[model]!.invoke([u32(1000)]);
    return typeof outputs === "number" ? outputs : new DataView(outputs[0]!.buffer).getInt32(0, true) - 1000;
  };
  const after = (device: Device, model: number): number => {
    assert.equal(device.services[model]!.switch(), 0);
    return infer(device, model);
  };
  const offer = (device: Device, image: Uint8Array): void => {
    const [service] = device.services;
    assert.equal(service!.begin({ size: image.length, action: 1, tag: 1 }), 0);
    assert.equal(service!.write(image), 0);
    assert.equal(service!.finish(), 0);
  };

  test("is closed where another one is opened, and says so instead of running on its bytes", () => {
    const device = start(flashOf());
    assert.deepEqual(device.started, [0, 0]);
    // The last one that started has it.
    assert.deepEqual([infer(device, 0), infer(device, 1)], [STATUS.CLOSED, 20]);
    assert.deepEqual([after(device, 0), infer(device, 1)], [10, STATUS.CLOSED]);
    assert.deepEqual([after(device, 1), infer(device, 0)], [20, STATUS.CLOSED]);
    assert.deepEqual([after(device, 1), infer(device, 1)], [20, 20]);
  });

  test("goes on with its trial when it has the RAM again: no start counts, and good inferences do", () => {
    const device = start(flashOf());
    const [service] = device.services;
    offer(device, imageOf("a", 11));
    for (let i = 0; i < 2; i++) {
      assert.equal(after(device, 0), 11, "the image on trial");
      assert.equal(after(device, 1), 20);
      const { state, starts } = service!.record();
      assert.deepEqual([state, starts], ["trial", 2]);
      assert.notEqual(service!.confirm(), 0, "it is not open");
    }
    assert.equal(after(device, 0), 11);
    assert.deepEqual([service!.record().state, service!.record().outcome], ["idle", "installed"]);
    assert.deepEqual([after(device, 1), after(device, 0)], [20, 11]);
  });

  test("goes back from a trial that fails, and from one whose image rots while another model runs", () => {
    const device = start(flashOf());
    offer(device, imageOf("a", 11, { traps: true }));
    assert.equal(device.services[0]!.switch(), 0);
    assert.equal(after(device, 1), 20);
    assert.equal(after(device, 0), STATUS.TRAP);
    assert.equal(infer(device, 0), 10);
    const flash = flashOf();
    const other = start(flash);
    offer(other, imageOf("a", 12));
    assert.equal(after(other, 0), 12);
    assert.equal(after(other, 1), 20);
    flash.rot(1, 1, [3 * SECTOR + 100, 3 * SECTOR + 200]);
    assert.ok(other.services[0]!.switch() < 0);
    assert.equal(infer(other, 0), 10);
    const { state, outcome, barred } = other.services[0]!.record();
    assert.deepEqual([state, outcome, barred], ["idle", "refused", true]);
  });

  test("are twenty, one of which is updated every minute of an hour, with power cut amid some updates", () => {
    const { updates, cuts, inferences } = liveFor(core!, 60);
    assert.equal(updates, 60);
    assert.ok(cuts >= 5 && inferences > 300, `${cuts} ${inferences}`);
  });
});
