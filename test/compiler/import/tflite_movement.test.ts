/** Translations of TFLite operators that no file from a converter brings out: what is refused, and in which words. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { translations } from "../../../host/compiler/import/tflite/operators.ts";
import type { Source } from "../../../host/compiler/import/tflite/source.ts";
import type { Shape, Tensor } from "../../../host/ir/graph.ts";
import { int8 } from "../../support/graphs.ts";

const ints = (name: string, values: readonly number[]): Tensor => ({
  name,
  dtype: "int32",
  shape: [values.length],
  data: Int32Array.from(values),
});

function translate(
  type: string,
  inputs: readonly Tensor[],
  outputs: readonly Shape[],
  options: Readonly<Record<number, number>> = {},
) {
  const of = (id: number): number => options[id] ?? 0;
  const source: Source = {
    inputs,
    outputs: outputs.map((shape, i) => int8(`y${i}`, shape)),
    options: { int: of, byte: of, float: of, custom: () => new Map() },
    between: (like, shape) => ({ ...like, name: "between", shape }),
  };
  return translations.get(type)!(source);
}

const x = int8("x", [4, 6]);

const REFUSED: readonly (readonly [
  why: string,
  message: RegExp,
  type: string,
  inputs: readonly Tensor[],
  outputs: readonly Shape[],
  options?: Readonly<Record<number, number>>,
])[] = [
  ["scales that differ", /input b: expected the quantisation/, "MAXIMUM", [x, int8("b", [6], 0.1)], [[4, 6]]],
  ["a new axis", /no new axis/, "STRIDED_SLICE", [x, ints("b", [0, 0]), ints("e", [4, 6]), ints("s", [1, 1])], [[4, 6]], { 3: 1 }],
  ["too few indices", /expected 2 indices/, "STRIDED_SLICE", [x, ints("b", [0]), ints("e", [4]), ints("s", [1])], [[4, 6]]],
  ["a step of zero", /expected 2 indices/, "STRIDED_SLICE", [x, ints("b", [0, 0]), ints("e", [4, 6]), ints("s", [1, 0])], [[4, 6]]],
  ["a slice that is not the output", /expected \[2,6\], found \[3,6\]/, "SLICE", [x, ints("b", [1, 0]), ints("n", [2, -1])], [[3, 6]]],
  ["computed indices", /expected a constant of int32/, "SLICE", [x, int8("b", [2]), ints("n", [2, -1])], [[3, 6]]],
  ["parts that are not the outputs", /expected \[4,3\], found \[4,2\]/, "SPLIT", [ints("axis", [1]), x], [[4, 2], [4, 2]]],
  ["an axis that is not there", /axis 2: expected one of 2 axes/, "SPLIT", [ints("axis", [2]), x], [[4, 3], [4, 3]]],
  ["fewer outputs than values", /expected 4 outputs, found 1/, "UNPACK", [x], [[6]]],
  ["a part of a block", /whole blocks/, "SPACE_TO_DEPTH", [int8("x", [1, 3, 4, 1])], [[1, 2, 2, 4]], { 0: 2 }],
  ["repetitions that are not the output", /times 1,2/, "TILE", [x, ints("n", [1, 2])], [[4, 13]]],
  ["margins for another number of axes", /and their margins/, "SPACE_TO_BATCH_ND", [int8("x", [1, 4, 4, 1]), ints("b", [2, 2]), ints("m", [0, 0])], [[4, 2, 2, 1]]],
  ["padding of another kind", /padding 3: expected SAME/, "TRANSPOSE_CONV", [ints("n", [1, 4, 4, 1]), int8("w", [1, 2, 2, 1]), int8("x", [1, 2, 2, 1])], [[1, 4, 4, 1]], { 0: 3, 1: 2, 2: 2 }],
]; // biome-ignore format: a table

describe("refused in one line", () => {
  for (const [why, message, ...what] of REFUSED)
    test(`${what[0]}: ${why}`, () =>
      assert.throws(() => translate(...what), { name: "ModelError", message }));
});

describe("sequences of operators", () => {
  const stepsOf = (translation: ReturnType<typeof translate>): string[] =>
    "op" in translation ? [translation.op] : translation.map(({ op }) => op);

  test("a tensor repeated along two axes is joined twice, along none it is a view", () => {
    assert.deepEqual(stepsOf(translate("TILE", [x, ints("n", [2, 3])], [[8, 18]])), [
      "concatenation",
      "concatenation",
    ]);
    assert.deepEqual(stepsOf(translate("TILE", [x, ints("n", [1, 1])], [[4, 6]])), ["reshape"]);
  });

  test("an axis of one value goes away after the slice", () => {
    const shrunk = translate(
      "STRIDED_SLICE",
      [x, ints("b", [-1, 0]), ints("e", [0, 6]), ints("s", [1, 1])],
      [[6]],
      { 4: 1 },
    );
    assert.deepEqual(stepsOf(shrunk), ["strided_slice", "reshape"]);
  });
});
