/** Damaged descriptors: no byte of them is read where there is none, and host and device make the same of each. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { ModelError } from "../../../host/ir/graph.ts";
import { readDescriptor } from "../../../host/module/descriptor.ts";
import type { BorderTensor } from "../../../host/ops/border.ts";
import { key, play, publicHex, STATUS } from "../../support/signed_images.ts";
import { described, example } from "./values_borders.ts";
import { mutant } from "./values_hostile.ts";
import { imageOf } from "./values_script.ts";

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

/** Inputs of two features, of which one thing is wrong. */
const WRONG: readonly (readonly [string, Partial<BorderTensor>])[] = [
  ["a zero point below int8", { zeroPoint: -129 }],
  ["a zero point above int8", { zeroPoint: 128 }],
  ["a zero point below uint8", { dtype: "uint8", zeroPoint: -1 }],
  ["a zero point above uint8", { dtype: "uint8", zeroPoint: 256 }],
  ["a zero point below int16", { dtype: "int16", zeroPoint: -32_769 }],
  ["a zero point above int16", { dtype: "int16", zeroPoint: 32_768 }],
  ["a zero point of int32 below 0", { dtype: "int32", zeroPoint: -1 }],
  ["a zero point of int32 above 0", { dtype: "int32", zeroPoint: 1 }],
  ["fewer names than features", { features: ["a"] }],
  ["more names than features", { features: ["a", "b", "c"] }],
];

const right: BorderTensor = {
  name: "x",
  dtype: "int8",
  source: "float32",
  shape: [2],
  scale: 1,
  zeroPoint: 0,
  features: ["a", "b"],
};

/** A module whose input is described so; its output is right. */
function moduleOf(input: BorderTensor): Uint8Array {
  const { features: _, ...output } = { ...right, dtype: input.dtype };
  return described({ inputs: [input], outputs: [output] });
}

describe("a descriptor is refused by host and device for", { skip }, () => {
  for (const [fault, change] of WRONG)
    test(fault, async () => {
      const program = await buildPosix({ sanitize: true });
      const statusOf = async (module: Uint8Array): Promise<number> => {
        const commands = [`keys ${publicHex(key)}`, imageOf(module), "open 0 0", "describe 0 input 0"];
        return Number((await play(program, commands)).at(-1)!.split(" ")[0]);
      };
      const { dtype = "int8" } = change;
      assert.equal(await statusOf(moduleOf({ ...right, dtype })), 0);
      const wrong = moduleOf({ ...right, ...change });
      assert.throws(() => readDescriptor(wrong), ModelError);
      assert.equal(await statusOf(wrong), STATUS.DESCRIPTOR);
    });
});
