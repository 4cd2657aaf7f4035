/**
 * Writes test/fuzz/corpus/kernels, what the fuzzer of the native kernels starts from: the calls of each
 * kernel that take the least memory. `node dist/test/firmware/fuzz/kernels_corpus.js` after a build, whenever
 * the table of native kernels changes.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeBlock } from "../../../host/compiler/plan/blocks.ts";
import { loadKernel } from "../../../host/compiler/plan/kernels.ts";
import { root } from "../../../host/root.ts";
import { kernelMachine, nativeKernelNames } from "../../ops/lowering/machine.ts";
import { validCalls } from "../core/kernel_calls.ts";

const SEED = 1;
const CALLS = 100;
const KEPT = 3;
/** Calls of some size, or all would have one value and one channel. */
const MEMORY_BYTES = { min: 200, max: 2600 };

const target = join(root, "test", "fuzz", "corpus", "kernels");
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });

const valid = validCalls(await kernelMachine(), SEED, CALLS);
// The order of the table in firmware/core/kernels/table.c.
nativeKernelNames().forEach((name, number) => {
  const short = valid.get(name)!.filter(({ memory }) => memory.length <= MEMORY_BYTES.max);
  const usual = short.filter(({ memory }) => memory.length >= MEMORY_BYTES.min);
  // Some kernels' calls are all small.
  const calls = usual.length > 0 ? usual : short.toSorted((a, b) => b.memory.length - a.memory.length);
  calls.slice(0, KEPT).forEach(({ values, memory, constants }, i) => {
    const block = encodeBlock(loadKernel(name), values);
    const head = Buffer.from([number, constants & 0xff, constants >> 8]);
    // As a struct of C has it: filled up to its alignment.
    const bytes = Buffer.concat([head, block, Buffer.alloc(-block.length & 3), memory]);
    writeFileSync(join(target, `${name}_${i}`), bytes);
  });
});
