/** What modules are proven on: every edge, and seeded bytes that are the same everywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lcgBytes, seededInputs, standardVectors } from "../../../host/compiler/verify/vectors.ts";
import { graphOf, int8, NONE, node } from "../../support/graphs.ts";

const graph = graphOf({
  tensors: [int8("a", [3]), int8("b", [1]), int8("y", [3])],
  nodes: [node("add", ["a", "b"], "y", NONE)],
  inputs: ["a", "b"],
  outputs: ["y"],
});

test("the generator is that of Numerical Recipes, top bytes", () => {
  // By hand: x1 = 1013904223, x2 = 1664525 x1 + 1013904223 mod 2^32 = 1196435762.
  assert.deepEqual(lcgBytes(0, 2), {
    bytes: Uint8Array.of(1013904223 >>> 24, 1196435762 >>> 24),
    state: 1196435762,
  });
  assert.deepEqual(lcgBytes(2 ** 32, 2), lcgBytes(0, 2));
});

test("inputs continue one sequence", () => {
  const { bytes } = lcgBytes(7, 4);
  assert.deepEqual(seededInputs(graph, 7), [bytes.slice(0, 3), bytes.slice(3)]);
});

test("edges of the number range, then random vectors, each with a name of its own", () => {
  const vectors = standardVectors(graph, 2);
  assert.deepEqual(
    vectors
      .map(({ name, inputs }) => [
        name,
        ...inputs.map((bytes) => Array.from(bytes, (byte) => (byte << 24) >> 24)),
      ])
      .slice(0, 5),
    [
      ["all -128", [-128, -128, -128], [-128]],
      ["all 127", [127, 127, 127], [127]],
      ["all 0", [0, 0, 0], [0]],
      ["-128 and 127 in turn", [-128, 127, -128], [-128]],
      ["127 and -128 in turn", [127, -128, 127], [127]],
    ],
  );
  assert.deepEqual(
    vectors.slice(5).map(({ name, inputs }) => [name, inputs]),
    [
      ["random, seed 1", seededInputs(graph, 1)],
      ["random, seed 2", seededInputs(graph, 2)],
    ],
  );
});
