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
import { ModelError, toBytes } from "../../../host/ir/graph.ts";
import { decodeDescriptor, encodeDescriptor, readDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_HEADER_PATH, descriptorHeader } from "../../../host/module/descriptor_header.ts";
import { type Borders, dequantizeBytes, quantizeInput } from "../../../host/ops/border.ts";
import { type Decided, decideOutputs } from "../../../host/ops/border_decision.ts";
import { flashOf } from "../../../host/runtime/engines/qemu.ts";
import { key, makeImage, play, publicHex, STATUS } from "../../support/signed_images.ts";
import { described, type Example, example } from "./values_borders.ts";

const SEED = 15;
const EXAMPLES = 150;

const missing =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";
const emulator = await firmwareAvailability();
const noEmulator = emulator.available
  ? false
  : `qemu is missing: ${emulator.reason}; install: ${emulator.install}`;

const examples: readonly Example[] = fc.sample(example, { numRuns: EXAMPLES, seed: SEED });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const float = (value: number): string => hex(toBytes(Float32Array.of(value)));
const imageOf = (module: Uint8Array): string => `image 0 ${hex(makeImage({ body: module }))}`;

let program = "";
before(async () => {
  if (missing === false) program = await buildPosix({ sanitize: true });
});

/** The raw input, or undefined where a value is missing that the model does not know of. */
function rawOf({ borders, values }: Example): Uint8Array | undefined {
  try {
    return quantizeInput(values, borders.inputs[0]!);
  } catch (error) {
    assert.ok(error instanceof ModelError);
    return undefined;
  }
}

const isAutoencoder = ({ outputs }: Borders): boolean => outputs[0]!.decision === "error";

const decisionText = (decided: Decided | undefined): string =>
  decided ? `0 ${decided.classNumber} ${float(decided.score)} ${decided.label ?? "-"}` : "-1 0 00000000 -";

/** Commands about an example, and what the host's own codec answers. */
function script(one: Example): { readonly commands: string[]; readonly answers: string[] } {
  const { borders, values } = one;
  const raw = rawOf(one);
  const [output] = borders.outputs;
  const open = [imageOf(described(borders)), "open 0 0", `write 0 0 ${hex(toBytes(values))}`];
  if (!raw) return { commands: open, answers: ["0", "0", String(STATUS.ARGUMENT)] };
  const real = dequantizeBytes(raw, output!);
  const compared = isAutoencoder(borders) ? ` ${hex(toBytes(values))}` : "";
  return {
    commands: [...open, "input 0 0", "invoke_written 0", "read 0 0", `decide 0${compared}`],
    answers: [
      "0",
      "0",
      "0",
      `0 ${hex(raw)}`,
      `0 ${hex(raw)}`,
      `0 ${hex(toBytes(real))}`,
      decisionText(decideOutputs(borders, [raw], values)),
    ],
  };
}

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
    const scripts = examples.map(script);
    const commands = [`keys ${publicHex(key)}`, ...scripts.flatMap((each) => each.commands)];
    const found = (await play(program, commands)).slice(1);
    let at = 0;
    for (const [i, { answers }] of scripts.entries()) {
      assert.deepEqual(found.slice(at, at + answers.length), answers, JSON.stringify(examples[i]));
      at += answers.length;
    }
    assert.ok(
      scripts.some(({ answers }) => answers.length === 3),
      "some values are missing",
    );
    assert.ok(scripts.filter(({ answers }) => answers.length > 3).length > EXAMPLES / 2);
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
