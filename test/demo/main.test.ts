/** `npm start` as a stranger sees it who has a C compiler: without one it has no fleet, and test/bare.mjs runs that. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { wasmAvailability } from "../../host/firmware/wasm_build.ts";
import { root } from "../../host/root.ts";

const availability = await wasmAvailability();
const skip = availability.available ? false : `${availability.reason}: ${availability.install}`;

test("the fleet takes the good version and throws the bad one out", { skip }, () => {
  const program = join(root, "dist", "host", "demo", "main.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: "utf8" });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.match(stdout, /\n {2}version 2\.0\.0: finished\n {2}version 3\.0\.0: stopped, stage 1: /);
  assert.match(stdout, /: 36 devices run 2\.0\.0\n/);
  // The story: drift, alert, samples and training, shadow, stages, well.
  const story = new RegExp(
    [
      "9\\d\\.\\d % of the answers are right; a sensor begins to drift\\n",
      "alert, firing: plant 1\\.0\\.0: shift of temperature: its median was 42\\.9 in calibration and is ",
      "trained again, since: shift of temperature",
      "version 1\\.1\\.0 runs beside 1\\.0\\.0 on 3 machines; [3-7]\\d\\.\\d % right",
      "version 1\\.1\\.0: finished",
      "alert, resolved: plant 1\\.0\\.0: shift of temperature",
      "9[5-9]\\.\\d % right, and nobody has touched anything\\n",
    ].join("[^]*"),
  );
  assert.match(stdout, story);
});
