/** `npm pack`, then `npm install` in an empty project; matrix.slow.test.ts does so with every npm and option. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../host/root.ts";
import { scratchFolder } from "../support/folders.ts";
import { checkUse, install, installedBytes, pack } from "./install.ts";

/** Measured: 68.6 MB, of which binaryen 26, h5wasm 15 (optional), assemblyscript 7, nodemailer 2. */
const MAX_BYTES = 70e6;

test("the package is installed, builds a model and is imported", (t) => {
  const folder = scratchFolder();
  const project = install(folder, pack(folder), ["--prefer-offline"]);
  checkUse(project);
  const bytes = installedBytes(project);
  t.diagnostic(`${bytes} bytes installed`);
  assert.ok(bytes <= MAX_BYTES, `expected at most ${MAX_BYTES} bytes, found ${bytes}`);
});

test("no package that is installed with it runs a script of its own", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean; inBundle?: boolean }>;
  };
  const installed = Object.entries(packages).filter(([name, { dev }]) => name !== "" && !dev);
  const wrong = installed.filter(([, { hasInstallScript, inBundle }]) => hasInstallScript || inBundle);
  assert.deepEqual(
    wrong.map(([name]) => name),
    [],
  );
});
