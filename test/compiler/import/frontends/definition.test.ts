/** Front-ends in real numbers beside librosa and kaldi, which compute in other ways. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { featureSnr, powersOf } from "../../../../host/compiler/import/frontends/definition.ts";
import { elements, tensorOf } from "../../../../host/ir/graph.ts";
import { frontendOf, samples, sets } from "./mel.ts";

describe("definitions of front-ends in real numbers", () => {
  for (const { name, parameters, chirp } of sets)
    test(`${name} within a thousandth`, () => {
      const { graph, definition } = frontendOf(parameters);
      const { shape, stream } = tensorOf(graph, graph.inputs[0]!);
      const wrong = chirp.flatMap((row, i) => {
        const found = definition(samples.slice(i * stream!.hop, i * stream!.hop + elements(shape)));
        assert.equal(found.length, row.length);
        return found.filter((x, k) => !(Math.abs(x - row[k]!) <= 1e-3 * Math.max(1, Math.abs(row[k]!))));
      });
      assert.deepEqual(wrong, []);
    });

  test("powers are those of the sum that defines them", () => {
    const values = [3, -1, 4, 1, -5, 9];
    const expected = [0, 1, 2, 3, 4].map((k) => {
      const part = (f: (x: number) => number): number =>
        values.reduce((sum, x, i) => sum + x * f((2 * Math.PI * k * i) / 8), 0);
      return part(Math.cos) ** 2 + part(Math.sin) ** 2;
    });
    powersOf(values, 8).forEach((x, k) => {
      assert.ok(Math.abs(x - expected[k]!) < 1e-9, `power ${k}: ${x}, expected ${expected[k]}`);
    });
  });

  test("decibels of each feature", () => {
    const found = [
      [1.1, 2],
      [0.9, 3],
    ];
    const expected = [
      [1, 2],
      [1, 3],
    ];
    const [first, second] = featureSnr(found, expected);
    assert.ok(Math.abs(first! - 20) < 1e-9);
    assert.equal(second, Number.POSITIVE_INFINITY);
  });
});
