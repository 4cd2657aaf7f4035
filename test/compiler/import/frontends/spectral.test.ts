/** Spectra of motion beside numpy and scipy, and their bytes on the engines. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../../../../host/root.ts";
import { thimble } from "../../../support/command.ts";
import { scratchFolder } from "../../../support/folders.ts";
import { bytesEqual, definitionEquals, frontendOf, setsOf, snrReaches } from "./motion.ts";

/** What each feature of a set reaches; the last figure is that of all bands. */
const FIGURES: Readonly<Record<string, readonly number[]>> = {
  spectral: [49.5, 40.5, 68, 29],
  "spectral, bands": [62, 62, 34],
  "spectral of a window shorter than its transform": [49.5, 40.5, 68, 39],
};

describe("spectral", () => {
  for (const set of setsOf("spectral")) {
    definitionEquals(set);
    snrReaches(set, FIGURES[set.name]!);
  }
  const [bins, bands] = setsOf("spectral");
  bytesEqual({ ...bands!, parameters: { ...bands!.parameters, window_step: 2000 } });

  for (const [parameters, message] of [
    [{ fft_length: 100 }, /fft_length: expected a power of two of 16 to 8192, found 100/],
    [{ fft_length: 16, window_size: 20_000 }, /fft_length: expected a length of which at most 32 segments/],
    [{ edges: [5, 5] }, /edges: expected two or more rising numbers of 0 to 100, found \[5,5\]/],
    [{ edges: [5] }, /edges: expected two or more rising numbers/],
    [
      { edges: [5, 5.1, 9] },
      /edges: expected bands that each hold a multiple of 1.5625 Hz .*band 0 has none/,
    ],
    [{ floor: 1e-20, range: 8 }, /floor: expected a power whose logarithm lies within 8, found 1e-20/],
    [{ window: "kaiser" }, /window: expected "hann" or .* found "kaiser"/],
  ] as const)
    test(`${JSON.stringify(parameters)} is refused by name`, () => {
      assert.throws(() => frontendOf({ ...bins!.parameters, ...parameters }), message);
    });
});

/** Runs a command of the README's, which has to go well. */
function said(args: readonly string[]): string {
  const { status, stdout, stderr } = thimble(args);
  assert.equal(status, 0, stderr);
  return stdout.toString();
}

test("a machine that runs and knocks is heard each time, as the README says", () => {
  const scratch = scratchFolder();
  const [front, rows, times] = ["touch.json", "rows.npy", "shift.csv"].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ];
  const recordings = join(scratch, "shift");
  mkdirSync(recordings);
  cpSync(join(root, "test/models/motion.csv"), join(recordings, "shift.csv"));
  const parameters = { sample_rate: 100, channels: 3, window_size: 2000, window_step: 500 };
  writeFileSync(front, JSON.stringify({ type: "spectral", ...parameters }));
  const labels = ["idle", "running", "idle", "knocking", "running", "knocking"];
  const lines = labels.map((label, i) => `shift.csv,${10 * i},${10 * i + 10},${label}`);
  writeFileSync(times, `file,start,end,label\n${lines.join("\n")}\n`);
  said(["features", front, "--input", recordings, "-o", rows]);
  const event = ["--smooth", "mean:2s", "--event", "threshold:knocking=0.7/running=0.7,suppress:5s"];
  const model = ["build", join(root, "test/models/motion.onnx"), "--frontend", front, "--calibration", rows];
  said([...model, "--labels", "idle,knocking,running", ...event, "-o", join(scratch, "out")]);
  const module = join(scratch, "out", "model.wasm");
  const text = said(["evaluate", module, "--stream", "--input", recordings, "--times", times, "--json"]);
  const { events } = JSON.parse(text) as { events: Record<string, number | string>[] };
  const figures = events.map((each) => [
    each["label"],
    each["occurrences"],
    each["detected"],
    each["falseAccepts"],
  ]);
  assert.deepEqual(figures, [
    ["idle", 2, 0, 0],
    ["knocking", 2, 2, 0],
    ["running", 2, 2, 0],
  ]);
});
