/**
 * Integer thresholds for forests. Whoever calls the model may scale each feature by any affine map, so that
 * every threshold comes to lie between two integers: x <= t is q <= m. int8 where that changes no decision of
 * the calibration samples, nor is likely to change another; otherwise int16.
 */
import {
  type Graph,
  ModelError,
  type Node,
  readers,
  type Scaling,
  type Tensor,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import type { Range } from "../../ops/activation.ts";
import type { Sample } from "../../ops/border.ts";
import { roundHalfAway } from "../../ops/fixed_point.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Precision } from "../../ops/scales.ts";
import { LEAF, NODE_COLUMNS } from "../../ops/tree_nodes.ts";

const NODES = 1;

/** Integers that a threshold may be; the numbers of the type beyond them are what is less or greater than all. */
const BOUNDS: Readonly<Record<"int8" | "int16", Range>> = {
  int8: { min: -128, max: 126 },
  int16: { min: -32768, max: 32766 },
};

/** x becomes round((x - offset) * factor): the integers of each threshold, and how well that fits. */
interface Grid {
  readonly offset: number;
  readonly factor: number;
  readonly thresholds: ReadonlyMap<number, number>;
}

/** What is known of a feature: thresholds and values of the samples, both sorted and each once. */
interface Feature {
  readonly thresholds: readonly number[];
  readonly values: readonly number[];
}

const sorted = (numbers: Iterable<number>): number[] => [...new Set(numbers)].sort((a, b) => a - b);

/** As the caller computes it: see samples.ts. */
const scaled = (x: number, { offset, factor }: Pick<Grid, "offset" | "factor">): number =>
  roundHalfAway(Math.fround((x - offset) * factor));

/** The samples' values next to a threshold: the greatest up to it, and the least above. */
function neighbours(
  { values }: Feature,
  threshold: number,
): { readonly below: number; readonly above: number } {
  const above = values.findIndex((value) => value > threshold);
  const at = above === -1 ? values.length : above;
  return { below: values[at - 1] ?? Number.NEGATIVE_INFINITY, above: values[at] ?? Number.POSITIVE_INFINITY };
}

/** Whether no sample's decision changes, and no threshold leaves the range of the type. */
function keepsDecisions(feature: Feature, grid: Grid, { min, max }: Range): boolean {
  return feature.thresholds.every((threshold) => {
    const integer = grid.thresholds.get(threshold)!;
    const { below, above } = neighbours(feature, threshold);
    const isLess = below === Number.NEGATIVE_INFINITY || scaled(below, grid) <= integer;
    const isGreater = above === Number.POSITIVE_INFINITY || scaled(above, grid) > integer;
    return isLess && isGreater && integer >= min && integer <= max;
  });
}

/** Of the gap between two samples, how much a threshold in it may be moved. */
const MAX_SHIFT = 0.1;

/** Whether values that no sample has are decided as before, too, but for very few. */
function isClose(feature: Feature, { offset, factor, thresholds }: Grid): boolean {
  const all = [...feature.values, ...feature.thresholds];
  const range = Math.max(...[all[0]!, feature.thresholds[0]!, all.at(-1)!].map(Math.abs)) + 1 / factor;
  return feature.thresholds.every((threshold) => {
    const { below, above } = neighbours(feature, threshold);
    const moved = Math.abs((thresholds.get(threshold)! + 0.5) / factor + offset - threshold);
    return moved <= MAX_SHIFT * Math.min(above - below, range);
  });
}

/** How far from a multiple of a step a value may be, in steps, for the sake of its rounding to float32. */
const LATTICE_ERROR = 0.02;

interface Lattice {
  readonly origin: number;
  readonly step: number;
}

/** Values that are all multiples of a step, such as whole numbers or tenths, and how many steps apart. */
function latticeOf({ values }: Feature): Lattice | undefined {
  const gaps = values.slice(1).map((value, i) => value - values[i]!);
  const gap = gaps.reduce((least, x) => Math.min(least, x), Number.POSITIVE_INFINITY);
  if (!(gap > 0 && Number.isFinite(gap)) || values.length < 3) return undefined;
  // Short decimals first, then what came to be by a factor.
  const steps = [1, 2, 3, 6].map((digits) => Number(gap.toPrecision(digits)));
  const lattices = [0, values[0]!].flatMap((origin) => steps.map((step) => ({ origin, step })));
  return lattices.find((lattice) => values.every((value) => isMultiple(value, lattice)));
}

function isMultiple(x: number, { origin, step }: Lattice): boolean {
  const steps = (x - origin) / step;
  return Math.abs(steps - Math.round(steps)) < LATTICE_ERROR;
}

/** Steps to the greatest value of the lattice that is at most the threshold. */
function latticeIndex(threshold: number, lattice: Lattice): number {
  const { origin, step } = lattice;
  const steps = (threshold - origin) / step;
  if (!isMultiple(threshold, lattice)) return Math.floor(steps);
  const near = Math.round(steps);
  return Math.fround(origin + near * step) <= threshold ? near : near - 1;
}

/** Each value of a lattice is one integer: nothing is lost, whatever lies between. */
function latticeGrid(feature: Feature, { min, max }: Range): Grid | undefined {
  const lattice = latticeOf(feature);
  if (!lattice) return undefined;
  const indices = feature.thresholds.map((threshold) => latticeIndex(threshold, lattice));
  const [least, greatest] = [indices[0]!, indices.at(-1)!];
  const shift = least >= min && greatest <= max ? 0 : Math.round((least + greatest) / 2);
  const grid = {
    offset: Math.fround(lattice.origin + shift * lattice.step),
    factor: Math.fround(1 / lattice.step),
    thresholds: new Map(feature.thresholds.map((threshold, i) => [threshold, indices[i]! - shift])),
  };
  return keepsDecisions(feature, grid, { min, max }) ? grid : undefined;
}

/** The first and the last threshold lie `steps` integers apart, others as near to a border as they come. */
function evenGrid({ thresholds, values }: Feature, steps: number): Grid {
  const [first, last] = [thresholds[0]!, thresholds.at(-1)!];
  const span = last - first || (values.at(-1)! - values[0]!) / 4 || Math.abs(first) || 1;
  const factor = Math.fround(steps / span);
  const middle = Math.floor(steps / 2);
  // The first threshold is the border above -middle.
  const offset = Math.fround(first + (middle - 0.5) / factor);
  const integerOf = (threshold: number): number => Math.round((threshold - offset) * factor - 0.5);
  return {
    offset,
    factor,
    thresholds: new Map(thresholds.map((threshold) => [threshold, integerOf(threshold)])),
  };
}

/** From the finest: fewer steps may happen to meet all thresholds better. */
const EVEN_STEPS = {
  int8: Array.from({ length: 250 }, (_, i) => 253 - i),
  int16: Array.from({ length: 64 }, (_, i) => 65_000 - 500 * i),
} as const;

function int8Grid(feature: Feature): Grid | undefined {
  const fits = (grid: Grid): boolean => keepsDecisions(feature, grid, BOUNDS.int8) && isClose(feature, grid);
  const lattice = latticeGrid(feature, BOUNDS.int8);
  if (lattice || feature.thresholds.length > 254) return lattice;
  for (const steps of EVEN_STEPS.int8) {
    const grid = evenGrid(feature, steps);
    if (fits(grid)) return grid;
  }
  return undefined;
}

/** Where not even 65 000 steps keep all decisions, the finest grid comes nearest: see lossWarnings. */
function int16Grid(feature: Feature): Grid {
  const even = EVEN_STEPS.int16.map((steps) => evenGrid(feature, steps));
  const kept = even.find((grid) => keepsDecisions(feature, grid, BOUNDS.int16));
  return latticeGrid(feature, BOUNDS.int16) ?? kept ?? even[0]!;
}

/** Nothing asks for it. */
const UNUSED: Grid = { offset: 0, factor: 1, thresholds: new Map() };

function gridsOf(features: readonly Feature[]): Grid[] {
  const of = (grid: (feature: Feature) => Grid | undefined): (Grid | undefined)[] =>
    features.map((feature) => (feature.thresholds.length === 0 ? UNUSED : grid(feature)));
  const narrow = of(int8Grid);
  return narrow.every((grid) => grid !== undefined) ? narrow : (of(int16Grid) as Grid[]);
}

/** Rows of a table of nodes. */
function* rowsOf(nodes: Tensor): Generator<readonly [number, number, number, number]> {
  const data = nodes.data!;
  for (let i = 0; i < data.length; i += NODE_COLUMNS)
    yield [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
}

const nodesOf = (graph: Graph, node: Node): Tensor => tensorOf(graph, node.inputs[NODES]!);

function featuresOf(
  graph: Graph,
  input: Tensor,
  trees: readonly Node[],
  rows: readonly Float32Array[],
): Feature[] {
  const thresholds = Array.from({ length: input.shape[1]! }, () => new Set<number>());
  for (const node of trees)
    for (const [feature, threshold] of rowsOf(nodesOf(graph, node)))
      if (feature !== LEAF) thresholds[feature]!.add(threshold);
  return thresholds.map((of, i) => ({
    thresholds: sorted(of),
    values: sorted(rows.map((row) => row[i]!).filter(Number.isFinite)),
  }));
}

/** What a missing value is taken for. Throws ModelError where splits of one feature send it to different sides. */
function missingValues(
  graph: Graph,
  input: Tensor,
  trees: readonly Node[],
  grids: readonly Grid[],
): number[] {
  const sides = grids.map(() => new Set<boolean>());
  for (const node of trees)
    for (const [feature, , , isLess] of rowsOf(nodesOf(graph, node)))
      if (feature !== LEAF) sides[feature]!.add(isLess === 1);
  const mixed = sides.findIndex((of) => of.size === 2);
  if (mixed >= 0)
    throw new ModelError(
      `input ${input.name}: expected no missing values (NaN), as splits of feature ${mixed} send them to different sides; found some in the samples`,
    );
  return grids.map(({ offset, factor, thresholds }, i) => {
    const integers = [...thresholds.values()];
    if (integers.length === 0) return 0;
    const integer = sides[i]!.has(true) ? Math.min(...integers) : Math.max(...integers) + 1;
    return Math.fround(offset + integer / factor);
  });
}

/** Thresholds in units of the scaled features: in the middle between the two integers that they tell apart. */
function scaleNodes(nodes: Tensor, grids: readonly Grid[]): Tensor {
  const data = Float32Array.from(nodes.data!, (value, i) => {
    const feature = nodes.data![i - 1];
    const isThreshold = i % NODE_COLUMNS === 1 && feature !== LEAF;
    return isThreshold ? grids[feature!]!.thresholds.get(value)! + 0.5 : value;
  });
  return { ...nodes, data };
}

function scalingOf(grids: readonly Grid[], missing: readonly number[] | undefined): Scaling | undefined {
  if (!missing && grids.every(({ offset, factor }) => offset === 0 && factor === 1)) return undefined;
  const offsets = grids.map(({ offset }) => offset);
  return { offsets, factors: grids.map(({ factor }) => factor), ...(missing && { missing }) };
}

/** A float graph with scaled inputs, and what people should know of it. */
export interface ScaledTrees {
  readonly graph: Graph;
  readonly warnings: readonly string[];
}

/** Features whose thresholds even the finest grid cannot tell apart where samples need it. */
function lossWarnings(input: Tensor, features: readonly Feature[], grids: readonly Grid[]): string[] {
  const lost = features.flatMap((feature, i) =>
    keepsDecisions(feature, grids[i]!, BOUNDS.int16) ? [] : [i],
  );
  if (lost.length === 0) return [];
  return [
    `input ${input.name}: 16 bits cannot tell apart what splits of ${lost.length} of ${features.length} features do ` +
      `(${lost.slice(0, 10).join(", ")}${lost.length > 10 ? ", ..." : ""}): calibration samples are decided otherwise`,
  ];
}

function scaleInput(
  { graph, warnings }: ScaledTrees,
  input: Tensor,
  trees: readonly Node[],
  rows: readonly Float32Array[],
): ScaledTrees {
  const features = featuresOf(graph, input, trees, rows);
  const grids = gridsOf(features);
  // Metadata need not say what no sample has.
  const isMissing = rows.some((row) => row.some(Number.isNaN));
  const scaling = scalingOf(grids, isMissing ? missingValues(graph, input, trees, grids) : undefined);
  const tables = trees.map((node) => scaleNodes(nodesOf(graph, node), grids));
  return {
    graph: withTensors(graph, [{ ...input, ...(scaling && { scaling }) }, ...tables]),
    warnings: [...warnings, ...lossWarnings(input, features, grids)],
  };
}

/** The nodes that read a tensor, where those are forests only. */
function onlyTrees(graph: Graph, name: string): readonly Node[] {
  const all = readers(graph).get(name) ?? [];
  return all.every(({ op, inputs }) => op === "tree_ensemble" && inputs[0] === name) ? all : [];
}

/** The float graph with scaled inputs; see above. */
export function scaleTrees(graph: Graph, samples: readonly Sample[]): ScaledTrees {
  const start: ScaledTrees = { graph, warnings: [] };
  if (samples.length === 0) return start;
  return graph.inputs.reduce((from, name, i) => {
    const input = tensorOf(from.graph, name);
    const trees = onlyTrees(from.graph, name);
    const rows = samples.map((sample) => sample[i]!);
    const isReady = trees.length > 0 && input.dtype === "float32" && !input.scaling;
    return isReady ? scaleInput(from, input, trees, rows) : from;
  }, start);
}

const isBetweenIntegers = (threshold: number, { min, max }: Range): boolean =>
  Number.isInteger(threshold - 0.5) && threshold > min && threshold < max + 1;

/** The type of an input that has been scaled for the forests that read it. */
export function treeInputType(graph: Graph, name: string): "int8" | "int16" | undefined {
  const trees = onlyTrees(graph, name);
  if (trees.length === 0) return undefined;
  const all = trees.flatMap((node) =>
    [...rowsOf(nodesOf(graph, node))].flatMap(([feature, threshold]) =>
      feature === LEAF ? [] : [threshold],
    ),
  );
  const types = ["int8", "int16"] as const;
  return types.find((type) => all.every((threshold) => isBetweenIntegers(threshold, BOUNDS[type])));
}

/** Sums of forests are of int16, and so is all that can be computed of them. */
export function treePrecision(
  graph: Graph,
  precision: ReadonlyMap<string, Precision>,
): ReadonlyMap<string, Precision> {
  const all = new Map(precision);
  const ofTrees = new Set<string>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const { types } = operatorOf(op);
    const isWide = op === "tree_ensemble" || inputs.some((input) => ofTrees.has(input));
    if (!isWide || !types.includes("int16")) continue;
    if (!all.has(outputs[0]!)) all.set(outputs[0]!, "int16");
    if (all.get(outputs[0]!) === "int16") ofTrees.add(outputs[0]!);
  }
  return all;
}
