/** Samples in pieces of any length through the firmware core: what windows cut by hand give the reference interpreter. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { addDecisions } from "../../../host/compiler/import/decisions.ts";
import { buildPosix } from "../../../host/firmware/posix_build.ts";
import { firmwareAvailability } from "../../../host/firmware/qemu_build.ts";
import { runFirmware } from "../../../host/firmware/qemu_run.ts";
import { findCompiler, findSource } from "../../../host/firmware/wasm3_build.ts";
import { generateKey, rawPublicKey } from "../../../host/image/keys.ts";
import type { Graph, Stream, Vector } from "../../../host/ir/graph.ts";
import { encodeDescriptor } from "../../../host/module/descriptor.ts";
import { DESCRIPTOR_SECTION } from "../../../host/module/descriptor_table.ts";
import { addCustomSection } from "../../../host/module/sections.ts";
import type { Borders } from "../../../host/ops/border.ts";
import { bordersOf } from "../../../host/ops/graph_borders.ts";
import { compileGraph } from "../../../host/pipeline.ts";
import { flashOf } from "../../../host/runtime/engines/qemu.ts";
import { runReference } from "../../../host/runtime/engines/reference.ts";
import {
  framesOf,
  recordingSamples,
  speechGraph,
  withoutRecordings,
  YES,
} from "../../compiler/import/recordings.ts";
import { key, makeImage, makeModule, play, publicHex, STATUS } from "../../support/signed_images.ts";
import { greatestOf, STEREO_WINDOW, WINDOW, withLabels } from "../../support/streams.ts";

const missing =
  (await findCompiler()) && findSource() !== undefined ? false : "a C compiler or wasm3's source is missing";
const emulator = await firmwareAvailability();
const noEmulator = emulator.available
  ? false
  : `qemu is missing: ${emulator.reason}; install: ${emulator.install}`;

const samples = Array.from({ length: 61 }, (_, i) => ((i * 37) % 200) - 100);
const hexOf = (values: readonly number[]): string =>
  Buffer.from(Int16Array.from(values).buffer).toString("hex");
const withBorders = (module: Uint8Array, borders: Borders): Uint8Array =>
  addCustomSection(module, DESCRIPTOR_SECTION, encodeDescriptor(borders));
const moduleOf = async (graph: Graph): Promise<Uint8Array> =>
  withBorders(await compileGraph(graph), bordersOf(graph));

const ONCE = { unit: "inferences", count: 1 } as const;

let program = "";
before(async () => {
  if (missing === false) program = await buildPosix({ sanitize: true });
});

/** The answers to commands about model 0, which is this module. */
async function answersOf(module: Uint8Array, commands: readonly string[]): Promise<string[]> {
  const opening = [
    `keys ${publicHex(key)}`,
    `image 0 ${makeImage({ body: module }).toString("hex")}`,
    "open 0 0",
  ];
  return (await play(program, [...opening, ...commands])).slice(opening.length);
}

interface Answer {
  readonly status: number;
  readonly classNumber: number;
  readonly label: string;
  readonly end: number;
  readonly more: boolean;
  readonly overruns: number;
  readonly outputs: string;
}

function read(answer: string): Answer {
  const [status, classNumber, , label, end, more, overruns, outputs = ""] = answer.split(" ");
  return {
    status: Number(status),
    classNumber: Number(classNumber),
    label: label!,
    end: Number(end),
    more: more === "1",
    overruns: Number(overruns),
    outputs,
  };
}

/** Feeds in pieces, with as many further calls as any of them could need. */
const feeds = (values: readonly number[], length: number, calls: number): string[] =>
  Array.from({ length: Math.ceil(values.length / length) }, (_, i) => [
    `feed 0 ${hexOf(values.slice(i * length, (i + 1) * length))}`,
    ...Array.from({ length: calls }, () => "feed 0"),
  ]).flat();

/** Windows every `step` samples, and what the reference makes of them: outputs and end of each that brings something new. */
function windowsOf(graph: Graph, values: readonly number[], window: number, step: number, channels = 1) {
  const starts = Array.from({ length: Math.floor((values.length - window) / step) + 1 }, (_, i) => i * step);
  const vectors = starts.map(
    (at): Vector => [new Uint8Array(Int16Array.from(values.slice(at, at + window)).buffer)],
  );
  return runReference(graph, vectors).flatMap((outputs, i) =>
    outputs.length === 0
      ? []
      : [{ outputs: Buffer.concat(outputs).toString("hex"), end: (starts[i]! + window) / channels }],
  );
}

const news = (answers: readonly Answer[]): { outputs: string; end: number }[] =>
  answers.filter(({ status }) => status === STATUS.OK).map(({ outputs, end }) => ({ outputs, end }));

const mono = (hop: number): Stream => ({ sampleRate: 16_000, channels: 1, hop });
const stereo = (hop: number): Stream => ({ sampleRate: 100, channels: 2, hop });

describe("feeding a device", { skip: missing }, () => {
  for (const [what, hop, step] of [
    ["overlap", 2, 2],
    ["follow each other", 0, 4],
    ["leave samples out", 7, 7],
  ] as const)
    test(`windows that ${what}, in pieces of any length`, async () => {
      const graph = greatestOf(mono(hop), WINDOW);
      const expected = windowsOf(graph, samples, WINDOW, step);
      assert.ok(new Set(expected.map(({ outputs }) => outputs)).size > 1);
      const module = await moduleOf(graph);
      for (const length of [1, 3, 10, samples.length]) {
        const capacity = WINDOW + length;
        const calls = Math.ceil(length / step);
        const [opened, ...found] = await answersOf(module, [
          `stream 0 ${capacity}`,
          ...feeds(samples, length, calls),
        ]);
        assert.equal(opened, "0");
        assert.deepEqual(news(found.map(read)), expected, `pieces of ${length}`);
        assert.ok(found.map(read).every(({ overruns }) => overruns === 0));
      }
    });

  test("a ring of one window is enough for pieces of a hop, wherever they begin", async () => {
    const graph = greatestOf(mono(2), WINDOW);
    const found = await answersOf(await moduleOf(graph), [
      `stream 0 ${WINDOW}`,
      `feed 0 ${hexOf(samples.slice(0, 1))}`,
      ...feeds(samples.slice(1), 2, 0),
    ]);
    assert.deepEqual(news(found.slice(1).map(read)), windowsOf(graph, samples, WINDOW, 2));
    assert.equal(read(found.at(-1)!).overruns, 0);
  });

  test("one call runs one inference, says that more waits, and counts what finds no room", async () => {
    const graph = greatestOf(mono(2), WINDOW);
    const found = await answersOf(await moduleOf(graph), [
      `stream 0 ${WINDOW + 3}`,
      `feed 0 ${hexOf(samples.slice(0, 20))}`,
      ...feeds([], 1, 0),
      "feed 0",
      "feed 0",
      "feed 0",
      `feed 0 ${hexOf(samples.slice(20, 22))}`,
    ]);
    const [first, ...rest] = found.slice(1).map(read);
    // Seven fit, an inference uses two up, and two more fit; those behind them are lost.
    assert.deepEqual([first!.more, first!.overruns, first!.end], [true, 11, WINDOW]);
    assert.deepEqual(
      rest.map(({ more }) => more),
      [true, false, false, false],
    );
    const kept = [...samples.slice(0, 9), ...samples.slice(20, 22)];
    assert.deepEqual(news([first!, ...rest]), windowsOf(graph, kept, WINDOW, 2));
  });

  test("channels stay apart when samples are lost, wherever pieces begin and rings end", async () => {
    const graph = withLabels(greatestOf(stereo(1), STEREO_WINDOW), stereo(1), ["left", "right"]);
    const module = await moduleOf(graph);
    // The second channel is the first and 60, so the greatest of a window tell whether both are of one time.
    const both = Array.from({ length: 120 }, (_, i) => 2 * (i >> 1) + 120 * (i % 2));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 13 }), { minLength: 8, maxLength: 14 }),
        fc.integer({ min: STEREO_WINDOW, max: STEREO_WINDOW + 5 }),
        async (lengths, capacity) => {
          let at = 0;
          const pieces = lengths.map((length) => {
            at += length;
            return both.slice(at - length, at);
          });
          const offered = pieces.flat();
          const found = await answersOf(module, [
            `stream 0 ${capacity}`,
            ...pieces.map((piece) => `feed 0 ${hexOf(piece)}`.trimEnd()),
            ...Array.from({ length: 12 }, () => "feed 0"),
          ]);
          const answers = found.slice(1).map(read);
          const events = answers.filter(({ end }) => end > 0);
          const { overruns } = answers.at(-1)!;
          // Each inference uses a time of two channels up; less than a window is left.
          const left = offered.length - overruns - 2 * events.length;
          assert.ok(left >= 0 && left < STEREO_WINDOW, `${left} of ${offered.length}, ${overruns} lost`);
          for (const { outputs, label } of events.filter(({ status }) => status === STATUS.OK)) {
            assert.equal(label, "right");
            const [first, second] = Buffer.from(outputs, "hex");
            assert.equal(second! - first!, 60);
          }
        },
      ),
      { seed: 17, numRuns: 40 },
    );
  });

  test("a module that says events has no class and no label where there is none", async () => {
    const heard = withLabels(greatestOf(mono(2), WINDOW), mono(2), ["calm", "loud"]);
    const event = { threshold: 44, least: 1, of: 1, hold: ONCE, suppress: ONCE };
    const graph = addDecisions(heard, { event });
    const found = await answersOf(await moduleOf(graph), ["stream 0 70", ...feeds(samples, 5, 3)]);
    const said = found
      .slice(1)
      .map(read)
      .filter(({ status }) => status === STATUS.OK)
      .map(({ classNumber, label }) => `${classNumber} ${label}`);
    assert.deepEqual(new Set(said), new Set(["4294967295 -", "1 loud"]));
  });

  test("samples go the way of thimble_write where the input is of another scale", async () => {
    const tensor = { source: "float32", shape: [4], scale: 1, zeroPoint: 0 } as const;
    const module = withBorders(makeModule(), {
      inputs: [{ ...tensor, name: "x", dtype: "int8", scale: 0.5, zeroPoint: 3, stream: mono(3) }],
      outputs: [{ ...tensor, name: "y", dtype: "int8" }],
    });
    const [, fed, kept, , written] = await answersOf(module, [
      "stream 0 5",
      `feed 0 ${hexOf([1, -2, 100, 7])}`,
      "input 0 0",
      `write 0 0 ${Buffer.from(Float32Array.of(1, -2, 100, 7).buffer).toString("hex")}`,
      "input 0 0",
    ]);
    assert.equal(read(fed!).status, STATUS.OK);
    assert.equal(read(fed!).classNumber, 0xffff_ffff);
    assert.equal(kept, "0 05ff7f11");
    assert.equal(written, kept);
  });

  test("a module that fails uses its window up, and the stream goes on", async () => {
    const tensor = { dtype: "int16", source: "float32", shape: [2], scale: 1, zeroPoint: 0 } as const;
    // It traps where the first sample is not 0.
    const invoke = "(i32.div_u (i32.const 0) (i32.eqz (i32.load16_u (i32.const 0))))";
    const module = withBorders(makeModule({ invoke }), {
      inputs: [{ ...tensor, name: "x", stream: mono(0) }],
      outputs: [{ ...tensor, name: "y" }],
    });
    const found = await answersOf(module, [
      "stream 0 6",
      `feed 0 ${hexOf([1, 2, 0, 3, 0, 4])}`,
      "feed 0",
      "feed 0",
    ]);
    assert.deepEqual(
      found.slice(1).map((answer) => [read(answer).status, read(answer).end]),
      [
        [STATUS.TRAP, 2],
        [STATUS.OK, 4],
        [STATUS.OK, 6],
      ],
    );
  });

  test("forgetting begins anew, and a reset alone keeps the samples that wait", async () => {
    const graph = greatestOf(mono(2), WINDOW);
    const first = feeds(samples.slice(0, 31), 5, 3);
    const again = feeds(samples.slice(0, 31), 5, 3);
    const module = await moduleOf(graph);
    const found = await answersOf(module, ["stream 0 30", ...first, "forget 0", ...again]);
    assert.equal(found[1 + first.length], "0");
    const [before_, after] = [found.slice(1, 1 + first.length), found.slice(2 + first.length)];
    assert.deepEqual(after, before_);
    const kept = await answersOf(module, ["stream 0 30", ...first, "reset 0", ...again]);
    assert.notDeepEqual(news(kept.slice(2 + first.length).map(read)), news(before_.map(read)));
    assert.ok(news(before_.map(read)).length > 4);
  });

  test("what can't be fed is refused", async () => {
    const graph = greatestOf(mono(2), WINDOW);
    const module = await moduleOf(graph);
    assert.deepEqual(
      await answersOf(module, [`stream 0 ${WINDOW - 1}`, "stream 1 99", "reset 1", "forget 1"]),
      [`${STATUS.RAM}`, `${STATUS.ARGUMENT}`, `${STATUS.ARGUMENT}`, `${STATUS.ARGUMENT}`],
    );
    const closed = await answersOf(module, ["stream 0 9", "close 0", "feed 0 0100"]);
    assert.equal(read(closed[2]!).status, STATUS.CLOSED);
    const { stream: _, ...plain } = bordersOf(graph).inputs[0]!;
    const other = withBorders(await compileGraph(graph), { ...bordersOf(graph), inputs: [plain] });
    assert.deepEqual(await answersOf(other, ["stream 0 99"]), [`${STATUS.ARGUMENT}`]);
    assert.deepEqual(await answersOf(makeModule(), ["stream 0 99"]), [`${STATUS.DESCRIPTOR}`]);
  });
});

describe("a recording through the firmware in QEMU", { skip: withoutRecordings || noEmulator }, () => {
  test("pieces of 512 samples say yes", async () => {
    const labels = ["silence", "unknown", "yes", "no"];
    const speech = withLabels(speechGraph(), { sampleRate: 16_000, channels: 1, hop: 320 }, labels);
    const event = { threshold: new Map([["yes", 0.7]]), least: 2, of: 3, hold: ONCE, suppress: ONCE };
    const graph = addDecisions(speech, { smooth: { unit: "milliseconds", count: 60 }, event });
    const signer = generateKey();
    const bytes = recordingSamples(YES);
    const pieces = Array.from(
      { length: Math.ceil(bytes.length / 1024) },
      (_, i): Vector => [bytes.subarray(1024 * i, 1024 * (i + 1))],
    );
    const result = await runFirmware({
      flash: flashOf(await moduleOf(graph), signer),
      keys: [rawPublicKey(signer)],
      vectors: pieces,
      feed: true,
      build: { flags: ["-DREQUEST_VALUES"] },
    });
    assert.equal(result.status, 0, result.statusText);
    const frames = framesOf(YES);
    assert.deepEqual(result.outputs, runReference(graph, frames));
    assert.deepEqual(
      result.ends,
      frames.map((_, i) => 480 + 320 * i),
    );
    assert.equal(result.overruns, 0);
    const said = result.decisions.map(({ label }) => label);
    assert.ok(said.length > 0 && said.every((label) => label === "yes"), `${said}`);
  });
});
