import { channelsOf, requireSamples } from "./center.ts";
import { clamp } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { exactTypes, OWN_TYPES, require } from "./signal.ts";

/** By their order in the output, and the bits that stand for them. */
export const STATISTICS = [
  "mean",
  "minimum",
  "maximum",
  "rms",
  "stdev",
  "skewness",
  "kurtosis",
  "zero_crossings",
] as const;

export type Statistic = (typeof STATISTICS)[number];

/** Whether a number has the unit of samples. */
export const isAmplitude = (name: Statistic): boolean => STATISTICS.indexOf(name) < 5;

const namesIn = (features: number): Statistic[] => STATISTICS.filter((_, i) => (features >> i) & 1);

/** The greatest whole number whose square is not above x. */
function floorRoot(x: bigint): bigint {
  let root = 0n;
  for (let bit = 1n << 31n; bit > 0n; bit >>= 1n) if ((root + bit) ** 2n <= x) root += bit;
  return root;
}

const leadingZeros = (x: bigint): bigint => 64n - BigInt(x.toString(2).length);
const shifted = (x: bigint, bits: bigint): bigint => (bits < 0n ? x >> -bits : x << bits);
/** x / by of numbers that are not negative, halves rounded up. */
const rounded = (x: bigint, by: bigint): bigint => (x + by / 2n) / by;

/** sqrt(squares) / count in 1/256. */
function rootOf(squares: bigint, count: bigint): bigint {
  if (squares === 0n) return 0n;
  const bits = (leadingZeros(squares) / 2n) * 2n;
  return rounded(floorRoot(squares << bits) << 8n, count << (bits / 2n));
}

/** Powers of distances from the mean, which are scaled to 12 bits, and their sums. */
function moments(samples: readonly number[], sum: number) {
  const apart = samples.map((x) => x * samples.length - sum);
  const most = Math.max(...apart.map(Math.abs));
  if (most === 0) return undefined;
  const bits = 12 - (Math.floor(Math.log2(most)) + 1);
  const scaled = apart.map((x) => BigInt(Math.floor(x * 2 ** bits + (bits < 0 ? 0.5 : 0))));
  const of = (power: bigint): bigint => scaled.reduce((total, x) => total + x ** power, 0n);
  return { squares: of(2n), cubes: of(3n), fourths: of(4n) };
}

type Moments = ReturnType<typeof moments>;

/** In 1/65536. */
function skewness(found: Moments, count: bigint): bigint {
  if (!found) return 0n;
  const { squares, cubes } = found;
  const share = ((cubes < 0n ? -cubes : cubes) << 13n) / squares;
  const size = rounded(share << 16n, floorRoot((squares << 26n) / count));
  return cubes < 0n ? -size : size;
}

/** In 1/65536, of a normal distribution 0. */
function kurtosis(found: Moments, count: bigint): bigint {
  if (!found) return -3n << 16n;
  const { squares, fourths } = found;
  const bits = leadingZeros(fourths);
  const share = (fourths << bits) / squares;
  return shifted((share << 20n) / ((squares << 8n) / count), 4n - bits) - (3n << 16n);
}

/** Numbers of one channel: amplitudes in 1/256, shapes in 1/65536. */
function statisticsOf(samples: readonly number[], isCentered: boolean): Record<Statistic, bigint> {
  const count = BigInt(samples.length);
  const sum = samples.reduce((total, x) => total + x, 0);
  const squares = count * BigInt(samples.reduce((total, x) => total + x * x, 0));
  const spread = squares - BigInt(sum) ** 2n;
  const mean = Math.floor((256 * sum + Math.floor(samples.length / 2)) / samples.length);
  const middle = isCentered ? mean : 0;
  const found = moments(samples, sum);
  const isBelow = samples.map((x) => x * samples.length < (isCentered ? sum : 0));
  const crossings = isBelow.filter((below, i) => i > 0 && below !== isBelow[i - 1]).length;
  return {
    mean: BigInt(mean),
    minimum: BigInt(256 * Math.min(...samples) - middle),
    maximum: BigInt(256 * Math.max(...samples) - middle),
    rms: rootOf(isCentered ? spread : squares, count),
    stdev: rootOf(spread, count),
    skewness: skewness(found, count),
    kurtosis: kurtosis(found, count),
    zero_crossings: rounded(BigInt(crossings) << 16n, BigInt(Math.max(samples.length - 1, 1))),
  };
}

/**
 * Numbers that tell about each channel of [window, channels]: [channels, count], those whose bits `features` has. Amplitudes
 * are in 1/256 times multiplier / 2^shift, shapes in 1/65536 times shapeMultiplier / 2^shapeShift. Where it is
 * centered the mean is subtracted first, except from itself.
 */
export const statistics = defineOperator({
  name: "statistics",
  summary: "mean, extremes, root mean square, deviation, skewness, kurtosis and zero crossings of channels",
  arity: [1, 1],
  attributes: {
    features: "int",
    isCentered: "boolean",
    multiplier: "int",
    shift: "int",
    shapeMultiplier: "int",
    shapeShift: "int",
  },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["int16"], ["int16"]),

  infer({ name, attributes: a, inputs }) {
    const { shape } = inputs[0]!;
    requireSamples(name, shape);
    require(name, a.features >= 1 && a.features <= 255, "features of 1 to 255", a.features);
    for (const multiplier of [a.multiplier, a.shapeMultiplier])
      require(name, multiplier >= 0 && multiplier < 2 ** 31, "a multiplier below 2^31", multiplier);
    for (const shift of [a.shift, a.shapeShift])
      require(name, shift >= 1 && shift <= 62, "a shift of 1 to 62", shift);
    return [[shape[1]!, namesIn(a.features).length]];
  },

  evaluate({ attributes: a, inputs }, values) {
    const names = namesIn(a.features);
    const made = channelsOf(values[0]!, inputs[0]!.shape[1]!).flatMap((samples) => {
      const found = statisticsOf(samples, a.isCentered);
      return names.map((name) => {
        const [multiplier, shift] = isAmplitude(name)
          ? [a.multiplier, a.shift]
          : [a.shapeMultiplier, a.shapeShift];
        const half = 1n << BigInt(shift - 1);
        return clamp(Number((found[name] * BigInt(multiplier) + half) >> BigInt(shift)), -32767, 32767);
      });
    });
    return [Int16Array.from(made)];
  },

  lower({ attributes: { isCentered, ...numbers }, inputs, outputs }, to) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    const [length, channels] = input.shape as [number, number];
    to.call("statistics_s16", { input, output, length, channels, ...numbers, centered: isCentered ? 1 : 0 });
  },

  steps: ({ inputs }) => 8 * inputs[0]!.shape[0]! * inputs[0]!.shape[1]!,
});
