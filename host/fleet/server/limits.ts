/** What one peer may ask of the server: sizes, and how often. */
import { Refused } from "./message.ts";

export const LIMITS = {
  /** Of an uploaded image: a slot is never larger. */
  imageBytes: 16 * 1024 * 1024,
  managementBytes: 64 * 1024,
  deviceBytes: 16 * 1024,
  urlChars: 1024,
  tokenChars: 256,
  attributes: 64,
  attributeKeyChars: 32,
  attributeValueChars: 128,
  details: 32,
  detailChars: 512,
  /** Kept of what one device says of one action. */
  feedbackPerAction: 64,
  devices: 200_000,
  stages: 20,
  pageRows: 1000,
} as const;

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const RATES = {
  /** A device polls every few minutes; a download and its feedback are a dozen requests. */
  device: { perSecond: 5, burst: 60 },
  management: { perSecond: 50, burst: 500 },
  /** Wrong tokens of one address: guessing is slow. */
  failure: { perSecond: 0.2, burst: 20 },
} as const satisfies Readonly<Record<string, Rate>>;

export type RateName = keyof typeof RATES;

/** Buckets that are kept; full ones are as good as none and go first. */
const MAX_BUCKETS = 250_000;

/** Takes one from a bucket, `now` in milliseconds. Throws Refused (429) with the seconds to wait where it is empty. */
export type Meter = (rate: RateName, who: string, now: number) => void;

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
