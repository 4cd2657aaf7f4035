/**
 * Valid modules that wasm3 of 2022 mistakes: each kind is refused by host and device, by the same rule, and what is
 * just within the limits runs. Where the reports of 2026 are beside the checkout, they too.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildPosix } from "../../host/firmware/posix_build.ts";
import { runProcess } from "../../host/firmware/toolchain.ts";
import { findCompiler } from "../../host/firmware/wasm3_build.ts";
import { EngineError } from "../../host/module/engine.ts";
import { checkSubset } from "../../host/module/subset.ts";
import { HEADER_PATH, subsetHeader } from "../../host/module/subset_header.ts";
import { LIMITS } from "../../host/module/subset_table.ts";
import { root } from "../../host/root.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";
import { type FunctionShape, I32, I64, type ModuleShape, NONE, writeModule } from "../fuzz/wasm_writer.ts";
import { STATUS } from "../support/signed_images.ts";

const availability = await wasm3.availability();
const skip = availability.available ? false : availability.reason;
const noCompiler = (await findCompiler()) ? skip : "a C compiler is missing: apt-get install gcc libc6-dev";

const DEVICE_RAM = 1 << 18;
const VOID = { parameters: [], results: [] };
const TO_I32 = { parameters: [], results: [I32] };
const I32_TO_I32 = { parameters: [I32], results: [I32] };
const zero = [0x41, 0];
const times = (count: number, ...code: number[]): number[] =>
  Array.from({ length: count }, () => code).flat();

/** A module whose `invoke` is this, and before it what it calls; types 0 to 2 are () -> i32, (i32) -> i32, () -> (). */
const invoking = (invoke: Omit<FunctionShape, "type">, more: Partial<ModuleShape> = {}): Uint8Array =>
  writeModule({
    types: [TO_I32, I32_TO_I32, VOID, ...(more.types ?? [])],
    functions: [...(more.functions ?? []), { type: 0, ...invoke }],
  });
const running = (...code: number[]): Uint8Array => invoking({ code: [...code, 0x0b] });

const identity: FunctionShape = { type: 1, code: [0x20, 0, 0x0b] };
const nested = (depth: number): number[] => [...times(depth, 0x02, NONE), ...times(depth, 0x0b), ...zero];
const chain = (calls: number): Uint8Array =>
  invoking({ code: [...zero, ...times(calls, 0x10, 0), 0x0b] }, { functions: [identity] });
const values = (count: number): number[] => [...times(count, 0x41, 0), ...times(count - 1, 0x6a)];

/** Kinds that go wrong in wasm3, or would take more of a device than it has; with what the refusal says. */
const REFUSED: readonly (readonly [string, Uint8Array, RegExp])[] = [
  [
    "a call with 32 results above 48 operands",
    invoking(
      { code: [...times(48, 0x41, 0), 0x10, 0, ...times(32 + 48 - 1, 0x6a), 0x0b] },
      {
        types: [{ parameters: [], results: Array<number>(32).fill(I32) }],
        functions: [{ type: 3, code: [...times(32, 0x41, 0), 0x0b] }],
      },
    ),
    /expected at most 32 parameters and one result, found 32/,
  ],
  [
    "results of calls, each the argument of the next",
    chain(LIMITS.callChain + 1),
    /more than 8 calls in a chain/,
  ],
  ["a call of itself", running(0x10, 0), /a call of function 0, which is not before it/],
  [
    "a call of a later function",
    writeModule({
      types: [TO_I32],
      functions: [
        { type: 0, code: [0x10, 1, 0x0b] },
        { type: 0, code: [...zero, 0x0b] },
      ],
    }),
    /function 0: .* a call of function 1, which is not before it/,
  ],
  ["a block with a parameter", running(0x41, 0, 0x02, 1, 0x0b), /a block of type 0x1$/],
  ["a block of a type by number", running(0x02, 0, 0x41, 0, 0x0b), /a block of type 0x0$/],
  ["blocks in blocks", running(...nested(LIMITS.nesting + 1)), /blocks nested deeper than 24/],
  ["200 blocks in blocks", running(...nested(200)), /blocks nested deeper/],
  [
    "code behind a branch",
    running(0x02, NONE, 0x0c, 0, 0x01, 0x0b, ...zero),
    /opcode 0x1 at .* where nothing gets/,
  ],
  [
    "operands behind unreachable",
    running(0x00, 0x1a, ...zero),
    /opcode 0x1a at offset \d+, where nothing gets/,
  ],
  ["select behind return", running(...zero, 0x0f, 0x1b), /opcode 0x1b at offset \d+, where nothing gets/],
  ["values", running(...values(LIMITS.values + 1)), /more than 80 values at a time/],
  ["operands without slots", running(...values(53)), /a need of 162 slots, of which 160 may be/],
  [
    "locals",
    invoking({ locals: [[LIMITS.values + 1, I32]], code: [...zero, 0x0b] }),
    /81 parameters and locals, of which 80 may be/,
  ],
  [
    "50000 locals",
    invoking({ locals: [[50_000, I64]], code: [...zero, 0x0b] }),
    /50000 parameters and locals/,
  ],
  [
    "results without slots",
    invoking({ locals: [[78, I64]], code: [0x02, I32, ...zero, 0x0b, 0x0b] }),
    /a need of \d+ slots, of which 160 may be/,
  ],
  [
    "parameters",
    invoking(
      { code: [...zero, 0x0b] },
      { types: [{ parameters: Array<number>(33).fill(I32), results: [] }] },
    ),
    /expected at most 32 parameters and one result, found 33/,
  ],
  [
    "functions",
    invoking({ code: [...zero, 0x0b] }, { functions: Array(256).fill({ type: 2, code: [0x0b] }) }),
    /expected at most 256 functions, found 257/,
  ],
  ["a body", running(...times(LIMITS.bodyBytes, 0x01), ...zero), /\d+ bytes, of which 16384 may be/],
];

/** As much as may be. */
const ACCEPTED: readonly (readonly [string, Uint8Array])[] = [
  ["a chain of calls", chain(LIMITS.callChain)],
  ["blocks in blocks", running(...nested(LIMITS.nesting))],
  ["operands", running(...values(52))],
  ["locals", invoking({ locals: [[LIMITS.values - 1, I32]], code: [...zero, 0x0b] })],
  ["results with slots", invoking({ locals: [[70, I64]], code: [0x02, I32, ...zero, 0x0b, 0x0b] })],
  ["a branch at the end of a block", running(0x02, I32, ...zero, 0x0c, 0, 0x0b)],
  ["selects of selects", running(...times(20, 0x41, 0), ...times(9, 0x1b), 0x1a, 0x0f)],
];

const vectors = [[new Uint8Array(4)]];

describe("refused by the host", () => {
  for (const [name, module, message] of REFUSED)
    test(name, async () => {
      assert.ok(WebAssembly.validate(new Uint8Array(module)), "expected a valid module");
      assert.throws(() => checkSubset(module), message);
      for (const engine of [v8, wasm3])
        await assert.rejects(engine.run(module, vectors), (error) => error instanceof EngineError);
    });
});

describe("accepted, at the limit", () => {
  for (const [name, module] of ACCEPTED)
    test(name, { skip }, async () => {
      const outputs = await v8.run(module, vectors);
      assert.deepEqual(await wasm3.run(module, vectors), outputs);
    });
});

/** What a device says when it opens each of the modules. */
async function openedOnDevice(modules: readonly Uint8Array[]): Promise<number[]> {
  const program = await buildPosix({ sanitize: true });
  const u32 = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer);
  const input = modules.flatMap((module) => [u32(DEVICE_RAM), u32(module.length), module]);
  const { status, stdout, stderr } = await runProcess([program, "--modules"], Buffer.concat(input));
  assert.equal(status, 0, stderr);
  const lines = stdout.toString("utf8").trimEnd().split("\n");
  return lines.map((line) => Number(line.split(" ")[0]));
}

test("a device refuses and accepts the same", { skip: noCompiler }, async () => {
  const opened = await openedOnDevice([...REFUSED, ...ACCEPTED].map(([, module]) => module));
  assert.deepEqual(opened, [...REFUSED.map(() => STATUS.MODULE), ...ACCEPTED.map(() => STATUS.OK)]);
});

function isAccepted(module: Uint8Array): boolean {
  try {
    checkSubset(module);
    return true;
  } catch {
    return false;
  }
}

test("a device and the host say the same of every opcode, with operands and without, whatever follows", {
  skip: noCompiler,
}, async () => {
  const opcodes = Array.from({ length: 256 }, (_, opcode) => opcode);
  const pushed = [[], zero, [...zero, ...zero], [0x42, 0], [...zero, 0x42, 0], [0x42, 0, 0x42, 0]];
  const followed = [[], [0], [0, 0], [0x1a], [0, 0, 0x1a]];
  const cases = opcodes.flatMap((opcode) =>
    pushed.flatMap((before) => followed.map((after) => [...before, opcode, ...after, ...zero])),
  );
  // In a function that nobody calls, so that wasm3, which would refuse many, never compiles it.
  const modules = cases.map((code) =>
    invoking({ code: [...zero, 0x0b] }, { functions: [{ type: 0, code: [...code, 0x0b] }] }),
  );
  const opened = await openedOnDevice(modules);
  const wrong = cases.filter((_, i) => isAccepted(modules[i]!) !== (opened[i] === STATUS.OK));
  assert.deepEqual(wrong, []);
  const accepted = new Set(cases.filter((_, i) => opened[i] === STATUS.OK).map((code) => code.join()));
  assert.ok(accepted.size > 100, `${accepted.size} accepted`);
});

test("the C header is what the table says (node dist/host/module/subset_header.js writes it)", () => {
  assert.equal(readFileSync(HEADER_PATH, "utf8"), subsetHeader());
});

test("wasm3.flags leave wasm3 the room that the table promises", () => {
  const flags = readFileSync(join(root, "firmware", "core", "wasm3.flags"), "utf8");
  const flag = (name: string): number => Number(new RegExp(`^-Dd_m3${name}=(\\d+)$`, "m").exec(flags)![1]);
  assert.equal(flag("MaxFunctionStackHeight"), LIMITS.values);
  assert.equal(flag("MaxConstantTableSize"), LIMITS.constantSlots);
});

const reports = join(root, "..", "shared", "cases", "hostile");
describe("reports", { skip: existsSync(reports) ? false : `${reports} is not here` }, () => {
  const files = existsSync(reports) ? readdirSync(reports).filter((file) => file.endsWith(".wasm")) : [];
  for (const file of files)
    test(file, async () => {
      const module = new Uint8Array(readFileSync(join(reports, file)));
      if (/loop/.test(file)) return void checkSubset(module);
      for (const engine of [v8, wasm3])
        await assert.rejects(engine.run(module, vectors), (error) => error instanceof EngineError);
    });
});
