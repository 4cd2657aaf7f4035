/** What a port makes of an answer's headers. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { rangeStart, retryAfter } from "../../../host/fleet/simulator/ddi.ts";

const NONE = 0xffffffff;

describe("the head of an answer", () => {
  test("Retry-After is seconds, or a date after that of the answer", () => {
    const date = "Thu, 03 Jan 2030 10:00:00 GMT";
    for (const [value, expected] of [
      ["120", 120],
      [" 7 ", 7],
      ["0", 0],
      ["Thu, 03 Jan 2030 10:02:30 GMT", 150],
      ["Thu, 03 Jan 2030 09:00:00 GMT", 0],
      ["soon", 0],
      ["-5", 0],
      ["1.5", 0],
      ["99999999999999999999", 0x7fffffff],
    ] as const)
      assert.equal(retryAfter({ "retry-after": value, date }), expected, value);
    assert.equal(retryAfter({}), 0);
    assert.equal(retryAfter({ "retry-after": date }), 0);
  });

  test("Content-Range says where it begins, or nothing that counts", () => {
    for (const [value, expected] of [
      ["bytes 0-4/5", 0],
      ["Bytes 100-199/*", 100],
      ["bytes */200", NONE],
      ["items 5-9/10", NONE],
      ["bytes 99999999999-100000000000/*", NONE],
      ["", NONE],
    ] as const)
      assert.equal(rangeStart({ "content-range": value }), expected, value);
    assert.equal(rangeStart({}), NONE);
  });
});
