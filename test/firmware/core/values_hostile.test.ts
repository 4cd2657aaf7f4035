/** Damaged descriptors: no byte of them is read where there is none, and host and device make the same of each. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { key, play, publicHex, STATUS } from "../../support/signed_images.ts";
import { example } from "./values_borders.ts";
import { mutant } from "./values_hostile.ts";

const EXAMPLES = fc.sample(example, { numRuns: 40, seed: 16 });
const MUTANTS = 400;

const skip =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";

test(`${MUTANTS} damaged descriptors are read alike by host and device`, { skip }, async () => {
  const program = await buildPosix({ sanitize: true });
  const mutants = Array.from({ length: MUTANTS }, (_, i) => mutant(EXAMPLES[i % EXAMPLES.length]!, `${i}`));
  const commands = [`keys ${publicHex(key)}`, ...mutants.flatMap((each) => each.commands)];
  const found = (await play(program, commands)).slice(1);
  let at = 0;
  let [refused, read] = [0, 0];
  for (const [i, { commands: own, answers }] of mutants.entries()) {
    const mine = found.slice(at, at + own.length);
    at += own.length;
    if (answers === undefined) {
      refused++;
      const statuses = mine.slice(-2).map((line) => Number(line.split(" ")[0]));
      assert.ok(statuses.includes(STATUS.DESCRIPTOR), `mutant ${i}: refused by the host alone: ${mine}`);
    } else if (answers.length > 0) {
      read++;
      assert.deepEqual(mine, answers, `mutant ${i}`);
    }
  }
  assert.ok(refused > MUTANTS / 4 && read > MUTANTS / 10, `refused ${refused}, read ${read}`);
});
