/** Spectra of motion beside numpy and scipy, and their bytes on the engines. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesEqual, definitionEquals, frontendOf, setsOf, snrReaches } from "./motion.ts";

/** Least SNR of each feature of a set; the last figure is that of all bands. */
const FIGURES: Readonly<Record<string, readonly number[]>> = {
  spectral: [49.5, 40.5, 68, 29],
  "spectral, bands": [62, 62, 34],
  "spectral of a window shorter than its transform": [49.5, 40.5, 68, 39],
};

describe("spectral", () => {
  for (const set of setsOf("spectral")) {
    definitionEquals(set);
    snrReaches(set, FIGURES[set.name]!);
  }
  const [bins, bands] = setsOf("spectral");
  bytesEqual({ ...bands!, parameters: { ...bands!.parameters, window_step: 2000 } });

  for (const [parameters, message] of [
    [{ fft_length: 100 }, /fft_length: expected a power of two of 16 to 8192, found 100/],
    [{ fft_length: 16, window_size: 20_000 }, /fft_length: expected a length of which at most 32 segments/],
    [{ edges: [5, 5] }, /edges: expected two or more rising numbers of 0 to 100, found \[5,5\]/],
    [{ edges: [5] }, /edges: expected two or more rising numbers/],
    [
      { edges: [5, 5.1, 9] },
      /edges: expected bands that each hold a multiple of 1.5625 Hz .*band 0 has none/,
    ],
    [{ floor: 1e-20, range: 8 }, /floor: expected a power whose logarithm lies within 8, found 1e-20/],
    [{ window: "kaiser" }, /window: expected "hann" or .* found "kaiser"/],
  ] as const)
    test(`${JSON.stringify(parameters)} is refused by name`, () => {
      assert.throws(() => frontendOf({ ...bins!.parameters, ...parameters }), message);
    });
});
