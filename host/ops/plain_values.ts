/**
 * A tensor's integers and real values by its scale alone, in float32: the last step of firmware/SPEC.md, section 2.2.
 * What happens to features before it is in `real_values.ts`. The browser's runtime is made of this file, so it is short.
 */
import type { BorderTensor } from "./border.ts";

/** Integers of a tensor, as they lie in memory. */
export type Integers = Int8Array | Uint8Array | Int16Array | Int32Array;

export type Scale = Pick<BorderTensor, "scale" | "zeroPoint">;

const single = Math.fround;

/** The integer of `target`'s type nearest to x / scale + zeroPoint, halves away from zero. */
export function nearest(x: number, { scale, zeroPoint }: Scale, target: Integers): number {
  const steps = 2 ** (8 * target.BYTES_PER_ELEMENT);
  const end = target instanceof Uint8Array ? steps : steps / 2;
  const q = single(single(x) / scale);
  return Math.max(end - steps, Math.min(end - 1, zeroPoint + Math.trunc(q + Math.sign(q) / 2)));
}

/** Integers as real values, in `target` from number `to` on. */
export function readReal(
  source: Integers,
  target: Float32Array,
  to: number,
  { scale, zeroPoint }: Scale,
): void {
  for (const x of source) target[to++] = single(x - zeroPoint) * scale;
}
