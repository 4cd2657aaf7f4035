/**
 * Reports of devices on their models, as firmware/core/monitor.c writes them: SPEC.md, section 8.2, gives every byte.
 * The one place that reads them.
 */
import { crc32 } from "node:zlib";
import { CLASSES_MOST, COUNTS } from "../../module/watch.ts";

export const REPORT_VERSION = 1;
const HEAD_BYTES = 112;
const CHANNEL_BYTES = 2 * COUNTS;
/** Bytes of a report of 255 channels, which is more than `thimble build` makes. */
export const REPORT_BYTES_MOST = HEAD_BYTES + 2 * CLASSES_MOST + 255 * CHANNEL_BYTES;
/** Ways to fail, in the order of their counts. */
export const FAILURES = ["trap", "status", "argument", "flash", "ram", "other"] as const;
/** Bins of latency: below 128 ticks, then each twice as wide as the one before; the last one is open. */
export const LATENCIES = 12;
export const COUNTERS = 4;

export class ReportError extends Error {
  override readonly name = "ReportError";
}

/** All numbers that two reports of one model add up to. */
export interface Counts {
  /** Inferences, failed ones too. */
  readonly inferences: number;
  readonly overruns: number;
  readonly resets: number;
  /** Changes from another model to this one. */
  readonly updates: number;
  /** The application's own. */
  readonly counters: readonly number[];
  /** By FAILURES. */
  readonly failures: readonly number[];
  readonly latency: readonly number[];
  /** Decisions by class; the last one of CLASSES_MOST stands for all others. */
  readonly classes: readonly number[];
  /** Counts of each channel: below all edges, eight bins, above all, missing. */
  readonly channels: readonly (readonly number[])[];
  /** Seconds that were watched. */
  readonly seconds: number;
}

export interface DeviceReport extends Counts {
  /** The model's hash: the digest of its image, in hex. */
  readonly model: string;
  readonly interval: number;
  /** When it was sealed, in seconds since 1970; 0 where the device does not know. */
  readonly time: number;
  /** Seconds since the reset, then. */
  readonly uptime: number;
  /** Counting had stopped before it was sealed, since the counts were full. */
  readonly stopped: boolean;
  /** The device has too little RAM for the model's channels. */
  readonly noRoom: boolean;
  /** Report of a version beside the one in service: its first three counters are those of the comparison. */
  readonly shadow?: boolean;
}

const fail = (what: string, expected: string, found: unknown): never => {
  throw new ReportError(`report: ${what}: expected ${expected}, found ${found}`);
};

function check(bytes: Buffer): { classes: number; channels: number } {
  if (bytes.length < HEAD_BYTES) fail("length", `at least ${HEAD_BYTES} bytes`, bytes.length);
  if (bytes[0] !== REPORT_VERSION) fail("version", String(REPORT_VERSION), bytes[0]);
  if (bytes[1]! > 7) fail("flags", "0 to 7", bytes[1]);
  if (bytes.readUInt16LE(2) !== bytes.length) fail("length", `${bytes.readUInt16LE(2)} bytes`, bytes.length);
  const [classes, channels] = [bytes.readUInt16LE(108), bytes.readUInt16LE(110)];
  if (classes > CLASSES_MOST) fail("classes", `at most ${CLASSES_MOST}`, classes);
  const expected = HEAD_BYTES + 2 * classes + CHANNEL_BYTES * channels;
  if (bytes.length !== expected) fail("length", `${expected} bytes`, bytes.length);
  const [wanted, found] = [bytes.readUInt32LE(4), crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4)))];
  if (wanted !== found) fail("CRC-32", wanted.toString(16), found.toString(16));
  if (bytes.readUInt32LE(8) === 0) fail("interval", "at least 1", 0);
  return { classes, channels };
}

/** Reads untrusted bytes; throws ReportError where they are no whole report of this version. */
export function decodeReport(report: Uint8Array): DeviceReport {
  const bytes = Buffer.from(report.buffer, report.byteOffset, report.length);
  const { classes, channels } = check(bytes);
  const counts = (at: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => bytes.readUInt16LE(at + 2 * i));
  const word = (at: number): number => bytes.readUInt32LE(at);
  const channelsAt = HEAD_BYTES + 2 * classes;
  return {
    model: bytes.toString("hex", 24, 56),
    interval: word(8),
    time: word(12),
    uptime: word(16),
    seconds: word(20),
    stopped: (bytes[1]! & 1) !== 0,
    noRoom: (bytes[1]! & 2) !== 0,
    ...((bytes[1]! & 4) !== 0 && { shadow: true }),
    inferences: bytes.readUInt16LE(56),
    overruns: bytes.readUInt16LE(58),
    resets: bytes.readUInt16LE(60),
    updates: bytes.readUInt16LE(62),
    counters: counts(64, COUNTERS),
    failures: counts(72, FAILURES.length),
    latency: counts(84, LATENCIES),
    classes: counts(HEAD_BYTES, classes),
    channels: Array.from({ length: channels }, (_, i) => counts(channelsAt + CHANNEL_BYTES * i, COUNTS)),
  };
}

const sum = (a: readonly number[], b: readonly number[]): number[] => a.map((x, i) => x + b[i]!);

/** The counts of two reports of one model. Throws ReportError where they are not of one shape. */
export function addCounts(a: Counts, b: Counts): Counts {
  if (a.classes.length !== b.classes.length || a.channels.length !== b.channels.length)
    fail(
      "channels",
      `${a.channels.length} and ${a.classes.length} classes`,
      `${b.channels.length} and ${b.classes.length}`,
    );
  return {
    inferences: a.inferences + b.inferences,
    overruns: a.overruns + b.overruns,
    resets: a.resets + b.resets,
    updates: a.updates + b.updates,
    seconds: a.seconds + b.seconds,
    counters: sum(a.counters, b.counters),
    failures: sum(a.failures, b.failures),
    latency: sum(a.latency, b.latency),
    classes: sum(a.classes, b.classes),
    channels: a.channels.map((counts, i) => sum(counts, b.channels[i]!)),
  };
}

/** No counts, in the shape of others. */
export const emptyCounts = (classes: number, channels: number): Counts => ({
  inferences: 0,
  overruns: 0,
  resets: 0,
  updates: 0,
  seconds: 0,
  counters: new Array<number>(COUNTERS).fill(0),
  failures: new Array<number>(FAILURES.length).fill(0),
  latency: new Array<number>(LATENCIES).fill(0),
  classes: new Array<number>(classes).fill(0),
  channels: Array.from({ length: channels }, () => new Array<number>(COUNTS).fill(0)),
});
