/** Samples that compression sees, and those that it is judged by: by a hash of their values, so that a sample is always on one side. */
import { createHash } from "node:crypto";
import type { Sample } from "../../ops/border.ts";

/** One of so many samples is held out. */
const SHARE = 4;

function isHeldOut(sample: Sample): boolean {
  const hash = createHash("sha256");
  for (const values of sample)
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return hash.digest()[0]! % SHARE === 0;
}

/** Places of the samples that are fitted to, and of those that judge. */
export interface Split {
  readonly fitting: readonly number[];
  readonly heldOut: readonly number[];
}

/** Equal samples are on one side. Where either side would be empty, all are on both. */
export function splitSamples(samples: readonly Sample[]): Split {
  const all = [...samples.keys()];
  const held = new Set(all.filter((i) => isHeldOut(samples[i]!)));
  if (held.size === 0 || held.size === all.length) return { fitting: all, heldOut: all };
  return { fitting: all.filter((i) => !held.has(i)), heldOut: [...held] };
}
