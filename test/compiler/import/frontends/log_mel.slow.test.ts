/** Bytes of each set's features on the engines, and those of a module of a front-end and a network. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../../../../host/root.ts";
import { thimble } from "../../../support/command.ts";
import { scratchFolder } from "../../../support/folders.ts";
import { withoutRecordings, YES } from "../recordings.ts";
import { bytesEqual, sets } from "./mel.ts";

const scratch = scratchFolder();
const signals = join(root, "..", "shared", "signal");

describe("bytes of features on the engines, set by set", () => {
  for (const set of sets) bytesEqual(set);
});

describe("a module's features are those of its front-end alone", { skip: withoutRecordings }, () => {
  const shared = { window_size: 30, window_step: 20, num_channels: 40, out_type: "int8" };
  for (const more of [{}, { pre_emphasis: 0.97, window: "hamming", floor: 1e-5, clip_high: 5 }])
    test(JSON.stringify(more), () => {
      const front = join(scratch, "front.json");
      writeFileSync(front, JSON.stringify({ type: "log-mel", ...shared, ...more }));
      const network = join(signals, "micro_speech_quantized.tflite");
      const built = thimble(["build", network, "--frontend", front, "-o", join(scratch, "out")]);
      assert.equal(built.status, 0, built.stderr);
      const [alone, joined] = [front, join(scratch, "out", "model.wasm")].map((from) => {
        const output = join(scratch, "features.npy");
        const found = thimble(["features", from, "--input", join(signals, YES), "--raw", "-o", output]);
        assert.equal(found.status, 0, found.stderr);
        return readFileSync(output);
      });
      assert.deepEqual(joined, alone);
      assert.ok(new Set(alone!.subarray(128)).size > 50, "features that hardly vary prove little");
    });
});
