/** A recording as a sensor gives it: weaker or stronger, clipped, noisy, with drop-outs; the same for the same seed. */
import { randomOf } from "./random.ts";

export interface Impairments {
  /** Factor of samples; default 1. */
  readonly gain?: number;
  /** Standard deviation of what is added to each of them, in their own units; default 0. */
  readonly noise?: number;
  /** The greatest absolute value that comes out; default as much as 16 bits hold. */
  readonly clip?: number;
  /** Times a second, on average, that all channels are 0 for a time between two numbers of seconds; default never. */
  readonly dropOuts?: { readonly perSecond: number; readonly seconds: readonly [number, number] };
  /** Default 1. */
  readonly seed?: number;
}

export interface Signal {
  /** The next samples, channels in turns: whole numbers of 16 bits. The recording begins anew where it ends. */
  take(count: number): Int16Array;
}

const LEAST = -32768;
const MOST = 32767;
const LIMIT = 2 ** 32;

interface Recorded {
  readonly samples: ArrayLike<number>;
  readonly channels: number;
  readonly sampleRate: number;
}

/** Throws RangeError where an impairment makes no sense. */
function check({ gain = 1, noise = 0, clip = MOST, dropOuts }: Impairments, length: number): void {
  const refuse = (name: string, expected: string, found: unknown): never => {
    throw new RangeError(`${name}: expected ${expected}, found ${found}`);
  };
  if (length === 0) refuse("recording", "samples", "none");
  if (!Number.isFinite(gain)) refuse("gain", "a number", gain);
  if (!(noise >= 0 && noise < Number.POSITIVE_INFINITY)) refuse("noise", "a number of at least 0", noise);
  if (!(clip > 0)) refuse("clip", "a number above 0", clip);
  if (!dropOuts) return;
  const [least, most] = dropOuts.seconds;
  if (!(dropOuts.perSecond >= 0)) refuse("dropOuts.perSecond", "a number of at least 0", dropOuts.perSecond);
  if (!(least >= 0 && most >= least)) refuse("dropOuts.seconds", "two ascending numbers", dropOuts.seconds);
}

export function signalOf({ samples, channels, sampleRate }: Recorded, impairments: Impairments = {}): Signal {
  check(impairments, samples.length);
  const { gain = 1, noise = 0, clip = MOST, dropOuts, seed = 1 } = impairments;
  const random = randomOf(seed);
  const share = (): number => random() / LIMIT;
  // Box and Muller's; the logarithm is of a number above 0.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - share())) * Math.cos(2 * Math.PI * share());
  let [at, silent] = [0, 0];
  /** At each time of all channels, whether they are silent. */
  const dropsOut = (): boolean => {
    if (silent > 0) silent--;
    else if (dropOuts && share() < dropOuts.perSecond / sampleRate) {
      const [least, most] = dropOuts.seconds;
      silent = Math.round((least + share() * (most - least)) * sampleRate);
    }
    return silent > 0;
  };
  let isSilent = false;
  const next = (): number => {
    if (at % channels === 0) isSilent = dropsOut();
    const sample = samples[at]!;
    at = (at + 1) % samples.length;
    if (isSilent) return 0;
    const heard = gain * sample + (noise > 0 ? noise * normal() : 0);
    const clipped = Math.min(Math.max(heard, -clip), clip);
    return Math.min(Math.max(Math.round(clipped), LEAST), MOST);
  };
  return { take: (count) => Int16Array.from({ length: count }, next) };
}
