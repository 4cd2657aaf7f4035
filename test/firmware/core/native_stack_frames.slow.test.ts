/**
 * Frames of wasm3's operations as compilers make them, on machines without sibling calls: none is larger than FRAMES says
 * for an operation of its kind, in units of the largest that the core measures (`samples` of firmware/core/bind.c).
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { wasm3Flags } from "../../../host/firmware/posix_build.ts";
import { findProgram, runProcess } from "../../../host/firmware/toolchain.ts";
import { findSource, hasOperations, wasm3Sources } from "../../../host/firmware/wasm3_build.ts";
import { FRAMES } from "../../../host/module/subset_table.ts";

const scratch = mkdtempSync(join(tmpdir(), "thimble-frames-"));
after(() => rmSync(scratch, { recursive: true }));
const source = findSource();

/** Declarations of C's library, for a compiler that comes without one: nothing is linked. */
const HEADERS: Readonly<Record<string, string>> = {
  "stdint.h": "#include <stdint-gcc.h>",
  "inttypes.h":
    '#include <stdint-gcc.h>\n#define PRIu32 "u"\n#define PRIi32 "d"\n#define PRIu64 "llu"\n#define PRIi64 "lld"',
  "stdlib.h":
    "#include <stddef.h>\nvoid *malloc(size_t); void *calloc(size_t, size_t); void free(void *); void *realloc(void *, size_t); void abort(void); unsigned long strtoul(const char *, char **, int);",
  "string.h":
    "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t); void *memmove(void *, const void *, size_t); void *memset(void *, int, size_t); size_t strlen(const char *); int strcmp(const char *, const char *); int memcmp(const void *, const void *, size_t);",
  "stdio.h":
    "#include <stdarg.h>\nint printf(const char *, ...); int snprintf(char *, unsigned, const char *, ...); int vsnprintf(char *, unsigned, const char *, va_list);",
  "assert.h": "#define assert(x)",
  "math.h": "",
};

function headerFolder(): string {
  const folder = join(scratch, "headers");
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(HEADERS))
    writeFileSync(join(folder, name), `#pragma once\n${text}\n`);
  return folder;
}

const RISCV = ["riscv64-unknown-elf-gcc", "-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"];
const XTENSA = ["xtensa-lx106-elf-gcc", `-I${headerFolder()}`];
/** Compilers, with the bytes of a unit that boards.ts says, where it has such a board. */
const compilers: readonly (readonly [machine: string, command: readonly string[], unit?: number])[] = [
  ["rv32", [...RISCV, "-mtune=size", "-mno-strict-align"], 16],
  ["rv32 that copies words", RISCV],
  ["Thumb-1", ["arm-none-eabi-gcc", "-mcpu=cortex-m0", "-mthumb", "--specs=picolibc.specs"]],
  ["windowed Xtensa", [...XTENSA, "-mabi=windowed"], 32],
  ["Xtensa without windows", [...XTENSA, "-mabi=call0"], 32],
];

/** Bytes by operation, from the file that the compiler writes. */
async function framesOf(command: readonly string[], optimisation: string): Promise<Map<string, number>> {
  const path = wasm3Sources(source!).find(hasOperations)!;
  const output = join(scratch, "operations.s");
  const flags = [
    optimisation,
    "-fno-optimize-sibling-calls",
    "-fstack-usage",
    "-w",
    ...wasm3Flags(),
    `-I${source}`,
  ];
  const result = await runProcess([...command, ...flags, "-S", path, "-o", output]);
  assert.equal(result.status, 0, result.stderr);
  const lines = readFileSync(output.replace(/\.s$/, ".su"), "utf8").matchAll(/:op_(\w+)\t(\d+)/g);
  return new Map([...lines].map(([, name, bytes]) => [name!, Number(bytes)]));
}

/** Not in the subset, or never run: all is compiled before; a native kernel's call is counted with the kernel. */
const OUTSIDE = /^(CallIndirect|CallRawFunction|MemGrow|MemSize|BranchTable|Compile)$|f32|f64/;

function weightOf(operation: string): number {
  const exact = { Loop: FRAMES.loop, Call: FRAMES.call, Entry: FRAMES.entry }[operation];
  if (exact !== undefined) return exact;
  if (/^Mem(Copy|Fill)/.test(operation)) return FRAMES.bulk;
  if (/_(Load|Store)_/.test(operation)) return FRAMES.memory;
  if (/_(Clz|Ctz|Popcnt)_/.test(operation)) return 2;
  return /u64_Rot[lr]_/.test(operation) ? 3 : 1;
}

const SAMPLES = [
  "i32_Add_ss",
  "i64_GreaterThanOrEqual_ss",
  "u32_Remainder_ss",
  "u64_Remainder_ss",
  "i64_Load_i64_s",
  "i64_Store_i64_ss",
];

describe("frames of wasm3's operations", { skip: source === undefined && "wasm3 is missing" }, () => {
  for (const [machine, command, unit] of compilers)
    for (const optimisation of ["-Os", "-O2", "-O3"]) {
      const skip = findProgram(command[0]!) === undefined && `${command[0]} is missing`;
      test(`${machine} at ${optimisation}`, { skip }, async () => {
        const frames = await framesOf(command, optimisation);
        assert.ok(frames.size > 250);
        const measured = Math.max(...SAMPLES.map((name) => Math.ceil(frames.get(name)! / weightOf(name))));
        if (unit !== undefined) assert.ok(measured <= unit, `${measured}`);
        for (const [name, bytes] of frames)
          if (!OUTSIDE.test(name))
            assert.ok(bytes <= measured * weightOf(name), `${name}: ${bytes} bytes of ${measured}`);
      });
    }
});
