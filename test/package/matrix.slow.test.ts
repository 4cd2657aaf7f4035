/** The package with npm 10 and 11, with scripts and without, and offline once the cache has all. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { scratchFolder } from "../support/folders.ts";
import { modelPath } from "../support/models.ts";
import { checkUse, install, installedBytes, pack, run, thimbleIn } from "./install.ts";

const folder = scratchFolder();
const cache = ["--cache", join(folder, "cache")];
let file: string;
before(() => {
  // With scripts: dist is made anew, as for publishing.
  file = pack(folder, { scripts: true });
  install(folder, file, cache);
});

for (const version of ["10", "11"])
  describe(`npm ${version}`, () => {
    let npm: string[];
    before(() => {
      const home = join(folder, `npm${version}`);
      mkdirSync(home);
      writeFileSync(join(home, "package.json"), `{ "private": true }\n`);
      const { status, output } = run(home, ["npm", "install", "--no-audit", "--no-fund", `npm@${version}`]);
      assert.equal(status, 0, output);
      npm = [process.execPath, join(home, "node_modules", "npm", "bin", "npm-cli.js")];
    });

    for (const scripts of [[], ["--ignore-scripts"]])
      test(`offline${scripts.length > 0 ? ", without scripts" : ""}`, () => {
        checkUse(install(folder, file, [...cache, "--offline", ...scripts], npm));
      });
  });

test("without what is optional a Keras file is refused with the command that mends it", (t) => {
  const project = install(folder, file, [...cache, "--offline", "--omit=optional"]);
  assert.ok(!existsSync(join(project, "node_modules", "h5wasm")));
  t.diagnostic(`${installedBytes(project)} bytes installed`);
  checkUse(project);
  copyFileSync(modelPath("networks/mlp.h5"), join(project, "mlp.h5"));
  const { status, output } = thimbleIn(project, "build", "mlp.h5");
  assert.equal(status, 1);
  assert.match(output, /^thimble build: mlp\.h5: a Keras file .* not installed: npm install h5wasm\n$/);
});
