/** Floats of 16 bits, which files store and no module computes with. */

/** The number that IEEE 754 binary16 has these bits for. */
export function fromHalf(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The number that bfloat16, the upper half of a float32, has these bits for. */
export const fromBfloat = (bits: number): number =>
  new Float32Array(Uint32Array.of((bits & 0xffff) * 0x10000).buffer)[0]!;

/** The nearest number of `fraction` bits after the leading one and exponents from `least`; ties go to the even one. */
function rounded(value: number, fraction: number, least: number, beyond: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), least) - fraction);
  const steps = value / step;
  const down = Math.floor(steps);
  const rest = steps - down;
  const even = down % 2 === 0 ? down : down + 1;
  const result = (rest === 0.5 ? even : Math.round(steps)) * step;
  return Math.abs(result) >= beyond ? Math.sign(value) * Number.POSITIVE_INFINITY : result;
}

/** The nearest number of binary16; from 65520 on that is infinity. */
export const roundToHalf = (value: number): number => rounded(value, 10, -14, 2 ** 16);

/** The nearest number of bfloat16. */
export const roundToBfloat = (value: number): number => rounded(value, 7, -126, 2 ** 128);

/** The bits of a number as binary16 has it. */
export function toHalf(value: number): number {
  const x = roundToHalf(value);
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0;
  if (Number.isNaN(x)) return 0x7e00;
  if (!Number.isFinite(x)) return sign | 0x7c00;
  const size = Math.abs(x);
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024);
}
