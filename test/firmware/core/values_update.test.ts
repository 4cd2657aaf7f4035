/**
 * A new model over the air whose scales, columns and labels are others, under firmware that knows nothing but the names of
 * its sensors: the host's answers, on this machine, on a simulated device, and on an emulated one.
 */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import { runFirmware } from "../../../host/firmware/qemu_run.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { powerOn } from "../../../host/fleet/simulator/qemu_device.ts";
import { availability, Device } from "../../../host/fleet/simulator/simulator.ts";
import { toBytes } from "../../../host/ir/graph.ts";
import { readMetadata } from "../../../host/module/metadata.ts";
import type { Decided } from "../../../host/ops/border_decision.ts";
import { thimble } from "../../support/command.ts";
import { scratchFolder } from "../../support/folders.ts";
import { BASE, scriptedServer } from "../../support/scripted_server.ts";
import { key, play, publicHex } from "../../support/signed_images.ts";
import { makeFlash } from "../port/qemu-riscv32/interrupted_update.ts";
import { COLUMNS, NAMES, type Readings, SAMPLES, type WineModel, wineModels } from "./values_wine.ts";

const folder = scratchFolder();
const noCompiler =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";
const simulator = await availability();
const emulator = await firmwareAvailability();
const install = (found: typeof emulator): string | false =>
  found.available ? false : `${found.reason}: ${found.install}`;

const publicKey = new Uint8Array(Buffer.from(publicHex(key), "hex"));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const float = (value: number): string => hex(toBytes(Float32Array.of(value)));
const decisionText = ({ classNumber, score, label }: Decided): string =>
  `0 ${classNumber} ${float(score)} ${label}`;

let models: readonly [WineModel, WineModel];
let expected: readonly [Decided[], Decided[]];

before(async () => {
  models = wineModels(folder);
  const [first, second] = await Promise.all(
    models.map((model) => Promise.all(SAMPLES.map(({ readings }) => model.decide(readings)))),
  );
  expected = [first!, second!];
});

/** The values of an input in the model's own order, as its descriptor has it. */
const inOrder = ({ module }: WineModel, readings: Readings): Float32Array =>
  Float32Array.from(readMetadata(module).inputs[0]!.features!, (name) => readings[name]!);

test("the models know their wines, and have nothing in common but the task", () => {
  for (const [i, decided] of expected.entries()) {
    const right = SAMPLES.filter(({ wine }, row) => decided[row]!.label === NAMES[i]![wine]);
    assert.ok(right.length > 0.8 * SAMPLES.length, `model ${i + 1}: ${right.length} of ${SAMPLES.length}`);
  }
  const [a, b] = models.map(({ module }) => readMetadata(module));
  assert.deepEqual(a!.inputs[0]!.features, b!.inputs[0]!.features!.toReversed());
  assert.notEqual(a!.inputs[0]!.scale, b!.inputs[0]!.scale);
  assert.equal(a!.inputs[0]!.units![COLUMNS.indexOf("alcohol")], "%");
  assert.ok(b!.inputs[0]!.scaling!.edges, "the second counts values into bins");
});

test("thimble inspect shows what their descriptors say", () => {
  const [first, second] = models.map(({ file }) => thimble(["inspect", file]).stdout.toString());
  assert.match(first!, /^output .* the greatest decides; labels Barolo, Grignolino, Barbera$/m);
  assert.match(first!, /feature +unit +offset +factor$/m);
  assert.match(first!, /^ {2}alcohol +% +-?[\d.]+ +[\d.]+$/m);
  assert.match(second!, /labels B3, B1, G2$/m);
  assert.match(second!, /feature +offset +factor +missing +bins$/m);
  assert.match(second!, /^ {2}flavanoids .* 2 between -0\.6$/m);
});

describe("firmware on this machine", { skip: noCompiler }, () => {
  for (const portable of [0, 1])
    test(`decides as the host with ${portable ? "portable" : "native"} kernels`, async () => {
      const program = await buildPosix({ sanitize: true });
      const commands = [`keys ${publicHex(key)}`];
      const answers = ["0"];
      for (const [i, model] of models.entries()) {
        commands.push(`image 0 ${hex(model.image)}`, `open 0 0 portable=${portable}`);
        answers.push("0", "0");
        for (const name of COLUMNS) commands.push(`feature 0 0 ${name}`);
        answers.push(...COLUMNS.map((_, at) => `0 ${i === 0 ? at : COLUMNS.length - 1 - at}`));
        for (const [row, { readings }] of SAMPLES.entries()) {
          commands.push(
            `write 0 0 ${hex(toBytes(inOrder(model, readings)))}`,
            "invoke_written 0",
            "decide 0",
          );
          answers.push("0", "", decisionText(expected[i]![row]!));
        }
      }
      const found = await play(program, commands);
      assert.deepEqual(
        found.map((line, at) => (answers[at] === "" ? "" : line)),
        answers,
      );
    });
});

describe("a simulated device", { skip: install(simulator) }, () => {
  test("decides as the host before and after an update over the air", async () => {
    const server = scriptedServer();
    const device = await Device.create({
      keys: [publicKey],
      models: [{ image: models[0].image }],
      server: { url: BASE, handler: server.answer },
    });
    device.boot();
    const decideAll = (): Decided[] => SAMPLES.map(({ readings }) => device.decide(readings));
    assert.deepEqual(decideAll(), expected[0]);
    server.deployment = { id: 1, image: models[1].image };
    await device.run(1200);
    assert.equal(device.version(), "2.0.0");
    assert.deepEqual(decideAll(), expected[1]);

    const { proline: _, ...rest } = SAMPLES[0]!.readings;
    const missing = await models[1].decide({ ...rest, proline: Number.NaN });
    assert.deepEqual(device.decide(rest), missing, "a sensor that fails is a missing value");
    assert.throws(
      () => device.decide({ ...rest, prolin: 1 }),
      /expected a feature of its input 0, found prolin$/,
    );
  });
});

describe("rv32 without a floating-point unit", { skip: install(emulator) }, () => {
  const ROWS = 12;

  for (const portableOnly of [false, true])
    test(`decides as the host with ${portableOnly ? "portable" : "native"} kernels`, async () => {
      for (const [i, model] of models.entries()) {
        const { decisions, status, statusText, statistics } = await runFirmware({
          flash: model.flash,
          keys: [publicKey],
          vectors: SAMPLES.slice(0, ROWS).map(({ readings }) => [toBytes(inOrder(model, readings))]),
          real: true,
          portableOnly,
          build: { flags: ["-DREQUEST_VALUES"] },
        });
        assert.equal(status, 0, statusText);
        // Native kernels read constants where they are: in flash.
        const { total, constants } = readMetadata(model.module).memory;
        assert.equal(statistics.memoryBytes <= total - constants, !portableOnly);
        assert.deepEqual(decisions, expected[i]!.slice(0, ROWS));
      }
    });

  test("takes the other model over the air, and says its label for the same readings", async () => {
    const row = SAMPLES.findIndex((_, at) => expected[0][at]!.classNumber !== expected[1][at]!.classNumber);
    const flash = makeFlash(folder, "flash.bin", models[0].image);
    const server = scriptedServer();
    server.deployment = { id: 1, image: models[1].image };
    const said: string[] = [];
    let over = (): void => {};
    const isOver = new Promise<void>((resolve) => {
      over = resolve;
    });
    const device = await powerOn({
      flash,
      device: { keys: [publicKey], url: BASE, readings: SAMPLES[row]!.readings },
      answer: server.answer,
      inferred({ version, status, output }) {
        const line = `${version} ${status} ${Buffer.from(output).toString("utf8")}`;
        if (said.at(-1) !== line) said.push(line);
        if (version === "2.0.0") over();
      },
    });
    await Promise.race([isOver, device.ended]);
    await device.off();
    assert.deepEqual(said, [`1.0.0 0 ${expected[0][row]!.label}`, `2.0.0 0 ${expected[1][row]!.label}`]);
  });
});
