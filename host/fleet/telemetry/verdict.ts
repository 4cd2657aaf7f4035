/** Judges a model by the counts of a device or a fleet and what its calibration counted. */
import { type Channel, floatOf, type Watch } from "../../module/watch.ts";
import type { Borders } from "../../ops/border.ts";
import { beyondExtremes, kolmogorovSmirnov, moreThan, populationStability, type Test } from "./drift.ts";
import { type Counts, FAILURES } from "./report.ts";

export const KINDS = [
  "shift",
  "outside",
  "missing",
  "classes",
  "confidence",
  "failures",
  "overruns",
] as const;
export type Kind = (typeof KINDS)[number];

export interface Finding {
  readonly kind: Kind;
  /** A feature's name, or an output's, or empty where the finding is of the whole model. */
  readonly subject: string;
  /** The change in plain numbers. */
  readonly text: string;
  readonly test: string;
  readonly statistic: number;
  readonly threshold: number;
}

/** The facts of a model that its counts are judged by. */
export interface Judged {
  readonly watch: Watch | undefined;
  readonly borders: Pick<Borders, "inputs" | "outputs">;
}

/** Failures and overruns that nobody is told of. */
const TOLERATED = 0.001;
/** Values that a device has to have counted before anything is said. */
const LEAST = 30;

/** The level of each test, so that a device which is judged once an hour raises one false alarm in so many days. */
export const levelFor = (channels: number, daysForOne = 1000, judgedADay = 24): number =>
  // A channel has two tests of its shape, two of its ends, one of missing values; classes have one.
  1 / (daysForOne * judgedADay * (5 * channels + 1));

const BINS = [1, 2, 3, 4, 5, 6, 7, 8];

/** The counts below, in bins, and above, without missing ones: values outside belong to the bins at the ends. */
const within = (counts: readonly number[]): number[] => {
  const bins = BINS.map((bin) => counts[bin]!);
  bins[0]! += counts[0]!;
  bins[7]! += counts[9]!;
  return bins;
};

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);
const short = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (part: number, of: number): string => `${short((100 * part) / Math.max(of, 1))} %`;

/** About the middle of the values, from their bins. */
export function middleOf(
  { edges }: Channel,
  counts: readonly number[],
  real: (edge: number) => number,
): number {
  const bins = within(counts);
  const half = sum(bins) / 2;
  let below = 0;
  for (const [i, count] of bins.entries()) {
    const [low, high] = [real(edges[i]!), real(edges[i + 1]!)];
    if (below + count >= half && count > 0) return low + ((half - below) / count) * (high - low);
    below += count;
  }
  return real(edges[8]!);
}

interface Subject {
  readonly name: string;
  readonly unit: string;
  readonly kind: "shift" | "confidence";
  readonly real: (edge: number) => number;
}

/** Names of the channels, in their order. */
export function subjectsOf({ watch, borders }: Judged): Subject[] {
  if (!watch) return [];
  const features = watch.inputs.flatMap((width, i) => {
    const input = borders.inputs[i]!;
    return Array.from({ length: width }, (_, feature): Subject => {
      const own = width > 1 || input.features?.length === 1 ? input.features?.[feature] : undefined;
      const numbered = width > 1 ? `${input.name}[${feature}]` : input.name;
      const unit = input.units?.[feature] || input.unit || "";
      return { name: own ?? numbered, unit: unit && ` ${unit}`, kind: "shift", real: floatOf };
    });
  });
  const output = borders.outputs[watch.output]!;
  const real = (raw: number): number => Math.fround(Math.fround(raw - output.zeroPoint) * output.scale);
  return [
    ...features,
    { name: output.name, unit: output.unit ? ` ${output.unit}` : "", kind: "confidence", real },
  ];
}

const findingOf = (
  kind: Kind,
  subject: string,
  test: string,
  { statistic, threshold }: Test,
  text: string,
): Finding => ({ kind, subject, text, test, statistic, threshold });

function shapeFinding(
  subject: Subject,
  channel: Channel,
  found: readonly number[],
  level: number,
): Finding[] {
  const [reference, values] = [within(channel.counts), within(found)];
  const tests = [
    ["PSI", populationStability(reference, values, level)],
    ["Kolmogorov-Smirnov", kolmogorovSmirnov(reference, values, level)],
  ] as const;
  const [name, test] = tests.find((each) => each[1].found) ?? [];
  if (!test) return [];
  const middles = [channel.counts, found].map((counts) => short(middleOf(channel, counts, subject.real)));
  const what = subject.kind === "shift" ? "its median" : "the median of what decides";
  const text = `${what} was ${middles[0]}${subject.unit} in calibration and is ${middles[1]}${subject.unit}`;
  return [findingOf(subject.kind, subject.name, name!, test, text)];
}

function endFindings(subject: Subject, channel: Channel, found: readonly number[], level: number): Finding[] {
  const [m, n] = [sum(within(channel.counts)), sum(within(found))];
  const ends = [
    ["below the least", found[0]!, channel.edges[0]!],
    ["above the greatest", found[9]!, channel.edges[8]!],
  ] as const;
  return ends.flatMap(([where, count, edge]) => {
    const test = beyondExtremes(count, n, m, level);
    const value = `${short(subject.real(edge))}${subject.unit}`;
    const text = `${percent(count, n)} of its values are ${where} of calibration, ${value}`;
    return test.found ? [findingOf("outside", subject.name, "rank of extremes", test, text)] : [];
  });
}

function missingFinding(
  subject: Subject,
  channel: Channel,
  found: readonly number[],
  level: number,
): Finding[] {
  const [before, now] = [channel.counts[10]!, found[10]!];
  const [m, n] = [sum(channel.counts), sum(found)];
  const test =
    before === 0
      ? beyondExtremes(now, n, m, level)
      : populationStability([m - before, before], [n - now, now], level);
  const text = `${percent(now, n)} of its values are missing, in calibration ${percent(before, m)} were`;
  return test.found ? [findingOf("missing", subject.name, "share of missing values", test, text)] : [];
}

function channelFindings(
  subject: Subject,
  channel: Channel,
  found: readonly number[],
  level: number,
): Finding[] {
  if (sum(found) < LEAST || sum(channel.counts) === 0) return [];
  return [
    ...shapeFinding(subject, channel, found, level),
    // The ends of a quantised result are those of its type.
    ...(subject.kind === "shift" ? endFindings(subject, channel, found, level) : []),
    ...missingFinding(subject, channel, found, level),
  ];
}

function classFinding(
  watch: Watch,
  { outputs }: Judged["borders"],
  counts: Counts,
  level: number,
): Finding[] {
  const { classes } = counts;
  if (classes.length < 2 || sum(classes) < LEAST) return [];
  const last = classes.length - 1;
  // These are not counted apart by a device.
  const reference = classes.map((_, i) => (i < last ? watch.classes[i]! : sum(watch.classes.slice(last))));
  const test = populationStability(reference, classes, level);
  if (!test.found) return [];
  const shares = classes.map((count, i) => count / sum(classes) - reference[i]! / sum(reference));
  const most = shares.reduce((best, share, i) => (Math.abs(share) > Math.abs(shares[best]!) ? i : best), 0);
  const label = outputs[watch.output]!.labels?.[most] ?? `class ${most}`;
  const text = `${percent(classes[most]!, sum(classes))} of decisions are ${label}, in calibration ${percent(reference[most]!, sum(reference))} were`;
  return [findingOf("classes", outputs[watch.output]!.name, "PSI", test, text)];
}

function failureFindings({ inferences, failures, overruns }: Counts, level: number): Finding[] {
  if (inferences < LEAST) return [];
  const failed = sum(failures);
  const most = FAILURES[failures.indexOf(Math.max(...failures))]!;
  const tests = [
    ["failures", failed, `${percent(failed, inferences)} of inferences fail, most of them: ${most}`],
    ["overruns", overruns, `${percent(overruns, inferences)} of inferences take longer than allowed`],
  ] as const;
  return tests.flatMap(([kind, count, text]) => {
    const test = moreThan(count, inferences, TOLERATED, level);
    return test.found ? [findingOf(kind, "", `more than ${TOLERATED * 100} %`, test, text)] : [];
  });
}

/** All that is wrong at a level of each test. */
export function judge(model: Judged, counts: Counts, level: number): Finding[] {
  const { watch, borders } = model;
  const failed = failureFindings(counts, level);
  if (!watch || counts.channels.length !== watch.channels.length) return failed;
  const channels = subjectsOf(model).flatMap((subject, i) =>
    channelFindings(subject, watch.channels[i]!, counts.channels[i]!, level),
  );
  return [...channels, ...classFinding(watch, borders, counts, level), ...failed];
}
