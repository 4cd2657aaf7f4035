/** The heap of a model: firmware/fuzz/heap_fuzz.c says what has to hold, whatever is asked of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { buildFuzzer, findFuzzer, fuzz } from "../fuzz/fuzzer.ts";

const RUNS = 20_000;
const SEED = 30;

const scratch = scratchFolder();
const fuzzer = await findFuzzer(scratch);
const skip = "reason" in fuzzer ? fuzzer.reason : false;

test(`${RUNS} lists of allocations keep to the heap, and lose none of it`, { skip }, async () => {
  assert.ok("clang" in fuzzer);
  await fuzz(await buildFuzzer(fuzzer.clang, "heap", scratch), "heap", RUNS, SEED, scratch);
});
