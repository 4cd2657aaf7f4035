/** Floats of 16 bits: every binary16, halves between two of them, both ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBfloat, fromHalf, roundToBfloat, roundToHalf, toHalf } from "../../host/ir/half.ts";

test("each of the 65536 binary16 but the NaNs comes back as its bits", () => {
  for (let bits = 0; bits < 65536; bits++) {
    const value = fromHalf(bits);
    if (Number.isNaN(value)) assert.ok((bits & 0x7c00) === 0x7c00 && (bits & 1023) !== 0);
    else assert.equal(toHalf(value), bits);
  }
  assert.ok(Number.isNaN(fromHalf(toHalf(Number.NaN))));
});

test("values of binary16 are those of IEEE 754", () => {
  assert.deepEqual([0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00, 0xfc00].map(fromHalf), [
    1,
    -2,
    65504,
    2 ** -24,
    2 ** -14,
    0.333251953125,
    Infinity,
    -Infinity,
  ]);
});

test("a value between two is rounded to the nearer, a half to the even one", () => {
  const step = 2 ** -10;
  assert.deepEqual(
    [1 + 0.5 * step, 1 + 1.5 * step, -1 - 1.5 * step, 1 + 0.51 * step, 2 ** -25, 1.5 * 2 ** -24].map(
      roundToHalf,
    ),
    [1, 1 + 2 * step, -1 - 2 * step, 1 + step, 0, 2 ** -23],
  );
  assert.deepEqual([65519, 65520, -65520, -0, Infinity].map(roundToHalf), [
    65504,
    Infinity,
    -Infinity,
    -0,
    Infinity,
  ]);
});

test("bfloat16 is the upper half of a float32", () => {
  assert.deepEqual([0x3f80, 0xc049, 0x7f80].map(fromBfloat), [1, -3.140625, Infinity]);
  assert.deepEqual([1 + 2 ** -8, 1 + 3 * 2 ** -8, 3.4e38].map(roundToBfloat), [1, 1 + 2 ** -6, Infinity]);
});
