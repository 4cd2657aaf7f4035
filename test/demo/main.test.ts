/** `npm start` as a stranger sees it who has Node and npm, and nothing else: the C code comes as WebAssembly. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../../host/root.ts";
import { scratchFolder } from "../support/folders.ts";

const bin = join(scratchFolder(), "bin");
mkdirSync(bin);
for (const name of ["node", "npm"]) symlinkSync(join(dirname(process.execPath), name), join(bin, name));
// npm starts what a package names by it.
symlinkSync("/bin/sh", join(bin, "sh"));

test("the fleet takes the good version and throws the bad one out", () => {
  const { CC: _, WASM3_DIR: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(join(bin, "npm"), ["start", "--silent"], {
    cwd: root,
    encoding: "utf8",
    env: { ...env, PATH: bin },
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.match(stdout, /; wasm3: equal \(\S+ as WebAssembly\)\n/);
  assert.match(stdout, /\n {2}module on wasm3 {2}358 of 360 right, /);
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
