/** Options of custom operators, of which a file may hold anything. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readFlexMap } from "../../../host/compiler/import/tflite/flexbuffer.ts";
import { ModelError } from "../../../host/ir/graph.ts";

/** {"a": 300, "b": True, "c": -2, "d": 70000, "T": 7} as Python's package flatbuffers writes it. */
const MAP =
  "6100620063006400540005030c0b0a09050000000100000005000000070000002c01000001000000feffffff7011010006066a0606192601";

describe("FlexBuffers", () => {
  test("no bytes are no options", () => assert.equal(readFlexMap(new Uint8Array()).size, 0));

  test("numbers and flags by name", () => {
    const map = readFlexMap(new Uint8Array(Buffer.from(MAP, "hex")));
    assert.deepEqual(Object.fromEntries(map), { a: 300, b: 1, c: -2, d: 70000, T: 7 });
  });

  test("any bytes are a map or a ModelError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          assert.ok(readFlexMap(bytes) instanceof Map);
        } catch (error) {
          assert.ok(error instanceof ModelError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
