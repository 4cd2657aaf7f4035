/**
 * How a project tests its own models: with the built package this is `import { Device, Fleet } from
 * "thimble/simulator"`, and the images are those of `thimble build --key`.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { availability, Device, Fleet } from "thimble/simulator";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { modelPath } from "../../support/models.ts";
import { BASE, scriptedServer } from "../../support/scripted_server.ts";

const present = await availability();
const skip = present.available ? false : `${present.reason}: ${present.install}`;
const folder = scratchFolder();
const file = (name: string): string => join(folder, name);

/** One model in two versions, signed by a key of ours. */
function build(version: string): void {
  const calibration = modelPath("logistic_regression.calibration.csv");
  const model = modelPath("logistic_regression.onnx");
  const options = ["--calibration", calibration, "--key", file("release.pem"), "--version", version];
  const built = thimble(["build", model, "-o", file(version), ...options]);
  assert.equal(built.stderr, "");
}

describe("a model on simulated devices", { skip }, () => {
  const image = (version: string): string => join(file(version), "model.img");
  const keys = [file("release.pub.pem")];

  before(() => {
    thimble(["keygen", "-o", file("release.pem"), "--public", file("release.pub.pem")]);
    build("1.0.0");
    build("2.0.0");
  });

  test("computes what it was trained for", async () => {
    const device = await Device.create({ board: "esp32-c3", keys, models: [{ image: image("1.0.0") }] });
    device.boot();
    const [[low]] = device.infer([[0, 0]]) as [[number, number]];
    assert.ok(low >= 0 && low <= 1);
  });

  test("has a sensor, and a clock that nobody waits for", async () => {
    const device = await Device.create({ keys, models: [{ image: image("1.0.0") }], inferEvery: 10 });
    const seen: number[] = [];
    device.feed(modelPath("logistic_regression.test.csv"), { took: (_, row) => seen.push(row) });
    await device.run(3600);
    assert.equal(seen.length, 360);
    assert.deepEqual(seen.slice(0, 3), [0, 1, 2]);
  });

  test("survives a loss of power amid an update, and rots", async () => {
    const server = scriptedServer();
    const device = await Device.create({
      keys,
      models: [{ image: image("1.0.0") }],
      server: { url: BASE, handler: server.answer },
    });
    server.deployment = { id: 1, image: new Uint8Array(readFileSync(image("2.0.0"))) };
    device.boot();
    device.cut({ operation: 5, when: "amid" });
    await device.run(1200);
    assert.equal(device.counts.powerLosses, 1);
    assert.equal(device.version(), "2.0.0");

    // What was saved is the same device again.
    device.save(file("flash.bin"));
    const again = await Device.create({
      keys,
      models: [{ image: image("1.0.0") }],
      flash: file("flash.bin"),
    });
    assert.ok(again.boot());
    assert.equal(again.version(), "2.0.0");
    // Thousands of bits that change by themselves hit its image, and the slot before is started instead.
    const place = 8192 + 131072;
    again.flash.rot(2000, 1, [place, place + 1000]);
    again.boot();
    assert.equal(again.version(), "1.0.0");
  });

  test("reaches a whole fleet over a network that loses a third of everything", async () => {
    const next = new Uint8Array(readFileSync(image("2.0.0")));
    const fleet = await Fleet.create({
      count: 20,
      seed: 7,
      device() {
        const server = scriptedServer();
        server.deployment = { id: 1, image: next };
        return {
          keys,
          models: [{ image: image("1.0.0"), slotBytes: 16384 }],
          server: { url: BASE, handler: server.answer },
          network: { faults: ["lost request", "lost answer", "broken connection"], rate: 0.3 },
          power: { rate: 0.3 },
        };
      },
    });
    await fleet.run(4 * 3600, { done: () => fleet.rollup().versions["2.0.0"] === 20 });
    assert.equal(fleet.rollup().versions["2.0.0"], 20);
  });
});
