import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type ArenaPlan,
  type Buffer,
  checkPlan,
  peakStep,
  planArena,
} from "../../../host/compiler/plan/arena.ts";

const buffer = (name: string, bytes: number, start: number, end: number, alignment = 1): Buffer => ({
  name,
  bytes,
  alignment,
  start,
  end,
});

const planAndCheck = (buffers: readonly Buffer[], options?: { nodeLimit?: number }): ArenaPlan => {
  const plan = planArena(buffers, options);
  checkPlan(buffers, plan);
  assert.ok(plan.bytes >= plan.lowerBound);
  return plan;
};

const summary = ({ bytes, lowerBound, optimal }: ArenaPlan) => ({ bytes, lowerBound, optimal });

/** Lehmer generator (Park & Miller 1988), so that the larger cases are the same on every machine. */
const generator = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
};

/** Tries every aligned offset of every buffer in arenas of growing size: slow, and obviously right. */
const smallestArena = (buffers: readonly Buffer[]): number => {
  const offsets: number[] = [];
  const clear = (a: Buffer, offset: number) =>
    offsets.every((other, j) => {
      const b = buffers[j]!;
      const apartInTime = a.end < b.start || b.end < a.start;
      return apartInTime || offset + a.bytes <= other || other + b.bytes <= offset;
    });
  const fits = (bytes: number): boolean => {
    const next = buffers[offsets.length];
    if (!next) return true;
    for (let offset = 0; offset + next.bytes <= bytes; offset += next.alignment) {
      if (!clear(next, offset)) continue;
      offsets.push(offset);
      const found = fits(bytes);
      offsets.pop();
      if (found) return true;
    }
    return false;
  };
  let bytes = 0;
  while (!fits(bytes)) bytes++;
  return bytes;
};

test("no buffers need no arena", () => {
  assert.deepEqual(summary(planAndCheck([])), { bytes: 0, lowerBound: 0, optimal: true });
  assert.deepEqual(peakStep([]), { step: 0, bytes: 0, live: [] });
});

test("buffers that share one step are stacked, others share room", () => {
  const plan = planAndCheck([buffer("in", 8, 0, 1), buffer("mid", 8, 1, 2), buffer("out", 8, 2, 3)]);
  assert.deepEqual(summary(plan), { bytes: 16, lowerBound: 16, optimal: true });
  assert.equal(plan.offsets.get("in"), plan.offsets.get("out"));
});

test("a chain where largest, longest and earliest first all need 10 bytes is planned in 9", () => {
  const buffers = [buffer("a", 3, 0, 1), buffer("b", 3, 1, 2), buffer("c", 4, 2, 3), buffer("d", 5, 3, 4)];
  assert.deepEqual(summary(planAndCheck(buffers)), { bytes: 9, lowerBound: 9, optimal: true });
});

test("padding that alignment forces is in the lower bound", () => {
  const buffers = [buffer("a", 5, 0, 0, 4), buffer("b", 6, 0, 0, 4), buffer("c", 7, 0, 0, 4)];
  // 5 + 6 + 7 = 18 bytes; two of them are padded to 8, and the one on top should be the 5.
  assert.deepEqual(summary(planAndCheck(buffers)), { bytes: 21, lowerBound: 21, optimal: true });
});

test("an optimum above the lower bound is proved by exhausting the search", () => {
  // One byte is lost between the aligned buffers, and the 2-byte buffer does not fit in it.
  const buffers = [buffer("a", 3, 0, 0, 4), buffer("b", 3, 0, 0, 4), buffer("c", 2, 0, 0)];
  assert.deepEqual(summary(planAndCheck(buffers)), { bytes: 9, lowerBound: 8, optimal: true });
  assert.deepEqual(summary(planAndCheck(buffers, { nodeLimit: 0 })), {
    bytes: 9,
    lowerBound: 8,
    optimal: false,
  });
});

test("fragmentation alone can force the optimum above the lower bound", () => {
  const buffers = [
    ...[buffer("a", 1, 2, 5), buffer("b", 3, 0, 3), buffer("c", 4, 3, 6), buffer("d", 1, 1, 2)],
    ...[buffer("e", 4, 1, 1), buffer("f", 1, 4, 5), buffer("g", 2, 2, 4), buffer("h", 2, 0, 2)],
    ...[buffer("i", 3, 6, 7), buffer("j", 3, 5, 7)],
  ];
  assert.deepEqual(summary(planAndCheck(buffers)), { bytes: 11, lowerBound: 10, optimal: true });
  assert.equal(smallestArena(buffers), 11);
});

test("interchangeable buffers do not multiply the search", () => {
  const buffers = Array.from({ length: 12 }, (_, i) => buffer(`t${i}`, 3, 0, 0, i < 6 ? 4 : 2));
  assert.equal(planAndCheck(buffers).bytes, 47);
});

test("random chains and chains with scratch reach the lower bound", () => {
  const random = generator(1);
  for (let round = 0; round < 50; round++) {
    const chain = Array.from({ length: 30 }, (_, i) => buffer(`t${i}`, 1 + random(20_000), i, i + 1));
    const scratch = chain.slice(0, 15).map((_, i) => buffer(`s${i}`, 1 + random(3_000), 2 * i, 2 * i));
    for (const buffers of [chain, [...chain, ...scratch]]) {
      const plan = planAndCheck(buffers, { nodeLimit: 2_000 });
      assert.ok(
        plan.optimal && plan.bytes === plan.lowerBound,
        `round ${round}: ${JSON.stringify(summary(plan))}`,
      );
    }
  }
});

test("random residual networks of 40 buffers are planned with proof", () => {
  const random = generator(2);
  for (let round = 0; round < 50; round++) {
    const skip = (i: number) => (i % 3 === 0 ? 2 + random(3) : 0);
    const buffers = Array.from({ length: 40 }, (_, i) =>
      buffer(`t${i}`, 1 + random(20_000), i, i + 1 + skip(i), 16),
    );
    const plan = planAndCheck(buffers, { nodeLimit: 2_000 });
    assert.ok(plan.optimal, `round ${round}: ${JSON.stringify(summary(plan))}`);
  }
});

test("300 buffers: a chain is optimal, a crowd is valid and near the lower bound", () => {
  const random = generator(3);
  const chain = Array.from({ length: 300 }, (_, i) => buffer(`t${i}`, 1 + random(20_000), i, i + 1, 4));
  assert.ok(planAndCheck(chain).optimal);
  const crowd = chain.map(({ name, bytes }) => {
    const start = random(300);
    return buffer(name, bytes, start, start + random(30), 4);
  });
  const plan = planAndCheck(crowd);
  assert.ok(plan.bytes < 1.15 * plan.lowerBound, JSON.stringify(summary(plan)));
});

const arbitraryBuffers = (most: number, maxBytes: number) =>
  fc
    .array(
      fc.record({
        bytes: fc.integer({ min: 1, max: maxBytes }),
        alignment: fc.constantFrom(1, 2, 3, 4),
        start: fc.integer({ min: 0, max: 6 }),
        life: fc.integer({ min: 0, max: 4 }),
      }),
      { maxLength: most },
    )
    .map((list) => list.map((b, i) => buffer(`b${i}`, b.bytes, b.start, b.start + b.life, b.alignment)));

test("up to 6 buffers: proved optimal, and as small as brute force finds", () => {
  fc.assert(
    fc.property(arbitraryBuffers(6, 5), (buffers) => {
      const plan = planAndCheck(buffers);
      assert.deepEqual(
        { bytes: plan.bytes, optimal: plan.optimal },
        { bytes: smallestArena(buffers), optimal: true },
      );
    }),
    { seed: 4, numRuns: 500 },
  );
});

test("any buffers: valid, the same again, and independent of the order of the input", () => {
  const shuffled = arbitraryBuffers(14, 100).chain((buffers) =>
    fc.tuple(fc.constant(buffers), fc.shuffledSubarray(buffers, { minLength: buffers.length })),
  );
  fc.assert(
    fc.property(shuffled, fc.constantFrom(0, 5, 500), ([buffers, permuted], nodeLimit) => {
      const plan = planAndCheck(buffers, { nodeLimit });
      assert.deepEqual(planArena(buffers, { nodeLimit }), plan);
      assert.deepEqual(planArena(permuted, { nodeLimit }), plan);
      assert.ok(plan.lowerBound >= peakStep(buffers).bytes);
    }),
    { seed: 5, numRuns: 40 },
  );
});

test("peakStep gives the first fullest step and what is live there, largest first", () => {
  const buffers = [buffer("a", 2, 0, 3), buffer("b", 5, 2, 3), buffer("c", 1, 5, 9), buffer("d", 6, 9, 9)];
  assert.deepEqual(peakStep(buffers), { step: 2, bytes: 7, live: ["b", "a"] });
});

test("invalid buffers are refused by name", () => {
  const cases: [Buffer[], RegExp][] = [
    [[buffer("x", 0, 0, 1)], /buffer "x": expected a size of at least 1 byte, found 0$/],
    [[buffer("x", 1.5, 0, 1)], /found 1\.5$/],
    [[buffer("x", 1, 0, 1, 0)], /buffer "x": expected a positive integer alignment, found 0$/],
    [[buffer("x", 1, -1, 1)], /buffer "x": expected a start step of at least 0, found -1$/],
    [[buffer("x", 1, 3, 2)], /buffer "x": expected an end step of at least 3 \(its start\), found 2$/],
    [[buffer("x", 1, 0, 1), buffer("x", 1, 4, 5)], /buffer "x": expected a unique name, found it twice$/],
  ];
  for (const [buffers, message] of cases) {
    assert.throws(() => planArena(buffers), message);
    assert.throws(() => peakStep(buffers), message);
  }
});

test("checkPlan names what is wrong", () => {
  const buffers = [buffer("a", 4, 0, 1), buffer("b", 4, 1, 2, 4)];
  const plan = (a: number, b: number, bytes = 8): ArenaPlan => ({
    offsets: new Map([
      ["a", a],
      ["b", b],
    ]),
    bytes,
    lowerBound: 8,
    optimal: true,
  });
  checkPlan(buffers, plan(0, 4));
  const cases: [ArenaPlan, RegExp][] = [
    [plan(3, 0), /buffers "a" \[3, 7\) and "b" \[0, 4\) overlap, live at step 1$/],
    [plan(0, 4, 7), /buffer "b" \[4, 8\) is out of range, expected within \[0, 7\)$/],
    [plan(-4, 0), /buffer "a" \[-4, 0\) is out of range/],
    [plan(0, 6, 10), /buffer "b" is misaligned, expected a multiple of 4, found 6$/],
    [{ ...plan(0, 4), offsets: new Map([["a", 0]]) }, /buffer "b" has no offset in the plan$/],
    [
      { ...plan(0, 4), offsets: new Map([...plan(0, 4).offsets, ["z", 0]]) },
      /plan places "z", which is not among/,
    ],
  ];
  for (const [wrong, message] of cases) assert.throws(() => checkPlan(buffers, wrong), message);
});
