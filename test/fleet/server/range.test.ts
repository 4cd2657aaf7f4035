/** Parts of files: what is asked for, what is given, and whether the peer has the end of it then. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { respondFile } from "../../../host/fleet/server/range.ts";

const file = { bytes: Uint8Array.from({ length: 100 }, (_, i) => i), etag: '"tag"', name: "a.img" };

/** Headers, status, the bytes from and to, and whether that was the end. */
const CASES: readonly (readonly [Record<string, string>, number, string, boolean])[] = [
  [{}, 200, "0-99", true],
  [{ range: "bytes=0-0" }, 206, "0-0", false],
  [{ range: "bytes=0-98" }, 206, "0-98", false],
  [{ range: "bytes=99-" }, 206, "99-99", true],
  [{ range: "bytes=50-1000" }, 206, "50-99", true],
  [{ range: "bytes=-1" }, 206, "99-99", true],
  [{ range: "bytes=-1000" }, 206, "0-99", true],
  [{ range: "Bytes=10-19" }, 206, "10-19", false],
  [{ range: "bytes=100-" }, 416, "", true],
  [{ range: "bytes=101-" }, 416, "", false],
  [{ range: "bytes=-0" }, 416, "", false],
  [{ range: "bytes=9-5" }, 200, "0-99", true],
  [{ range: "bytes=0-1,5-6" }, 200, "0-99", true],
  [{ range: "lines=0-1" }, 200, "0-99", true],
  [{ range: "bytes=5-9", "if-range": '"tag"' }, 206, "5-9", false],
  [{ range: "bytes=5-9", "if-range": '"other"' }, 200, "0-99", true],
  [{ range: "bytes=5-9", "if-match": '"other"' }, 412, "", false],
  [{ range: "bytes=5-9", "if-match": '"other", "tag"' }, 206, "5-9", false],
  [{ "if-match": "*" }, 200, "0-99", true],
  [{ "if-none-match": '"tag"' }, 304, "", true],
  [{ "if-none-match": 'W/"tag"' }, 304, "", true],
  [{ "if-none-match": "*" }, 304, "", true],
  [{ "if-none-match": '"other"' }, 200, "0-99", true],
];

describe("a file", () => {
  for (const [headers, status, span, isToEnd] of CASES)
    test(`${JSON.stringify(headers)}: ${status} ${span}`, () => {
      const found = respondFile(file, { method: "GET", headers });
      const { body } = found.response;
      assert.equal(found.response.status, status);
      assert.equal(body.length === 0 ? "" : `${body[0]}-${body.at(-1)}`, span);
      assert.equal(found.isToEnd, isToEnd);
      const range = found.response.headers["content-range"];
      const expected = { 206: `bytes ${span}/100`, 416: "bytes */100" }[status];
      assert.equal(range, expected);
      const head = respondFile(file, { method: "HEAD", headers });
      assert.deepEqual([head.response.status, head.response.body.length], [status, 0]);
      if (status !== 416) assert.equal(head.isToEnd, false);
    });
});
