/** False alarms and small shifts, by seeded simulation of independent values: 1 000 device-days, and fleets. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { channelOf } from "../../../host/compiler/evaluate/watch.ts";
import { randomOf } from "../../../host/fleet/simulator/random.ts";
import { normalQuantile } from "../../../host/fleet/telemetry/drift.ts";
import { addCounts, type Counts, emptyCounts } from "../../../host/fleet/telemetry/report.ts";
import { type Judged, judge, levelFor } from "../../../host/fleet/telemetry/verdict.ts";
import { keyOf, placeOf } from "../../../host/module/watch.ts";

const FEATURES = 13;
const random = randomOf(20);
/** Values of a normal distribution, drawn from a table of many. */
const NORMAL = Float32Array.from({ length: 65536 }, (_, i) => -normalQuantile((i + 0.5) / 65536));
const normal = (): number => NORMAL[random() & 0xffff]!;
const output = { name: "out", dtype: "int8", shape: [1, 1], scale: 1, zeroPoint: 0 } as const;
const input = { name: "in", dtype: "int8", shape: [1, FEATURES], scale: 1, zeroPoint: 0 } as const;

/** A model with a calibration of its own. */
function modelOf(samples: number): Judged {
  const channels = Array.from({ length: FEATURES + 1 }, () =>
    channelOf(Array.from({ length: samples }, () => keyOf(normal()))),
  );
  return {
    borders: { inputs: [input], outputs: [output] },
    watch: {
      inputs: [FEATURES],
      output: 0,
      decision: "none",
      type: "int8",
      every: 1,
      limit: 0,
      elements: 1,
      classes: [],
      channels,
    },
  };
}

/** Counts of so many inferences, the first feature of which is moved. */
function counted({ watch }: Judged, inferences: number, shift = 0): Counts {
  const channels = watch!.channels.map(({ edges }, channel) => {
    const counts = new Array<number>(11).fill(0);
    for (let i = 0; i < inferences; i++)
      counts[placeOf(edges, keyOf(Math.fround(normal() + (channel === 0 ? shift : 0))))]!++;
    return counts;
  });
  return { ...emptyCounts(0, 0), inferences, channels };
}

describe("verdicts, of values that do not depend on each other", () => {
  const LEVEL = levelFor(FEATURES + 1);

  test("raise at most one false alarm in 1 000 device-days that are judged every hour", () => {
    let alarms = 0;
    for (let model = 0; model < 50; model++) {
      const judged = modelOf([60, 120, 500, 2000][model % 4]!);
      for (let day = 0; day < 20; day++) {
        let sum = emptyCounts(0, FEATURES + 1);
        let isAlarm = false;
        for (let hour = 0; hour < 24; hour++) {
          sum = addCounts(sum, counted(judged, 30));
          isAlarm ||= judge(judged, sum, LEVEL).length > 0;
        }
        alarms += Number(isAlarm);
      }
    }
    console.log(`false alarms in 1 000 device-days: ${alarms}`);
    // One is expected at most; 5 would be found once in 270 tries.
    assert.ok(alarms <= 4, `${alarms}`);
  });

  for (const samples of [120, 500, 2000])
    test(`find half a sigma in 1 000 inferences of a device: calibrated with ${samples} rows`, () => {
      let found = 0;
      for (let i = 0; i < 50; i++) {
        const judged = modelOf(samples);
        const all = judge(judged, counted(judged, 1000, 0.5), LEVEL);
        found += Number(all.some(({ subject }) => subject === "in[0]"));
      }
      console.log(`half a sigma, ${samples} rows: found in ${found} of 50`);
      if (samples >= 500) assert.ok(found >= 48, `${found}`);
    });

  for (const samples of [2000, 20_000])
    test(`find a tenth of a sigma in a fleet's day of 30 000 inferences: calibrated with ${samples} rows`, () => {
      let found = 0;
      for (let i = 0; i < 10; i++) {
        const judged = modelOf(samples);
        const level = levelFor(FEATURES + 1, 1000, 96);
        found += Number(judge(judged, counted(judged, 30_000, 0.1), level).length > 0);
      }
      console.log(`a tenth of a sigma, ${samples} rows: found in ${found} of 10`);
      if (samples >= 20_000) assert.ok(found >= 9, `${found}`);
    });
});
