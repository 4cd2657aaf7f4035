/** A simulated device that hears: recordings through thimble_feed, in the service of updates. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { availability, Device } from "../../../host/fleet/simulator/simulator.ts";
import { generateKey, rawPublicKey } from "../../../host/image/keys.ts";
import { writeImage } from "../../../host/image/write_image.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { scratchFolder } from "../../support/folders.ts";
import { BASE, scriptedServer } from "../../support/scripted_server.ts";
import { wavFile } from "../../support/sounds.ts";
import { greatestOf, STEREO_WINDOW, WINDOW, withLabels } from "../../support/streams.ts";

const present = await availability();
const skip = present.available ? false : `${present.reason}: ${present.install}`;
const scratch = scratchFolder();
const signer = generateKey();
const file = (name: string): string => join(scratch, name);

const RATE = 100;
const stream = { sampleRate: RATE, channels: 1, hop: 2 };
const graph = greatestOf(stream, WINDOW);
const samples = Array.from({ length: 90 }, (_, i) => ((i * 37) % 200) - 100);

async function writeModel(name: string, version: string, model = graph): Promise<string> {
  const body = addCustomSection(
    await compileGraph(model),
    DESCRIPTOR_SECTION,
    encodeDescriptor(bordersOf(model)),
  );
  writeFileSync(file(name), writeImage({ body, key: signer, id: "ears", version }));
  return file(name);
}

/** Outputs of the reference for windows of a signal, where it brings something new. */
function expected(signal: readonly number[]): number[] {
  const windows: [Uint8Array][] = [];
  for (let at = 0; at + WINDOW <= signal.length; at += 2)
    windows.push([new Uint8Array(Int16Array.from(signal.slice(at, at + WINDOW)).buffer)]);
  return runReference(graph, windows).flatMap(([bytes]) => (bytes ? [new Int8Array(bytes)[0]!] : []));
}

describe("a device that hears", { skip }, () => {
  const keys = [rawPublicKey(signer)];
  let image = "";
  before(async () => {
    image = await writeModel("one.img", "1.0.0");
    writeFileSync(file("sound.wav"), wavFile(RATE, samples));
    writeFileSync(file("sound.csv"), samples.join("\n"));
  });

  const heardBy = async (
    name: string,
    options: object,
    seconds: number,
    inferEvery: number,
  ): Promise<number[]> => {
    const device = await Device.create({ keys, models: [{ image }], inferEvery });
    const heard: number[] = [];
    const numbers: number[] = [];
    device.feed(file(name), {
      ...options,
      took: ([values], number) => {
        heard.push(values![0]!);
        numbers.push(number);
      },
    });
    await device.run(seconds);
    assert.deepEqual(numbers, [...numbers.keys()]);
    return heard;
  };

  // 0.9 s of recording; over and over.
  const long = Array.from({ length: 3 }, () => samples).flat();

  for (const [name, every] of [
    ["sound.wav", 1],
    ["sound.csv", 0.25],
    ["sound.wav", 0.333],
  ] as const)
    test(`${name}, every ${every} s, as much as the clock lets pass`, async () => {
      const ticks = Math.floor(2.6 / every + 1e-9);
      const passed = Math.floor(ticks * every * RATE + 1e-6);
      const heard = await heardBy(name, {}, 2.6, every);
      assert.deepEqual(heard, expected(long.slice(0, passed)));
      assert.ok(new Set(heard).size > 3);
    });

  test("with half the gain, and clipped", async () => {
    const heard = await heardBy("sound.wav", { gain: 0.5, clip: 30 }, 2.6, 1);
    const weaker = long.slice(0, 200).map((x) => Math.round(Math.min(Math.max(x / 2, -30), 30)));
    assert.deepEqual(heard, expected(weaker));
  });

  test("an image on trial is confirmed by what it hears, and its stream begins anew", async () => {
    const wide = { ...stream, channels: 2 };
    const two = await writeModel(
      "two.img",
      "2.0.0",
      withLabels(greatestOf(wide, STEREO_WINDOW), stream, ["a", "b"]),
    );
    const server = scriptedServer();
    const device = await Device.create({
      keys,
      models: [{ image }],
      server: { url: BASE, handler: server.answer },
      inferEvery: 1,
    });
    const lengths: number[] = [];
    device.feed(file("sound.wav"), { took: ([values]) => lengths.push(values!.length) });
    server.deployment = { id: 1, image: new Uint8Array(readFileSync(two)) };
    await device.run(3600);
    assert.equal(device.version(), "2.0.0");
    assert.equal(device.record().state, "idle");
    assert.equal(device.record().outcome, "installed");
    assert.equal(device.counts.failures, 0);
    assert.deepEqual([lengths[0], lengths.at(-1)], [1, 2]);
  });

  test("a recording of another stream is refused", async () => {
    writeFileSync(file("fast.wav"), wavFile(16_000, samples));
    await assert.rejects(
      heardBy("fast.wav", {}, 2, 1),
      /fast\.wav: expected 100 samples a second, found 16000$/,
    );
  });
});
