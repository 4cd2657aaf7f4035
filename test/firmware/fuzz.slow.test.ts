/** The libFuzzer harnesses of the firmware for longer, and each with several seeds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scratchFolder } from "../support/folders.ts";
import { buildFuzzer, findFuzzer, fuzz, writeModuleCorpus } from "./fuzz/fuzzer.ts";
import { writeValuesCorpus } from "./fuzz/values_corpus.ts";

const SEEDS = [1, 2, 3, 4];
const MODULES = 400;

const scratch = scratchFolder();
const fuzzer = await findFuzzer(scratch);
const skip = "reason" in fuzzer ? fuzzer.reason : false;

for (const [target, runs] of [
  ["image", 2_000_000],
  ["kernels", 500_000],
  ["ddi", 500_000],
  ["journal", 50_000],
  ["modules", 500_000],
  ["values", 1_000_000],
] as const) {
  test(`${target}: ${SEEDS.length} times ${runs} inputs from the corpus`, { skip }, async () => {
    assert.ok("clang" in fuzzer);
    const program = await buildFuzzer(fuzzer.clang, target, scratch);
    const corpora = {
      modules: () => writeModuleCorpus(scratch, MODULES),
      values: () => writeValuesCorpus(scratch),
    };
    const corpus = target in corpora ? corpora[target as keyof typeof corpora]() : undefined;
    for (const seed of SEEDS) await fuzz(program, target, runs, seed, scratch, corpus);
  });
}
