/**
 * The bound that lets three channels share 64 bits: layers exactly at it are right in every lane, layers
 * beyond it get the kernel that has no such bound.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { lower } from "../../host/compiler/plan/lower.ts";
import { standardVectors } from "../../host/compiler/verify/vectors.ts";
import type { Graph, Vector } from "../../host/ir/graph.ts";
import { fitsLanes, lanesBytes } from "../../host/ops/lanes.ts";
import type { Choice } from "../../host/ops/lowering.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { type Channel, dense, depthwise3x3, everywhere, FAST, pointwise } from "../support/layers.ts";
import { kernelMachine, runOnMachine } from "./lowering/machine.ts";

const machine = await kernelMachine();

/** A section's weights whose sizes add up to `size`, 2^13 - 2^6 .. 2^13; a weight that is not full counts. */
const sized = (size: number, sign: (i: number) => number = () => -1): number[] =>
  Array.from({ length: 64 }, (_, i) => (i < size - 64 * 127 ? -128 : 127 * sign(i)));

const MOST = 2 ** 13 - 1;

/** The layer is computed by `kernel` when the fast one is asked for, and comes out right. */
function expectKernel(
  graph: Graph,
  kernel: string,
  choice: Choice = FAST,
  vectors?: readonly Vector[],
): void {
  const choices = everywhere(graph, choice);
  assert.deepEqual(
    lower(graph, choices).calls.map((call) => call.kernel.name),
    [kernel],
  );
  const inputs = vectors ?? standardVectors(graph, 6).map((vector) => vector.inputs);
  assert.deepEqual(
    runOnMachine(machine, graph, inputs, choices),
    runReference(graph, inputs).map((outputs) => outputs.map((bytes) => new Uint8Array(bytes))),
  );
}

describe("lanes at their extremes", () => {
  /** Inputs of -128 give this channel the greatest sum, or the least; the bias brings it back near 0. */
  const extreme = (negative: boolean, sections: number): Channel => ({
    weights: Array(sections)
      .fill(negative ? Array(64).fill(127) : sized(MOST))
      .flat() as number[],
    bias: sections * (negative ? 128 * 127 * 64 : -128 * MOST) + (negative ? 3 : -5),
    factor: 1,
  });

  for (const count of [3, 5]) {
    test(`every combination of signs in ${count} channels, one to three sections`, () => {
      for (let sections = 1; sections <= 3; sections++) {
        for (let signs = 0; signs < 2 ** count; signs++) {
          const channels = Array.from({ length: count }, (_, i) =>
            extreme(((signs >> i) & 1) === 1, sections),
          );
          const graph = pointwise(channels, { pixels: 5 });
          const [lowest] = standardVectors(graph, 0);
          const found = runOnMachine(machine, graph, [lowest!.inputs], everywhere(graph, FAST));
          const outputs = channels.map((_, i) => (((signs >> i) & 1) === 1 ? 3 : -5));
          assert.deepEqual([...new Int8Array(found[0]![0]!.slice(0, count))], outputs);
          expectKernel(graph, sections > 1 ? "conv2d_long_lanes_s8" : "conv2d_lanes_s8");
        }
      }
    });
  }

  test("random signs of weights and inputs, sums of up to the whole range", () => {
    const row = fc
      .record({ size: fc.integer({ min: MOST - 30, max: MOST }), signs: fc.integer() })
      .map(({ size, signs }) => sized(size, (i) => ((signs >> (i % 31)) & 1 ? 1 : -1)));
    const cases = fc.record({
      channels: fc.array(
        fc.record({
          weights: fc.array(row, { minLength: 2, maxLength: 2 }).map((sections) => sections.flat()),
          bias: fc.integer({ min: -(2 ** 20), max: 2 ** 20 }),
          factor: fc.integer({ min: -14, max: 0 }).map((exponent) => 2 ** exponent),
        }),
        { minLength: 1, maxLength: 7 },
      ),
      negative: fc.array(fc.boolean(), { minLength: 128, maxLength: 128 }),
      tile: fc.integer({ min: 1, max: 5 }),
      inPlace: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ channels, negative, tile, inPlace }) => {
        const graph = pointwise(channels, { pixels: 3 });
        const bytes = negative.map((low) => (low ? 0x80 : 0x7f));
        const input = Uint8Array.from([...bytes, ...bytes.map((byte) => byte ^ 0xff), ...bytes]);
        expectKernel(graph, "conv2d_long_lanes_s8", { kernel: "fast", tile, inPlace }, [[input], [input]]);
      }),
      { seed: 6, numRuns: 200 },
    );
  });

  test("a window of 3x3 with the greatest weights and inputs", () => {
    const channels = [-128, 127, -128].map((weight) => ({
      weights: Array<number>(9).fill(weight),
      bias: 0,
      factor: 2 ** -11,
    }));
    for (const inputZeroPoint of [-128, 0, 127]) {
      expectKernel(depthwise3x3(channels, { inputZeroPoint }), "depthwise_conv2d_lanes_s8");
    }
  });
});

test("four channels of four bits share 64 bits at their extremes, for every number of terms around a chunk", () => {
  for (let terms = 1; terms <= 49; terms += terms < 14 || terms > 33 ? 12 : 1) {
    for (let signs = 0; signs < 16; signs += 5) {
      const channels = Array.from({ length: 6 }, (_, i): Channel => {
        const weight = (signs >> (i % 4)) & 1 ? 7 : -8;
        return { weights: Array(terms).fill(weight), bias: 128 * weight * terms + i - 3, factor: 1 };
      });
      const graph = pointwise(channels, { pixels: 5 });
      expectKernel(graph, "conv2d_w4_lanes_s8", { ...FAST, packed: true });
      const [lowest] = standardVectors(graph, 0);
      const choices = everywhere(graph, { ...FAST, packed: true });
      const found = runOnMachine(machine, graph, [lowest!.inputs], choices);
      assert.deepEqual([...new Int8Array(found[0]![0]!.slice(0, 6))], [-3, -2, -1, 0, 1, 2]);
    }
  }
});

describe("what lanes do not hold", () => {
  const fits = (
    weights: readonly number[],
    { bias = 0, shift = 0, zeroPoint = 0, min = -128, max = 127 } = {},
  ): boolean => {
    const factors = [{ multiplier: 2 ** 30, shift }];
    return fitsLanes({ rows: Int8Array.from(weights), bias: Int32Array.of(bias), factors }, zeroPoint, {
      min,
      max,
    });
  };

  test("64 weights whose sizes add up to 2^13, wherever their section lies", () => {
    const plain = Array<number>(64).fill(1);
    assert.equal(fits(sized(MOST)), true);
    assert.equal(fits(sized(MOST + 1)), false);
    assert.equal(fits([...plain, ...sized(MOST)]), true);
    assert.equal(fits([...plain, ...sized(MOST + 1)]), false);
    assert.equal(fits([...plain, ...sized(MOST + 1), 1]), false);
    // As many in a row, but half of them in each of two sections
    assert.equal(fits([...plain.slice(32), ...sized(MOST + 1), ...plain.slice(32)]), true);
  });

  test("one such channel among others", () => {
    const rows = Int8Array.from([...sized(MOST), ...sized(MOST + 1), ...sized(MOST)]);
    const factors = [0, 0, 0].map((shift) => ({ multiplier: 2 ** 30, shift }));
    const range = { min: -128, max: 127 };
    assert.equal(fitsLanes({ rows, bias: new Int32Array(3), factors }, 0, range), false);
  });

  test("shifts below -24", () => {
    assert.equal(fits([1], { shift: -24 }), true);
    assert.equal(fits([1], { shift: -25 }), false);
  });

  test("sums that could wrap, before or after their shift to the left", () => {
    for (const sign of [1, -1]) {
      assert.equal(fits([1], { bias: sign * (2 ** 30 - 129) }), true);
      assert.equal(fits([1], { bias: sign * (2 ** 30 - 128) }), false);
      assert.equal(fits([1], { shift: 10, bias: sign * (2 ** 20 - 129) }), true);
      assert.equal(fits([1], { shift: 10, bias: sign * (2 ** 20 - 128) }), false);
      assert.equal(fits([1], { shift: -10, bias: sign * (2 ** 30 - 128) }), false);
    }
  });

  test("a zero point that is no output", () => {
    const range = { min: -10, max: 20 };
    for (const zeroPoint of [-10, 0, 20]) assert.equal(fits([1], { ...range, zeroPoint }), true);
    for (const zeroPoint of [-11, 21]) assert.equal(fits([1], { ...range, zeroPoint }), false);
  });
});

describe("is computed by the small kernel, and right", () => {
  const live: Channel = { weights: sized(MOST), bias: 100, factor: 2 ** -13 };
  const layers: readonly (readonly [string, Channel])[] = [
    ["the weights", { ...live, weights: sized(MOST + 1) }],
    // Neither is a constant channel: the bias is half a step, and the inputs tip it.
    ["the shift", { ...live, bias: 2 ** 25, factor: 2 ** -26 }],
    ["the sum", { ...live, bias: 2 ** 30 + 2 ** 23, factor: 2 ** -24 }],
    ["the sum below zero", { ...live, bias: -(2 ** 30) - 2 ** 23, factor: 2 ** -24 }],
    ["the shifted sum", { ...live, bias: 0, factor: 2 ** 13 }],
  ];
  for (const [name, channel] of layers.slice(1)) {
    test(`a convolution of four bits, for ${name}`, () => {
      const four = [live, channel, live].map((each) => ({
        ...each,
        weights: each.weights.map((weight) => weight >> 5),
        factor: each.factor > 1 ? 8 * each.factor : each.factor,
      }));
      expectKernel(pointwise(four, { pixels: 3 }), "conv2d_w4_s8", { ...FAST, packed: true });
    });
  }

  for (const [name, channel] of layers) {
    test(`a convolution, for ${name}`, () => {
      expectKernel(pointwise([live, channel, live, live], { pixels: 3 }), "conv2d_s8");
    });
  }

  const nine = (channel: Channel): Channel => ({ ...channel, weights: channel.weights.slice(0, 9) });
  for (const [name, channel] of layers.slice(1)) {
    test(`a depthwise convolution, for ${name}`, () => {
      expectKernel(depthwise3x3([nine(live), nine(channel)]), "depthwise_conv2d_s8");
    });
  }

  for (const [name, channel] of layers.slice(1)) {
    test(`a dense layer, for ${name}`, () => {
      expectKernel(dense([channel]), "fully_connected_s8");
      expectKernel(dense([live, channel, live]), "fully_connected_per_channel_s8");
    });
  }

  test("a dense layer has no lanes: the weights do not matter", () => {
    const heavy: Channel = { ...live, weights: sized(MOST + 1) };
    expectKernel(dense([heavy]), "fully_connected_stationary_s8");
    expectKernel(dense([heavy, live]), "fully_connected_per_channel_stationary_s8");
  });

  test("but a channel that is constant keeps no layer from the fast one", () => {
    const dead: Channel = { ...live, bias: 2 ** 30, factor: 2 ** -40 };
    expectKernel(pointwise([live, dead]), "conv2d_lanes_s8");
    expectKernel(depthwise3x3([nine(live), nine(dead)]), "depthwise_conv2d_lanes_s8");
  });
});

test("scratch: packed weights, lanes, and totals where lanes are emptied", () => {
  assert.equal(lanesBytes(4, false), 7 + 32 * 8 + 4 * 8);
  assert.equal(lanesBytes(4, true), 7 + 32 * 8 + 4 * 8 + 4 * 3 * 4);
});

describe("many terms of small weights stay in the lanes", () => {
  /** 512 terms whose sizes add up to `size`; inputs of -128 then make the most of it. */
  const spread = (size: number): Channel => ({
    weights: Array.from({ length: 512 }, (_, i) => -Math.floor(size / 512) - (i < size % 512 ? 1 : 0)),
    bias: -128 * size + 7,
    factor: 1,
  });

  test("up to the bound for all of them", () => {
    expectKernel(pointwise([spread(MOST), spread(MOST), spread(MOST)], { pixels: 3 }), "conv2d_lanes_s8");
  });

  test("one more, in any channel, and they are emptied on the way", () => {
    for (let i = 0; i < 3; i++) {
      const channels = [0, 1, 2].map((j) => spread(i === j ? MOST + 1 : MOST));
      expectKernel(pointwise(channels, { pixels: 3 }), "conv2d_long_lanes_s8");
    }
  });
});
