/**
 * Real values in and out of a model: the C of a device and the host's TypeScript give the same bits for borders and
 * values of every kind, and what is wrong in a descriptor ends in a status.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import { runFirmware } from "../../../host/firmware/qemu_run.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { generateKey, rawPublicKey } from "../../../host/image/keys.ts";
import { toBytes } from "../../../host/ir/graph.ts";
import { decodeDescriptor, encodeDescriptor, readDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_HEADER_PATH, descriptorHeader } from "../../../host/module/descriptor_header.ts";
import { type BorderTensor, dequantizeBytes } from "../../../host/ops/border.ts";
import { decideOutputs } from "../../../host/ops/border_decision.ts";
import { flashOf } from "../../../host/runtime/engines/qemu.ts";
import { key, play, publicHex } from "../../support/signed_images.ts";
import { described, type Example, example } from "./values_borders.ts";
import { isAutoencoder, rawOf, script } from "./values_script.ts";

const SEED = 15;
const EXAMPLES = 150;

const missing =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";
const emulator = await firmwareAvailability();
const noEmulator = emulator.available
  ? false
  : `qemu is missing: ${emulator.reason}; install: ${emulator.install}`;

const examples: readonly Example[] = fc.sample(example, { numRuns: EXAMPLES, seed: SEED });
let program = "";
before(async () => {
  if (missing === false) program = await buildPosix({ sanitize: true });
});

describe("the descriptor", () => {
  test("is read back as it was written", () => {
    for (const { borders } of examples) {
      const bytes = encodeDescriptor(borders);
      assert.deepEqual(decodeDescriptor(bytes), borders);
      assert.deepEqual(readDescriptor(described(borders)), borders);
    }
  });

  test("has the same numbers in C", () => {
    assert.equal(
      readFileSync(DESCRIPTOR_HEADER_PATH, "utf8"),
      descriptorHeader(),
      "run node dist/host/module/descriptor_header.js",
    );
  });
});

describe("values on this machine", { skip: missing }, () => {
  test(`of ${EXAMPLES} random borders have the bits of the host's`, async () => {
    const scripts = examples.map((one) => script(one));
    const commands = [`keys ${publicHex(key)}`, ...scripts.flatMap((each) => each.commands)];
    const found = (await play(program, commands)).slice(1);
    let at = 0;
    for (const [i, { answers }] of scripts.entries()) {
      assert.deepEqual(found.slice(at, at + answers.length), answers, JSON.stringify(examples[i]));
      at += answers.length;
    }
    const refused = scripts.filter(({ isRefused }) => isRefused);
    assert.ok(refused.length > 0 && refused.length < EXAMPLES / 2, "some values are missing");
  });
});

/** An input of these values at a scale of 1, echoed by the output. */
function exactly(values: readonly number[], output: Partial<BorderTensor>): Example {
  const shared = { dtype: "int8", source: "float32", shape: [values.length], zeroPoint: 0 } as const;
  return {
    borders: {
      task: "classification",
      inputs: [{ ...shared, name: "x", scale: 1 }],
      outputs: [{ ...shared, name: "y", scale: 1, ...output }],
    },
    values: Float32Array.from(values),
  };
}

/** The device's answers about an example, command by command; they are the host's. */
async function answersOf(one: Example): Promise<readonly string[]> {
  const { commands, answers } = script(one);
  const found = (await play(program, [`keys ${publicHex(key)}`, ...commands])).slice(1);
  assert.deepEqual(found, answers);
  return found;
}

describe("values between two integers, and between two classes", { skip: missing }, () => {
  test("a half goes away from zero", async () => {
    const found = await answersOf(exactly([0.5, 1.5, -0.5, -1.5], {}));
    assert.ok(found.includes("0 0102fffe"), `${found}`);
  });

  test("a value on the threshold is not above it", async () => {
    const above = { scale: 0.5, decision: "above", threshold: 1.5 } as const;
    assert.match((await answersOf(exactly([3], above))).at(-1)!, /^0 0 /);
    assert.match((await answersOf(exactly([4], above))).at(-1)!, /^0 1 /);
    const second = { ...above, decision: "second" } as const;
    assert.match((await answersOf(exactly([0, 3], second))).at(-1)!, /^0 0 /);
    assert.match((await answersOf(exactly([0, 4], second))).at(-1)!, /^0 1 /);
  });
});

describe("values on rv32 without a floating-point unit", { skip: noEmulator }, () => {
  const signer = generateKey();
  // One start of the emulator takes half a second.
  for (const [i, one] of examples
    .filter((each) => rawOf(each) && !isAutoencoder(each.borders))
    .slice(0, 4)
    .entries())
    test(`example ${i + 1} has the bits of the host's`, async () => {
      const raw = rawOf(one)!;
      const result = await runFirmware({
        flash: flashOf(described(one.borders), signer),
        keys: [rawPublicKey(signer)],
        vectors: [[toBytes(one.values)]],
        real: true,
        build: { flags: ["-DREQUEST_VALUES"] },
      });
      assert.equal(result.status, 0, result.statusText);
      assert.deepEqual(result.outputs, [[toBytes(dequantizeBytes(raw, one.borders.outputs[0]!))]]);
      const decided = decideOutputs(one.borders, [raw]);
      assert.deepEqual(result.decisions, decided ? [decided] : []);
    });
});
