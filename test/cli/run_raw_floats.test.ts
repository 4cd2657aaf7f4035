/** `run --raw` takes the bytes of integer tensors: a file of float32 is told from one, whatever numbers it holds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { looksLikeFloats } from "../../host/cli/run.ts";
import { lcgBytes } from "../../host/compiler/verify/vectors.ts";

const floats = (of: (i: number) => number, length = 64): Uint8Array =>
  new Uint8Array(Float32Array.from({ length }, (_, i) => of(i)).buffer);

for (const [name, bytes] of [
  ["measurements", floats((i) => Math.sin(i))],
  ["pixels of 0 to 1", floats((i) => (i % 17) / 16.3)],
  ["whole numbers", floats((i) => (i % 5) - 2)],
  ["large numbers", floats((i) => 1000.1 * i)],
] as const)
  test(`${name} of float32 look like floats`, () => assert.ok(looksLikeFloats(bytes)));

test("bytes of int8 tensors do not", () => {
  for (let seed = 1; seed <= 200; seed++)
    assert.ok(!looksLikeFloats(lcgBytes(seed, 64).bytes), `seed ${seed}`);
  const bytes = (of: (i: number) => number): Uint8Array => Uint8Array.from({ length: 64 }, (_, i) => of(i));
  assert.ok(!looksLikeFloats(bytes(() => 0)));
  assert.ok(!looksLikeFloats(bytes((i) => i)));
  assert.ok(!looksLikeFloats(bytes((i) => (i % 3 === 0 ? 0x80 : 0x7f))));
});

test("too few bytes tell nothing", () => assert.ok(!looksLikeFloats(floats((i) => i / 3, 4))));
