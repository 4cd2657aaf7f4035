/** Figures of events in recordings: counted by hand, and thresholds that are tried as the module would decide. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  beginnings,
  bestPoint,
  figuresOf,
  levelsOf,
  type Occurrence,
  type Said,
  sweep,
} from "../../../host/compiler/evaluate/stream.ts";
import { event, eventStateLength } from "../../../host/ops/event.ts";

const yes = (recording: number, start: number, end: number): Occurrence => ({
  recording,
  label: "yes",
  start,
  end,
});
const said = (recording: number, at: number, label = "yes"): Said => ({ recording, label, at });

describe("events of a class", () => {
  const truth = {
    occurrences: [yes(0, 1, 2), yes(0, 10, 11), yes(1, 1, 2), yes(1, 4, 4)],
    hours: 0.5,
    tolerance: 0.5,
  };

  test("are its occurrences', repeated, or false", () => {
    const events = [
      said(0, 1.25),
      said(0, 2.25),
      said(0, 2.75),
      said(0, 0.75),
      said(0, 10.5, "no"),
      said(1, 2.5),
      said(1, 10.5),
      said(1, 4),
    ];
    assert.deepEqual(figuresOf("yes", events, truth), {
      label: "yes",
      occurrences: 4,
      detected: 3,
      falseRejects: 1,
      falseRejectRate: 0.25,
      // Too early, too late, and in the other recording.
      falseAccepts: 3,
      falseAcceptsPerHour: 6,
      repeated: 1,
      latency: { mean: (0.25 + 1.5 + 0) / 3, p95: 1.5 },
    });
  });

  test("of two occurrences at a time are each its own", () => {
    const both = { ...truth, occurrences: [yes(0, 1, 3), yes(0, 2, 3)] };
    const { detected, repeated, falseAccepts } = figuresOf(
      "yes",
      [said(0, 2.1), said(0, 2.2), said(0, 2.3)],
      both,
    );
    assert.deepEqual([detected, repeated, falseAccepts], [2, 1, 0]);
  });

  test("that never occurs have no rate of false rejects and no latency", () => {
    assert.deepEqual(figuresOf("no", [said(0, 1, "no")], truth), {
      label: "no",
      occurrences: 0,
      detected: 0,
      falseRejects: 0,
      falseAccepts: 1,
      falseAcceptsPerHour: 2,
      repeated: 0,
    });
  });

  test("nineteen of twenty are said sooner than the 95th percentile", () => {
    const occurrences = Array.from({ length: 20 }, (_, i) => yes(0, 10 * i, 10 * i + 5));
    const late = Array.from({ length: 20 }, (_, i) => said(0, 10 * i + (i === 7 ? 5 : i === 3 ? 4 : 1)));
    assert.equal(figuresOf("yes", late, { occurrences, hours: 1, tolerance: 0 }).latency!.p95, 4);
  });
});

describe("a threshold that is tried", () => {
  test("has the events of the operator", () => {
    const cases = fc.record({
      scores: fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 }),
      level: fc.integer({ min: -5, max: 2 }),
      of: fc.integer({ min: 1, max: 32 }),
      share: fc.integer({ min: 1, max: 4 }),
      suppress: fc.integer({ min: 0, max: 6 }),
    });
    let events = 0;
    fc.assert(
      fc.property(cases, ({ scores, level, of, share, suppress }) => {
        const least = Math.min(share, of);
        const attributes = { levels: [level], least, of, hold: 1, suppress };
        let state: ArrayLike<number> = new Int32Array(eventStateLength(1));
        const begun = scores.flatMap((score, t) => {
          const quiet = state[2]!;
          const node = { name: "event", attributes, inputs: [], outputs: [] };
          const [now, next] = event.evaluate(node, [Int8Array.of(score), Int32Array.from(state)]);
          state = next!;
          return now![0] === 1 && quiet === 0 ? [t] : [];
        });
        assert.deepEqual(beginnings(scores, level, { least, of, suppress }), begun);
        events += begun.length;
      }),
      { seed: 17, numRuns: 500 },
    );
    assert.ok(events > 400, `expected many events, found ${events}`);
  });

  const heard = [{ scores: [0, 9, 0, 5, 0, 7, 0], times: [1, 2, 3, 4, 5, 6, 7] }];
  const truth = { occurrences: [yes(0, 1.5, 2.5), yes(0, 5.5, 6.5)], hours: 1, tolerance: 0 };
  const points = sweep("yes", heard, { least: 1, of: 1, suppress: 0 }, truth, (level) => level / 10);

  test("rejects more and accepts less the higher it is", () => {
    assert.deepEqual(
      points.map(({ threshold, falseRejectRate, falseAccepts }) => [
        threshold,
        falseRejectRate,
        falseAccepts,
      ]),
      [
        [0, 0, 1],
        [0.5, 0, 0],
        [0.7, 0.5, 0],
        [0.9, 1, 0],
      ],
    );
  });

  test("is the best with as many false accepts as may be, and of equal ones the middle", () => {
    assert.equal(bestPoint(points, 0)!.threshold, 0.5);
    assert.equal(bestPoint(points, 5)!.threshold, 0.5);
    assert.equal(bestPoint(points.slice(0, 1), 0), undefined);
    const alike = [0.1, 0.2, 0.3, 0.4, 0.5].map((threshold) => ({ ...points[1]!, threshold }));
    assert.equal(bestPoint([points[0]!, ...alike, points[2]!], 0)!.threshold, 0.3);
    assert.equal(
      bestPoint(sweep("no", heard, { least: 1, of: 1, suppress: 0 }, truth, Number), 9),
      undefined,
    );
  });

  test("is one of 32 where scores are many, the least and the greatest among them", () => {
    const levels = levelsOf([{ scores: Array.from({ length: 1000 }, (_, i) => (i * 7) % 256), times: [] }]);
    assert.deepEqual([levels.length, levels[0], levels.at(-1)], [32, 0, 255]);
    assert.deepEqual(
      levels,
      [...new Set(levels)].sort((a, b) => a - b),
    );
  });
});
