/** The 16-bit logistic function and tanh, by both tables and over all that int16 can hold. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quantized, type Tensor } from "../../host/ir/graph.ts";
import { evaluateSigmoid } from "../../host/ops/sigmoid_s16.ts";

const FUNCTIONS = { logistic: (x: number) => 1 / (1 + Math.exp(-x)), tanh: Math.tanh } as const;

/** Steps of 2^-15 that an output may be off by: what lines between entries miss, and the rounding. */
const TOLERANCE = { fine: 3, coarse: 12 } as const;

const input = (scale: number): Tensor => ({
  name: "x",
  dtype: "int16",
  shape: [1],
  quantization: quantized(scale, 0),
});

describe("logistic and tanh of int16", () => {
  for (const kind of ["logistic", "tanh"] as const) {
    for (const table of ["fine", "coarse"] as const) {
      for (const scale of [2 ** -14, 1 / 4096, 0.0007, 0.01, 0.3]) {
        test(`${kind}, ${table} table, scale ${scale}`, () => {
          const f = evaluateSigmoid(input(scale), kind, { coarse: table === "coarse" });
          for (let q = -32768; q < 32768; q += 7) {
            const found = f(q);
            const expected = FUNCTIONS[kind](q * scale) * 32768;
            assert.ok(found >= -32768 && found <= 32767, `${q}: expected an int16, found ${found}`);
            assert.ok(
              Math.abs(found - expected) <= TOLERANCE[table],
              `${q}: expected ${expected}, found ${found}`,
            );
          }
        });
      }
    }
  }
});
