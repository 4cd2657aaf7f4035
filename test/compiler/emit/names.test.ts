/** Identifiers from whatever a model file calls its parts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { identifiers } from "../../../host/compiler/emit/names.ts";

describe("identifiers", () => {
  test("readable names stay, others are mended", () => {
    const fresh = identifiers([]);
    assert.equal(fresh("conv_1"), "conv_1");
    assert.equal(fresh("model/dense/MatMul;bias"), "model_dense_MatMul_bias");
    assert.equal(fresh("1st"), "_1st");
    assert.equal(fresh("größe"), "gr_e");
    assert.equal(fresh(""), "_");
  });

  test("equal names, and names that become equal, are numbered", () => {
    const fresh = identifiers([]);
    assert.deepEqual(["a", "a", "a_2", "a", "a/"].map(fresh), ["a", "a_2", "a_2_2", "a_3", "a_"]);
  });

  test("keywords, types, builtins, exports and kernels are never given out", () => {
    const fresh = identifiers(["conv2d_s8"]);
    const taken = ["class", "i32", "usize", "memory", "abi", "invoke", "arena", "memory_bytes", "conv2d_s8"];
    const ours = [
      "STATUS_OK",
      "ABI_VERSION",
      "seed",
      "fill",
      "checksum",
      "reset",
      "constants",
      "self_test",
      "input_0",
      "output_12_bytes",
    ];
    for (const name of [...taken, ...ours]) assert.notEqual(fresh(name), name);
  });

  test("any names: identifiers, all different", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("a", "a_2", "a 2", "2"))), (names) => {
        const found = names.map(identifiers(["kernel"]));
        assert.equal(new Set(found).size, names.length);
        for (const name of found) assert.match(name, /^[A-Za-z_][A-Za-z0-9_]*$/);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
