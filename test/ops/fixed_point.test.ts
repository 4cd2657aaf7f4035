/** Meaning of what has no other definition: factors of 64-bit sums, tables, and dense layers of mixed types. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import {
  type DType,
  elements,
  fromBytes,
  quantized,
  type Tensor,
  type TensorData,
} from "../../host/ir/graph.ts";
import {
  requantizeWide,
  saturatingRoundingDoublingHighMul,
  wideMultiplier,
} from "../../host/ops/fixed_point.ts";
import { fullyConnected } from "../../host/ops/fully_connected.ts";
import { lookUp, makeLut } from "../../host/ops/lut_s16.ts";

describe("factors of 64-bit sums", () => {
  test("16 bits and a shift to the right", () => {
    assert.deepEqual(wideMultiplier(1), { multiplier: 2 ** 14, shift: 14 });
    assert.deepEqual(wideMultiplier(0.75), { multiplier: 3 * 2 ** 13, shift: 15 });
    // All but a power of two stays below it.
    assert.deepEqual(wideMultiplier(1 - 2 ** -20), { multiplier: 2 ** 15 - 1, shift: 15 });
    assert.deepEqual(wideMultiplier(2 ** -40), { multiplier: 0, shift: 15 });
    assert.throws(() => wideMultiplier(2 ** 14), /expected scales with a quotient below 2\^14, found 16384/);
  });

  test("halves go up, and nothing is lost before", () => {
    const half = wideMultiplier(0.5);
    assert.deepEqual(
      [-3, -1, 1, 3].map((x) => requantizeWide(x, half)),
      [-1, 0, 1, 2],
    );
    // 3 * 2^45 + 1 has 47 bits, its product with 3 * 2^13 62.
    assert.equal(requantizeWide(3 * 2 ** 45 + 1, wideMultiplier(0.75 * 2 ** -30)), 73728);
  });
});

test("the doubled high half of a product is that of whole numbers, however large it is", () => {
  const bytes = Buffer.from(lcgBytes(7, 4 * 2 * 4000).bytes);
  const random = Array.from({ length: 4000 }, (_, i) => [
    // Magnitudes vary, so that half of the products fit a double.
    bytes.readInt32LE(8 * i) >> (i % 24),
    bytes.readInt32LE(8 * i + 4),
  ]);
  const edges = [-(2 ** 31), -(2 ** 21), -3, -1, 0, 1, 2 ** 21 - 1, 2 ** 21, 2 ** 31 - 1];
  const pairs = [...random, ...edges.flatMap((a) => edges.map((b) => [a, b]))] as [number, number][];
  for (const [a, b] of pairs) {
    const exact = Number((BigInt(a) * BigInt(b) + 2n ** 30n) >> 31n);
    assert.equal(saturatingRoundingDoublingHighMul(a, b) + 0, Math.min(exact, 2 ** 31 - 1), `${a} * ${b}`);
  }
});

test("a table with lines in between is near its function", () => {
  const lut = makeLut({ min: -8, max: 8 }, 2 / 65535, (x) => 1 / (1 + Math.exp(-x)));
  for (let x = -32768; x < 32768; x += 31) {
    const exact = 32768 / (1 + Math.exp((-x * 16) / 65535));
    assert.ok(Math.abs(lookUp(lut, x) - exact) <= 2, `${x}: ${lookUp(lut, x)}, not ${exact}`);
  }
});

describe("dense layers come within a step of the real product", () => {
  const [depth, outputs] = [40, 5];
  const scales = { int8: 2 ** -6, int16: 2 ** -14 };
  const made = (name: string, dtype: "int8" | "int16", shape: number[], seed: number): Tensor => {
    const bytes = lcgBytes(seed, elements(shape) * (dtype === "int8" ? 1 : 2)).bytes;
    return { name, dtype, shape, quantization: quantized(scales[dtype], 0), data: fromBytes(dtype, bytes) };
  };
  const values = ({ data, quantization }: Tensor): number[] =>
    Array.from(data!, (q) => (q - quantization!.zeroPoints[0]!) * quantization!.scales[0]!);

  for (const [x, w, y] of [
    ["int16", "int8", "int16"],
    ["int16", "int16", "int16"],
    ["int8", "int8", "int16"],
    ["int16", "int8", "int8"],
    ["int16", "int16", "int8"],
  ] as const) {
    test(`${x} times ${w} to ${y}`, () => {
      const input = made("x", x, [1, depth], 1);
      const weights = made("w", w, [outputs, depth], 2);
      const output: Tensor = {
        name: "y",
        dtype: y satisfies DType,
        shape: [1, outputs],
        quantization: y === "int8" ? quantized(0.25, -5) : quantized(2 ** -10, 0),
      };
      const node = {
        name: "dense",
        attributes: { keepDims: false, activation: "none" },
        inputs: [input, weights],
        outputs: [output],
      };
      const data: (TensorData | undefined)[] = [input.data, weights.data];
      const [found] = fullyConnected.evaluate(node, data);
      const real = values({ ...output, data: found! });
      const [a, b] = [values(input), values(weights)];
      real.forEach((value, i) => {
        const exact = a.reduce((sum, xi, k) => sum + xi * b[i * depth + k]!, 0);
        const step = output.quantization!.scales[0]!;
        assert.ok(Math.abs(value - exact) <= step, `output ${i}: ${value}, not ${exact}`);
      });
    });
  }
});
