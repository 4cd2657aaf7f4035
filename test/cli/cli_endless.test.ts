/** Modules that never end: commands do, and leave neither process nor folder behind. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { firmwareAvailability } from "../../host/firmware/qemu_build.ts";
import { openScratch } from "../../host/firmware/toolchain.ts";
import { EngineError } from "../../host/module/engine.ts";
import { root } from "../../host/root.ts";
import { qemu } from "../../host/runtime/engines/qemu.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { NONE, writeModule } from "../fuzz/wasm_writer.ts";
import { scratchFolder } from "../support/folders.ts";

const availability = await wasm3.availability();
const skip = availability.available ? false : availability.reason;
const firmware = await firmwareAvailability();
const skipQemu = firmware.available ? false : firmware.reason;
const scratch = scratchFolder();

const code = [0x03, NONE, 0x0c, 0, 0x0b, 0x41, 0, 0x0b];
const endless = writeModule({ types: [{ parameters: [], results: [0x7f] }], functions: [{ type: 0, code }] });
const quick = writeModule({
  types: [{ parameters: [], results: [0x7f] }],
  functions: [{ type: 0, code: [0x41, 0, 0x0b] }],
});
const vectors = [[new Uint8Array(4)]];

describe("a module that never ends", () => {
  for (const engine of [v8, wasm3])
    test(`is ended in ${engine.name}`, { skip: engine === wasm3 ? skip : false }, async () => {
      const expected = /expected an inference to end within 0.3 s \(--time-limit\), found it still running$/;
      await assert.rejects(
        engine.run(endless, vectors, { milliseconds: 300 }),
        (error: Error) => error instanceof EngineError && expected.test(error.message),
      );
    });

  test("is ended in qemu", { skip: skipQemu }, async () => {
    const expected = /expected an inference to end within 1 s \(--time-limit\), found it still running$/;
    await assert.rejects(
      qemu.run(endless, vectors, { milliseconds: 1000 }),
      (error: Error) => error instanceof EngineError && expected.test(error.message),
    );
  });

  for (const engine of [v8, wasm3])
    test(`one that ends runs in ${engine.name}`, { skip: engine === wasm3 ? skip : false }, async () => {
      const limits = { milliseconds: 60_000 };
      assert.deepEqual(await engine.run(quick, vectors, limits), [[new Uint8Array(64)]]);
      assert.equal(await engine.selfTest(quick, limits), undefined);
    });
});

/** Processes whose command line holds the text, by /proc. */
function processesWith(text: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return readFileSync(join("/proc", name, "cmdline"), "utf8").includes(text) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Waits until it holds; the test's own limit of time ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(50);
}

const engineScript = (signalFile: string): string => `
  import { writeFileSync } from "node:fs";
  import { wasm3 } from ${JSON.stringify(join(root, "dist/host/runtime/engines/wasm3.js"))};
  import { openScratch } from ${JSON.stringify(join(root, "dist/host/firmware/toolchain.js"))};
  import { spawn } from "node:child_process";
  const { folder, guard } = openScratch(${JSON.stringify(join(scratch, "held-"))});
  const sleeper = spawn("sleep", ["1000"]);
  guard(sleeper.pid);
  writeFileSync(${JSON.stringify(signalFile)}, JSON.stringify({ folder, sleeper: sleeper.pid }));
  await wasm3.run(Uint8Array.from(${JSON.stringify([...endless])}), [[new Uint8Array(4)]]);`;

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

describe("whatever ends a process", { skip: skip || process.platform !== "linux" }, () => {
  for (const signal of ["SIGTERM", "SIGKILL", "SIGINT"] as const)
    test(`${signal} leaves no runner, child or folder behind`, { timeout: 120_000 }, async () => {
      const signalFile = join(scratch, `${signal}.json`);
      const child = spawn(process.execPath, ["--input-type=module", "-e", engineScript(signalFile)]);
      const closed = once(child, "close");
      await until(() => processesWith(`--parent\0${child.pid}`).length > 0);
      const { folder, sleeper } = JSON.parse(readFileSync(signalFile, "utf8")) as {
        folder: string;
        sleeper: number;
      };
      assert.ok(isAlive(sleeper));
      child.kill(signal);
      await closed;
      await until(() => processesWith(`--parent\0${child.pid}`).length === 0 && !isAlive(sleeper));
      await until(() => !readdirSync(scratch).some((name) => join(scratch, name) === folder));
    });
});

test("a process that has the number of a guarded one is not ended in its place", {
  skip: process.platform !== "linux",
}, async () => {
  const folder = join(scratch, "guards-");
  const held = spawn("sleep", ["1000"]);
  const script = `
    import { openScratch } from ${JSON.stringify(join(root, "dist/host/firmware/toolchain.js"))};
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const read = fs.readFileSync;
    // As if that number had been another process's, which started at another time.
    fs.readFileSync = (path, ...rest) =>
      path === "/proc/${held.pid}/stat" ? "1 (x) S " + "7 ".repeat(40) : read(path, ...rest);
    syncBuiltinESMExports();
    const { folder, guard } = openScratch(${JSON.stringify(folder)});
    guard(${held.pid});
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await once(child, "close");
  await until(() => !readdirSync(scratch).some((name) => name.startsWith("guards-")));
  assert.ok(isAlive(held.pid!));
  held.kill("SIGKILL");
});

test("a folder that is done with is gone, and what is in it", () => {
  const { folder, done } = openScratch(join(scratch, "done-"));
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "inner", "file"), "");
  done();
  assert.ok(!readdirSync(scratch).some((name) => name.startsWith("done-")));
});
