/** Images that are downloaded now and installed later, and whether what was installed is still in service. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Device } from "../../../host/fleet/simulator/device.ts";
import { factory, GEOMETRIES, infer, layout, start, update, version } from "../../support/two_versions.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const [geometry] = GEOMETRIES;

const offerOf = (image: Uint8Array, action: number) => ({
  size: image.length,
  hash: new Uint8Array(createHash("sha256").update(image).digest()),
  action,
  tag: 0,
});

function download(device: Device, image: Uint8Array): void {
  const service = device.services[0]!;
  assert.equal(service.begin(offerOf(image, 7)), 0);
  assert.equal(service.hold(true), 0);
  assert.equal(service.write(image), 0);
  assert.equal(service.finish(), 0);
}

describe("an image whose trial is forbidden", { skip }, () => {
  test("waits, also over a reset, and goes on trial once it is allowed", () => {
    const flash = factory(geometry!, version(1));
    download(start(core!, geometry!, flash), version(2));
    for (let reset = 0; reset < 2; reset++) {
      const device = start(core!, geometry!, flash);
      assert.equal(device.services[0]!.switch(), 0);
      assert.equal(infer(device), 1);
      assert.equal(device.services[0]!.record().state, "ready");
    }
    const device = start(core!, geometry!, flash);
    assert.equal(device.services[0]!.hold(false), 0);
    assert.equal(device.services[0]!.switch(), 0);
    assert.equal(infer(device), 2);
  });

  test("costs the journal nothing while nothing changes, and has to be downloaded first", () => {
    const flash = factory(geometry!, version(1));
    const device = start(core!, geometry!, flash);
    assert.equal(device.statusText(device.services[0]!.hold(true)), device.statusText(-22));
    download(device, version(2));
    const before = flash.statistics().operations;
    assert.equal(device.services[0]!.hold(true), 0);
    assert.equal(flash.statistics().operations, before);
  });

  test("does not make the next one wait", () => {
    const device = start(core!, geometry!, factory(geometry!, version(1)));
    download(device, version(2));
    update(device, version(3));
    assert.equal(infer(device), 3);
  });
});

describe("what was installed last", { skip }, () => {
  test("is in service until another image lies in its slot", () => {
    const flash = factory(geometry!, version(1));
    const device = start(core!, geometry!, flash);
    const service = device.services[0]!;
    assert.equal(service.isInService(), false);
    update(device, version(2));
    assert.equal(service.isInService(), true);
    // A cable, past the journal.
    const other = version(3);
    flash.bytes.set(other, layout(geometry!).options.models[0]!.slots[1]);
    const again = start(core!, geometry!, flash);
    assert.equal(infer(again), 3);
    assert.equal(again.services[0]!.isInService(), false);
  });

  test("is nothing where the update was refused", () => {
    const device = start(core!, geometry!, factory(geometry!, version(1)));
    update(device, version(2, { traps: true }));
    assert.equal(device.services[0]!.isInService(), false);
  });
});
