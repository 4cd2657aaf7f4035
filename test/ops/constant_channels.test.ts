/** Channels with one output for every input: found, written plainly, and never where they are none. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { lcgBytes, standardVectors } from "../../host/compiler/verify/vectors.ts";
import { clampTo, type Range } from "../../host/ops/activation.ts";
import { type Channels, settleConstantChannels } from "../../host/ops/constant_channels.ts";
import { kernelMultiplier, type Multiplier, requantize } from "../../host/ops/fixed_point.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { type Channel, depthwise3x3, everywhere, FAST, pointwise } from "../support/layers.ts";
import { kernelMachine, runOnMachine } from "./lowering/machine.ts";

const INT8: Range = { min: -128, max: 127 };
/** The factor of 1. */
const ONE: Multiplier = { multiplier: 2 ** 30, shift: 1 };

const channelsOf = (channels: readonly Channel[]): Channels => ({
  rows: Int8Array.from(channels.flatMap(({ weights }) => weights)),
  bias: Int32Array.from(channels, ({ bias }) => bias),
  factors: channels.map(({ factor }) => kernelMultiplier(factor)),
});

const settle = (channels: readonly Channel[], zeroPoint = 0, range = INT8): Channels =>
  settleConstantChannels(channelsOf(channels), zeroPoint, range);

describe("settled", () => {
  test("a channel that training left dead: hardly a scale, a bias near 2^30", () => {
    const dead = { weights: [1, -127], bias: 2 ** 30 - 7, factor: 2 ** -40 };
    const { rows, bias, factors } = settle([dead], 5);
    assert.deepEqual([[...rows], [...bias], factors], [[0, 0], [0], [ONE]]);
  });

  test("one that a rectifier holds at its bound, and one that saturates", () => {
    const low = { weights: [1, 1], bias: -1000, factor: 0.5 };
    const high = { weights: [1, 1], bias: 1000, factor: 0.5 };
    const { rows, bias } = settle([low, high], -10, { min: -10, max: 100 });
    assert.deepEqual(
      [[...rows], [...bias]],
      [
        [0, 0, 0, 0],
        [0, 110],
      ],
    );
  });

  test("its neighbours stay as they are, and so do the tables that were given", () => {
    const live = { weights: [3, -4], bias: 7, factor: 0.25 };
    const given = channelsOf([live, { weights: [1, 2], bias: 0, factor: 2 ** -20 }, live]);
    const { rows, bias, factors } = settleConstantChannels(given, 9, INT8);
    assert.deepEqual([...rows], [3, -4, 0, 0, 3, -4]);
    assert.deepEqual([...bias], [7, 0, 7]);
    assert.deepEqual(factors, [given.factors[0], ONE, given.factors[2]]);
    assert.deepEqual([...given.rows], [3, -4, 1, 2, 3, -4]);
  });
});

describe("not settled", () => {
  const same = (channel: Channel, zeroPoint = 0, range = INT8): void => {
    const expected = channelsOf([channel]);
    assert.deepEqual(settle([channel], zeroPoint, range), expected);
  };

  test("a channel whose last input value alone makes a difference", () => {
    // Up to 127 + 127 = 254, which is 127 / 256 after the first rounding; 255 is 128 / 256, and 1.
    assert.deepEqual([...settle([{ weights: [1], bias: 127, factor: 2 ** -9 }]).rows], [0]);
    same({ weights: [1], bias: 128, factor: 2 ** -9 });
  });

  test("sums that may wrap", () => {
    same({ weights: [1], bias: 2 ** 31 - 100, factor: 2 ** -40 });
    same({ weights: [-1], bias: -(2 ** 31), factor: 2 ** -40 });
  });

  test("sums that may wrap when they are shifted to the left: they are not monotonic", () => {
    // 0 * 2^24 and 255 * 2^24 are not positive in 32 bits, and 64 * 2^24 is.
    same({ weights: [1], bias: 128, factor: 2 ** 23 }, 0, { min: 0, max: 127 });
  });
});

const signed = fc.integer({ min: -128, max: 127 });
/** Any magnitude up to 2^31, either sign. */
const biases = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
  .map(([bits, value]) => value >> (31 - bits));
const exponents = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -44, max: 2 }) },
  { weight: 1, arbitrary: fc.integer({ min: -44, max: 29 }) },
);
const channel = (terms: number): fc.Arbitrary<Channel> =>
  fc.record({
    weights: fc.array(signed, { minLength: terms, maxLength: terms }),
    bias: biases,
    factor: fc.tuple(exponents, fc.integer({ min: 64, max: 127 })).map(([e, n]) => (n / 64) * 2 ** e),
  });

test("every sum that a channel can have gives the same output before and after", () => {
  const cases = fc.record({
    channels: fc.array(channel(2), { minLength: 1, maxLength: 3 }),
    zeroPoint: signed,
    bounds: fc.tuple(signed, signed),
    seed: fc.nat(0xffff),
  });
  let settled = 0;
  fc.assert(
    fc.property(cases, ({ channels, zeroPoint, bounds, seed }) => {
      const range = { min: Math.min(...bounds), max: Math.max(...bounds) };
      const before = channelsOf(channels);
      const after = settleConstantChannels(before, zeroPoint, range);
      const output = ({ rows, bias, factors }: Channels, i: number, x: readonly number[]): number => {
        const sum = (bias[i]! + x[0]! * rows[2 * i]! + x[1]! * rows[2 * i + 1]!) | 0;
        return clampTo((requantize(sum, factors[i]!) + zeroPoint) | 0, range);
      };
      const random = Int8Array.from(lcgBytes(seed, 200).bytes);
      const inputs = [
        [-128, -128],
        [-128, 127],
        [127, -128],
        [127, 127],
        [0, 0],
      ];
      for (let i = 0; i < random.length; i += 2) inputs.push([random[i]!, random[i + 1]!]);
      channels.forEach((_, i) => {
        if (after.factors[i] !== before.factors[i]) settled++;
        for (const x of inputs) assert.equal(output(after, i, x), output(before, i, x), `inputs ${x}`);
      });
    }),
    { seed: 4, numRuns: 3000 },
  );
  assert.ok(settled > 500, `${settled} channels settled`);
});

const machine = await kernelMachine();

describe("whole layers agree with the reference interpreter", () => {
  for (const [name, build, terms] of [
    ["conv2d", pointwise, 5],
    ["depthwise_conv2d", depthwise3x3, 9],
  ] as const) {
    test(name, () => {
      const cases = fc.record({
        channels: fc.array(channel(terms), { minLength: 1, maxLength: 5 }),
        inputZeroPoint: signed,
        zeroPoint: signed,
        activation: fc.constantFrom("none", "relu", "relu6", "relu_n1_to_1"),
        fast: fc.boolean(),
      });
      fc.assert(
        fc.property(cases, ({ channels, fast, ...options }) => {
          const graph = build(channels, options);
          const vectors = standardVectors(graph, 3).map(({ inputs }) => inputs);
          const choices = fast ? everywhere(graph, FAST) : undefined;
          assert.deepEqual(
            runOnMachine(machine, graph, vectors, choices),
            runReference(graph, vectors).map((outputs) => outputs.map((bytes) => new Uint8Array(bytes))),
          );
        }),
        { seed: 5, numRuns: 500 },
      );
    });
  }
});
