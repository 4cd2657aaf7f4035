/** Reports as a device writes them, made by hand: an implementation of firmware/SPEC.md, section 8.2, of the tests' own. */
import { crc32 } from "node:zlib";
import { type DeviceReport, emptyCounts } from "../../host/fleet/telemetry/report.ts";

/** An hour in which nothing happened to a model without bins. */
export const quietReport = (model: string, interval = 1): DeviceReport => ({
  ...emptyCounts(0, 0),
  model,
  interval,
  time: 0,
  uptime: 3600,
  seconds: 3600,
  stopped: false,
  noRoom: false,
});

export function encodeReport(report: DeviceReport): Buffer {
  const { classes, channels } = report;
  const bytes = Buffer.alloc(112 + 2 * classes.length + 22 * channels.length);
  bytes[0] = 1;
  bytes[1] = Number(report.stopped) | (Number(report.noRoom) << 1);
  bytes.writeUInt16LE(bytes.length, 2);
  [report.interval, report.time, report.uptime, report.seconds].forEach((value, i) => {
    bytes.writeUInt32LE(value, 8 + 4 * i);
  });
  bytes.write(report.model, 24, "hex");
  const { inferences, overruns, resets, updates, counters, failures, latency } = report;
  const counts = [inferences, overruns, resets, updates, ...counters, ...failures, ...latency];
  const all = [...counts, classes.length, channels.length, ...classes, ...channels.flat()];
  all.forEach((value, i) => {
    bytes.writeUInt16LE(value, 56 + 2 * i);
  });
  bytes.writeUInt32LE(crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4))), 4);
  return bytes;
}

/** A sample as a device writes it, by firmware/SPEC.md, section 8.6; `kind` 0 random, 1 uncertain, 2 outlying. */
export function encodeSample(
  model: string,
  {
    values,
    kind,
    decided = 0xffff,
  }: { readonly values: readonly number[]; readonly kind: number; readonly decided?: number },
): Buffer {
  const bytes = Buffer.alloc(56 + 4 * values.length);
  bytes.set([1, kind]);
  bytes.writeUInt16LE(decided, 2);
  bytes.writeUInt32LE(values.length, 20);
  bytes.write(model, 24, "hex");
  values.forEach((value, i) => void bytes.writeFloatLE(value, 56 + 4 * i));
  bytes.writeUInt32LE(crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4))), 4);
  return bytes;
}
