/** The fuzzer of descriptors and of what converts by them, briefly; fuzz.slow.test.ts runs it for longer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { buildFuzzer, findFuzzer, fuzz } from "./fuzzer.ts";
import { writeValuesCorpus } from "./values_corpus.ts";

const RUNS = 50_000;
const SEED = 15;

const scratch = scratchFolder();
const fuzzer = await findFuzzer(scratch);
const skip = "reason" in fuzzer ? fuzzer.reason : false;

test(`${RUNS} descriptors end in values or a status`, { skip }, async () => {
  assert.ok("clang" in fuzzer);
  const program = await buildFuzzer(fuzzer.clang, "values", scratch);
  await fuzz(program, "values", RUNS, SEED, scratch, writeValuesCorpus(scratch));
});
