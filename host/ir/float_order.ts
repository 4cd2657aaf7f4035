/**
 * The places of float32 numbers in their order: neighbours differ by 1, and -0 has that of 0. Inputs are float32, so
 * that a comparison with any number is one of places.
 */
const words = new DataView(new ArrayBuffer(4));
const SIGN = 0x80000000;

/** The place of a float32 number. */
export function placeOf(x: number): number {
  words.setFloat32(0, x);
  const bits = words.getUint32(0);
  return bits >= SIGN ? SIGN - bits : bits;
}

export const INFINITY = placeOf(Number.POSITIVE_INFINITY);
/** Before that of -Infinity. */
export const BELOW_ALL = placeOf(Number.NEGATIVE_INFINITY) - 1;

/** The number at a place; NaN, which no number is up to, below all. */
export function floatAt(place: number): number {
  if (place <= BELOW_ALL) return Number.NaN;
  words.setUint32(0, place < 0 ? SIGN - place : place);
  return words.getFloat32(0);
}

/** The place of the greatest float32 that is at most x, or below x where `strictly`. */
export function floorPlace(x: number, strictly: boolean): number {
  const near = Math.fround(x);
  return (strictly ? near < x : near <= x) ? placeOf(near) : placeOf(near) - 1;
}

/** The float32 numbers next to one. */
export const floatBefore = (x: number): number => floatAt(placeOf(x) - 1);
export const floatAfter = (x: number): number => floatAt(placeOf(x) + 1);
