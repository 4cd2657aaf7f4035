/** Limits of one peer and of the server in all: sizes, numbers and rates. SECURITY.md has the sums. */
import { REPORT_BYTES_MOST } from "../telemetry/report.ts";
import { SAMPLE_BYTES_MOST } from "../telemetry/sample.ts";
import { Refused } from "./message.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  /** Bytes of an uploaded image: a slot is never larger. */
  imageBytes: 16 * MIB,
  managementBytes: 64 * KIB,
  /** Bytes of a device's message: 50 texts of any sensible length. */
  deviceBytes: 256 * KIB,
  /** Bytes of all bodies that are being received at one time. */
  bodyBytesInAll: 64 * MIB,
  headerBytes: 16 * KIB,
  urlChars: 4096,
  tokenChars: 256,
  /** Bytes of a device's report on a model. */
  reportBytes: REPORT_BYTES_MOST,
  /** Models that one device tells of, and milliseconds for which its reports are kept as they came. */
  modelsPerDevice: 64,
  reportsKept: 7 * 24 * 3600 * 1000,
  /** Bytes of a sample, samples that are asked of a device, and that are kept of all. */
  sampleBytes: SAMPLE_BYTES_MOST,
  samplesPerDevice: 1000,
  samples: 100_000,
  /** Labels of one request, their characters, and those that are kept of all. */
  labelsAtOnce: 500,
  labelChars: 128,
  labels: 1_000_000,
  /** As hawkBit's ids. */
  deviceNameChars: 256,
  attributes: 100,
  attributeKeyChars: 128,
  attributeValueChars: 128,
  /** Bytes of one device's attributes as they are stored. */
  attributeBytes: 32 * KIB,
  /** hawkBit's quota; more are cut, and each to this length. */
  details: 50,
  detailChars: 512,
  /** Kept of what one device says of one action, but for its last word. */
  feedbackPerAction: 64,
  feedbackCharsPerAction: 32 * KIB,
  devices: 200_000,
  images: 10_000,
  imageBytesInAll: 4096 * MIB,
  cachedImageBytes: 64 * MIB,
  stages: 20,
  pageRows: 1000,
  /** More than there can be devices: a gateway that registers them all does not wash away what operators did. */
  auditRows: 500_000,
  auditDetailChars: 2048,
  connections: 2048,
  connectionsPerPeer: 1024,
  /** Pages of 4 KiB in the write-ahead log before it is written back, and what is kept of its file. */
  walPages: 1000,
  walBytes: 8 * MIB,
} as const;

export const TIMEOUTS = {
  /** For a request's head, in milliseconds: a peer that takes longer holds a connection for nothing. */
  head: 10_000,
  /** For a whole request. */
  request: 60_000,
  /** Between two requests of a connection, and for a peer that reads nothing of its answer. */
  idle: 10_000,
  stalled: 60_000,
  /** For what is being answered when the server is asked to end. */
  close: 5000,
} as const;

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const RATES = {
  /** A device polls every few minutes; a download and its feedback are a dozen requests. */
  device: { perSecond: 5, burst: 60 },
  /** Reports of a device: one an hour for each of its models, and those that have waited. */
  report: { perSecond: 1 / 60, burst: 120 },
  management: { perSecond: 50, burst: 500 },
  /** Wrong tokens of one address: guessing is slow. */
  failure: { perSecond: 0.2, burst: 20 },
  /** New devices of one gateway token: a fleet that starts for the first time, but no endless one. */
  registration: { perSecond: 20, burst: 1000 },
} as const satisfies Readonly<Record<string, Rate>>;

export type RateName = keyof typeof RATES;

/** Buckets that are kept; full ones are as good as none and go first. */
const MAX_BUCKETS = 250_000;

/** Takes one from a bucket, `now` in milliseconds. Throws Refused (429) with the seconds to wait where it is empty. */
export type Meter = (rate: RateName, who: string, now: number) => void;

/** The bucket of an address: whoever has one IPv6 address has the 2^64 of its network. */
export function peerOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!plain.includes(":")) return plain;
  const [head = ""] = plain.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  return groups.length >= 4 || !plain.includes("::")
    ? `${groups.slice(0, 4).join(":")}::/64`
    : `${groups.join(":")}::/64`;
}

/** Token buckets. */
export function meter(rates: Readonly<Record<RateName, Rate>> = RATES): Meter {
  const buckets = new Map<string, { left: number; at: number }>();
  return (rate, who, now) => {
    const { perSecond, burst } = rates[rate];
    const name = `${rate} ${who}`;
    const bucket = buckets.get(name) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    // The one that was used last is last: what is at the front has had most time to fill.
    buckets.delete(name);
    buckets.set(name, bucket);
    if (buckets.size > MAX_BUCKETS) buckets.delete(buckets.keys().next().value!);
    if (bucket.left < 1) {
      const wait = Math.ceil((1 - bucket.left) / perSecond);
      throw new Refused(429, `too many requests: again in ${wait} s`, { "retry-after": String(wait) });
    }
    bucket.left--;
  };
}
