/** Data segments: joined where zeros lie between, and constants as one that a device reads where it is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mergeDataSegments } from "../../host/module/data_segments.ts";

/** A module of one memory with these segments, behind `fill` bytes of a custom section. */
function moduleOf(segments: readonly { at: number; bytes: Uint8Array }[], fill: number): Uint8Array {
  const leb = (value: number): number[] =>
    value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
  const signed = (value: number): number[] =>
    value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
  const data = [
    ...leb(segments.length),
    ...segments.flatMap(({ at, bytes }) => [0, 0x41, ...signed(at), 0x0b, ...leb(bytes.length), ...bytes]),
  ];
  const custom = [1, 0x78, ...new Array<number>(fill).fill(0)];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[0, ...leb(custom.length), ...custom],
    ...[5, 3, 1, 0, 2],
    ...[7, 10, 1, 6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 0],
    ...[11, ...leb(data.length), ...data],
  ]);
}

const memoryOf = (module: Uint8Array): Uint8Array => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)));
  return new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
};

const pattern = (length: number, from: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => ((i * 7 + from) % 255) + 1);

describe("constants are one segment, aligned in the file", () => {
  // Around each length at which a number of the section takes another byte.
  for (const length of [1, 2, 3, 5, 90, 110, 120, 125, 127, 128, 16_370, 16_380, 16_384, 60_000]) {
    test(`${length} bytes, whatever comes before`, () => {
      const state = { at: 16, bytes: pattern(3, 1) };
      const constants = [
        { at: 64, bytes: pattern(length, 5) },
        { at: 64 + length + 9, bytes: pattern(2, 9) },
      ];
      const end = 64 + length + 11 + 3;
      for (let fill = 0; fill < 8; fill++) {
        for (const segments of [constants, [state, ...constants]]) {
          const before = moduleOf(segments, fill);
          const after = mergeDataSegments(before, { at: 64, end });
          assert.deepEqual(memoryOf(after), memoryOf(before));
          const found = Buffer.from(after).lastIndexOf(memoryOf(before).subarray(64, end));
          assert.equal(found, after.length - (end - 64), "the last bytes of the file");
          assert.equal(found % 4, 0, `at ${found}, behind ${fill} bytes`);
        }
      }
    });
  }

  test("without constants, what is near is joined", () => {
    const segments = [16, 24, 60].map((at) => ({ at, bytes: pattern(4, at) }));
    const before = moduleOf(segments, 0);
    const after = mergeDataSegments(before);
    assert.deepEqual(memoryOf(after), memoryOf(before));
    assert.ok(after.length < before.length);
  });
});
