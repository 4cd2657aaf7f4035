/** What the update core promises whatever flash, RAM and journal do: what was rejected never runs, nothing goes back unsaid. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { buildWasm, wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import type { Device, Offer, Service } from "../../../host/fleet/simulator/device.ts";
import type { NorFlash } from "../../../host/fleet/simulator/flash.ts";
import { keyOf, publicHex, STATUS, u32 } from "../../support/signed_images.ts";
import {
  factory,
  GEOMETRIES,
  heldIn,
  infer,
  layout,
  SHORT_RAM_BYTES,
  start as startIn,
  update,
  version,
} from "../../support/two_versions.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const core = availability.available ? new WebAssembly.Module(await buildWasm()) : undefined;
const [plain, words] = [GEOMETRIES[0]!, GEOMETRIES[1]!];
const { journal, models } = layout(plain).options;
const [slotA, slotB] = models[0]!.slots;
const SECTOR = plain.sectorBytes;

const start = (flash: NorFlash, options = {}, geometry = plain): Device =>
  startIn(core!, geometry, flash, options);
const only = (device: Device): Service => device.services[0]!;
const running = (device: Device): string | undefined => only(device).version()?.slice(0, 1);

function offerOf(image: Uint8Array, action = 7): Offer {
  return { size: image.length, hash: createHash("sha256").update(image).digest(), action, tag: 1 };
}

/** Downloads from where it has come to; what `finish` says. */
function download(service: Service, image: Uint8Array, action = 7): number {
  const offset = service.begin(offerOf(image, action));
  assert.ok(offset >= 0, `begin: ${offset}`);
  assert.equal(service.write(image.subarray(offset)), 0);
  return service.finish();
}

/** A device that runs version 1, with version 2 in the other slot, on trial. */
function onTrial(flash = factory(plain, version(1)), image = version(2)): Device {
  const device = start(flash);
  assert.equal(download(only(device), image), 0);
  assert.equal(only(device).switch(), 0);
  return device;
}

/** One bit of the image in a slot, amid its data. */
const rot = (flash: NorFlash, slot: number, at = 5000): void => {
  flash.bytes[slot + at]! ^= 1;
};
const isErased = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0xff);
const inJournal = (address: number): boolean => address < journal + 2 * SECTOR;
/** Of an image in a slot: magic, sizes, body, hash, key hash and signature. */
const magicOf = (flash: NorFlash, slot: number): Uint8Array => flash.bytes.subarray(slot, slot + 4);

describe("an image that was turned down", { skip }, () => {
  const ways: Readonly<Record<string, (flash: NorFlash) => number>> = {
    "rejected by the application": (flash) => only(onTrial(flash)).reject(STATUS.HEALTH),
    "that trapped": (flash) => {
      const device = onTrial(flash, version(2, { traps: true }));
      assert.equal(infer(device), STATUS.TRAP);
      return 0;
    },
    "with no start left": (flash) => {
      onTrial(flash);
      for (let i = 0; i < 2; i++) assert.equal(running(start(flash)), "2");
      assert.deepEqual(start(flash).started, [STATUS.TRIAL]);
      return 0;
    },
    "that needs more RAM than there is": (flash) => {
      const device = start(flash);
      assert.equal(download(only(device), version(2, { padding: 15_000 })), 0);
      assert.equal(only(device).switch(), STATUS.RAM);
      return 0;
    },
    "of another model": (flash) =>
      download(only(start(flash)), version(2, { id: "other" })) === STATUS.MODEL ? 0 : 1,
    "with a lower counter": (flash) =>
      download(only(start(flash)), version(2, { counter: 0 })) === STATUS.ROLLBACK ? 0 : 1,
    "taken back while it waited": (flash) => {
      const service = only(start(flash));
      assert.equal(download(service, version(2)), 0);
      return service.cancel();
    },
    "taken back when all of it was there": (flash) => {
      const service = only(start(flash));
      assert.equal(service.begin(offerOf(version(2))), 0);
      assert.equal(service.write(version(2)), 0);
      return service.cancel();
    },
    "that gave way to an offer too large": (flash) => {
      const service = only(start(flash));
      assert.equal(download(service, version(2)), 0);
      return service.begin({ ...offerOf(version(3)), size: 1e6 }) === STATUS.SLOT ? 0 : 1;
    },
  };
  for (const [name, turnDown] of Object.entries(ways)) {
    test(`${name}, does not run when the slot in service rots`, () => {
      const flash = factory(plain, version(1));
      assert.equal(turnDown(flash), 0);
      assert.ok(isErased(flash.bytes.subarray(slotB, slotB + SECTOR)), "expected its first sector erased");
      const { outcome, slot, barred } = only(start(flash)).record();
      assert.deepEqual([outcome, slot, barred], ["refused", 0, true]);
      // The journal bars it too, where it could not be erased.
      flash.bytes.set(version(2), slotB);
      flash.breaks((address) => address >= slotB);
      rot(flash, slotA);
      const device = start(flash);
      flash.breaks(undefined);
      assert.deepEqual([device.started[0], running(device)], [STATUS.HASH, undefined]);
      assert.equal(only(device).record().slot, 0);
      assert.equal(only(device).switch(), STATUS.HASH, "it is tried again, and still damaged");
      assert.equal(only(device).invoke([u32(1)]), STATUS.CLOSED);
      // What helps is another image.
      update(device, version(3));
      assert.equal(infer(device), 3);
    });
  }

  test("is erased at the next start, where power failed before that", () => {
    const flash = factory(plain, version(1));
    const device = onTrial(flash);
    flash.breaks((address) => address >= slotB);
    assert.equal(only(device).reject(STATUS.HEALTH), 0);
    assert.equal(running(device), "1");
    flash.breaks(undefined);
    assert.ok(!isErased(magicOf(flash, slotB)));
    const before = flash.statistics().operations;
    start(flash);
    assert.ok(isErased(magicOf(flash, slotB)));
    start(flash);
    assert.equal(
      flash.statistics().operations,
      before + 1,
      "expected one erase, and none where it is erased",
    );
  });

  test("does not run though the journal's last record rots", () => {
    const flash = factory(plain, version(1));
    assert.equal(only(onTrial(flash)).reject(STATUS.HEALTH), 0);
    const used = flash.bytes.subarray(0, SECTOR).findLastIndex((byte) => byte !== 0xff);
    flash.bytes[used]! ^= 1;
    const device = start(flash);
    assert.deepEqual([device.started[0], running(device)], [STATUS.MAGIC, "1"]);
    assert.equal(only(device).record().outcome, "refused");
  });

  test("does not run though the journal could not take it", () => {
    const flash = factory(plain, version(1));
    const device = onTrial(flash);
    flash.breaks(inJournal);
    assert.equal(only(device).reject(STATUS.HEALTH), STATUS.FLASH);
    const { state, outcome, reason } = only(device).record();
    assert.deepEqual([running(device), state, outcome, reason], ["1", "idle", "refused", STATUS.HEALTH]);
    // Nor after a reset, whether or not the journal has come back.
    assert.deepEqual([running(start(flash)), start(flash).started[0]], ["1", STATUS.FLASH]);
    flash.breaks(undefined);
    const again = start(flash);
    assert.deepEqual([running(again), only(again).record().outcome], ["1", "refused"]);
  });

  test("gives way to the image that was in service before, which still may run", () => {
    const flash = factory(plain, version(1));
    update(start(flash), version(2));
    assert.equal(only(start(flash)).record().barred, false);
    rot(flash, slotB);
    const device = start(flash);
    // Version 2 has raised the counter: the device says so instead of going back.
    assert.deepEqual([device.started[0], running(device)], [STATUS.HASH, undefined]);
    const same = factory(plain, version(1));
    update(start(same), version(2, { counter: 1 }));
    rot(same, slotB);
    assert.equal(running(start(same)), "1");
  });
});

describe("a slot in service that does not open", { skip }, () => {
  /** Runs version 2 from slot B; version 1, which needs less RAM, is behind it. */
  const installed = (geometry = plain): NorFlash => {
    const flash = factory(geometry, version(1, { padding: 100 }));
    update(start(flash, {}, geometry), version(2, { counter: 1 }));
    return flash;
  };
  const troubles: Readonly<Record<string, [status: number, options: object]>> = {
    "for want of RAM": [STATUS.RAM, { ramBytes: SHORT_RAM_BYTES }],
    "for want of its key": [STATUS.KEY, { keys: [new Uint8Array(Buffer.from(publicHex(keyOf(9)), "hex"))] }],
  };
  for (const [name, [status, options]] of Object.entries(troubles)) {
    test(`${name} once, is reported and opened at the next start`, () => {
      const flash = installed();
      const before = flash.bytes.slice();
      const device = start(flash, options);
      assert.deepEqual([device.started[0], running(device)], [status, undefined]);
      assert.equal(only(device).switch(), status);
      assert.deepEqual(flash.bytes, before, "expected flash as it was");
      const again = start(flash);
      assert.deepEqual([again.started[0], running(again)], [0, "2"]);
      assert.equal(only(again).record().outcome, "installed");
    });
  }

  test("for want of its key does not give way to an older image with another", () => {
    const keys = [keyOf(1), keyOf(9)].map((key) => new Uint8Array(Buffer.from(publicHex(key), "hex")));
    const flash = factory(plain, version(1, { signer: keyOf(9) }));
    update(start(flash, { keys }), version(2, { counter: 1 }));
    const device = start(flash, { keys: keys.slice(1) });
    assert.deepEqual([device.started[0], running(device)], [STATUS.KEY, undefined]);
    assert.equal(running(start(flash, { keys })), "2");
  });

  for (const [part, at, status] of [
    ["magic", 0, STATUS.MAGIC],
    ["header", 16, STATUS.HEADER],
    ["size", 14, STATUS.TRUNCATED],
    ["body", 5000, STATUS.HASH],
    ["TLV area", -144, STATUS.TLV],
    ["signature", -1, STATUS.SIGNATURE],
  ] as const) {
    test(`with a damaged ${part}, gives way to the image before, and the record says why`, () => {
      const flash = installed();
      rot(flash, slotB, at < 0 ? version(2).length + at : at);
      const device = start(flash);
      assert.deepEqual([device.started[0], running(device)], [status, "1"]);
      const { slot, outcome, reason, reported } = only(device).record();
      assert.deepEqual([slot, outcome, reason, reported], [0, "lost", status, false]);
      const again = start(flash);
      assert.deepEqual([again.started[0], running(again)], [0, "1"]);
      assert.equal(only(again).reported(), 0);
      assert.equal(only(start(flash)).record().reported, true);
    });
  }

  test("is not given up for one read that fails, and is for reads that always do", () => {
    const flash = installed(words);
    let failures = 1;
    const flaky: NorFlash = Object.create(flash, {
      isReadable: { value: (at: number, bytes: number) => !(at >= slotB && bytes > 4 && failures-- > 0) },
    });
    const device = start(flaky, {}, words);
    assert.deepEqual([device.started[0], running(device), only(device).record().slot], [0, "2", 1]);
    flash.age(slotB + 5000);
    const again = start(flash, {}, words);
    assert.deepEqual([again.started[0], running(again)], [STATUS.FLASH, "1"]);
    assert.equal(only(again).record().outcome, "lost");
  });

  test("gives way though the journal can't take it, and the slot that runs is not written then", () => {
    const flash = installed();
    rot(flash, slotB);
    flash.breaks(inJournal);
    const device = start(flash);
    assert.deepEqual([device.started[0], running(device)], [STATUS.FLASH, "1"]);
    flash.breaks(undefined);
    const held = heldIn(plain, flash, 0);
    assert.equal(download(only(device), version(3)), 0);
    assert.deepEqual(heldIn(plain, flash, 0), held);
    assert.equal(only(device).switch(), 0);
    assert.equal(infer(device), 3);
  });

  test("has nothing behind it while another image is written there", () => {
    const flash = installed();
    const service = only(start(flash));
    assert.equal(service.begin(offerOf(version(3))), 0);
    rot(flash, slotB);
    const device = start(flash);
    assert.deepEqual([device.started[0], running(device)], [STATUS.HASH, undefined]);
    assert.equal(download(only(device), version(3)), 0);
    assert.equal(only(device).switch(), 0);
    assert.equal(infer(device), 3);
  });
});

describe("a journal that can't be written", { skip }, () => {
  test("leaves the image that waits where it is, and the one in service runs", () => {
    const flash = factory(plain, version(1));
    assert.equal(download(only(start(flash)), version(2)), 0);
    flash.breaks(inJournal);
    const device = start(flash);
    assert.deepEqual([device.started[0], running(device)], [STATUS.FLASH, "1"]);
    assert.equal(infer(device), 1);
    assert.equal(only(device).switch(), STATUS.FLASH);
    assert.equal(infer(device), 1, "the model that ran still runs");
    flash.breaks(undefined);
    assert.equal(only(device).switch(), 0);
    assert.equal(infer(device), 2);
  });

  test("ends a trial whose starts can't be counted", () => {
    const flash = factory(plain, version(1));
    onTrial(flash);
    flash.breaks(inJournal);
    const device = start(flash);
    assert.deepEqual([device.started[0], running(device)], [STATUS.FLASH, "1"]);
    for (let i = 0; i < 3; i++) assert.equal(infer(device), 1);
    assert.deepEqual([only(device).record().state, only(device).record().slot], ["idle", 0]);
  });

  test("confirms nothing, and is asked again after as many inferences", () => {
    const flash = factory(plain, version(1));
    const device = onTrial(flash);
    flash.breaks(inJournal);
    assert.deepEqual([infer(device), infer(device), infer(device)], [2, STATUS.FLASH, 2]);
    assert.equal(only(device).record().outcome, "none");
    flash.breaks(undefined);
    assert.deepEqual([infer(device), only(device).record().outcome], [2, "installed"]);
  });

  test("is left for its other sector where a cell does not take its bits", () => {
    const flash = factory(plain, version(1));
    const device = start(flash);
    assert.equal(only(device).begin(offerOf(version(3))), 0);
    flash.breaks((address) => address < SECTOR);
    update(device, version(2));
    flash.breaks(undefined);
    assert.equal(running(start(flash)), "2");
  });
});

describe("a download", { skip }, () => {
  test("whose last bytes fail once goes on with their sector", () => {
    const flash = factory(words, version(1));
    const image = version(2);
    const service = only(start(flash, {}, words));
    const last = slotB + (image.length & ~7);
    assert.equal(service.begin(offerOf(image)), 0);
    assert.equal(service.write(image), 0);
    flash.breaks((address) => address === last);
    assert.equal(service.finish(), STATUS.FLASH);
    flash.breaks(undefined);
    assert.equal(service.record().state, "download");
    assert.equal(service.begin(offerOf(image)), 2 * SECTOR);
    assert.equal(download(service, image), 0);
  });

  test("that is complete when the journal fails goes on with its last sector", () => {
    const flash = factory(words, version(1));
    const service = only(start(flash, {}, words));
    assert.equal(service.begin(offerOf(version(2))), 0);
    assert.equal(service.write(version(2)), 0);
    flash.breaks(inJournal);
    assert.equal(service.finish(), STATUS.FLASH);
    assert.equal(service.finish(), STATUS.FLASH);
    flash.breaks(undefined);
    assert.equal(download(service, version(2)), 0);
  });

  test("whose bytes fail once amid it goes on with their sector", () => {
    const flash = factory(plain, version(1));
    const image = version(2);
    const service = only(start(flash));
    assert.equal(service.begin(offerOf(image)), 0);
    assert.equal(service.write(image.subarray(0, 5000)), 0);
    flash.breaks((address) => address > slotB + SECTOR);
    assert.equal(service.write(image.subarray(5000, 6000)), STATUS.FLASH);
    flash.breaks(undefined);
    assert.equal(service.begin(offerOf(image)), SECTOR);
    assert.equal(download(service, image), 0);
  });

  test("takes no byte more than the image has", () => {
    const image = version(2);
    const service = only(start(factory(plain, version(1))));
    assert.equal(service.begin(offerOf(image)), 0);
    const most = image.length - 100;
    assert.equal(service.write(image.subarray(0, most)), 0);
    assert.equal(service.write(new Uint8Array(101)), STATUS.TRUNCATED);
    assert.equal(service.begin(offerOf(image)), most);
    assert.equal(download(service, image), 0);
  });

  test("of other bytes than were offered is refused, also where they are an image", () => {
    const service = only(start(factory(plain, version(1))));
    const other = version(3);
    assert.equal(service.begin({ ...offerOf(version(2)), size: other.length }), 0);
    assert.equal(service.write(other), 0);
    assert.equal(service.finish(), STATUS.HASH);
    assert.equal(service.record().outcome, "refused");
  });

  test("of another file begins anew, whether its hash or only its tag is another", () => {
    const service = only(start(factory(plain, version(1))));
    const offer = offerOf(version(2));
    for (const other of [
      offer,
      { ...offer, tag: 2 },
      { ...offer, tag: 2, hash: offerOf(version(3)).hash! },
      { ...offer, tag: 2, size: offer.size - 1 },
    ]) {
      assert.equal(service.begin(other), 0);
      assert.equal(service.write(version(2).subarray(0, 5000)), 0);
      assert.equal(service.begin(other), 5000);
    }
  });

  test("resumes only where the slot is still large enough", () => {
    const flash = factory(plain, version(1));
    const image = version(2);
    assert.equal(only(start(flash)).begin(offerOf(image)), 0);
    const service = only(start(flash));
    assert.equal(service.begin(offerOf(image)), 0);
    assert.equal(service.write(image.subarray(0, 5000)), 0);
    const smaller = models.map((model) => ({ ...model, bytes: 2 * SECTOR, ramBytes: 16384 }));
    flash.bytes.fill(0x11, slotB + 2 * SECTOR, slotB + 3 * SECTOR);
    const shrunk = only(start(flash, { models: smaller }));
    assert.equal(shrunk.write(image.subarray(SECTOR)), STATUS.TRUNCATED, "nor without asking where");
    assert.equal(shrunk.begin(offerOf(image)), STATUS.SLOT);
    assert.equal(shrunk.record().state, "idle");
    assert.ok(flash.bytes.subarray(slotB + 2 * SECTOR, slotB + 3 * SECTOR).every((byte) => byte === 0x11));
    // Finishing asks too: the hash would be computed past the slot.
    const other = factory(plain, version(1));
    assert.equal(only(start(other)).begin(offerOf(image)), 0);
    assert.equal(only(start(other, { models: smaller })).finish(), STATUS.TRUNCATED);
  });

  test("goes on at a sector of the flash that is there now", () => {
    const flash = factory(plain, version(1));
    const service = only(start(flash));
    assert.equal(service.begin(offerOf(version(2))), 0);
    assert.equal(service.write(version(2).subarray(0, 5000)), 0);
    // The same flash, of which new firmware says that its sectors are twice as large.
    const coarse: NorFlash = Object.create(flash, {
      geometry: { value: { ...flash.geometry, sectorBytes: 2 * SECTOR } },
    });
    assert.equal(only(start(coarse)).begin(offerOf(version(2))), 0);
  });

  test("of the same image that waits already is there: nothing is written but a new action", () => {
    const flash = factory(plain, version(1));
    const image = version(2);
    for (let reset = 0; reset < 2; reset++) {
      const service = only(start(flash));
      if (service.record().state !== "ready") assert.equal(download(service, image), 0);
      // So that it still waits after a reset.
      assert.equal(service.hold(true), 0);
      const before = flash.statistics().operations;
      assert.equal(service.begin(offerOf(image)), image.length);
      assert.equal(flash.statistics().operations, before);
      assert.equal(service.begin(offerOf(image, 8 + before)), image.length);
      assert.equal(flash.statistics().operations, before + 1);
      assert.deepEqual([service.record().state, service.record().action], ["ready", 8 + before]);
      assert.equal(service.begin(offerOf(image)), image.length);
    }
    assert.equal(only(start(flash)).hold(false), 0);
    assert.equal(infer(start(flash)), 2);
  });

  test("goes on under another action, where it had come to", () => {
    const service = only(start(factory(plain, version(1))));
    assert.equal(service.begin(offerOf(version(2))), 0);
    assert.equal(service.write(version(2).subarray(0, 5000)), 0);
    assert.equal(service.begin(offerOf(version(2), 8)), 5000);
    assert.equal(service.begin(offerOf(version(3), 8)), 0);
  });

  test("that the journal does not take begins nothing", () => {
    const flash = factory(plain, version(1));
    const service = only(start(flash));
    assert.equal(service.begin(offerOf(version(2))), 0);
    assert.equal(service.write(version(2).subarray(0, 5000)), 0);
    flash.breaks(inJournal);
    assert.equal(service.begin(offerOf(version(3))), STATUS.FLASH);
    flash.breaks(undefined);
    assert.equal(service.begin(offerOf(version(2))), 5000);
  });
});

describe("flash that can't be read everywhere", { skip }, () => {
  test("loses a record of the journal, not the journal", () => {
    const flash = factory(words, version(1));
    update(start(flash, {}, words), version(2));
    const records = flash.bytes.subarray(0, SECTOR).findLastIndex((byte) => byte !== 0xff);
    const last = Math.floor(records / 64) * 64;
    flash.age(last + 8);
    // The one before: installed, and not yet reported.
    const service = only(start(flash, {}, words));
    assert.deepEqual([service.version(), service.record().reported], ["2.0.0", false]);
    assert.equal(service.reported(), 0);
    assert.equal(only(start(flash, {}, words)).record().reported, true);
  });

  test("behind an image is no damage to it", () => {
    const flash = factory(words, version(1));
    flash.age(slotA + 3 * SECTOR);
    const device = start(flash, {}, words);
    assert.deepEqual([device.started[0], running(device)], [0, "1"]);
  });

  test("in an image that has just been written refuses it", () => {
    const flash = factory(words, version(1));
    const service = only(start(flash, {}, words));
    assert.equal(service.begin(offerOf(version(2))), 0);
    assert.equal(service.write(version(2)), 0);
    flash.age(slotB + 4096);
    assert.equal(service.finish(), STATUS.FLASH);
    assert.deepEqual([service.record().outcome, service.record().reason], ["refused", STATUS.FLASH]);
  });

  test("where the journal has its header leaves the other sector, or the defaults", () => {
    const flash = factory(words, version(1));
    update(start(flash, {}, words), version(2));
    flash.age(0);
    const device = start(flash, {}, words);
    assert.deepEqual([only(device).record().slot, running(device)], [0, "1"]);
  });
});

test("a device that crashes while it opens an image on trial comes back without it", { skip }, () => {
  const flash = factory(plain, version(1));
  assert.equal(download(only(start(flash)), version(2)), 0);
  // Something like a stack that overflows amid thimble_open: before it, the device asks for the time.
  const crashes = { isOn: true };
  const ticks = (): number => {
    if (crashes.isOn) throw new Error("crash");
    return 0;
  };
  for (let i = 0; i < 3; i++) assert.throws(() => start(flash, { ticks }), /crash/);
  crashes.isOn = false;
  const device = start(flash, { ticks });
  assert.deepEqual([device.started[0], running(device)], [STATUS.TRIAL, "1"]);
  assert.ok(isErased(magicOf(flash, slotB)));
});
