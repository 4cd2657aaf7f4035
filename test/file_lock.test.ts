/** Folders with an owner: what a killed process leaves is removed, and what a living one has stays. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeAll } from "../host/cli/files.ts";
import { ownedFolder } from "../host/file_lock.ts";
import { root } from "../host/root.ts";
import { scratchFolder } from "./support/folders.ts";

const scratch = scratchFolder();

/** Another process that has a folder in `folder`, and holds it. */
async function holder(folder: string) {
  const script = `
    import { writeFileSync } from "node:fs";
    import { ownedFolder } from ${JSON.stringify(join(root, "dist/host/file_lock.js"))};
    const { folder } = ownedFolder(${JSON.stringify(join(folder, ".thimble-"))});
    writeFileSync(folder + "/model.wasm", "half");
    console.log(folder);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  const [path] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  return {
    path: path.trim(),
    async kill() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

test("a folder whose owner was killed goes, one whose owner lives stays", async () => {
  const folder = join(scratch, "owners");
  mkdirSync(folder);
  const [dead, alive] = [await holder(folder), await holder(folder)];
  await dead.kill();
  assert.ok(existsSync(dead.path));
  const own = ownedFolder(join(folder, ".thimble-"));
  assert.ok(!existsSync(dead.path));
  assert.ok(existsSync(join(alive.path, "model.wasm")));
  own.remove();
  await alive.kill();
  ownedFolder(join(folder, ".thimble-")).remove();
  assert.deepEqual(readdirSync(folder), []);
});

test("a command that writes takes away what a killed one left, and nothing else", async () => {
  const folder = join(scratch, "commands");
  mkdirSync(join(folder, ".thimble-notes"), { recursive: true });
  writeFileSync(join(folder, ".thimble-notes", "mine"), "");
  mkdirSync(join(folder, ".thimble-empty"));
  writeFileSync(join(folder, ".thimble-file"), "");
  const dead = await holder(folder);
  await dead.kill();
  writeAll(folder, { "model.wasm": "whole" });
  assert.deepEqual(readdirSync(folder).sort(), [".thimble-file", ".thimble-notes", "model.wasm"]);
});

test("many at once do not take each other's", async () => {
  const folder = join(scratch, "many");
  mkdirSync(folder);
  const holders = await Promise.all(Array.from({ length: 4 }, () => holder(folder)));
  for (const { path } of holders) assert.ok(existsSync(join(path, "model.wasm")));
  for (const each of holders) await each.kill();
});
