/** Builds whose operations of wasm3 would keep their frames are refused by the compiler, in one line. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { buildFirmware, firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import { findProgram, runProcess } from "../../../host/firmware/toolchain.ts";
import { operationFlags } from "../../../host/firmware/wasm3_build.ts";
import { configHeader } from "../../../host/packs/library.ts";
import { root } from "../../../host/root.ts";

const scratch = mkdtempSync(join(tmpdir(), "thimble-sibling-calls-"));
after(() => rmSync(scratch, { recursive: true }));

const REFUSED = "expected sibling calls (-Os, -O2 or -O3 for this file), found none";
const source = join(scratch, "operations.c");
writeFileSync(source, "int operation;\n");
/** The first line of what a pack's file with operations has. */
const packed = join(scratch, "packed.c");
writeFileSync(
  packed,
  '#define THIMBLE_WASM3_OPERATIONS\n#include "thimble_wasm3_config.h"\nint operation;\n',
);
writeFileSync(join(scratch, "thimble_wasm3_config.h"), configHeader(["-fwrapv"]));
const inPack = [`-I${scratch}`, `-I${join(root, "firmware", "core")}`, packed];

async function faultsOf(command: readonly string[], flags: readonly string[]): Promise<string[]> {
  const args = [...command, ...flags, "-w", "-c", "-o", join(scratch, "operations.o")];
  const { status, stderr } = await runProcess(args);
  const faults = stderr.split("\n").filter((line) => line.includes("error: "));
  assert.equal(status === 0, faults.length === 0, stderr);
  return faults;
}

/** Compilers, and whether they make sibling calls for that machine. */
const compilers: readonly (readonly [machine: string, command: readonly string[], has: boolean])[] = [
  ["this machine", ["gcc"], true],
  ["rv32", ["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32"], true],
  ["Cortex-M3", ["arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb"], true],
  ["Thumb-1", ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb"], false],
  // Few machines have one.
  ...(findProgram("xtensa-lx106-elf-gcc") === undefined
    ? []
    : [["windowed Xtensa", ["xtensa-lx106-elf-gcc", "-mabi=windowed"], false] as const]),
];
const CALLS = [["-Os"], ["-O2"], ["-O3"], ["-Og", "-O3"], ["-O2", "-flto"]];
const NONE = [["-O0"], ["-Og"], ["-O1"], ["-O3", "-fno-optimize-sibling-calls"]];

for (const [machine, command, has] of compilers)
  describe(machine, { skip: findProgram(command[0]!) === undefined && `${command[0]} is missing` }, () => {
    for (const flags of CALLS)
      test(`takes ${flags.join(" ")}`, async () =>
        assert.deepEqual(await faultsOf(command, [...flags, ...operationFlags(), source]), []));
    for (const flags of NONE)
      test(`${has ? "refuses" : "takes, since it has no sibling calls at all,"} ${flags.join(" ")}`, async () => {
        const faults = await faultsOf(command, [...flags, ...operationFlags(), source]);
        assert.equal(faults.length, has ? 1 : 0);
        for (const fault of faults) assert.ok(fault.includes(REFUSED), fault);
        assert.deepEqual(await faultsOf(command, [...flags, ...operationFlags(true), source]), []);
      });
    test("takes a pack at any optimisation, since its pragma asks for the calls, but not without them", async () => {
      for (const flag of ["-O0", "-Og", "-O1", "-Os", "-O2"])
        assert.deepEqual(await faultsOf(command, [flag, ...inPack]), []);
      const without = await faultsOf(command, ["-Os", "-fno-optimize-sibling-calls", ...inPack]);
      assert.equal(without.length, has ? 1 : 0);
    });
  });

const availability = await firmwareAvailability();
describe("the firmware for rv32", { skip: !availability.available && availability.reason }, () => {
  test("is refused with its operations at -Og", async () => {
    await assert.rejects(buildFirmware({ operations: "-Og" }), (error: Error) =>
      error.message.includes(REFUSED),
    );
  });
});
