import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  addCounts,
  COUNTERS,
  type DeviceReport,
  decodeReport,
  emptyCounts,
  FAILURES,
  LATENCIES,
  ReportError,
} from "../../../host/fleet/telemetry/report.ts";
import { COUNTS } from "../../../host/module/watch.ts";
import { encodeReport } from "../../support/reports.ts";

const u16 = fc.integer({ min: 0, max: 65535 });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const list = (length: number) => fc.array(u16, { minLength: length, maxLength: length });

/** Any report with so many classes and channels. */
const reportOf = (classes: number, channels: number): fc.Arbitrary<DeviceReport> =>
  fc.record(
    {
      model: fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((bytes) => Buffer.from(bytes).toString("hex")),
      interval: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      time: u32,
      uptime: u32,
      seconds: u32,
      stopped: fc.boolean(),
      noRoom: fc.boolean(),
      inferences: u16,
      overruns: u16,
      resets: u16,
      updates: u16,
      counters: list(COUNTERS),
      failures: list(FAILURES.length),
      latency: list(LATENCIES),
      classes: list(classes),
      channels: fc.array(list(COUNTS), { minLength: channels, maxLength: channels }),
    },
    { noNullPrototype: true },
  );
const anyReport = fc
  .tuple(fc.integer({ min: 0, max: 13 }), fc.integer({ min: 0, max: 20 }))
  .chain(([classes, channels]) => reportOf(classes, channels));

describe("a report", () => {
  test("is read as it was written, field by field", () => {
    fc.assert(
      fc.property(anyReport, (report) => assert.deepEqual(decodeReport(encodeReport(report)), report)),
    );
  });

  test("with one bit changed, or of another length, is refused", () => {
    fc.assert(
      fc.property(anyReport, fc.nat(), fc.nat(), (report, bit, cut) => {
        const bytes = encodeReport(report);
        const changed = Buffer.from(bytes);
        const at = bit % (8 * bytes.length);
        changed[at >> 3]! ^= 1 << (at & 7);
        assert.throws(() => decodeReport(changed), ReportError);
        assert.throws(() => decodeReport(bytes.subarray(0, cut % bytes.length)), ReportError);
        assert.throws(() => decodeReport(Buffer.concat([bytes, Buffer.alloc(1 + (cut % 9))])), ReportError);
      }),
    );
  });

  test("of any bytes is refused by one line that says where", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        try {
          decodeReport(bytes);
          assert.fail();
        } catch (error) {
          assert.ok(error instanceof ReportError);
          assert.match(error.message, /^report: .*: expected .*, found .*$/);
        }
      }),
    );
  });

  test("adds up with others in any order", () => {
    const three = fc.tuple(reportOf(3, 4), reportOf(3, 4), reportOf(3, 4));
    fc.assert(
      fc.property(three, ([a, b, c]) => {
        const forth = addCounts(addCounts(addCounts(emptyCounts(3, 4), a), b), c);
        assert.deepEqual(addCounts(addCounts(c, b), a), forth);
        assert.equal(forth.channels[3]![10], a.channels[3]![10]! + b.channels[3]![10]! + c.channels[3]![10]!);
        assert.equal(forth.inferences, a.inferences + b.inferences + c.inferences);
      }),
    );
    assert.throws(
      () => addCounts(emptyCounts(3, 4), emptyCounts(3, 5)),
      /expected 4 and 3 classes, found 5 and 3/,
    );
  });
});
