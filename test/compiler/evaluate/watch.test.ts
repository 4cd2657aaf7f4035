import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { channelOf, everyOf, watchOf } from "../../../host/compiler/evaluate/watch.ts";
import { keyOf } from "../../../host/module/watch.ts";
import type { Borders, BorderTensor } from "../../../host/ops/border.ts";

const tensor = (fields: Partial<BorderTensor>): BorderTensor => ({
  name: "t",
  dtype: "int8",
  shape: [1, 2],
  scale: 0.5,
  zeroPoint: 0,
  ...fields,
});

const bordersOf = (output: Partial<BorderTensor>, input: Partial<BorderTensor> = {}): Borders => ({
  inputs: [tensor(input)],
  outputs: [tensor(output)],
});

const watch = (borders: Borders, samples: number[][], raw: number[][]) =>
  watchOf({
    borders,
    samples: samples.map((row) => [Float32Array.from(row)]),
    outputs: raw.map((row) => [new Uint8Array(Int8Array.from(row).buffer)]),
    instructions: 1e6,
  });

describe("bins at quantiles of calibration", () => {
  test("have an eighth of the values each, and the rest has the ends", () => {
    const { edges, counts } = channelOf(Array.from({ length: 800 }, (_, i) => i));
    assert.deepEqual(edges, [0, 100, 200, 300, 400, 500, 600, 700, 799]);
    assert.deepEqual(counts, [0, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0]);
  });

  test("of values that are often the same are empty in between", () => {
    const { edges, counts } = channelOf([...new Array<number>(90).fill(3), 4, 4, 4, 4, 4, 4, 4, 4, 4, 9]);
    assert.deepEqual(edges, [3, 3, 3, 3, 3, 3, 3, 3, 9]);
    assert.equal(counts[8], 100);
    assert.deepEqual(channelOf([]).counts, new Array(11).fill(0));
  });

  test("count missing values apart, and columns each for itself", () => {
    const { channels, inputs } = watch(
      bordersOf({ decision: "greatest" }),
      [
        [1, -5],
        [2, Number.NaN],
      ],
      [
        [1, 2],
        [3, 0],
      ],
    );
    assert.deepEqual(inputs, [2]);
    assert.deepEqual([channels[0]!.edges[0], channels[0]!.edges[8]], [keyOf(1), keyOf(2)]);
    assert.deepEqual([channels[1]!.counts[10], channels[1]!.counts.reduce((a, b) => a + b)], [1, 2]);
    assert.deepEqual([channels[2]!.edges[0], channels[2]!.edges[8]], [2, 3]);
  });

  test("of wide inputs are one for all values; behind a front-end there are none but the result's", () => {
    const wide = Array.from({ length: 100 }, (_, i) => i);
    const borders = bordersOf({ decision: "greatest" }, { shape: [1, 100] });
    assert.deepEqual(watch(borders, [wide], [[1, 2]]).inputs, [1]);
    const { inputs, channels } = watchOf({
      borders,
      samples: undefined,
      outputs: [[Uint8Array.of(1, 2)]],
      instructions: 1,
    });
    assert.deepEqual([inputs, channels.length], [[0], 1]);
  });

  test("know the least raw value above a threshold, and how often calibration decided for each class", () => {
    const above = watch(
      bordersOf({ shape: [1, 1], decision: "above", threshold: 3 }),
      [[0, 0]],
      [[6], [7], [-1]],
    );
    // 6 * 0.5 is the threshold itself, which is not above it.
    assert.deepEqual([above.limit, above.classes], [7, [2, 1]]);
    const second = watch(
      bordersOf({ decision: "second", threshold: -1 }),
      [[0, 0]],
      [
        [9, -2],
        [0, -1],
      ],
    );
    assert.deepEqual([second.limit, second.classes], [-1, [1, 1]]);
    assert.deepEqual(
      watch(
        bordersOf({ decision: "greatest" }),
        [[0, 0]],
        [
          [5, 5],
          [0, 1],
        ],
      ).classes,
      [1, 1],
    );
    const values = watch(bordersOf({ decision: "none" }), [[0, 0]], [[5, 9]]);
    assert.deepEqual([values.classes, values.channels[2]!.counts.reduce((a, b) => a + b)], [[], 2]);
  });

  test("are looked at as seldom as 2 % of an inference allow, and never without samples", () => {
    assert.deepEqual([everyOf(14, 1e6), everyOf(14, 20_000), everyOf(64, 10)], [1, 7, 1000]);
    assert.throws(
      () => watch(bordersOf({}), [], []),
      /--monitor: expected --calibration samples, found none/,
    );
  });
});
