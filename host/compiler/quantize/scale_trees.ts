/**
 * Integer thresholds for forests. Whoever calls the model may scale each feature by any affine map, so that
 * every threshold comes to lie between two integers: x <= t is q <= m. int8 where that changes no decision of
 * the calibration samples, nor is likely to change another; otherwise int16.
 */
import {
  type Graph,
  type Node,
  quantized,
  readers,
  type Scaling,
  type Tensor,
  tensorOf,
  withTensors,
} from "../../ir/graph.ts";
import type { Range } from "../../ops/activation.ts";
import { type Sample, scaleValues } from "../../ops/border.ts";
import { operatorOf } from "../../ops/index.ts";
import type { Precision } from "../../ops/scales.ts";
import { IS_SET, IS_STRICT, LEAF, MISSING_IS_LESS, membersOf, NODE_COLUMNS } from "../../ops/tree_nodes.ts";
import { type Affine, adaptReaders, compose, HEADROOM } from "./scale_inputs.ts";
import {
  coarserGrid,
  type Feature,
  type Grid,
  gridOf,
  int8Grid,
  int16Grid,
  isMultiple,
  longer,
  nearestGrid,
  PARTS,
  RANGES,
  type Subject,
  scaled,
  sorted,
  subjectOf,
  type Threshold,
} from "./tree_grid.ts";

const NODES = 1;
const SETS = 4;

/** Nothing asks for it. */
const UNUSED: Grid = { offset: 0, factor: 1, thresholds: new Map() };

const isUnused = ({ feature }: Subject): boolean =>
  feature.thresholds.length === 0 && feature.members.length === 0;

/** Grids of one map without offset for all features: a scale of the tensor says as much, in fewer bytes. */
function alikeGrids(subjects: readonly Subject[], type: "int8" | "int16"): readonly Grid[] | undefined {
  const used = subjects.filter((subject) => !isUnused(subject));
  const step = used[0]?.lattice?.step;
  if (step === undefined) return undefined;
  const isWhole = (x: number): boolean => isMultiple(x, { origin: 0, step });
  if (!used.every(({ feature }) => feature.samples.every(isWhole) && feature.members.every(isWhole)))
    return undefined;
  const whole = PARTS.map((parts) => ({ offset: 0, factor: Math.fround(parts / step) }));
  for (const affine of [whole[0]!, longer(step, type), ...whole.slice(1)]) {
    const grids = subjects.map((subject) => gridOf(subject, affine, RANGES[type]));
    if (1 / (1 / affine.factor) === affine.factor && grids.every((grid) => grid !== undefined)) return grids;
  }
  return undefined;
}

interface Grids {
  readonly grids: readonly Grid[];
  /** Features whose thresholds 16 bits cannot tell apart where samples need it. */
  readonly lost: readonly number[];
  /** Others, of which values within a step of a threshold may be decided otherwise where no sample lies. */
  readonly near: readonly number[];
}

/** Where no grid keeps all that is known of a feature, one that keeps less. */
function fill(subjects: readonly Subject[], wide: readonly (Grid | undefined)[]): Grids {
  const rest = wide.map((grid, i) => (grid ? undefined : coarserGrid(subjects[i]!)));
  return {
    grids: wide.map((grid, i) => grid ?? rest[i] ?? nearestGrid(subjects[i]!)),
    lost: wide.flatMap((grid, i) => (grid || rest[i] ? [] : [i])),
    near: rest.flatMap((grid, i) => (grid ? [i] : [])),
  };
}

function gridsOf(subjects: readonly Subject[]): Grids {
  const each = (grid: (subject: Subject) => Grid | undefined): (Grid | undefined)[] =>
    subjects.map((subject) => (isUnused(subject) ? UNUSED : grid(subject)));
  const isComplete = (grids: readonly (Grid | undefined)[]): grids is Grid[] =>
    grids.every((grid) => grid !== undefined);
  const narrow = alikeGrids(subjects, "int8") ?? each(int8Grid);
  if (isComplete(narrow)) return { grids: narrow, lost: [], near: [] };
  return fill(subjects, alikeGrids(subjects, "int16") ?? each(int16Grid));
}

/** Grids of features that others read too: of 16 bits, and fine enough for both. */
function sharedGrids(subjects: readonly Subject[]): Grids {
  return fill(subjects, subjects.map(int16Grid));
}

/** Rows of a table of nodes. */
function* rowsOf(nodes: Tensor): Generator<readonly [number, number, number, number]> {
  const data = nodes.data!;
  for (let i = 0; i < data.length; i += NODE_COLUMNS)
    yield [data[i]!, data[i + 1]!, data[i + 2]!, data[i + 3]!];
}

const nodesOf = (graph: Graph, node: Node): Tensor => tensorOf(graph, node.inputs[NODES]!);
const setsOf = (graph: Graph, node: Node): Tensor | undefined => graph.tensors.get(node.inputs[SETS] ?? "");

/** The questions that splits ask of one feature. */
interface Asked {
  readonly thresholds: Map<string, Threshold>;
  readonly members: Set<number>;
  /** Where missing values go: on to the next row, otherwise, and as no number does. */
  missingIsLess: boolean;
  missingIsGreater: boolean;
  missingIsApart: boolean;
}

function askedOf(graph: Graph, features: number, trees: readonly Node[]): Asked[] {
  const asked = Array.from({ length: features }, () => ({
    thresholds: new Map<string, Threshold>(),
    members: new Set<number>(),
    missingIsLess: false,
    missingIsGreater: false,
    missingIsApart: false,
  }));
  for (const node of trees) {
    const sets = setsOf(graph, node)?.data ?? [];
    for (const [feature, value, , flags] of rowsOf(nodesOf(graph, node))) {
      if (feature === LEAF) continue;
      const of = asked[feature]!;
      const isSet = (flags & IS_SET) !== 0;
      const isLess = (flags & MISSING_IS_LESS) !== 0;
      const isStrict = (flags & IS_STRICT) !== 0;
      if (isLess) of.missingIsLess = true;
      else of.missingIsGreater = true;
      if (isSet) for (const member of membersOf(sets, value).filter(Number.isFinite)) of.members.add(member);
      else if (Number.isFinite(value)) of.thresholds.set(`${value} ${isStrict}`, { value, isStrict });
      // No number does what it does: it is a member without being one, or is told from all numbers.
      if ((isSet && isLess) || value === Number.POSITIVE_INFINITY) of.missingIsApart = true;
    }
  }
  return asked;
}

/** `isMissing`: values may be. An integer of its own is kept for them where no number goes their way. */
function featuresOf(asked: readonly Asked[], rows: readonly Float32Array[], isMissing: boolean): Feature[] {
  return asked.map(({ thresholds, members, ...missing }, i) => ({
    thresholds: [...thresholds.values()].sort((a, b) => a.value - b.value),
    members: sorted(members),
    samples: sorted(rows.map((row) => row[i]!).filter(Number.isFinite)),
    reserved: isMissing && (missing.missingIsApart || (missing.missingIsLess && missing.missingIsGreater)),
  }));
}

/** The number that stands for a feature's missing value; null is an integer of its own. */
function missingValue({ feature }: Subject, asked: Asked, grid: Grid): number | null {
  if (feature.reserved) return null;
  const integers = [...grid.thresholds.values(), ...feature.members.map((member) => scaled(member, grid))];
  if (integers.length === 0) return 0;
  const integer = asked.missingIsLess ? Math.min(...integers) : Math.max(...integers) + 1;
  return Math.fround(grid.offset + integer / grid.factor);
}

/** Thresholds in units of the scaled features: in the middle between the two integers that they tell apart. */
function scaleNodes(nodes: Tensor, grids: readonly Grid[]): Tensor {
  const data = Float32Array.from(nodes.data!);
  for (let i = 0; i < data.length; i += NODE_COLUMNS) {
    const [feature, value, , flags] = data.subarray(i, i + NODE_COLUMNS);
    if (feature === LEAF || (flags! & IS_SET) !== 0 || !Number.isFinite(value)) continue;
    data[i + 1] = grids[feature!]!.thresholds.get(value!)! + 0.5;
  }
  return { ...nodes, data };
}

/** The constants of a forest for scaled features. A set is of one feature, and so is not shared. */
function scaleForest(graph: Graph, node: Node, grids: readonly Grid[]): Tensor[] {
  const nodes = scaleNodes(nodesOf(graph, node), grids);
  const sets = setsOf(graph, node);
  if (!sets) return [nodes];
  const indices = new Map<string, number>();
  const scaledSets: number[] = [];
  const data = Float32Array.from(nodes.data!);
  for (let i = 0; i < data.length; i += NODE_COLUMNS) {
    const [feature, set, , flags] = data.subarray(i, i + NODE_COLUMNS);
    if (feature === LEAF || (flags! & IS_SET) === 0) continue;
    const members = membersOf(sets.data!, set!).map((member) => scaled(member, grids[feature!]!));
    const key = members.join();
    if (!indices.has(key)) {
      indices.set(key, scaledSets.length);
      scaledSets.push(members.length, ...members);
    }
    data[i + 1] = indices.get(key)!;
  }
  return [
    { ...nodes, data },
    { ...sets, shape: [scaledSets.length], data: Float32Array.from(scaledSets) },
  ];
}

/** The scaler before the forest, then a grid; a missing value is one of those that the grid is for. */
function scalingOf(
  inner: Scaling | undefined,
  affine: Affine,
  missing: readonly (number | null)[] | undefined,
): Scaling | undefined {
  const isIdentity = affine.offsets.every((o) => o === 0) && affine.factors.every((f) => f === 1);
  if (!inner && !missing && isIdentity) return undefined;
  const before = missing?.map((x, i) =>
    x === null || !inner ? x : inner.offsets[i]! + x / inner.factors[i]!,
  );
  return { ...compose(inner, affine), ...(before && !inner?.missing && { missing: before }) };
}

/** A float graph with scaled inputs, and what people should know of it. */
export interface ScaledTrees {
  readonly graph: Graph;
  readonly warnings: readonly string[];
}

function lossWarnings(input: Tensor, { grids, lost, near }: Grids): string[] {
  const list = (features: readonly number[]): string =>
    `${features.length} of ${grids.length} features (${features.slice(0, 10).join(", ")}${features.length > 10 ? ", ..." : ""})`;
  return [
    ...(lost.length === 0
      ? []
      : [
          `input ${input.name}: 16 bits cannot tell apart what splits of ${list(lost)} do: calibration samples are decided otherwise`,
        ]),
    ...(near.length === 0
      ? []
      : [
          `input ${input.name}: thresholds of ${list(near)} lie nearer to other values than a step of 16 bits: such values may be decided otherwise; no calibration sample is`,
        ]),
  ];
}

/** Values that other readers of a feature need: its samples, and rows a little further out. */
function coverOf(rows: readonly Float32Array[], feature: number): readonly [number, number] {
  const [low, high] = rows.reduce(
    ([least, most], row) => [Math.min(least, row[feature]!), Math.max(most, row[feature]!)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const margin = (HEADROOM - 1) * ((high - low) / 2) || Math.abs(low) || 1;
  return [low - margin, high + margin];
}

function scaleInput(from: ScaledTrees, input: Tensor, rows: readonly Float32Array[]): ScaledTrees {
  const { graph, warnings } = from;
  const { trees, others } = readersOf(graph, input.name);
  const scaledRows = rows.map((row) => scaleValues(row, input.scaling));
  // Metadata need not say what no sample has.
  const isMissing = rows.length === 0 || scaledRows.some((row) => row.some(Number.isNaN));
  if (others.length > 0 && isMissing) return from;
  const asked = askedOf(graph, input.shape[1]!, trees);
  const subjects = featuresOf(asked, scaledRows, isMissing).map((feature, i) =>
    subjectOf(others.length > 0 ? { ...feature, covers: coverOf(scaledRows, i) } : feature),
  );
  const found = others.length > 0 ? sharedGrids(subjects) : gridsOf(subjects);
  const { grids } = found;
  const affine = { offsets: grids.map(({ offset }) => offset), factors: grids.map(({ factor }) => factor) };
  const adapted = adaptReaders(graph, input, affine, others);
  if (!adapted) return from;
  const missing = subjects.map((subject, i) => missingValue(subject, asked[i]!, grids[i]!));
  const scaling = scalingOf(input.scaling, affine, isMissing ? missing : undefined);
  const tables = trees.flatMap((node) => scaleForest(graph, node, grids));
  const { scaling: _, ...rest } = input;
  return {
    graph: withTensors(adapted, [{ ...rest, ...(scaling && { scaling }) }, ...tables]),
    warnings: [...warnings, ...lossWarnings(input, found)],
  };
}

interface Readers {
  readonly trees: readonly Node[];
  readonly others: readonly Node[];
}

/** The nodes that read a tensor: forests, which want integers of their own, and others. */
function readersOf(graph: Graph, name: string): Readers {
  const all = readers(graph).get(name) ?? [];
  const isTree = ({ op, inputs }: Node): boolean => op === "tree_ensemble" && inputs[0] === name;
  return { trees: all.filter(isTree), others: all.filter((node) => !isTree(node)) };
}

/** The forests that read an input. */
const treesOf = (graph: Graph, name: string): readonly Node[] => readersOf(graph, name).trees;

/** The float graph with scaled inputs; see above. Without samples, thresholds alone say what is to be told apart. */
export function scaleTrees(graph: Graph, samples: readonly Sample[]): ScaledTrees {
  const start: ScaledTrees = { graph, warnings: [] };
  return graph.inputs.reduce((from, name, i) => {
    const input = tensorOf(from.graph, name);
    const rows = samples.map((sample) => sample[i]!);
    const isReady = treesOf(from.graph, name).length > 0 && input.dtype === "float32";
    return isReady && !graph.outputs.includes(name) ? scaleInput(from, input, rows) : from;
  }, start);
}

/** Whether an input is scaled for forests and for others that read it too. */
function isShared(graph: Graph, name: string): boolean {
  const { trees, others } = readersOf(graph, name);
  const input = tensorOf(graph, name);
  const features = input.shape.at(-1) ?? 1;
  const identity = { offsets: Array<number>(features).fill(0), factors: Array<number>(features).fill(1) };
  return (
    trees.length > 0 &&
    others.length > 0 &&
    input.scaling !== undefined &&
    adaptReaders(graph, input, identity, others) !== undefined
  );
}

const isBetweenIntegers = (threshold: number, { min, max }: Range): boolean =>
  !Number.isFinite(threshold) || (Number.isInteger(threshold - 0.5) && threshold > min && threshold < max);

const isInside = (member: number, { min, max }: Range): boolean =>
  !Number.isFinite(member) || (Number.isInteger(member) && member > min && member < max);

/** An input that has been scaled for the forests that read it, as quantised. */
export function treeInput(graph: Graph, name: string): Tensor | undefined {
  const trees = treesOf(graph, name);
  if (trees.length === 0) return undefined;
  const fits = (range: Range): boolean =>
    trees.every((node) => {
      const sets = setsOf(graph, node)?.data ?? [];
      return [...rowsOf(nodesOf(graph, node))].every(
        ([feature, value, , flags]) =>
          feature === LEAF ||
          ((flags & IS_SET) === 0
            ? isBetweenIntegers(value, range)
            : membersOf(sets, value).every((member) => isInside(member, range))),
      );
    });
  const { others } = readersOf(graph, name);
  if (others.length > 0 && !isShared(graph, name)) return undefined;
  // Others that read it need more integers than thresholds show.
  const types = others.length > 0 ? (["int16"] as const) : (["int8", "int16"] as const);
  const dtype = types.find((type) => fits(RANGES[type]));
  return dtype && { ...tensorOf(graph, name), dtype, quantization: quantized(1, 0) };
}

/** A quantised input whose features all have one map without offset: as a scale of the tensor that is fewer bytes. */
export function withScale(tensor: Tensor): Tensor {
  const { scaling, ...rest } = tensor;
  const factor = scaling?.factors[0] ?? 1;
  const isAlike =
    scaling &&
    !scaling.missing &&
    scaling.offsets.every((offset) => offset === 0) &&
    scaling.factors.every((other) => other === factor) &&
    1 / (1 / factor) === factor;
  return isAlike ? { ...rest, quantization: quantized(1 / factor, 0) } : tensor;
}

/** Sums of forests are of int16, and so is all that can be computed of them. */
export function treePrecision(
  graph: Graph,
  precision: ReadonlyMap<string, Precision>,
): ReadonlyMap<string, Precision> {
  const all = new Map(precision);
  const shared = graph.inputs.filter((name) => isShared(graph, name));
  const ofTrees = new Set<string>(shared);
  for (const name of shared) all.set(name, "int16");
  for (const { op, inputs, outputs } of graph.nodes) {
    const { types } = operatorOf(op);
    const isWide = op === "tree_ensemble" || inputs.some((input) => ofTrees.has(input));
    if (!isWide || !types.includes("int16")) continue;
    if (!all.has(outputs[0]!)) all.set(outputs[0]!, "int16");
    if (all.get(outputs[0]!) === "int16") ofTrees.add(outputs[0]!);
  }
  return all;
}
