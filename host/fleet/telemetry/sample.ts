/**
 * Samples that devices keep, as firmware/core/samples.c writes them: SPEC.md, section 8.6, gives every byte. The one place
 * that reads them.
 */
import { crc32 } from "node:zlib";
import { ReportError } from "./report.ts";

export const SAMPLE_KINDS = ["random", "uncertain", "outlying"] as const;
export type SampleKind = (typeof SAMPLE_KINDS)[number];
const HEAD_BYTES = 56;
const VALUES_MOST = 65536;
export const SAMPLE_BYTES_MOST = HEAD_BYTES + 4 * VALUES_MOST;
const NO_CLASS = 0xffff;

export interface DeviceSample {
  /** The digest of the model's image, in hex. */
  readonly model: string;
  readonly kind: SampleKind;
  /** The class that the model decided for; undefined where it decides nothing. */
  readonly decided: number | undefined;
  /** In seconds since 1970; 0 where the device does not know. */
  readonly time: number;
  /** Number of values out of range where it is outlying; the greater, the smaller the margin, where it is uncertain. */
  readonly rank: number;
  /** The values of all inputs; NaN where one is missing or hidden. */
  readonly values: Float32Array;
}

const fail = (what: string, expected: string, found: unknown): never => {
  throw new ReportError(`sample: ${what}: expected ${expected}, found ${found}`);
};

/** Reads untrusted bytes; throws ReportError where they are no whole sample of this version. */
export function decodeSample(sample: Uint8Array): DeviceSample {
  const bytes = Buffer.from(sample.buffer, sample.byteOffset, sample.length);
  if (bytes.length < HEAD_BYTES) fail("length", `at least ${HEAD_BYTES} bytes`, bytes.length);
  if (bytes[0] !== 1) fail("version", "1", bytes[0]);
  const count = bytes.readUInt32LE(20);
  if (count > VALUES_MOST || bytes.length !== HEAD_BYTES + 4 * count)
    fail("length", `${HEAD_BYTES + 4 * count} bytes`, bytes.length);
  const [wanted, found] = [bytes.readUInt32LE(4), crc32(bytes.subarray(8), crc32(bytes.subarray(0, 4)))];
  if (wanted !== found) fail("CRC-32", wanted.toString(16), found.toString(16));
  const decided = bytes.readUInt16LE(2);
  return {
    model: bytes.toString("hex", 24, 56),
    kind: SAMPLE_KINDS[bytes[1]!] ?? fail("kind", "0 to 2", bytes[1]),
    decided: decided === NO_CLASS ? undefined : decided,
    time: bytes.readUInt32LE(12),
    rank: bytes.readInt32LE(16),
    values: Float32Array.from({ length: count }, (_, i) => bytes.readFloatLE(HEAD_BYTES + 4 * i)),
  };
}
