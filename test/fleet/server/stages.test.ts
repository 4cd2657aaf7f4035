/** When rollouts go on and when they stop: arithmetic on counts, and the same by a server on a virtual clock. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type Decision,
  decide,
  type StageCounts,
  shareOf,
  stageSizes,
} from "../../../host/fleet/server/stages.ts";

/** waiting, running, succeeded, failed, and others that do not count. */
const stage = (
  started: boolean,
  waiting: number,
  running: number,
  succeeded: number,
  failed: number,
  skipped = 0,
  cancelled = 0,
): StageCounts => ({
  started,
  counts: { waiting, running, succeeded, failed, skipped, cancelled },
});
const usual = { success: 90, errors: 10 };

describe("stages", () => {
  const sizes: readonly (readonly [Parameters<typeof stageSizes>[0], number, readonly number[]])[] = [
    [[{ rest: true }], 7, [7]],
    [[{ count: 5 }, { percent: 10 }, { rest: true }], 100, [5, 10, 85]],
    [[{ percent: 1 }, { rest: true }], 10, [1, 9]],
    [[{ count: 50 }, { rest: true }], 10, [10, 0]],
    [[{ percent: 60 }, { percent: 60 }], 10, [6, 4]],
    [[{ count: 2 }], 10, [2]],
    [[{ percent: 7 }, { rest: true }], 100, [7, 93]],
    [[{ percent: 14 }], 50, [7]],
    [[{ percent: 0.07 }], 10_000, [7]],
    [[{ percent: 0.1 }], 3, [1]],
    [[{ percent: 33.3 }, { percent: 33.3 }], 1000, [333, 333]],
  ];
  for (const [plan, total, expected] of sizes)
    test(`${JSON.stringify(plan)} of ${total}`, () => assert.deepEqual(stageSizes(plan, total), expected));

  test("never more devices than there are, and with the rest exactly all", () => {
    const size = fc.oneof(
      fc.record({ count: fc.integer({ min: 1, max: 50 }) }),
      fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
    );
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 100 }),
        (plan, total) => {
          const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
          assert.ok(sum(stageSizes(plan, total)) <= total);
          assert.equal(sum(stageSizes([...plan, { rest: true }], total)), total);
        },
      ),
    );
  });

  test("a share is exact for every whole per cent, and never a device too many", () => {
    for (let percent = 1; percent <= 100; percent++)
      for (const total of [100, 200, 300, 700, 1000, 199_900])
        assert.equal(shareOf(percent, total), (percent * total) / 100, `${percent} % of ${total}`);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 200_000 }),
        (thousandths, total) => {
          const expected = (BigInt(thousandths) * BigInt(total) + 99_999n) / 100_000n;
          assert.equal(shareOf(thousandths / 1000, total), Number(expected));
        },
      ),
    );
  });

  const cases: readonly (readonly [
    string,
    readonly StageCounts[],
    { success: number; errors: number },
    Decision["kind"] | number,
  ])[] = [
    ["nothing has started", [stage(false, 10, 0, 0, 0), stage(false, 90, 0, 0, 0)], usual, 0],
    ["one device short", [stage(true, 0, 2, 8, 0), stage(false, 90, 0, 0, 0)], usual, "wait"],
    ["just enough, others still at it", [stage(true, 0, 1, 9, 0), stage(false, 90, 0, 0, 0)], usual, 1],
    ["a failure at the limit", [stage(true, 0, 9, 0, 1), stage(false, 90, 0, 0, 0)], usual, "stop"],
    ["a failure below the limit", [stage(true, 0, 19, 0, 1)], usual, "wait"],
    ["no failure allowed", [stage(true, 0, 99, 0, 1)], { success: 90, errors: 0 }, "stop"],
    ["no failure, none allowed", [stage(true, 0, 1, 0, 0)], { success: 90, errors: 0 }, "wait"],
    ["all may fail, and some do", [stage(true, 0, 1, 1, 8)], { success: 0, errors: 100 }, "wait"],
    [
      "over, with too few successes",
      [stage(true, 0, 0, 17, 3), stage(false, 1, 0, 0, 0)],
      { success: 90, errors: 50 },
      "stop",
    ],
    ["left out devices do not count", [stage(true, 0, 0, 1, 0, 9), stage(false, 5, 0, 0, 0)], usual, 1],
    [
      "devices that were called back do not count",
      [stage(true, 0, 0, 1, 0, 0, 9), stage(false, 5, 0, 0, 0)],
      usual,
      1,
    ],
    ["one of the last stage still waits", [stage(true, 1, 0, 9, 0)], usual, "wait"],
    ["all of a stage left out", [stage(true, 0, 0, 0, 0, 9), stage(false, 5, 0, 0, 0)], usual, 1],
    [
      "a late failure in a stage that was passed",
      [stage(true, 0, 0, 9, 1), stage(true, 0, 5, 0, 0)],
      usual,
      "stop",
    ],
    ["the last stage goes on", [stage(true, 0, 0, 9, 0), stage(true, 0, 1, 9, 0)], usual, "wait"],
    ["exactly the limit of a fraction", [stage(true, 0, 9993, 0, 7)], { success: 0, errors: 0.07 }, "stop"],
    [
      "exactly the share of a fraction",
      [stage(true, 0, 0, 7, 0, 0), stage(false, 1, 0, 0, 0)],
      { success: 7, errors: 100 },
      1,
    ],
    [
      "7 of 100 are 7 %",
      [stage(true, 0, 93, 7, 0), stage(false, 1, 0, 0, 0)],
      { success: 7, errors: 100 },
      1,
    ],
    ["all over", [stage(true, 0, 0, 9, 0), stage(true, 0, 0, 10, 0)], usual, "finish"],
  ];
  for (const [name, stages, thresholds, expected] of cases)
    test(name, () => {
      const decision = decide(stages, thresholds);
      assert.equal(decision.kind === "start" ? decision.stage : decision.kind, expected);
    });

  test("the reason names the stage, what was found and the limit", () => {
    const decision = decide([stage(true, 0, 0, 30, 0), stage(true, 0, 3, 4, 1)], usual);
    assert.deepEqual(decision, {
      kind: "stop",
      reason: "stage 2: 1 of 8 devices failed (12.5 %), the limit is 10 %",
    });
  });
});
