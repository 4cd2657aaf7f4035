/** A front-end and a network as one module: the features, and what the network says of the last of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { joinFrontend } from "../../../host/compiler/import/frontend.ts";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { type Graph, quantized, type Shape, type Tensor, type Vector } from "../../../host/ir/graph.ts";
import type { BorderTensor } from "../../../host/ops/border.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { checkQuantized } from "../../../host/ops/spec.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { qemu, qemuEngine } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../../host/runtime/engines/wasm3.ts";
import { instantiate } from "../../../host/runtime/model/instance.ts";
import { type Described, modelOf } from "../../../host/runtime/model/model.ts";
import { key, makeImage, play, publicHex } from "../../support/signed_images.ts";
import {
  expectFeatures,
  expectWord,
  framesOf,
  NO,
  preprocessorGraph,
  speechGraph,
  withoutRecordings,
  YES,
} from "./recordings.ts";

const firmware = await qemu.availability();
const withoutFirmware = firmware.available ? false : `${firmware.reason}; install: ${firmware.install}`;

const noCompiler =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";

const tensor = (name: string, dtype: Tensor["dtype"], shape: Shape, scale = 1, zeroPoint = 0): Tensor => ({
  name,
  dtype,
  shape,
  quantization: quantized(scale, zeroPoint),
});

const graphOf = (
  name: string,
  op: string,
  attributes: Graph["nodes"][0]["attributes"],
  tensors: Tensor[],
): Graph => ({
  name,
  tensors: new Map(tensors.map((each) => [each.name, each])),
  nodes: [{ name: "node", op, inputs: ["input"], outputs: ["output"], attributes }],
  inputs: ["input"],
  outputs: ["output"],
});

/** Halves of samples, as bytes. */
const scaling = { factor: 1, addend: 0, divisor: 2, offset: 0, min: -128, max: 127 };
const frontend = (count: number): Graph =>
  graphOf("halves", "scale_integers", scaling, [
    tensor("input", "int16", [count]),
    tensor("output", "int8", [count]),
  ]);

/** The greatest of a window of values; it and the front-end have tensors of the same names. */
const network = (count: number): Graph =>
  graphOf("greatest", "reduce_max", { axes: [1], keepDims: false }, [
    tensor("input", "int8", [1, count], 0.5, 3),
    tensor("output", "int8", [1], 0.5, 3),
  ]);

/** The greatest of the last six bytes, taken two at a time: its own window is a state. */
const remembering: Graph = {
  name: "remembering",
  tensors: new Map(
    [
      tensor("input", "int8", [1, 2]),
      { ...tensor("before", "int8", [1, 6]), next: "after" },
      tensor("window", "int8", [1, 6]),
      tensor("after", "int8", [1, 6]),
      tensor("output", "int8", [1]),
    ].map((each) => [each.name, each]),
  ),
  nodes: [
    { name: "slide", op: "slide", inputs: ["input", "before"], outputs: ["window", "after"], attributes: {} },
    {
      name: "greatest",
      op: "reduce_max",
      inputs: ["window"],
      outputs: ["output"],
      attributes: { axes: [1], keepDims: false },
    },
  ],
  inputs: ["input"],
  outputs: ["output"],
};

const samples = (...values: readonly number[]): [Uint8Array] => [
  new Uint8Array(Int16Array.from(values).buffer),
];
const signed = (outputs: readonly (readonly Uint8Array[])[]): number[] =>
  outputs.map(([bytes]) => new Int8Array(bytes!)[0]!);

describe("a front-end before a network", () => {
  const vectors = [samples(20, 8), samples(-40, -60), samples(-10, -20), samples(-90, -80)];

  test("a network of integers sees the bytes, and the window moves on by one of the front-end's outputs", async () => {
    const joined = checkQuantized(joinFrontend(frontend(2), network(4), true), "join");
    // The window begins with real zeros, which are 3 to this network.
    const expected = [10, 10, -5, -5];
    assert.deepEqual(signed(runReference(joined, vectors)), expected);
    const module = await compileGraph(joined);
    for (const engine of [v8, wasm3]) assert.deepEqual(signed(await engine.run(module, vectors)), expected);
  });

  test("a network that was quantised here sees real numbers", () => {
    const joined = checkQuantized(joinFrontend(frontend(2), network(2), false), "join");
    assert.deepEqual(
      signed(runReference(joined, vectors)),
      [10, -20, -5, -40].map((x) => x / 0.5 + 3),
    );
  });

  test("with a stride the network runs in the first of so many inferences, and sees the same window as without", async () => {
    const whole = joinFrontend(frontend(2), network(4), true);
    const joined = checkQuantized(joinFrontend(frontend(2), network(4), true, 3), "join");
    const sequence = Array.from({ length: 11 }, (_, i) => samples((i * 37) % 90, -((i * 53) % 110)));
    const expected = runReference(whole, sequence).map((outputs, i) => (i % 3 === 0 ? outputs : []));
    assert.equal(new Set(signed(expected.filter(({ length }) => length > 0))).size > 2, true);
    assert.deepEqual(runReference(joined, sequence), expected);
    const module = await compileGraph(joined);
    for (const engine of [v8, wasm3]) assert.deepEqual(await engine.run(module, sequence), expected);
  });

  const strided = checkQuantized(joinFrontend(frontend(2), remembering, true, 2), "join");
  // The larger halves are in inferences that the network never sees.
  const pairs = [10, 20, 100, 120, 4, 6, 90, 110, 2, 8, 80, 60, 0, 4];
  const sequence = Array.from({ length: 7 }, (_, i) => samples(...pairs.slice(2 * i, 2 * i + 2)));
  const greatest: Vector[] = [[10], [], [10], [], [10], [], [4]].map((bytes) =>
    bytes.map((x) => Uint8Array.of(x)),
  );

  test("layers behind a stride keep their states while they wait", async () => {
    assert.deepEqual(runReference(strided, sequence), greatest);
    const module = await compileGraph(strided);
    for (const engine of [v8, wasm3]) assert.deepEqual(await engine.run(module, sequence), greatest);
  });

  test("a loaded model gives no numbers and decides nothing where there is nothing new", async () => {
    const { inputs, outputs } = bordersOf(strided);
    const exports = instantiate(await compileGraph(strided)).exports;
    const described = (tensor: BorderTensor): Described => ({
      ...tensor,
      dtype: tensor.dtype as Described["dtype"],
      columns: [[0, 1]],
    });
    const model = modelOf(exports, [inputs.map(described), outputs.map(described)]);
    const found = pairs.flatMap((x, i) => (i % 2 ? [model.predict([pairs[i - 1]!, x])] : []));
    assert.deepEqual(
      found.map(({ outputs: { output } }) => output![0]),
      greatest.map(([bytes]) => bytes?.[0] ?? Number.NaN),
    );
    assert.deepEqual([...model.predictBatch(Float32Array.of(0, 2), 1)], [Number.NaN]);
  });

  test("the firmware core says 1 where there is nothing new, under sanitizers", {
    skip: noCompiler,
  }, async () => {
    const program = await buildPosix({ sanitize: true });
    const image = makeImage({ body: await compileGraph(strided) });
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    for (const portable of ["", "portable=1"]) {
      const invocations = sequence.map(([bytes]) => `invoke 0 ${hex(bytes!)}`);
      const opening = [`keys ${publicHex(key)}`, `image 0 ${hex(image)}`, `open 0 0 ${portable}`];
      const answers = await play(program, [...opening, ...invocations]);
      assert.deepEqual(
        answers.slice(opening.length),
        greatest.map(([bytes]) => (bytes ? `0 ${hex(bytes)}` : "1 ")),
      );
    }
  });

  test("a stride on native and portable kernels in QEMU", { skip: withoutFirmware }, async () => {
    const module = await compileGraph(strided);
    for (const engine of [qemu, qemuEngine({ native: false })])
      assert.deepEqual(await engine.run(module, sequence), greatest);
  });

  test("what does not fit is refused", () => {
    assert.throws(
      () => joinFrontend(frontend(3), network(4), true),
      /expected features of which 4 values .* found 3/,
    );
    const wide = { ...network(4), inputs: ["input", "output"] };
    assert.throws(
      () => joinFrontend(frontend(2), wide, true),
      /network greatest: expected one of its inputs to join, found 2/,
    );
    const words = network(2);
    const input = tensor("input", "int16", [1, 2]);
    const other = { ...words, tensors: new Map(words.tensors).set("input", input) };
    assert.throws(
      () => joinFrontend(frontend(2), other, true),
      /expected int16 as the network's input input is, found int8/,
    );
  });
});

describe("a second of speech, frame by frame, is what TensorFlow Lite Micro makes of it", {
  skip: withoutRecordings,
}, async () => {
  if (withoutRecordings) return;
  const joined = speechGraph();
  const speech = await compileGraph(joined);

  test("one module under 40 000 bytes", () => {
    assert.ok(speech.length < 40_000, `expected less than 40 000 bytes, found ${speech.length}`);
  });

  test("its features on the reference interpreter", () => {
    expectFeatures(NO, runReference(preprocessorGraph(), framesOf(NO)));
  });

  for (const engine of [v8, wasm3])
    test(`both words on ${engine.name}`, async () => {
      for (const file of [YES, NO]) expectWord(file, await engine.run(speech, framesOf(file)));
    });

  // Portable kernels and features on all engines: frontend.slow.test.ts.
  test("a word on native kernels in QEMU", { skip: withoutFirmware }, async () => {
    expectWord(YES, await qemu.run(speech, framesOf(YES)));
  });
});
