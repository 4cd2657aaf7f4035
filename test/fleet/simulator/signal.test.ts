/** A recording as a sensor gives it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Impairments, signalOf } from "../../../host/fleet/simulator/signal.ts";

const samples = Array.from({ length: 40 }, (_, i) => 1000 * ((i * 7) % 13) - 6000);
const mono = { samples, channels: 1, sampleRate: 100 };
const taken = (impairments: Impairments, count = 40): number[] => [
  ...signalOf(mono, impairments).take(count),
];

describe("a signal", () => {
  test("is the recording over and over, in pieces of any length", () => {
    const signal = signalOf(mono);
    const pieces = [1, 30, 0, 49].flatMap((count) => [...signal.take(count)]);
    assert.deepEqual(pieces, [...samples, ...samples]);
  });

  test("is stronger, then clipped; and has 16 bits in any case", () => {
    assert.deepEqual(
      taken({ gain: 0.5, clip: 2000 }),
      samples.map((x) => Math.min(Math.max(x / 2, -2000), 2000)),
    );
    const most = [...signalOf({ ...mono, samples: [20_000, -20_000] }, { gain: 9, clip: 1e9 }).take(2)];
    assert.deepEqual(most, [32767, -32768]);
  });

  test("has noise of its deviation, around the recording, the same for the same seed", () => {
    const zeros = { samples: new Float32Array(1), channels: 1, sampleRate: 100 };
    const noise = (seed: number) => signalOf(zeros, { noise: 200, seed }).take(20_000);
    const found = noise(3);
    const mean = found.reduce((sum, x) => sum + x, 0) / found.length;
    const deviation = Math.sqrt(found.reduce((sum, x) => sum + x * x, 0) / found.length);
    assert.ok(Math.abs(mean) < 5 && Math.abs(deviation - 200) < 5, `${mean}, ${deviation}`);
    const within = found.filter((x) => Math.abs(x) <= 200).length / found.length;
    assert.ok(Math.abs(within - 0.683) < 0.02, `${within}`);
    assert.deepEqual(noise(3), found);
    assert.notDeepEqual(noise(4), found);
  });

  test("drops out as often and as long as is said, all channels at once", () => {
    const stereo = { samples: new Float32Array(2).fill(5), channels: 2, sampleRate: 1000 };
    const dropOuts = { perSecond: 2, seconds: [0.01, 0.03] } as const;
    const found = signalOf(stereo, { dropOuts, seed: 5 }).take(2 * 200_000);
    const gaps: number[] = [];
    for (let t = 0; t < 200_000; t++) {
      assert.equal(found[2 * t], found[2 * t + 1]);
      if (found[2 * t] !== 0) continue;
      if (t > 0 && found[2 * t - 2] === 0) gaps[gaps.length - 1]!++;
      else gaps.push(1);
    }
    // 200 seconds.
    assert.ok(gaps.length > 330 && gaps.length < 440, `${gaps.length}`);
    assert.ok(
      gaps.every((gap) => gap >= 9 && gap <= 62),
      `${gaps}`,
    );
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.abs(mean - 20) < 2, `${mean}`);
  });

  test("that makes no sense is refused", () => {
    for (const [impairments, message] of [
      [{ gain: Number.NaN }, /^gain: expected a number, found NaN$/],
      [{ noise: -1 }, /^noise: expected a number of at least 0, found -1$/],
      [{ clip: 0 }, /^clip: expected a number above 0, found 0$/],
      [
        { dropOuts: { perSecond: -1, seconds: [0, 1] } },
        /^dropOuts.perSecond: expected a number of at least 0, found -1$/,
      ],
      [
        { dropOuts: { perSecond: 1, seconds: [2, 1] } },
        /^dropOuts.seconds: expected two ascending numbers, found 2,1$/,
      ],
    ] as const)
      assert.throws(() => signalOf(mono, impairments), { name: "RangeError", message });
    assert.throws(
      () => signalOf({ ...mono, samples: [] }),
      /^RangeError: recording: expected samples, found none$/,
    );
  });
});
