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
import { TASK_CODES, TYPE_CODES } from "../../../host/module/descriptor_table.ts";
import { type Borders, type BorderTensor, dequantizeBytes, quantizeInput } from "../../../host/ops/border.ts";
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

/** What thimble_describe_input and thimble_describe_output say, as the program prints it. */
function descriptionText(tensor: BorderTensor): string {
  const { name, unit = "-", dtype, scale, zeroPoint, shape, features, labels, stream } = tensor;
  const { sampleRate = 0, channels = 0, hop = 0 } = stream ?? {};
  const types = `${TASK_CODES.classification} ${TYPE_CODES[dtype]} ${TYPE_CODES.float32}`;
  const names = (features ?? labels)?.length ?? 0;
  return `0 ${name} ${unit} ${types} ${float(scale)} ${zeroPoint} ${names} ${sampleRate} ${channels} ${hop} [${shape}]`;
}

/** What is known of the last feature of an example's input, by its place and by its name. */
function featureScript({ inputs: [input] }: Borders) {
  const { shape, features = [], unit = "-", units } = input!;
  const place = (shape.at(-1) ?? 1) - 1;
  const name = features[place];
  const commands = [`unit 0 0 ${place}`, ...(name ? [`feature 0 0 ${name}`, `feature 0 0 ${name}?`] : [])];
  const answers = [
    units?.[place] || unit,
    ...(name ? [`0 ${features.indexOf(name)}`, `${STATUS.ARGUMENT} 0`] : []),
  ];
  return { commands, answers };
}

/** Commands about an example, and what the host's own codec answers. */
function script(one: Example) {
  const { borders, values } = one;
  const raw = rawOf(one);
  const [output] = borders.outputs;
  const feature = featureScript(borders);
  const open = [
    imageOf(described(borders)),
    "open 0 0",
    "describe 0 input 0",
    "describe 0 output 0",
    ...feature.commands,
    `write 0 0 ${hex(toBytes(values))}`,
  ];
  const opened = [
    "0",
    "0",
    descriptionText(borders.inputs[0]!),
    descriptionText(output!),
    ...feature.answers,
  ];
  if (!raw) return { commands: open, answers: [...opened, String(STATUS.ARGUMENT)], isRefused: true };
  const real = dequantizeBytes(raw, output!);
  const compared = isAutoencoder(borders) ? ` ${hex(toBytes(values))}` : "";
  return {
    commands: [...open, "input 0 0", "invoke_written 0", "read 0 0", `decide 0${compared}`],
    isRefused: false,
    answers: [
      ...opened,
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
    const refused = scripts.filter(({ isRefused }) => isRefused);
    assert.ok(refused.length > 0 && refused.length < EXAMPLES / 2, "some values are missing");
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
