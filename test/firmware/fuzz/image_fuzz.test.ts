/** The fuzzer of the image parser and the module scan, briefly; fuzz.slow.test.ts runs it for longer. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { scratchFolder } from "../../support/folders.ts";
import { buildFuzzer, corpusFolder, findFuzzer, fuzz } from "./fuzzer.ts";
import { imageCorpus } from "./image_corpus.ts";

const RUNS = 100_000;
const SEED = 30;

const scratch = scratchFolder();
const fuzzer = await findFuzzer(scratch);
const skip = "reason" in fuzzer ? fuzzer.reason : false;

describe("the image parser and the module scan", () => {
  test("the corpus is what is written for it", () => {
    const expected = imageCorpus();
    const folder = corpusFolder("image");
    assert.deepEqual(readdirSync(folder).sort(), [...expected.keys()].sort());
    for (const [name, bytes] of expected) {
      assert.ok(
        readFileSync(join(folder, name)).equals(bytes),
        `${name}: run test/firmware/fuzz/image_corpus.ts`,
      );
    }
  });

  test(`${RUNS} inputs from the corpus`, { skip }, async () => {
    assert.ok("clang" in fuzzer);
    await fuzz(await buildFuzzer(fuzzer.clang, "image", scratch), "image", RUNS, SEED, scratch);
  });
});
