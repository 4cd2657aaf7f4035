/** Scales and zero points for ranges and for weights: zero is exact, nothing overflows. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { quantized } from "../../host/ir/graph.ts";
import { asymmetric, symmetricScales } from "../../host/ops/scales.ts";

const real = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(Math.fround);

describe("asymmetric", () => {
  test("holds zero exactly, and every value of the range within half a step", () => {
    fc.assert(
      fc.property(real, real, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, t) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const { scales, zeroPoints } = asymmetric(min, max);
        const [scale, zero] = [scales[0]!, zeroPoints[0]!];
        assert.ok(scale > 0 && scale === Math.fround(scale), `scale ${scale}`);
        assert.ok(Number.isInteger(zero) && zero >= -128 && zero <= 127, `zero point ${zero}`);
        const x = min + t * (max - min);
        const q = Math.max(-128, Math.min(127, Math.round(x / scale) + zero));
        const range = Math.max(max, 0) - Math.min(min, 0);
        // Below the smallest normal float32 there is nothing to hold.
        if (range / 255 < 2 ** -126) return;
        assert.ok(Math.abs((q - zero) * scale - x) <= 0.5001 * scale, `${x} became ${(q - zero) * scale}`);
      }),
      { numRuns: 2000, seed: 1 },
    );
  });

  test("uses the whole range of int8", () => {
    assert.deepEqual(asymmetric(-128, 127), quantized(1, 0));
    assert.deepEqual(asymmetric(-6.4, 19.1), quantized(Math.fround(0.1), -64));
  });

  test("a range on one side of zero is extended to it", () => {
    assert.deepEqual(asymmetric(2, 5), quantized(Math.fround(5 / 255), -128));
    assert.deepEqual(asymmetric(-5, -2), quantized(Math.fround(5 / 255), 127));
    assert.deepEqual(asymmetric(0, 5.1), quantized(Math.fround(5.1 / 255), -128));
  });

  test("a tensor that is always zero, or all but", () => {
    assert.deepEqual(asymmetric(0, 0), quantized(1, 0));
    assert.deepEqual(asymmetric(0, 1e-45), quantized(1, 0));
    assert.deepEqual(asymmetric(-1e-42, 1e-40), quantized(1, 0));
  });

  test("a range as narrow as a normal scale allows", () => {
    const max = 255 * 2 ** -126;
    assert.deepEqual(asymmetric(0, max), quantized(2 ** -126, -128));
  });
});

describe("symmetricScales", () => {
  test("the greatest weight of each channel becomes 127", () => {
    assert.deepEqual(
      symmetricScales(
        [
          [0.5, -127],
          [1.27, 0],
        ],
        [],
        1,
      ),
      [1, Math.fround(1.27 / 127)],
    );
  });

  test("a channel of zeros takes the finest scale of the others; all zeros take 1", () => {
    assert.deepEqual(symmetricScales([[127], [0, 0], [254]], [], 1), [1, 1, 2]);
    assert.deepEqual(symmetricScales([[0], [0]], [0, 0], 1), [1, 1]);
  });

  test("a channel of zeros with a bias is scaled for its bias", () => {
    const [scale] = symmetricScales([[0]], [5], 0.5);
    assert.ok(Math.abs(5 / (0.5 * scale!) - 2 ** 30) < 128, `${scale}`);
  });

  test("weights stay within 127 steps and biases within 2^30, whatever their sizes", () => {
    const magnitude = fc.integer({ min: -40, max: 40 }).map((n) => 2 ** n);
    const value = fc
      .tuple(fc.double({ min: -1, max: 1, noNaN: true }), magnitude)
      .map(([x, m]) => Math.fround(x * m));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(value, { minLength: 1, maxLength: 4 }), value), {
          minLength: 1,
          maxLength: 4,
        }),
        magnitude,
        (channels, inputScale) => {
          const scales = symmetricScales(
            channels.map(([weights]) => weights),
            channels.map(([, bias]) => bias),
            inputScale,
          );
          channels.forEach(([weights, bias], i) => {
            const scale = scales[i]!;
            assert.ok(scale > 0 && scale === Math.fround(scale) && Number.isFinite(scale), `scale ${scale}`);
            for (const weight of weights) assert.ok(Math.abs(weight / scale) < 127.5, `${weight} / ${scale}`);
            assert.ok(Math.abs(bias / (inputScale * scale)) <= 2 ** 30 * 1.000001, `bias ${bias}`);
          });
        },
      ),
      { numRuns: 1000, seed: 2 },
    );
  });
});
