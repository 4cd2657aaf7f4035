/**
 * The fast Fourier transform as KISS FFT computes it in 16 bits, which TensorFlow Lite Micro prescribes: the order of
 * its stages and every rounding are part of the result. Complex numbers are pairs, real part first.
 */
import { wrap16 } from "./signal.ts";

const MOST = 32767;

/** A product of two numbers of 15 fraction bits, rounded, halves up. */
const round15 = (x: number): number => wrap16((x + (1 << 14)) >> 15);

/** x divided by a small number before a stage, so that sums fit. */
const divide = (x: number, by: number): number => round15(x * Math.floor(MOST / by));

const multiply = (re: number, im: number, a: number, b: number): [number, number] => [
  round15(re * a - im * b),
  round15(re * b + im * a),
];

/** exp(i phase) for each phase. */
const unitCircle = (phases: readonly number[]): Int16Array =>
  Int16Array.from(
    phases.flatMap((phase) => [
      Math.floor(0.5 + MOST * Math.cos(phase)),
      Math.floor(0.5 + MOST * Math.sin(phase)),
    ]),
  );

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The factors of the stages of a transform of `n` values. */
export const twiddles = (n: number, inverse: boolean): Int16Array =>
  unitCircle(count(n).map((i) => (((inverse ? 2 : -2) * Math.PI) / n) * i));

/** The factors that join a transform of `n` complex values to one of 2n real ones. */
export const realTwiddles = (n: number, inverse: boolean): Int16Array =>
  unitCircle(count(n / 2).map((i) => (inverse ? 1 : -1) * Math.PI * ((i + 1) / n + 0.5)));

/** Fours first, then a two. */
const radixOf = (n: number): number => (n % 4 === 0 ? 4 : 2);

interface Transform {
  readonly input: Int16Array;
  readonly factors: Int16Array;
  readonly inverse: boolean;
}

function butterfly2(values: Int16Array, at: number, m: number, stride: number, { factors }: Transform): void {
  for (let k = 0; k < m; k++) {
    const [a, b] = [2 * (at + k), 2 * (at + k + m)];
    const [re, im] = [divide(values[a]!, 2), divide(values[a + 1]!, 2)];
    const w = 2 * k * stride;
    const t = multiply(divide(values[b]!, 2), divide(values[b + 1]!, 2), factors[w]!, factors[w + 1]!);
    values.set([re - t[0], im - t[1]], b);
    values.set([re + t[0], im + t[1]], a);
  }
}

function butterfly4(
  values: Int16Array,
  at: number,
  m: number,
  stride: number,
  { factors, inverse }: Transform,
): void {
  const turn = inverse ? -1 : 1;
  for (let k = 0; k < m; k++) {
    const places = [0, 1, 2, 3].map((q) => 2 * (at + k + q * m));
    const turned = places.map((place, q) => {
      const [re, im] = [divide(values[place]!, 4), divide(values[place + 1]!, 4)];
      const w = 2 * k * q * stride;
      return q === 0 ? [re, im] : multiply(re, im, factors[w]!, factors[w + 1]!);
    }) as [[number, number], [number, number], [number, number], [number, number]];
    const [a, b, c, d] = turned;
    const [even, odd] = [
      [a[0] + c[0], a[1] + c[1]],
      [a[0] - c[0], a[1] - c[1]],
    ] as const;
    const [sum, difference] = [
      [b[0] + d[0], b[1] + d[1]],
      [turn * (b[0] - d[0]), turn * (b[1] - d[1])],
    ] as const;
    values.set([even[0] + sum[0], even[1] + sum[1]], places[0]);
    values.set([odd[0] + difference[1], odd[1] - difference[0]], places[1]);
    values.set([even[0] - sum[0], even[1] - sum[1]], places[2]);
    values.set([odd[0] - difference[1], odd[1] + difference[0]], places[3]);
  }
}

/** Transforms the inputs `from`, `from + stride`, ... to `size` values at `at`. */
function stage(
  values: Int16Array,
  at: number,
  size: number,
  from: number,
  stride: number,
  transform: Transform,
): void {
  if (size === 1) {
    values.set(transform.input.subarray(2 * from, 2 * from + 2), 2 * at);
    return;
  }
  const radix = radixOf(size);
  const m = size / radix;
  for (let q = 0; q < radix; q++) stage(values, at + q * m, m, from + q * stride, stride * radix, transform);
  if (radix === 4) butterfly4(values, at, m, stride, transform);
  else butterfly2(values, at, m, stride, transform);
}

function complexTransform(input: Int16Array, inverse: boolean): Int16Array {
  const size = input.length / 2;
  const values = new Int16Array(2 * size);
  stage(values, 0, size, 0, 1, { input, factors: twiddles(size, inverse), inverse });
  return values;
}

/** The n/2 + 1 frequencies of n real values, a power of two from 4 on. */
export function realTransform(input: Int16Array): Int16Array {
  const n = input.length / 2;
  const values = complexTransform(input, false);
  const factors = realTwiddles(n, false);
  const output = new Int16Array(2 * n + 2);
  const [re, im] = [divide(values[0]!, 2), divide(values[1]!, 2)];
  output[0] = re + im;
  output[2 * n] = re - im;
  for (let k = 1; k <= n / 2; k++) {
    const [p, q] = [2 * k, 2 * (n - k)];
    const [a, b] = [divide(values[p]!, 2), divide(values[p + 1]!, 2)];
    const [c, d] = [divide(values[q]!, 2), divide(wrap16(-values[q + 1]!), 2)];
    const t = multiply(wrap16(a - c), wrap16(b - d), factors[2 * k - 2]!, factors[2 * k - 1]!);
    const [sumRe, sumIm] = [wrap16(a + c), wrap16(b + d)];
    output.set([(sumRe + t[0]) >> 1, (sumIm + t[1]) >> 1], p);
    output.set([(sumRe - t[0]) >> 1, (t[1] - sumIm) >> 1], q);
  }
  return output;
}

/** The n real values of n/2 + 1 frequencies. */
export function inverseRealTransform(input: Int16Array): Int16Array {
  const n = input.length / 2 - 1;
  const factors = realTwiddles(n, true);
  const values = new Int16Array(2 * n);
  values[0] = divide(wrap16(input[0]! + input[2 * n]!), 2);
  values[1] = divide(wrap16(input[0]! - input[2 * n]!), 2);
  for (let k = 1; k <= n / 2; k++) {
    const [p, q] = [2 * k, 2 * (n - k)];
    const [a, b] = [divide(input[p]!, 2), divide(input[p + 1]!, 2)];
    const [c, d] = [divide(input[q]!, 2), divide(wrap16(-input[q + 1]!), 2)];
    const t = multiply(wrap16(a - c), wrap16(b - d), factors[2 * k - 2]!, factors[2 * k - 1]!);
    const [sumRe, sumIm] = [wrap16(a + c), wrap16(b + d)];
    values.set([sumRe + t[0], sumIm + t[1]], p);
    values.set([sumRe - t[0], -wrap16(sumIm - t[1])], q);
  }
  return complexTransform(values, true);
}
