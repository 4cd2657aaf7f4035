/** Programs for WASI in V8: how they end, what they read and say. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import binaryen from "binaryen";
import { runWasi } from "../../host/firmware/wasi.ts";
import { buildWasm, wasmAvailability } from "../../host/firmware/wasm_build.ts";

/** A program of these functions, of which `_start` is one. */
function assemble(code: string): Uint8Array {
  const imports = ["fd_read", "fd_write", "fd_close"].map((name) => {
    const parameters = name === "fd_close" ? "i32" : "i32 i32 i32 i32";
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${parameters}) (result i32)))`;
  });
  const module = binaryen.parseText(`(module ${imports.join(" ")}
    (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
    (memory (export "memory") 1) (export "_start" (func $start)) ${code})`);
  try {
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

const start = (code: string): Uint8Array => assemble(`(func $start ${code})`);
const nothing = new Uint8Array();
const run = (program: Uint8Array, input = nothing, limits = {}) =>
  runWasi({ program, args: ["program"], input }, limits);

describe("a program", () => {
  test("ends with 0, or with what it says", async () => {
    assert.equal((await run(start(""))).status, 0);
    assert.equal((await run(start("(call $proc_exit (i32.const 7)) (unreachable)"))).status, 7);
  });

  test("that traps or takes too much stack has no status", async () => {
    const { status, signal } = await run(start("(unreachable)"));
    assert.deepEqual([status, signal], [undefined, "a trap, unreachable"]);
    const recursion = await run(start("(call $start)"));
    assert.deepEqual([recursion.status, recursion.signal], [undefined, "a stack overflow"]);
  });

  test("has no file but its three", async () => {
    const program = start("(call $proc_exit (call $fd_close (i32.const 3)))");
    assert.equal((await run(program)).status, 8);
  });

  test("is ended where it is silent for too long", async () => {
    const endless = start("(loop $again (br $again))");
    const { isStuck, status } = await run(endless, nothing, { idleMs: 200 });
    assert.deepEqual([isStuck, status], [true, undefined]);
  });

  /** Copies stdin to stdout in pieces of up to 3 and 4 bytes, and says on stderr how long the last was. */
  const copy = assemble(`(func $start (local $taken i32)
    (loop $next
      (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 3))
      (i32.store (i32.const 8) (i32.const 67)) (i32.store (i32.const 12) (i32.const 4))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 32)))
      (local.set $taken (i32.load (i32.const 32)))
      (i32.store (i32.const 4) (local.get $taken))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 36)))
      (if (i32.ne (i32.load (i32.const 36)) (local.get $taken)) (then (unreachable)))
      (br_if $next (local.get $taken)))
    (i32.store8 (i32.const 64) (i32.const 46)) (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 36))))`);

  for (const limits of [{}, { idleMs: 60_000 }])
    test(`reads and writes, in this thread or its own: ${JSON.stringify(limits)}`, async () => {
      const input = Uint8Array.from({ length: 1000 }, (_, i) => i & 255);
      const { status, stdout, stderr } = await run(copy, input, limits);
      assert.deepEqual([status, stderr], [0, "."]);
      assert.deepEqual(new Uint8Array(stdout), input);
    });
});

const available = await wasmAvailability({ program: "wasm3_runner" });
const skip = available.available ? false : `${available.reason}: ${available.install}`;

test("the runner says what is wrong in one line", { skip }, async () => {
  const program = await buildWasm({ program: "wasm3_runner" });
  const said = async (...args: string[]) => {
    const { status, stderr } = await runWasi({ program, args: ["wasm3_runner", ...args], input: nothing });
    return [status, stderr];
  };
  const usage = "usage: wasm3_runner MODULE.wasm|- [--self-test | --tensors] [--parent PID]";
  assert.deepEqual(await said(), [1, `wasm3_runner: ${usage}\n`]);
  assert.deepEqual(await said("a.wasm"), [1, "wasm3_runner: a.wasm: cannot be opened\n"]);
  assert.deepEqual(await said("-"), [1, "wasm3_runner: stdin: expected a module, found none\n"]);
  assert.deepEqual(await said("-", "--parent", "1"), [1, "wasm3_runner: --parent: no timer\n"]);
});
