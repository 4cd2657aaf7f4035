/** Bounds of measured accuracy, beside those of scipy (test/gen/wilson_vectors.py). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isSurelyBelow, shareBounds, tallyText } from "../../../host/fleet/telemetry/accuracy.ts";
import { normalQuantile } from "../../../host/fleet/telemetry/drift.ts";
import { root } from "../../../host/root.ts";

interface Vector {
  readonly right: number;
  readonly labelled: number;
  readonly confidence: number;
  readonly low: number;
  readonly high: number;
}
const vectors = JSON.parse(readFileSync(join(root, "test/vectors/wilson.json"), "utf8")) as Vector[];

describe("the accuracy that labels have measured", () => {
  test("has scipy's bounds", () => {
    for (const { right, labelled, confidence, low, high } of vectors) {
      const found = shareBounds({ labelled, right }, normalQuantile((1 - confidence) / 2));
      assert.ok(Math.abs(found.low - low) < 1e-8, `${right}/${labelled}: ${found.low}, ${low}`);
      assert.ok(Math.abs(found.high - high) < 1e-8, `${right}/${labelled}: ${found.high}, ${high}`);
    }
    const { low, high } = vectors.find((each) => each.labelled === 50 && each.confidence === 0.95)!;
    const told = shareBounds({ labelled: 50, right: 45 });
    assert.ok(Math.abs(told.low - low) < 1e-12 && Math.abs(told.high - high) < 1e-12);
  });

  test("says nothing without labels, and is for people", () => {
    assert.deepEqual(shareBounds({ labelled: 0, right: 0 }), { low: 0, high: 1 });
    assert.equal(isSurelyBelow({ labelled: 0, right: 0 }, 99), false);
    assert.equal(tallyText({ labelled: 0, right: 0 }), "no labels");
    assert.equal(tallyText({ labelled: 50, right: 45 }), "45 of 50 right: 90.0 % (78.6 to 95.7)");
  });

  test("is below a limit when 99.9 % confidence says so, as rules look again and again", () => {
    const { high } = vectors.find(
      (each) => each.labelled === 1000 && each.confidence === 0.999 && each.right === 900,
    )!;
    assert.equal(isSurelyBelow({ labelled: 1000, right: 900 }, 100 * high + 1e-6), true);
    assert.equal(isSurelyBelow({ labelled: 1000, right: 900 }, 100 * high - 1e-6), false);
  });
});
