/** The fuzzers of what a server sends and of the journal, briefly; test/firmware/fuzz.slow.test.ts runs them for longer. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { wasmAvailability } from "../../../host/firmware/wasm_build.ts";
import { scratchFolder } from "../../support/folders.ts";
import { otaCorpus } from "./ddi_corpus.ts";
import { buildFuzzer, corpusFolder, findFuzzer, fuzz } from "./fuzzer.ts";

const SEED = 30;

const scratch = scratchFolder();
const fuzzer = await findFuzzer(scratch);
const skip = "reason" in fuzzer ? fuzzer.reason : false;
const core = await wasmAvailability();
const noCore = core.available ? false : `${core.reason}: ${core.install}`;

describe("what a server sends, and the journal", () => {
  test("the corpora are what is written for them", { skip: noCore }, async () => {
    for (const [target, expected] of await otaCorpus()) {
      const folder = corpusFolder(target);
      assert.deepEqual(readdirSync(folder).sort(), [...expected.keys()].sort());
      for (const [name, bytes] of expected) {
        assert.ok(
          readFileSync(join(folder, name)).equals(bytes),
          `${name}: run dist/test/firmware/fuzz/ddi_corpus.js`,
        );
      }
    }
  });

  for (const [target, runs] of [
    ["ddi", 60_000],
    ["journal", 10_000],
  ] as const) {
    test(`${target}: ${runs} inputs from the corpus`, { skip }, async () => {
      assert.ok("clang" in fuzzer);
      await fuzz(await buildFuzzer(fuzzer.clang, target, scratch), target, runs, SEED, scratch);
    });
  }
});
