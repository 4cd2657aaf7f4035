import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ModelError } from "../../host/ir/graph.ts";
import {
  addWatch,
  COUNTS,
  decodeWatch,
  EDGES,
  encodeWatch,
  floatOf,
  keyOf,
  placeOf,
  readWatch,
  type Watch,
} from "../../host/module/watch.ts";

const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const anyWatch: fc.Arbitrary<Watch> = fc
  .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 })
  .chain((inputs) =>
    fc.record(
      {
        inputs: fc.constant(inputs),
        output: fc.integer({ min: 0, max: 63 }),
        decision: fc.constantFrom("none", "greatest", "above", "second", "index", "error"),
        type: fc.constantFrom("int8", "uint8", "int16", "int32"),
        every: fc.integer({ min: 1, max: 65535 }),
        limit: i32,
        elements: fc.integer({ min: 1, max: 2 ** 26 }),
        classes: fc.array(u32, { maxLength: 20 }),
        channels: fc.array(
          fc.record(
            {
              edges: fc
                .array(i32, { minLength: EDGES, maxLength: EDGES })
                .map((edges) => edges.sort((a, b) => a - b)),
              counts: fc.array(u32, { minLength: COUNTS, maxLength: COUNTS }),
            },
            { noNullPrototype: true },
          ),
          { minLength: inputs.reduce((a, b) => a + b, 1), maxLength: inputs.reduce((a, b) => a + b, 1) },
        ),
      },
      { noNullPrototype: true },
    ),
  );

describe("bins of a module", () => {
  test("are read as they were written, from the module's section", () => {
    fc.assert(
      fc.property(anyWatch, (watch) => assert.deepEqual(readWatch(addWatch(EMPTY_MODULE, watch)), watch)),
    );
    assert.equal(readWatch(EMPTY_MODULE), undefined);
  });

  test("that are damaged are refused by one line", () => {
    fc.assert(
      fc.property(anyWatch, fc.nat(), fc.nat({ max: 255 }), (watch, place, value) => {
        const bytes = encodeWatch(watch);
        assert.throws(() => decodeWatch(bytes.subarray(0, place % bytes.length)), ModelError);
        bytes[place % Math.min(bytes.length, 20)] = value;
        try {
          decodeWatch(bytes);
        } catch (error) {
          assert.ok(error instanceof ModelError);
          assert.match(error.message, /^thimble\.monitor: .*: expected .*, found .*$/);
        }
      }),
    );
  });

  test("compare float32 values as integers of the same order", () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(float, float, (a, b) => {
        assert.equal(Math.sign(keyOf(a) - keyOf(b)), Math.sign(a === b ? 0 : a - b || (a > b ? 1 : -1)));
        assert.equal(floatOf(keyOf(a)), a === 0 ? 0 : a);
      }),
    );
  });

  test("count a value up to its edge below it, and from it on above", () => {
    const edges = [0, 10, 20, 30, 40, 50, 60, 70, 80];
    const places = [-1, 0, 9, 10, 79, 80, 81].map((key) => placeOf(edges, key));
    assert.deepEqual(places, [0, 1, 1, 2, 8, 8, 9]);
    const equal = new Array<number>(EDGES).fill(5);
    assert.deepEqual(
      [4, 5, 6].map((key) => placeOf(equal, key)),
      [0, 8, 9],
    );
  });
});
