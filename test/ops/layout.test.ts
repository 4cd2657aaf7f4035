/** Tables as the kernels read them: by hand, and by what the kernels' documentation says of each weight. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { byChannel, foldedBias, inBlocks } from "../../host/ops/layout.ts";

const upTo = (greatest: number) => fc.integer({ min: 1, max: greatest });

/** Weights of up to 3 groups of up to 11 outputs. */
const layers = fc
  .record({ groups: upTo(3), groupOutputs: upTo(11), terms: upTo(9) })
  .chain(({ groups, groupOutputs, terms }) => {
    const length = groups * groupOutputs * terms;
    return fc.record({
      groups: fc.constant(groups),
      groupOutputs: fc.constant(groupOutputs),
      terms: fc.constant(terms),
      rows: fc.int8Array({ minLength: length, maxLength: length }),
    });
  });

describe("in blocks of four", () => {
  test("five outputs of two terms: four side by side, and one", () => {
    const rows = Int8Array.of(1, 10, 2, 20, 3, 30, 4, 40, 5, 50);
    assert.deepEqual(inBlocks(rows, 5), Int8Array.of(1, 2, 3, 4, 10, 20, 30, 40, 5, 50));
  });

  test("blocks end with their group", () => {
    const rows = Int8Array.of(1, 10, 2, 20, 3, 30, 4, 40);
    assert.deepEqual(inBlocks(rows, 4, 2), Int8Array.of(1, 2, 10, 20, 3, 4, 30, 40));
    assert.deepEqual(inBlocks(rows, 4, 4), rows);
  });

  test("up to three outputs are one narrower block", () => {
    assert.deepEqual(inBlocks(Int8Array.of(1, 2, 3, 4, 5, 6), 3), Int8Array.of(1, 3, 5, 2, 4, 6));
    assert.deepEqual(inBlocks(Int8Array.of(1, 2, 3), 1), Int8Array.of(1, 2, 3));
  });

  test("every weight is where a kernel looks for it", () => {
    fc.assert(
      fc.property(layers, ({ groups, groupOutputs, terms, rows }) => {
        const blocks = inBlocks(rows, groups * groupOutputs, groups);
        assert.equal(blocks.length, rows.length);
        rows.forEach((weight, i) => {
          const [output, term] = [Math.floor(i / terms), i % terms];
          const channel = output % groupOutputs;
          const first = channel - (channel % 4);
          const width = Math.min(4, groupOutputs - first);
          const block = (output - channel + first) * terms;
          assert.equal(blocks[block + term * width + (channel - first)], weight);
        });
      }),
      { seed: 1 },
    );
  });
});

describe("by channel", () => {
  test("two taps of three channels", () => {
    assert.deepEqual(byChannel(Int8Array.of(1, 2, 3, 10, 20, 30), 3), Int8Array.of(1, 10, 2, 20, 3, 30));
  });

  test("twice, with terms and channels exchanged, is nothing", () => {
    fc.assert(
      fc.property(layers, ({ groups, groupOutputs, terms, rows }) => {
        assert.deepEqual(byChannel(byChannel(rows, groups * groupOutputs), terms), rows);
      }),
      { seed: 2 },
    );
  });
});

describe("a folded bias", () => {
  test("by hand", () => {
    // 100 - 5 * (1 + 2), -100 - 5 * (-3 + 4)
    const rows = Int8Array.of(1, 2, -3, 4);
    assert.deepEqual(foldedBias(rows, Int32Array.of(100, -100), 2, 5), Int32Array.of(85, -105));
    assert.deepEqual(foldedBias(rows, undefined, 2, -128), Int32Array.of(3 * 128, 128));
    assert.deepEqual(foldedBias(rows, undefined, 2, 0), Int32Array.of(0, 0));
  });

  test("wraps at 32 bits", () => {
    const bias = Int32Array.of(2 ** 31 - 1, -(2 ** 31));
    assert.deepEqual(foldedBias(Int8Array.of(-1, 1), bias, 2, 1), Int32Array.of(-(2 ** 31), 2 ** 31 - 1));
  });

  test("gives the sums that the input zero point would", () => {
    const cases = fc.record({
      layer: layers,
      zeroPoint: fc.integer({ min: -128, max: 127 }),
      bias: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ layer, zeroPoint, bias, seed }) => {
        const { groups, groupOutputs, terms, rows } = layer;
        const outputs = groups * groupOutputs;
        const folded = foldedBias(rows, new Int32Array(outputs).fill(bias), outputs, zeroPoint);
        const input = Array.from({ length: terms }, (_, i) => (((seed >> i) * 77) % 256) - 128);
        const sum = (output: number, offset: number): number =>
          input.reduce((total, x, i) => total + (x - offset) * rows[output * terms + i]!, 0);
        folded.forEach((each, output) => {
          assert.equal((each + sum(output, 0)) | 0, (bias + sum(output, zeroPoint)) | 0);
        });
      }),
      { seed: 3 },
    );
  });
});
