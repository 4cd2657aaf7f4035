/**
 * Integers for one feature of a forest: x becomes round((x - offset) * factor), so that every threshold comes to lie
 * between the integers of the values next to it, which are those of the samples and, as the model's framework compares
 * them, the thresholds themselves. Where 16 bits are too few for that, or the map takes more bytes than the thresholds
 * do, x becomes the number of its bin between thresholds, which is right for every x.
 */
import { floatAfter, floatBefore } from "../../ir/float_order.ts";
import type { Range } from "../../ops/activation.ts";
import { clamp, roundHalfAway } from "../../ops/fixed_point.ts";
import { binOf, countBelow } from "../../ops/real_values.ts";

export interface Threshold {
  readonly value: number;
  /** The model asks x < t for the float32 t that follows `value`, which then is no less. */
  readonly isStrict: boolean;
}

/** Questions about a feature, and its known values. Lists are sorted and have each number once. */
export interface Feature {
  /** Finite. */
  readonly thresholds: readonly Threshold[];
  /** Numbers of all sets. */
  readonly members: readonly number[];
  readonly samples: readonly number[];
  /** The greatest integer of the type is for missing values alone. */
  readonly reserved: boolean;
  /** A split asks for what lies below all numbers, and so the least integer of the type has to be none of theirs. */
  readonly belowAll: boolean;
  /** Where others read the feature too: what has to lie within the type, as they lose what is cut off. */
  readonly covers?: readonly [low: number, high: number];
}

export interface Affine {
  readonly offset: number;
  readonly factor: number;
}

/** The integer of each threshold; those of members follow from the map itself, or from the edges of bins. */
export interface Grid extends Affine {
  readonly thresholds: ReadonlyMap<number, number>;
  readonly edges?: readonly number[];
}

/** A threshold with the known values next to it. */
interface Edge {
  readonly value: number;
  readonly below: number;
  readonly above: number;
}

/** A feature with what all its grids are made from. */
export interface Subject {
  readonly feature: Feature;
  readonly edges: readonly Edge[];
  /** All values whose side is known: samples, thresholds, members, and of a lattice what is next to thresholds. */
  readonly values: readonly number[];
  readonly lattice: Lattice | undefined;
}

export const sorted = (numbers: Iterable<number>): number[] => [...new Set(numbers)].sort((a, b) => a - b);

/** How many of sorted numbers of float32 are at most x. */
const countUpTo = (numbers: readonly number[], x: number): number => countBelow(numbers, floatAfter(x));

/** How far from a multiple of a step a value may be, in steps, for the sake of its rounding to float32. */
const LATTICE_ERROR = 0.02;

/** Values that are all multiples of a step apart. */
export interface Lattice {
  readonly origin: number;
  readonly step: number;
}

export function isMultiple(x: number, { origin, step }: Lattice): boolean {
  const steps = (x - origin) / step;
  return Math.abs(steps - Math.round(steps)) < LATTICE_ERROR;
}

/** Samples that are all multiples of a step, such as whole numbers or tenths. */
function latticeOf({ samples, members }: Feature): Lattice | undefined {
  const values = sorted([...samples, ...members]);
  const gaps = values.slice(1).map((value, i) => value - values[i]!);
  const gap = gaps.reduce(
    (least, x) => Math.min(least, x),
    members.length > 0 ? 1 : Number.POSITIVE_INFINITY,
  );
  if (!(gap > 0 && Number.isFinite(gap)) || values.length < 2) return undefined;
  // Two values are a step apart whatever they are.
  if (values.length === 2 && !values.every(Number.isInteger)) return undefined;
  // Short decimals first, then what came to be by a factor.
  const short = [1, 2, 3, 6].map((digits) => Number(gap.toPrecision(digits)));
  // Categories are whole numbers, of which samples need not show all.
  const steps = members.length > 0 && values.every(Number.isInteger) ? [1] : short;
  const lattices = [0, values[0]!].flatMap((origin) => steps.map((step) => ({ origin, step })));
  return lattices.find((lattice) => values.every((value) => isMultiple(value, lattice)));
}

/** The values of a lattice next to a number: the greatest that is at most that, and the one above it. */
function around(x: number, { origin, step }: Lattice): readonly number[] {
  const at = Math.round((x - origin) / step);
  const [before, near, after] = [-1, 0, 1].map((by) => Math.fround(origin + (at + by) * step));
  return near! <= x ? [near!, after!] : [before!, near!];
}

/** Knowledge of a feature's values: all that can be, or samples alone, or what is in between. */
export type Known = "all" | "not on thresholds" | "samples";

export function subjectOf(feature: Feature, known: Known = "all"): Subject {
  const { thresholds, members, samples } = feature;
  const asked = known === "all" ? thresholds : [];
  const own = asked.map(({ value, isStrict }) => (isStrict ? floatAfter(value) : value));
  const lattice = known === "samples" ? undefined : latticeOf(feature);
  const beside = lattice ? thresholds.flatMap(({ value }) => around(value, lattice)) : [];
  const values = sorted([...samples, ...own, ...members, ...beside]);
  const next = (numbers: readonly number[], x: number): readonly [number, number] => {
    const at = countUpTo(numbers, x);
    return [numbers[at - 1] ?? Number.NEGATIVE_INFINITY, numbers[at] ?? Number.POSITIVE_INFINITY];
  };
  const edges = sorted(thresholds.map(({ value }) => value)).map((value) => {
    const [below, above] = next(values, value);
    return { value, below, above };
  });
  return { feature, edges, values, lattice };
}

/** As the caller computes it, each step in float32: see host/ops/border.ts. */
const scaled = (x: number, { offset, factor }: Affine): number =>
  roundHalfAway(Math.fround(Math.fround(x - Math.fround(offset)) * Math.fround(factor)));

/** Without offsets, the map may become a scale by which the caller divides: known values are the same both ways. */
function isScaleToo({ values }: Subject, affine: Affine): boolean {
  if (affine.offset !== 0) return true;
  const scale = Math.fround(1 / affine.factor);
  return values.every(
    (x) => !Number.isFinite(x) || roundHalfAway(Math.fround(x / scale)) === scaled(x, affine),
  );
}

/** The integer of a value. */
export const integerOf = (x: number, grid: Grid): number =>
  grid.edges ? binOf(grid.edges, x) : scaled(x, grid);

/** The integers of numbers: the greatest of the type is not one of them where it is reserved. */
const integersOf = ({ min, max }: Range, reserved: boolean): Range => ({
  min,
  max: reserved ? max - 1 : max,
});

/** The bound of thresholds, so that there are integers on both sides. */
const insideOf = ({ min, max }: Range): Range => ({ min, max: max - 1 });

/** Integers that a threshold may be, by the values next to it; none where `least` is above `most`. */
function room({ feature }: Subject, { below, above }: Edge, affine: Affine, type: Range): Room {
  const range = integersOf(type, feature.reserved);
  const inside = insideOf(range);
  const integer = (x: number): number => clamp(scaled(x, affine), range.min, range.max);
  const least = below === Number.NEGATIVE_INFINITY ? inside.min : integer(below);
  const most = above === Number.POSITIVE_INFINITY ? inside.max : integer(above) - 1;
  return { least: Math.max(inside.min, least), most: Math.min(inside.max, most) };
}

interface Room {
  readonly least: number;
  readonly most: number;
}

const nearest = ({ value }: Edge, { offset, factor }: Affine, { least, most }: Room): number =>
  clamp(Math.round((value - offset) * factor - 0.5), least, most);

/** Whether members have integers of their own. */
function membersApart({ feature, values }: Subject, affine: Affine, type: Range): boolean {
  const range = integersOf(type, feature.reserved);
  return feature.members.every((member) => {
    const at = countUpTo(values, member) - 1;
    const own = scaled(member, affine);
    const isApart = (x: number | undefined): boolean => x === undefined || scaled(x, affine) !== own;
    return own > range.min && own < range.max && isApart(values[at - 1]) && isApart(values[at + 1]);
  });
}

function isCovered({ feature }: Subject, affine: Affine, type: Range): boolean {
  const { min, max } = integersOf(type, feature.reserved);
  return (feature.covers ?? []).every((x) => scaled(x, affine) >= min && scaled(x, affine) <= max);
}

const isUsable = ({ offset, factor }: Affine): boolean =>
  Number.isFinite(Math.fround(factor)) && factor > 0 && Number.isFinite(offset);

/** The grid of an affine map, each threshold as near to a border as it may be, where all values keep their sides. */
export function gridOf(subject: Subject, affine: Affine, type: Range): Grid | undefined {
  const thresholds = new Map<number, number>();
  if (!isUsable(affine) || subject.feature.belowAll) return undefined;
  for (const edge of subject.edges) {
    const free = room(subject, edge, affine, type);
    if (free.least > free.most) return undefined;
    thresholds.set(edge.value, nearest(edge, affine, free));
  }
  return membersApart(subject, affine, type) &&
    isCovered(subject, affine, type) &&
    isScaleToo(subject, affine)
    ? { ...affine, thresholds }
    : undefined;
}

/**
 * A step a little longer than a lattice's: what lies half-way between two of its values, as many thresholds do, then
 * is rounded down. Of a tensor without offsets it is a scale like any other.
 */
const LONGER = { int8: 1 + 2 ** -10, int16: 1 + 2 ** -17 } as const;
export const longer = (step: number, type: "int8" | "int16"): Affine => ({
  offset: 0,
  factor: 1 / (step * LONGER[type]),
});

/** Integers to a step: thresholds may lie between values of a lattice that none of them tells apart. */
export const PARTS = [1, 2, 4, 8, 16] as const;
/** Shares of a step by which a lattice is moved, for thresholds that lie otherwise between its values. */
const PHASES = [0.25, 0.45, -0.25, -0.45];

/** Maps by which each value of a lattice is an integer of its own: nothing is lost, whatever lies between. */
function* latticeMaps(subject: Subject, type: "int8" | "int16"): Generator<Affine> {
  const { feature, edges, lattice } = subject;
  if (!lattice) return;
  const { origin, step } = lattice;
  const asked = [...edges.map(({ value }) => value), ...feature.members];
  const { min, max } = RANGES[type];
  for (const parts of PARTS) {
    const steps = asked.map((x) => Math.floor(((x - origin) / step) * parts));
    const [least, greatest] = [Math.min(...steps), Math.max(...steps)];
    if (greatest - least > max - min - 2) return;
    const fits = least > min && greatest < max - 1;
    const shift = fits ? 0 : Math.round((least + greatest) / 2);
    const offset = Math.fround(origin + (shift * step) / parts);
    yield { offset, factor: Math.fround(parts / step) };
    if (parts > 1) continue;
    if (offset === 0) yield longer(step, type);
    for (const phase of PHASES)
      yield { offset: Math.fround(offset + phase * step), factor: Math.fround(1 / step) };
  }
}

/** Maps by which the first and the last threshold lie so many integers apart. */
function* evenMaps({ feature, edges }: Subject): Generator<Affine> {
  const { samples } = feature;
  const all = sorted([...edges.map(({ value }) => value), ...feature.members]);
  const [low, high] = [samples[0] ?? Number.NEGATIVE_INFINITY, samples.at(-1) ?? Number.POSITIVE_INFINITY];
  // A threshold that tells no samples apart may be far away.
  const among = all.filter((value) => value >= low && value <= high);
  const inside = among.length > 0 && among.length < all.length ? [all, among] : [all];
  // Others need as many integers of each feature, or small weights beside large ones would be rounded to none.
  const spans = feature.covers ? [sorted(feature.covers)] : inside;
  for (const steps of EVEN_STEPS) {
    for (const values of spans) {
      const [first, last] = [values[0]!, values.at(-1)!];
      const span = last - first || (high - low) / 4 || Math.abs(first) || 1;
      const factor = Math.fround(steps / (Number.isFinite(span) ? span : Math.abs(first) || 1));
      // The first threshold is the border above -middle.
      const offset = Math.fround(first + (Math.floor(steps / 2) - 0.5) / factor);
      if (isUsable({ offset, factor })) yield { offset, factor };
    }
  }
}

export const RANGES: Readonly<Record<"int8" | "int16", Range>> = {
  int8: { min: -128, max: 127 },
  int16: { min: -32768, max: 32767 },
};

/** From the finest: fewer steps may happen to meet all thresholds better. */
const EVEN_STEPS = Array.from({ length: 1000 }, (_, i) => 65_000 - 32 * i);

/** The first of some maps that keeps all decisions. */
function first(subject: Subject, maps: Iterable<Affine>, type: Range): Grid | undefined {
  for (const affine of maps) {
    const grid = gridOf(subject, affine, type);
    if (grid) return grid;
  }
  return undefined;
}

export const latticeGrid = (subject: Subject, type: "int8" | "int16"): Grid | undefined =>
  first(subject, latticeMaps(subject, type), RANGES[type]);

/** By which a value that is not known is decided as before unless it lies within a step of a threshold. */
export const evenGrid = (subject: Subject): Grid | undefined =>
  first(subject, evenMaps(subject), RANGES.int16);

/** Integers that no bin may have: of a member none at the ends, and the greatest may be for missing values. */
const NO_BINS = 4;

/** Bins between all that is asked for: a member has one of its own. */
export function binGrid({ feature }: Subject, type: "int8" | "int16"): Grid | undefined {
  const ownBins = feature.members.flatMap((member) => [floatBefore(member), member]);
  const edges = sorted([...feature.thresholds.map(({ value }) => value), ...ownBins]);
  const { min, max } = RANGES[type];
  if (edges.length > max - min - NO_BINS) return undefined;
  const thresholds = new Map(feature.thresholds.map(({ value }) => [value, binOf(edges, value)]));
  return { offset: 0, factor: 1, thresholds, edges };
}

/** A grid of 16 bits that keeps as much of what is known as one can. */
export const coarserGrid = ({ feature }: Subject): Grid | undefined =>
  evenGrid(subjectOf(feature, "not on thresholds")) ?? evenGrid(subjectOf(feature, "samples"));

/** Where no grid keeps all decisions, the finest grid comes nearest. */
export function nearestGrid(subject: Subject): Grid {
  const affine = evenMaps(subject).next().value ?? { offset: 0, factor: 1 };
  const all = insideOf(integersOf(RANGES.int16, subject.feature.reserved));
  const placed = subject.edges.map((edge): [number, number] => {
    const free = room(subject, edge, affine, RANGES.int16);
    return [
      edge.value,
      nearest(edge, affine, free.least > free.most ? { least: all.min, most: all.max } : free),
    ];
  });
  return { ...affine, thresholds: new Map(placed) };
}
