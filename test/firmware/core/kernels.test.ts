/**
 * The native kernels against their AssemblyScript twins in V8: the whole memory after a call must be the
 * same byte for byte. Built with the address and undefined-behaviour sanitizers.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { decodeBlock, encodeBlock } from "../../../host/compiler/plan/blocks.ts";
import { exportName, loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { type ProcessResult, runProcess } from "../../../host/firmware/toolchain.ts";
import { findCompiler } from "../../../host/firmware/wasm3_build.ts";
import { root } from "../../../host/root.ts";
import { kernelMachine, nativeKernelNames } from "../../ops/lowering/machine.ts";
import { findFuzzer } from "../fuzz/fuzzer.ts";
import {
  type Call,
  edgeCalls,
  layerCalls,
  plainKernel,
  runTwin,
  validCalls,
  wrongCalls,
} from "./kernel_calls.ts";
import { scratchOf } from "./kernel_scratch.ts";

const SEED = 30;
/** A third of the calls, unless THIMBLE_KERNEL_CALLS is "all". */
const SHARE = process.env["THIMBLE_KERNEL_CALLS"] === "all" ? 1 : 1 / 3;
const VALID_PER_KERNEL = 300 * SHARE;
const PER_LAYER_KERNEL = 1500 * SHARE;
const WRONG = Math.floor(20_000 * SHARE);
const FUZZ_RUNS = Math.floor(20_000 * SHARE);
/** A batch of calls takes a second at most: longer means a loop without end. */
const HANG_MS = 120_000;

const sources = join(root, "firmware", "core", "kernels");
const corpus = join(root, "test", "fuzz", "corpus", "kernels");
const strict = [
  "-std=c99",
  "-pedantic",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wconversion",
  "-Wshadow",
  "-Wcast-align",
];
const sanitizers = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

const folder = mkdtempSync(join(tmpdir(), "thimble-kernels-"));
// Not a hook of node:test: those do not run when the build below fails.
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const cFiles = (): string[] =>
  readdirSync(sources)
    .filter((file) => file.endsWith(".c"))
    .sort()
    .map((file) => join(sources, file));

const harnessSource = join(root, "firmware", "fuzz", "kernels_harness.c");

async function succeed(command: readonly string[], input?: Uint8Array): Promise<ProcessResult> {
  const result = await runProcess(command, input);
  assert.equal(result.status, 0, `${command.join(" ")}\n${result.stderr}`);
  return result;
}

async function buildHarness(): Promise<string> {
  const compiler = await findCompiler();
  assert.ok(compiler, "expected a C compiler (CC, cc, gcc or clang), found none");
  const path = join(folder, "kernels_harness");
  await succeed([...compiler.command, ...strict, ...sanitizers, ...cFiles(), harnessSource, "-o", path]);
  return path;
}

interface Native {
  readonly path: string;
  /** Names without prefix and version, in the order of the table. */
  readonly kernels: readonly string[];
}

/** A block as a struct of C has it: filled up to its alignment. */
const padded = (block: Uint8Array): Uint8Array => Buffer.concat([block, Buffer.alloc(-block.length & 3)]);

function encodeCall({ kernels }: Native, { kernel, values, memory, constants }: Call): Uint8Array[] {
  const head = [kernels.indexOf(kernel), memory.length, constants];
  const block = padded(encodeBlock(loadKernel(kernel), values));
  return [new Uint8Array(Int32Array.from(head).buffer), block, memory];
}

const describeCall = ({ kernel, values, origin }: Call): string => `${kernel}(${values}), ${origin}`;

/** The memory after each call, or undefined where the kernel refused it. */
async function runNative(native: Native, calls: readonly Call[]): Promise<(Uint8Array | undefined)[]> {
  const input = Buffer.concat(calls.flatMap((call) => encodeCall(native, call)));
  const { status: exit, stdout, stderr } = await runProcess([native.path], input, { timeoutMs: HANG_MS });
  let at = 0;
  const results = calls.map((call) => {
    // The harness writes an answer before it reads the next call, so this is where it was stopped.
    if (at === stdout.length) return assert.fail(`${describeCall(call)}\n${stderr}`);
    const status = stdout.readInt32LE(at);
    at += 4;
    assert.ok(status === 0 || status === -1, `${describeCall(call)}: status ${status}`);
    if (status === -1) return undefined;
    at += call.memory.length;
    return stdout.subarray(at - call.memory.length, at);
  });
  assert.deepEqual([at, exit], [stdout.length, 0], stderr);
  return results;
}

const machine = await kernelMachine();
const valid = validCalls(machine, SEED, VALID_PER_KERNEL);
const path = await buildHarness();
const list = (await succeed([path, "--list"])).stdout.toString("utf8").trim().split("\n");
const native: Native = { path, kernels: list.map((line) => /^kernel\.(\w+)\.\d+ /.exec(line)![1]!) };

/** Fails at the first call that leaves another memory than its twin does, scratch excepted. */
function expectTwin(call: Call, found: Uint8Array): void {
  const expected = runTwin(machine, call);
  const { begin, end } = scratchOf(call);
  if (end > begin) expected.set(found.subarray(begin, end), begin);
  if (Buffer.compare(expected, found) === 0) return;
  const at = expected.findIndex((byte, i) => byte !== found[i]);
  assert.fail(`${describeCall(call)}: byte ${at}: expected ${expected[at]}, found ${found[at]}`);
}

/** How many of the calls the native kernels accept; those must leave what their twins leave. */
async function expectTwins(calls: readonly Call[]): Promise<number> {
  const found = await runNative(native, calls);
  calls.forEach((call, i) => {
    const memory = found[i];
    // What is refused may be anything, a loop without end in the twin among it.
    if (memory) expectTwin(call, memory);
  });
  return found.filter((memory) => memory).length;
}

async function expectAccepted(calls: readonly Call[]): Promise<void> {
  const found = await runNative(native, calls);
  calls.forEach((call, i) => {
    const memory = found[i];
    assert.ok(memory, `${describeCall(call)}: refused`);
    expectTwin(call, memory);
  });
}

const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Names of the fields of a struct, with arrays spelt out, as an AssemblyScript kernel names its parameters. */
function structFields(file: string, head: string): string[] {
  const text = readFileSync(join(sources, file), "utf8");
  const body = text.split(`${head} {\n`)[1]!.split("}")[0]!;
  return [...body.matchAll(/(\w+)(?:\[(\d)\])?[,;]/g)].flatMap(([, name, size]) =>
    size === undefined
      ? [camelCase(name!)]
      : Array.from({ length: Number(size) }, (_, i) => `${camelCase(name!)}${i}`),
  );
}

describe("table of native kernels", () => {
  test("has kernels with their versions and the bytes of their blocks", () => {
    const expected = nativeKernelNames().map(loadKernel);
    assert.deepEqual(
      list,
      expected.map((kernel) => `${exportName(kernel)} ${(kernel.block.bytes + 3) & -4}`),
    );
  });

  test("add_s8 and mul_s8 begin with what they share", () => {
    const shared = structFields("elementwise.h", "typedef struct thimble_elementwise");
    for (const name of ["add_s8", "mul_s8"])
      assert.deepEqual(loadKernel(name).parameters.slice(0, shared.length), shared);
  });

  test("kernels can be left out, all of them too", async () => {
    const compiler = await findCompiler();
    const text = readFileSync(join(sources, "table.c"), "utf8");
    const macros = [...new Set([...text.matchAll(/^#ifndef (\w+)$/gm)].map((match) => `-D${match[1]!}`))];
    assert.equal(macros.length, new Set(native.kernels.map(plainKernel)).size);
    const bare = join(folder, "bare");
    const files = [join(sources, "table.c"), harnessSource];
    // Only the table is linked: nothing may refer to a kernel that was left out.
    await succeed([...compiler!.command, ...strict, ...macros, ...files, "-o", bare]);
    assert.equal((await succeed([bare, "--list"])).stdout.length, 0);
  });
});

test("sums become bytes by the short ways as by the long one", async () => {
  const compiler = await findCompiler();
  const program = join(folder, "kernels_output");
  const files = [join(sources, "output.c"), join(root, "firmware", "fuzz", "kernels_output.c")];
  await succeed([...compiler!.command, ...strict, ...sanitizers, ...files, "-o", program]);
  const { status, stdout } = await runProcess([program]);
  const report = stdout.toString("utf8");
  assert.equal(status, 0, report);
  assert.ok(Number(report) > 10_000_000, report);
});

describe("native kernels leave the memory that their twins leave", () => {
  for (const [name, calls] of valid) {
    test(`${name}, ${VALID_PER_KERNEL} calls or more`, async () => {
      assert.ok(calls.length >= VALID_PER_KERNEL);
      await expectAccepted(calls);
    });
  }

  for (const name of nativeKernelNames().filter((kernel) => loadKernel(kernel).parameters.includes("bias"))) {
    if (name !== plainKernel(name)) continue;
    test(`${name}, ${PER_LAYER_KERNEL} calls of any numbers`, async () => {
      await expectAccepted(layerCalls(name, SEED, PER_LAYER_KERNEL));
    });
  }

  test("conv2d_w4_s8 with 16 to 64 terms, the sums of some channels as large as can be, and as small", async () => {
    const { parameters } = loadKernel("conv2d_w4_s8");
    const number = ({ values }: Call, name: string): number => values[parameters.indexOf(name)]!;
    const termsOf = (call: Call): number =>
      number(call, "kernelHeight") * number(call, "kernelWidth") * number(call, "inputChannels");
    const long = layerCalls("conv2d_w4_s8", SEED, PER_LAYER_KERNEL).filter((call) => termsOf(call) > 15);
    const calls = long.flatMap((call) =>
      [0x80, 0x7f].map((input) => {
        const memory = Uint8Array.from(call.memory);
        memory.fill(input, number(call, "input"), number(call, "output"));
        // Codes 0 and 15 are weights of -8 and 7: every word alike, with bits that tell channels apart.
        memory.subarray(number(call, "weights"), number(call, "bias")).forEach((_, i, weights) => {
          weights[i] = [0x00, 0xf0, 0x0f, 0xff, 0x00, 0x0f, 0xff, 0xf0][i % 8]!;
        });
        return { ...call, memory };
      }),
    );
    assert.ok(calls.length > 100, `${calls.length} calls`);
    await expectAccepted(calls);
  });

  test("softmax_s8 over long rows of nearly equal values", async () => {
    const depths = [511, 512, 513, 1024, 4095, 5000, 40_000];
    const calls = depths.map((depth) => ({
      kernel: "softmax_s8",
      values: [0, depth, 1, depth, 2 ** 30, -248, 20],
      memory: new Uint8Array(depth * 2).map((_, i) => (i % 97 === 0 ? 125 : 127)),
      constants: 2 * depth,
      origin: `depth ${depth}`,
    }));
    await expectAccepted(calls);
  });

  test("lookup_s8, add_s8, mul_s8 and softmax_s8 in place", async () => {
    const calls = ["lookup_s8", "add_s8", "mul_s8", "softmax_s8"].flatMap((kernel) => {
      const output = loadKernel(kernel).parameters.indexOf("output");
      return valid
        .get(kernel)!
        .map((call) => ({ ...call, values: call.values.with(output, call.values[0]!) }));
    });
    const accepted = await expectTwins(calls);
    assert.ok(accepted > calls.length / 2, `expected most to be accepted, found ${accepted}`);
  });
});

describe("wrong arguments are refused, or mean the same as to the twin", () => {
  test(`${WRONG} random ones`, async () => {
    const accepted = await expectTwins(wrongCalls(valid, SEED, WRONG));
    assert.ok(accepted > WRONG / 10, `expected some to be accepted, found ${accepted} of ${WRONG}`);
    assert.ok(
      accepted < (WRONG * 9) / 10,
      `expected some to be refused, found ${WRONG - accepted} of ${WRONG}`,
    );
  });

  test("what is written overlaps nothing else", async () => {
    const tables = ["weights", "bias", "multiplier", "shift"];
    const overlaps = [
      ...["scratch", ...tables].map((other) => ["output", other]),
      ...["input", "output", ...tables].map((other) => ["scratch", other]),
    ];
    for (const kernel of ["conv2d_s8", "depthwise_conv2d_s8", "conv2d_s16"]) {
      const { parameters } = loadKernel(kernel);
      const at = (name: string): number => parameters.indexOf(name);
      const gathering = layerCalls(kernel, SEED, 400).filter((call) => {
        const { begin, end } = scratchOf(call);
        return end > begin && call.values[at("input")] !== call.values[at("output")];
      });
      const wrong = gathering.flatMap((call) =>
        overlaps.map(([written, other]) => ({
          ...call,
          values: call.values.with(at(written!), call.values[at(other!)]!),
          origin: `${written} on ${other} in ${call.origin}`,
        })),
      );
      assert.ok(gathering.length > 100);
      assert.equal(await expectTwins(wrong), 0);
    }
  });

  test("output and input are the same where each is read before it is written, and nowhere else", async () => {
    for (const kernel of ["conv2d_s8", "depthwise_conv2d_s8", "conv2d_s16"]) {
      const { parameters } = loadKernel(kernel);
      const [input, output] = [parameters.indexOf("input"), parameters.indexOf("output")];
      const right = layerCalls(kernel, SEED, 400).filter(({ values }) => values[input] === values[output]);
      assert.ok(right.length > 10, `${kernel}: expected some calls in place, found ${right.length}`);
      await expectAccepted(right);
      const calls = layerCalls(kernel, SEED, 400).map((call) => ({
        ...call,
        values: call.values.with(output, call.values[input]!),
      }));
      const accepted = await expectTwins(calls);
      assert.ok(accepted < calls.length / 2, `${kernel}: expected most to be refused, found ${accepted}`);
    }
  });

  // No sanitizer sees it here, but on some microcontrollers such a load traps.
  test("arrays of int32 that are not aligned are refused", async () => {
    const names = nativeKernelNames().filter((name) => loadKernel(name).parameters.includes("bias"));
    const calls = names.flatMap((name) => {
      const { parameters } = loadKernel(name);
      const arrays = plainKernel(name) === "fully_connected_s8" ? ["bias"] : ["bias", "multiplier"];
      return arrays.flatMap((array) => {
        const [call, at] = [valid.get(name)![0]!, parameters.indexOf(array)];
        return [1, 2, 3].map((offset) => ({ ...call, values: call.values.with(at, 16 + offset) }));
      });
    });
    assert.equal(names.length, 16);
    assert.equal(await expectTwins(calls), 0);
  });

  test("every edge in every position", async () => {
    const calls = edgeCalls(valid);
    const accepted = await expectTwins(calls);
    assert.ok(accepted > 0 && accepted < calls.length);
  });
});

test(`fuzzing, ${FUZZ_RUNS} runs from the corpus`, async (t) => {
  const fuzzer = await findFuzzer(folder);
  if ("reason" in fuzzer) return t.skip(fuzzer.reason);
  const path = join(folder, "kernels_fuzz");
  const source = join(root, "firmware", "fuzz", "kernels_fuzz.c");
  const sanitize = ["-O1", "-g", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"];
  await succeed([fuzzer.clang, ...strict, ...sanitize, ...cFiles(), source, "-o", path]);
  const options = [
    `-runs=${FUZZ_RUNS}`,
    `-seed=${SEED}`,
    "-max_len=2048",
    "-verbosity=0",
    `-artifact_prefix=${folder}/`,
  ];
  // What it finds goes to the first folder, which is a new one: the committed corpus stays as it is.
  const finds = mkdtempSync(join(folder, "finds-"));
  await succeed([path, ...options, finds, corpus]);
});

// Where this fails, test/firmware/fuzz/kernels_corpus.ts writes the corpus anew.
test("the corpus has a call of every kernel, and the kernels accept all of it", async () => {
  const calls = readdirSync(corpus).map((file): Call => {
    const data = readFileSync(join(corpus, file));
    const kernel = native.kernels[data[0]!]!;
    const loaded = loadKernel(kernel);
    const head = 3 + padded(new Uint8Array(loaded.block.bytes)).length;
    const values = decodeBlock(loaded, data.subarray(3));
    return { kernel, values, memory: data.subarray(head), constants: data.readUInt16LE(1), origin: file };
  });
  assert.deepEqual([...new Set(calls.map(({ kernel }) => kernel))].sort(), native.kernels.toSorted());
  await expectAccepted(calls);
});
