/** The README's way from recordings of a machine to its events, with the network that test/models/gen/motion.py made. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../../../host/root.ts";
import { thimble } from "../../../support/command.ts";
import { scratchFolder } from "../../../support/folders.ts";

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
