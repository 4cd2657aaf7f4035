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
});
