/** Log-mel features and cepstra beside those of librosa and kaldi, and their bytes on the engines. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { joinFrontend } from "../../../../host/compiler/import/frontend.ts";
import { type Graph, perTensor, quantized, type Tensor, tensorOf } from "../../../../host/ir/graph.ts";
import { checkQuantized } from "../../../../host/ops/spec.ts";
import { compileFeatures, compileGraph } from "../../../../host/pipeline.ts";
import { root } from "../../../../host/root.ts";
import { featureFrames } from "../../../../host/runtime/engines/features.ts";
import { runReference } from "../../../../host/runtime/engines/reference.ts";
import { v8 } from "../../../../host/runtime/engines/v8.ts";
import { withoutRecordings, YES } from "../recordings.ts";
import { bytesEqual, chirp, framesOf, graphOf, type MelSet, type Rows, samples, sets, words } from "./mel.ts";

function valuesOf(graph: Graph, from: Int16Array, every?: number): number[][] {
  const { scale } = perTensor(tensorOf(graph, graph.outputs[0]!));
  return runReference(graph, framesOf(graph, from, every)).map((out) =>
    Array.from(words(out), (x) => x * scale),
  );
}

/** 1 dB in a set's features. */
function decibel({ type, log }: MelSet["parameters"]): number {
  if (type === "mlperf-sww") return 1 / 64;
  return log === "db" ? 1 : Math.LN10 / 10;
}

/** Decibels between values and their errors of one frame: of bands at most `range` dB below its greatest. */
function snrOf(found: readonly number[], expected: readonly number[], range: number): number {
  const least = Math.max(...expected) - range;
  const pairs = expected.flatMap((x, i) => (x >= least ? [[x, found[i]!] as const] : []));
  const signal = pairs.reduce((sum, [x]) => sum + x ** 2, 0);
  return 10 * Math.log10(signal / pairs.reduce((sum, [x, y]) => sum + (x - y) ** 2, 0));
}

/** Above the noise of a transform in 16 bits: bands at most this far below a frame's greatest. */
const RANGE = 30;

/** Least and mean SNR of frames in dB that each set reaches, of the chirp and of speech. */
const FIGURES: Readonly<Record<string, { readonly chirp: number[]; readonly speech: number[] }>> = {
  librosa: { chirp: [45.5, 52], speech: [41.5, 55] },
  "librosa, pre-emphasis, htk": { chirp: [41.5, 50], speech: [39.5, 52] },
  kaldi: { chirp: [61, 70], speech: [50, 59.5] },
  "librosa mfcc": { chirp: [35.5, 43], speech: [31.5, 51] },
  "mlperf-sww": { chirp: [45.5, 51], speech: [36, 47] },
};

function checkSnr(set: MelSet, found: Rows, expected: Rows, [least, mean]: readonly number[]): void {
  assert.equal(found.length, expected.length, "frames");
  // A coefficient of a cosine transform is of all bands.
  const range = set.parameters.type === "mfcc" ? Number.POSITIVE_INFINITY : RANGE * decibel(set.parameters);
  // A frame whose bands are all cut off says nothing.
  const heard = expected.flatMap((row, i) => (row.some((x) => x !== 0) ? [i] : []));
  const figures = heard.map((i) => snrOf(found[i]!, expected[i]!, range));
  const average = figures.reduce((sum, x) => sum + x, 0) / figures.length;
  assert.ok(Math.min(...figures) >= least!, `least ${Math.min(...figures)} dB, expected ${least}`);
  assert.ok(average >= mean!, `mean ${average} dB, expected ${mean}`);
}

describe("features beside those of librosa and kaldi", () => {
  for (const set of sets) {
    const graph = graphOf(set.parameters);
    test(`${set.name}: a chirp`, () => {
      checkSnr(set, valuesOf(graph, chirp), set.chirp, FIGURES[set.name]!.chirp);
    });
    test(`${set.name}: speech`, { skip: withoutRecordings }, () => {
      const wav = readFileSync(join(root, "..", "shared", "signal", YES)).subarray(44);
      const speech = new Int16Array(Uint8Array.from(wav).buffer);
      checkSnr(set, valuesOf(graph, speech, 4), set.speech, FIGURES[set.name]!.speech);
    });
  }

  test("quiet sound is as exact: an eighth of a chirp is 18.06 dB below it", () => {
    const graph = graphOf({ ...sets[0]!.parameters, floor: 1e-16 });
    const loud = valuesOf(
      graph,
      Int16Array.from(samples, (x) => Math.round(x / 8) * 8),
    );
    const quiet = valuesOf(
      graph,
      Int16Array.from(samples, (x) => Math.round(x / 8)),
    );
    const apart = loud.flatMap((row, i) => row.map((x, k) => x - quiet[i]![k]!));
    const wrong = apart.filter((x) => Math.abs(x - 20 * Math.log10(8)) > 0.03);
    assert.deepEqual(wrong, []);
  });
});

// The other sets: log_mel.slow.test.ts.
describe("bytes of features on the engines", () => {
  for (const set of sets.filter(({ name }) => name === "mlperf-sww")) bytesEqual(set);
});

describe("before a network", () => {
  const tensor = (name: string, facts: Partial<Tensor>): Tensor => ({
    name,
    dtype: "int8",
    shape: [1, 40],
    quantization: quantized(0.25, 3),
    ...facts,
  });
  const network: Graph = {
    name: "greatest",
    tensors: new Map(
      [tensor("input", {}), tensor("output", { shape: [1] })].map((each) => [each.name, each]),
    ),
    nodes: [
      {
        name: "node",
        op: "reduce_max",
        inputs: ["input"],
        outputs: ["output"],
        attributes: { axes: [1], keepDims: false },
      },
    ],
    inputs: ["input"],
    outputs: ["output"],
  };

  test("a network's input is the features that thimble features computes, in its own scale", async () => {
    const parameters = { type: "log-mel", window_size: 30, window_step: 20, floor: 1e-3, log: "db" };
    const graph = graphOf(parameters);
    const joined = checkQuantized(joinFrontend(graph, network, false), "join");
    const vectors = framesOf(graph, chirp);
    const found = await v8.run(await compileGraph(joined), vectors);
    const features = featureFrames(await compileFeatures(graph), Float32Array.from(samples));
    const { scale } = perTensor(tensorOf(graph, graph.outputs[0]!));
    const expected = features.map((row) => Math.max(...row) * scale);
    assert.equal(found.length, features.length);
    found.forEach(([bytes], i) => {
      const value = (new Int8Array(bytes!)[0]! - 3) * 0.25;
      assert.ok(Math.abs(value - expected[i]!) <= 0.126, `frame ${i}: ${value}, expected ${expected[i]}`);
    });
  });
});

describe("parameters that do not fit", () => {
  const refused: readonly [object, RegExp][] = [
    [
      { fft_length: 500 },
      /fft_length: expected a power of two of at least 400 samples of a window, found 500/,
    ],
    [{ num_channels: 200 }, /num_channels: expected bands that each hold a frequency .* found 200/],
    [{ mel_scale: "bark" }, /mel_scale: expected "slaney" or "htk", found "bark"/],
    [{ window: "kaiser" }, /window: expected "hann" or .* found "kaiser"/],
    [{ clip_low: 3, clip_high: 2 }, /clip_high: expected a number above 3, found 2/],
    [{ clip_low: 1000, clip_high: 2000 }, /clip_low: expected a number below .* found 1000/],
    [{ pre_emphasis: 2 }, /pre_emphasis: expected a number of 0 to 1, found 2/],
    [{ lifter: 22 }, /lifter: unknown field/],
  ];
  for (const [parameters, message] of refused)
    test(Object.keys(parameters).join(), () => {
      assert.throws(() => graphOf({ type: "log-mel", ...parameters }), message);
    });
});
