import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { channelOf, watchOf } from "../../../host/compiler/evaluate/watch.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { normalQuantile } from "../../../host/fleet/telemetry/drift.ts";
import { addCounts, type Counts, emptyCounts } from "../../../host/fleet/telemetry/report.ts";
import { type Judged, judge, levelFor, middleOf } from "../../../host/fleet/telemetry/verdict.ts";
import { keyOf, placeOf } from "../../../host/module/watch.ts";

const random = randomOf(11);
const normal = (): number => Math.fround(-normalQuantile((random() + 0.5) / 2 ** 32));
/** Two sensors, of which the second measures degrees, and two classes. */
const borders = {
  inputs: [
    {
      name: "in",
      dtype: "float32",
      shape: [1, 2],
      scale: 1,
      zeroPoint: 0,
      features: ["a", "b"],
      units: ["", "°C"],
    },
  ],
  outputs: [
    {
      name: "out",
      dtype: "int8",
      shape: [1, 2],
      scale: 0.01,
      zeroPoint: 0,
      decision: "greatest",
      labels: ["no", "yes"],
    },
  ],
} as const;
const rows = Array.from({ length: 500 }, () => [normal(), 20 + 5 * normal()] as const);
const raw = (row: readonly number[]): Int8Array =>
  Int8Array.of(50 + Math.round(20 * row[0]!), 50 - Math.round(20 * row[0]!));
const model: Judged = {
  borders,
  watch: watchOf({
    borders,
    samples: rows.map((row) => [Float32Array.from(row)]),
    outputs: rows.map((row) => [new Uint8Array(raw(row).buffer)]),
    instructions: 1e6,
  }),
};
const LEVEL = levelFor(3);

/** A device's counts of rows; NaN is missing. */
function counted(seen: readonly (readonly number[])[]): Counts {
  const counts = emptyCounts(2, 3);
  for (const row of seen) {
    const values = raw(row);
    const best = values[1]! > values[0]! ? 1 : 0;
    const places = [
      ...row.map((value, i) =>
        Number.isNaN(value) ? 10 : placeOf(model.watch!.channels[i]!.edges, keyOf(value)),
      ),
      placeOf(model.watch!.channels[2]!.edges, values[best]!),
    ];
    places.forEach((place, i) => {
      (counts.channels[i] as number[])[place]!++;
    });
    (counts.classes as number[])[best]!++;
  }
  return { ...counts, inferences: seen.length };
}

const fresh = (count: number, change: (row: number[]) => number[] = (row) => row): number[][] =>
  Array.from({ length: count }, () => change([normal(), 20 + 5 * normal()].map(Math.fround)));

describe("a verdict", () => {
  test("finds nothing where nothing has changed", () => {
    for (let i = 0; i < 40; i++) assert.deepEqual(judge(model, counted(fresh(50 + 40 * i)), LEVEL), []);
  });

  test("names the feature that has moved, in its unit, and no other", () => {
    const found = judge(model, counted(fresh(1000, ([a, b]) => [a!, b! + 2.5])), LEVEL);
    const shifts = found.filter(({ kind }) => kind === "shift");
    assert.deepEqual(
      shifts.map(({ subject }) => subject),
      ["b"],
    );
    assert.match(shifts[0]!.text, /^its median was (19|20)\.?\d* °C in calibration and is 2[123]\.?\d* °C$/);
    assert.ok(shifts[0]!.statistic > shifts[0]!.threshold);
    assert.ok(found.every(({ subject }) => subject === "b"));
  });

  test("tells values outside, missing ones, and other classes", () => {
    const outside = judge(model, counted(fresh(100, ([a]) => [a!, 90])), LEVEL);
    assert.ok(
      outside.some(
        ({ kind, text }) =>
          kind === "outside" && text.startsWith("100 % of its values are above the greatest"),
      ),
    );
    const missing = judge(
      model,
      counted(fresh(100, ([a, b]) => [a!, random() % 2 === 0 ? Number.NaN : b!])),
      LEVEL,
    );
    assert.ok(missing.some(({ kind, subject }) => kind === "missing" && subject === "b"));
    const classes = judge(model, counted(fresh(200, ([a, b]) => [Math.abs(a!), b!])), LEVEL);
    assert.ok(classes.some(({ kind, text }) => kind === "classes" && /decisions are (no|yes)/.test(text)));
  });

  test("tells failures and overruns of any model, with bins or without", () => {
    const counts = { ...emptyCounts(0, 0), inferences: 500, failures: [0, 40, 0, 0, 0, 0], overruns: 60 };
    const found = judge({ watch: undefined, borders }, counts, LEVEL);
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ["failures", "overruns"],
    );
    assert.equal(found[0]!.text, "8 % of inferences fail, most of them: status");
    assert.deepEqual(judge({ watch: undefined, borders }, { ...counts, inferences: 10 }, LEVEL), []);
  });

  test("of many devices adds up to that of all their inferences", () => {
    const parts = Array.from({ length: 20 }, () => fresh(30, ([a, b]) => [a! + 0.5, b!]));
    const sum = parts.map(counted).reduce(addCounts);
    assert.deepEqual(sum, counted(parts.flat()));
    assert.ok(judge(model, sum, LEVEL).some(({ kind, subject }) => kind === "shift" && subject === "a"));
  });

  test("knows about the middle of binned values", () => {
    const channel = channelOf(Array.from({ length: 801 }, (_, i) => i));
    assert.ok(Math.abs(middleOf(channel, channel.counts, (edge) => edge) - 400) < 5);
  });
});
