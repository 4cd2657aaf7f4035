/** Numbers that tell about the samples of a window, channel by channel: mean, extremes, deviation, shape. */
import { type Graph, quantized, type Tensor } from "../../../ir/graph.ts";
import { channelsOf } from "../../../ops/center.ts";
import { isAmplitude, STATISTICS, type Statistic } from "../../../ops/statistics.ts";
import type { Definition, Frontend } from "./definition.ts";
import { type Draft, draftGraph } from "./draft.ts";
import type { Fields } from "./fields.ts";
import { toBytes } from "./scale.ts";
import { readTiming, type Timing } from "./timing.ts";

/** Greatest integer of a feature. */
export const MOST = 32767;

/** Samples and features of a front-end of motion. */
export interface Motion extends Timing {
  readonly channels: number;
  /** One step of a sample in the unit of amplitudes. */
  readonly factor: number;
  /** No feature is further from 0. */
  readonly range: number;
  readonly features: readonly Statistic[];
  readonly isCentered: boolean;
  readonly type: "int16" | "int8";
}

/** The fields that front-ends of motion share. */
export function readMotion(fields: Fields, features: readonly Statistic[], isCentered: boolean): Motion {
  return {
    ...readTiming(fields, { window: 2000, step: 1000, rate: 100 }),
    channels: fields.whole("channels", { min: 1, max: 64 }, 1),
    factor: fields.number("factor", { min: 1e-9, max: 1000 }, 2 ** -12),
    range: fields.number("range", { min: 0.01, max: 1e6 }, 8),
    features: fields.someOf("features", STATISTICS, features),
    isCentered: fields.flag("remove_mean", isCentered),
    type: fields.oneOf("out_type", ["int16", "int8"], "int16"),
  };
}

/** The input: samples of 16 bits [window, channels]. */
export const motionInput = (draft: Draft, { rate, window, hop, channels }: Motion): Tensor =>
  draft.input("samples", "int16", [window, channels], { stream: { sampleRate: rate, channels, hop } });

/** A factor of below 2^30 as a multiplier of 31 bits and a shift to the right. */
function multiplierOf(factor: number): [multiplier: number, shift: number] {
  const shift = Math.max(1, Math.min(62, 30 - Math.floor(Math.log2(factor))));
  return [Math.min(Math.round(factor * 2 ** shift), 2 ** 31 - 1), shift];
}

/** The statistics of samples [window, channels], in steps of range / 32767: int16 [channels, count]. */
export function statisticsOf(draft: Draft, samples: Tensor, motion: Motion): Tensor {
  const step = motion.range / MOST;
  const [multiplier, shift] = multiplierOf(motion.factor / step / 256);
  const [shapeMultiplier, shapeShift] = multiplierOf(1 / step / 65536);
  const features = STATISTICS.reduce(
    (bits, name, i) => (motion.features.includes(name) ? bits | (1 << i) : bits),
    0,
  );
  const { isCentered } = motion;
  const attributes = { features, isCentered, multiplier, shift, shapeMultiplier, shapeShift };
  const [made] = draft.node("statistics", [samples], attributes, ["int16"]);
  return draft.scale(made!, quantized(step, 0));
}

/** The graph whose output is a tensor of features of 16 bits, or of 8 where that is asked for. */
export function motionGraph(draft: Draft, name: string, features: Tensor, { range, type }: Motion): Graph {
  const bytes = { center: 0, range: MOST, step: range / MOST };
  return draft.graph(name, type === "int8" ? toBytes(draft, features, bytes) : features);
}

/** Statistics of one channel as numpy and scipy define them: no bias is corrected, and of equal samples kurtosis is -3. */
function definedStatistics(samples: readonly number[], isCentered: boolean): Record<Statistic, number> {
  const average = (values: readonly number[]): number =>
    values.reduce((sum, x) => sum + x, 0) / values.length;
  const mean = average(samples);
  const apart = samples.map((x) => x - mean);
  const taken = isCentered ? apart : samples;
  const power = (values: readonly number[], n: number): number => average(values.map((x) => x ** n));
  const variance = power(apart, 2);
  const isBelow = taken.map((x) => x < 0);
  const crossings = isBelow.filter((below, i) => i > 0 && below !== isBelow[i - 1]).length;
  const varies = samples.some((x) => x !== samples[0]);
  return {
    mean,
    minimum: Math.min(...taken),
    maximum: Math.max(...taken),
    rms: Math.sqrt(power(taken, 2)),
    stdev: Math.sqrt(variance),
    skewness: varies ? power(apart, 3) / variance ** 1.5 : 0,
    kurtosis: varies ? power(apart, 4) / variance ** 2 - 3 : -3,
    zero_crossings: crossings / Math.max(samples.length - 1, 1),
  };
}

/** A feature within the range that integers have. */
export const within = (x: number, range: number): number => Math.max(-range, Math.min(range, x));

/** Features of each channel in real numbers: [channels][count]. */
export function definedFeatures(samples: ArrayLike<number>, motion: Motion): number[][] {
  const { factor, range, features, isCentered } = motion;
  const names = STATISTICS.filter((name) => features.includes(name));
  return channelsOf(samples, motion.channels).map((channel) => {
    const found = definedStatistics(channel, isCentered);
    return names.map((name) => within(isAmplitude(name) ? found[name] * factor : found[name], range));
  });
}

const ALL: readonly Statistic[] = STATISTICS.filter((name) => name !== "zero_crossings");

/** Statistics of each channel: samples [window, channels] in, [channels, count] out. */
export function statisticsFrontend(fields: Fields): Frontend {
  const draft = draftGraph();
  const motion = readMotion(fields, ALL, false);
  fields.finish();
  const features = statisticsOf(draft, motionInput(draft, motion), motion);
  const definition: Definition = (samples) => definedFeatures(samples, motion).flat();
  return { graph: motionGraph(draft, "statistics", features, motion), definition };
}
