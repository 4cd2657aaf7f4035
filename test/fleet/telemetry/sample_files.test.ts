/** Files of samples: labels, and what they are exported to, read by the readers of data files. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PNG } from "pngjs";
import {
  type LabelledSample,
  readSamples,
  samplesToCsv,
  samplesToPng,
  samplesToWav,
  withLabels,
  writeSamples,
} from "../../../host/fleet/telemetry/sample_files.ts";
import { readDataset } from "../../../host/runtime/data/index.ts";
import { readWav } from "../../../host/runtime/data/sound.ts";
import { scratchFolder } from "../../support/folders.ts";

const folder = scratchFolder();
const sample = (id: number, values: readonly (number | null)[], more = {}): LabelledSample => ({
  id,
  device: "one",
  model: "ab".repeat(32),
  version: "1.0.0",
  at: "2030-01-01T00:00:00.000Z",
  time: 0,
  kind: "random",
  values,
  ...more,
});

describe("files of samples", () => {
  const two = [sample(3, [1.5, null]), sample(7, [-2, 1e-7], { features: ["a", 'b "x"'] })];

  test("are read as they were written, with the labels that a person gives and takes", () => {
    assert.deepEqual(readSamples(writeSamples(two), "FILE"), two);
    const labelled = withLabels(two, new Map([[7, "good"]]));
    assert.deepEqual(
      labelled.map(({ label }) => label),
      [undefined, "good"],
    );
    assert.deepEqual(withLabels(labelled, new Map([[7, ""]])), two);
    assert.throws(() => withLabels(two, new Map([[5, "x"]])), /expected the id of a sample, found 5/);
  });

  test("that are none are refused by line", () => {
    assert.throws(() => readSamples('{"id":1}\n', "FILE"), /^ModelError: FILE:1: expected a sample with id/);
    assert.throws(() => readSamples("\n{\n", "FILE"), /^ModelError: FILE:2: expected a sample as JSON/);
    const infinite = writeSamples([two[0]!]).replace("1.5", "1e999");
    assert.throws(() => readSamples(infinite, "FILE"), /FILE:1/);
  });

  test("give a table that training reads: names, values, an empty place for what is missing, labels", () => {
    const text = samplesToCsv(
      withLabels(
        two,
        new Map([
          [3, "bad, very"],
          [7, "good"],
        ]),
      ),
    );
    assert.equal(text, 'a,"b ""x""",label\n1.5,,"bad, very"\n-2,1e-7,good\n');
    const path = join(folder, "samples.csv");
    writeFileSync(path, text.replace("1.5,,", "1.5,2,"));
    const { rows, labels } = readDataset(path, 2);
    assert.deepEqual(
      rows.map((row) => [...row]),
      [
        [1.5, 2],
        [-2, Math.fround(1e-7)],
      ],
    );
    assert.equal(labels?.length, 2);
    assert.throws(() => samplesToCsv([two[0]!, sample(9, [1])]), /sample 9: expected 2 values, found 1/);
  });

  test("give sounds", () => {
    const values = [0, 0.5, -1, 1];
    const files = samplesToWav([sample(1, values, { label: "yes/../no" }), sample(2, [3, -32768])], 8000);
    assert.deepEqual(Object.keys(files), ["yes_.._no-1.wav", "unlabelled-2.wav"]);
    const { channels, sampleRate } = readWav(files["yes_.._no-1.wav"] as Uint8Array, "FILE");
    assert.equal(sampleRate, 8000);
    for (const [i, value] of values.entries()) assert.ok(Math.abs(channels[0]![i]! - value) < 1e-4);
    assert.deepEqual(
      [...readWav(files["unlabelled-2.wav"] as Uint8Array, "FILE").channels[0]!],
      [3 / 32768, -1],
    );
    assert.throws(() => samplesToWav([two[0]!], 8000), /sample 3: value 1: expected a number, found none/);
  });

  test("give images, grey and coloured", () => {
    const grey = samplesToPng([sample(1, [0, 0.5, 1, 2], { label: "4" })], [2, 2, 1], [0, 1]);
    const read = PNG.sync.read(Buffer.from(grey["4-1.png"] as Uint8Array));
    assert.deepEqual([read.width, read.height], [2, 2]);
    assert.deepEqual(
      [...read.data],
      [0, 128, 255, 255].flatMap((level) => [level, level, level, 255]),
    );
    const coloured = samplesToPng([sample(2, [-1, 0, 1])], [1, 1, 3], [-1, 1]);
    assert.deepEqual(
      [...PNG.sync.read(Buffer.from(coloured["unlabelled-2.png"] as Uint8Array)).data],
      [0, 128, 255, 255],
    );
    assert.throws(
      () => samplesToPng([sample(1, [1])], [2, 2, 1], [0, 1]),
      /expected 2 x 2 x 1 values, found 1/,
    );
  });
});
