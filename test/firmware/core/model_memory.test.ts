/** RAM that ends anywhere while wasm3 compiles: it does not notice everywhere, and the core has to. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { runProcess } from "../../../host/firmware/toolchain.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { type FunctionShape, I32, NONE, type TypeShape, writeModule } from "../../fuzz/wasm_writer.ts";
import { STATUS } from "../../support/signed_images.ts";

const skip = (await findCompiler()) && findSource() !== undefined ? false : "no C compiler, or no wasm3";

const TO_I32: TypeShape = { parameters: [], results: [I32] };
const times = (count: number, ...code: number[]): number[] =>
  Array.from({ length: count }, () => code).flat();
const LOCALS = 38;
const getAll = Array.from({ length: LOCALS }, (_, i) => [0x20, i]).flat();
const addAll = times(LOCALS - 1, 0x6a);

/** Instructions that wasm3 writes for, so that its page is as full as one likes. */
const filler = (count: number): number[] => times(count, 0x20, 0, 0x45, 0x21, 1);

const invoking = (code: readonly number[], more: readonly FunctionShape[] = []): Uint8Array =>
  writeModule({
    types: [TO_I32],
    functions: [...more, { type: 0, locals: [[LOCALS, I32]], code: [...code, 0x0b] }],
  });

/** What wasm3 writes without looking whether it has room, behind so much filler. */
const UNCHECKED: Readonly<Record<string, (fill: number) => Uint8Array>> = {
  "locals on the stack where a block begins": (fill) =>
    invoking([...filler(fill), ...getAll, 0x02, NONE, 0x0b, ...addAll]),
  "selects of selects": (fill) =>
    invoking([...filler(fill), ...getAll, 0x20, 0, ...times(LOCALS / 2, 0x1b), 0x1a, 0x41, 0, 0x0f]),
};

interface Case {
  readonly ram: number;
  readonly module: Uint8Array;
}

const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);

/** The statuses of opening and of the last invocation; fails where a sanitizer finds something. */
async function open(cases: readonly Case[]): Promise<(readonly [number, number])[]> {
  const input = cases.flatMap(({ ram, module }) => [u32(ram), u32(module.length), module]);
  const program = await buildPosix({ sanitize: true });
  const { status, stdout, stderr } = await runProcess([program, "--modules"], Buffer.concat(input));
  assert.equal(status, 0, stderr.slice(0, 2000));
  const lines = stdout.toString("utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const [opened, invoked] = line.split(" ").map(Number);
    return [opened!, invoked!];
  });
}

describe("RAM that ends while wasm3 compiles", { skip }, () => {
  for (const [name, moduleOf] of Object.entries(UNCHECKED))
    test(name, async () => {
      const cases: Case[] = [];
      for (let fill = 0; fill < 60; fill++)
        for (let ram = 3000; ram < 12_000; ram += 504) cases.push({ ram, module: moduleOf(fill) });
      const statuses = (await open(cases)).map(([opened]) => opened);
      assert.deepEqual([...new Set(statuses)].sort(), [STATUS.RAM, STATUS.OK].sort());
    });
});

test("a function that can't be compiled is found before anything runs", { skip }, async () => {
  // wasm3 would compile it when it is called first, fail, and the next time jump to where it is not.
  const values = times(40, 0x41, 0);
  const large: FunctionShape = {
    type: 0,
    code: [...times(3000, 0x20, 0, 0x1a), ...values, ...times(39, 0x6a), 0x0b],
    locals: [[1, I32]],
  };
  const module = invoking([0x10, 0], [large]);
  const cases = Array.from({ length: 100 }, (_, i) => ({ ram: 3000 + 128 * i, module }));
  for (const [opened, invoked] of await open(cases)) {
    assert.ok(opened === STATUS.RAM || opened === STATUS.OK, String(opened));
    assert.equal(invoked, 0);
  }
});
