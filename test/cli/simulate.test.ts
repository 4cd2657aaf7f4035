/** `thimble simulate`: what it tells, that an id replays a run, and what it says of files that are wrong. */
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { wasmAvailability } from "../../host/firmware/wasm_build.ts";
import type { ScenarioOutcome } from "../../host/fleet/simulator/scenario.ts";
import { publicPem } from "../../host/image/keys.ts";
import { readNeeds } from "../../host/image/module.ts";
import { writeImage } from "../../host/image/write_image.ts";
import { NONE, writeModule } from "../fuzz/wasm_writer.ts";
import { thimble } from "../support/command.ts";
import { scratchFolder } from "../support/folders.ts";
import { key } from "../support/signed_images.ts";
import { version } from "../support/two_versions.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;
const scratch = scratchFolder();

function write(name: string, contents: string | Uint8Array): string {
  const file = join(scratch, name);
  writeFileSync(file, contents);
  return file;
}

write("key.pem", publicPem(createPublicKey(key)));
for (const amount of [1, 2]) write(`${amount}.img`, version(amount));
write("bad.img", version(3, { traps: true }));

const group = { count: 6, image: "1.img", slotBytes: 16384, ramBytes: 16384 };
const flaky = {
  ...group,
  network: { rate: 0.2, latency: [0.1, 2] },
  power: { rate: 0.3, operations: 10, offEvery: 900 },
};
const story = {
  keys: ["key.pem"],
  devices: [group, flaky],
  rollouts: [
    { image: "2.img", stages: [{ count: 2 }, { rest: true }], retries: 8 },
    { image: "bad.img", stages: [{ count: 2 }, { rest: true }], expect: "stopped" },
  ],
  poll: 60,
  expect: { "2.0.0": 12 },
};

const scenario = (name: string, changes: object = {}): string =>
  write(name, JSON.stringify({ ...story, ...changes }));

type Runs = (ScenarioOutcome & { readonly id: string })[];

describe("thimble simulate", { skip }, () => {
  test("plays a story and tells how it ended", () => {
    const { status, stdout, stderr } = thimble(["simulate", scenario("good.json")]);
    assert.equal(stderr, "");
    assert.equal(status, 0);
    assert.match(stdout.toString(), /^adder 2\.0\.0 finished$/m);
    assert.match(stdout.toString(), /^adder 3\.0\.0 stopped \(stage 1: .+ failed/m);
    assert.match(stdout.toString(), /12 devices, versions 2\.0\.0 \(12\)/);
  });

  test("a story that ends otherwise fails with an id, which replays exactly that run", () => {
    const file = scenario("fails.json", { expect: { "3.0.0": 12 } });
    const runs = thimble(["simulate", file, "--seed", "5", "--runs", "2", "--json"]);
    assert.equal(runs.status, 1);
    const [id] = /6-[0-9a-f]{8}/.exec(runs.stderr)!;
    assert.match(runs.stderr, /expected 12 devices with 3\.0\.0, found 0; again with --replay/);
    const replayed = thimble(["simulate", file, "--replay", id, "--json"]);
    assert.equal(replayed.status, 1);
    const [fifth, sixth] = JSON.parse(runs.stdout.toString()) as Runs;
    const [again] = JSON.parse(replayed.stdout.toString()) as Runs;
    assert.deepEqual(again, sixth);
    assert.notDeepEqual(again!.faults, fifth!.faults);
  });

  test("an id of another scenario is refused", () => {
    const { status, stderr } = thimble(["simulate", scenario("good.json"), "--replay", "1-00000000"]);
    assert.equal(status, 2);
    assert.match(stderr, /--replay: expected an id of this scenario/);
  });

  const wrong: readonly (readonly [string, object, RegExp])[] = [
    ["an unknown field", { pol: 3 }, /expected keys, devices, .*found pol/],
    [
      "an unknown fault",
      { devices: [{ ...group, network: { faults: ["rain"] } }] },
      /faults\[0\]: .*found rain/,
    ],
    [
      "a rate above 1",
      { devices: [{ ...group, power: { rate: 2 } }] },
      /power\.rate: expected 0 to 1, found 2/,
    ],
    ["no such image", { devices: [{ ...group, image: "9.img" }] }, /9\.img: no such file/],
    ["no such board", { devices: [{ ...group, board: "toaster" }] }, /found "toaster"/],
    ["a slot too small", { devices: [{ ...group, slotBytes: 4096 }] }, /expected an image of 4096 bytes/],
    ["a stage of nothing", { rollouts: [{ image: "2.img", stages: [{}] }] }, /stages\[0\]/],
  ];
  for (const [name, changes, message] of wrong) {
    test(`${name} is one clear line`, () => {
      const { status, stdout, stderr } = thimble(["simulate", scenario("wrong.json", changes)]);
      assert.equal(status, 1);
      assert.equal(stdout.toString().replace(/^run .*\n/, ""), "");
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1);
    });
  }

  for (const name of ["invoke", "self_test"])
    test(`a model whose ${name} never ends is one clear line`, () => {
      const endless = [0x03, NONE, 0x0c, 0, 0x0b, 0x41, 0, 0x0b];
      const body = writeModule({
        types: [{ parameters: [], results: [0x7f] }],
        functions: [
          { type: 0, code: endless },
          { type: 0, code: name === "invoke" ? endless : [0x41, 0, 0x0b] },
        ],
        ...(name === "self_test" && { selfTest: 0 }),
      });
      write("endless.img", writeImage({ body, key, version: "1.0.0", ...readNeeds(body) }));
      const file = scenario("endless.json", { devices: [{ ...group, image: "endless.img" }] });
      const { status, stdout, stderr } = thimble(["simulate", file, "--time-limit", "2"]);
      assert.equal(status, 1);
      assert.match(stdout.toString(), /^run .*\n$/);
      assert.match(
        stderr,
        /^thimble simulate: .*device-\d+: expected its model to answer within 2 s \(--time-limit\), found it still running\n$/,
      );
    });
});
