/**
 * Integer thresholds for forests. The caller of the model scales each feature by a map of its own, affine or into bins,
 * so that every threshold comes to lie between two integers: x <= t is q <= m. Of the maps that keep the decisions of all
 * samples and thresholds, those of the fewest bytes are taken, int8 or int16; none moves a threshold by more than a step
 * of 16 bits.
 */
import { floatAfter, floatBefore } from "../../ir/float_order.ts";
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
import { type Sample, scaleValues } from "../../ops/border.ts";
import {
  IS_SET,
  IS_STRICT,
  LEAF,
  MISSING_IS_LESS,
  membersOf,
  NODE_COLUMNS,
  rowsOf,
} from "../../ops/tree_nodes.ts";
import { type Affine, adaptReaders, compose, HEADROOM } from "./scale_inputs.ts";
import {
  binGrid,
  coarserGrid,
  evenGrid,
  type Feature,
  type Grid,
  gridOf,
  integerOf,
  isMultiple,
  latticeGrid,
  longer,
  nearestGrid,
  PARTS,
  RANGES,
  type Subject,
  sorted,
  subjectOf,
  type Threshold,
} from "./tree_grid.ts";

const NODES = 1;
const SETS = 4;
const FLOAT_MAX = floatBefore(Number.POSITIVE_INFINITY);

/** Nothing asks for it. */
const UNUSED: Grid = { offset: 0, factor: 1, thresholds: new Map() };

const isUnused = ({ feature }: Subject): boolean =>
  feature.thresholds.length === 0 && feature.members.length === 0 && !feature.belowAll;

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

/** Grids of features that others read too: of 16 bits, fine enough for both, and where none keeps all, one that keeps less. */
function sharedGrids(subjects: readonly Subject[]): Grids {
  const wide = subjects.map(evenGrid);
  const rest = wide.map((grid, i) => (grid ? undefined : coarserGrid(subjects[i]!)));
  return {
    grids: wide.map((grid, i) => grid ?? rest[i] ?? nearestGrid(subjects[i]!)),
    lost: wide.flatMap((grid, i) => (grid || rest[i] ? [] : [i])),
    near: rest.flatMap((grid, i) => (grid ? [i] : [])),
  };
}

/** Bytes of a grid in the descriptor, where the model has no scaler of its own: SPEC.md, section 2.1. */
const bytesOf = ({ offset, factor, edges }: Grid): number =>
  1 + (offset === 0 && factor === 1 ? 0 : 8) + 4 * (edges?.length ?? 0);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, x) => total + x, 0);

/** The grid of a feature that takes the fewest bytes, of these bins before others: they are right for all values. */
function smallest(subject: Subject, type: "int8" | "int16"): Grid | undefined {
  if (isUnused(subject)) return UNUSED;
  const affine = latticeGrid(subject, type) ?? (type === "int16" ? evenGrid(subject) : undefined);
  const bins = binGrid(subject, type);
  return bins && (!affine || bytesOf(bins) <= bytesOf(affine)) ? bins : affine;
}

/** Grids of features that forests alone read; a split takes one byte more where features are of 16 bits. */
function gridsOf(subjects: readonly Subject[], splits: number): Grids {
  const [narrow, wide] = (["int8", "int16"] as const).map((type) => {
    const alike = alikeGrids(subjects, type);
    const grids = alike ?? subjects.map((subject) => smallest(subject, type));
    const bytes = alike ? 0 : sum(grids.map((grid) => (grid ? bytesOf(grid) : Number.POSITIVE_INFINITY)));
    return { grids, bytes: bytes + (type === "int16" ? splits : 0) };
  });
  const { grids } = narrow!.bytes <= wide!.bytes ? narrow! : wide!;
  if (!grids.every((grid) => grid !== undefined))
    throw new ModelError("expected at most 65531 thresholds of a feature, found more");
  return { grids, lost: [], near: [] };
}

export const nodesOf = (graph: Graph, node: Node): Tensor => tensorOf(graph, node.inputs[NODES]!);
export const setsOf = (graph: Graph, node: Node): Tensor | undefined =>
  graph.tensors.get(node.inputs[SETS] ?? "");

function splitsOf(graph: Graph, trees: readonly Node[]): number {
  const rows = trees.flatMap((node) => [...rowsOf(nodesOf(graph, node).data!)]);
  return rows.filter(([feature]) => feature !== LEAF).length;
}

/** The questions that splits ask of one feature. */
interface Asked {
  readonly thresholds: Map<string, Threshold>;
  readonly members: Set<number>;
  /** Where missing values go: on to the next row, otherwise, and as no number does. */
  missingIsLess: boolean;
  missingIsGreater: boolean;
  missingIsApart: boolean;
  belowAll: boolean;
}

function askedOf(graph: Graph, features: number, trees: readonly Node[]): Asked[] {
  const asked = Array.from({ length: features }, () => ({
    thresholds: new Map<string, Threshold>(),
    members: new Set<number>(),
    missingIsLess: false,
    missingIsGreater: false,
    missingIsApart: false,
    belowAll: false,
  }));
  for (const node of trees) {
    const sets = setsOf(graph, node)?.data ?? [];
    for (const [feature, value, , flags] of rowsOf(nodesOf(graph, node).data!)) {
      if (feature === LEAF) continue;
      const of = asked[feature]!;
      const isSet = (flags & IS_SET) !== 0;
      const isLess = (flags & MISSING_IS_LESS) !== 0;
      const isStrict = (flags & IS_STRICT) !== 0;
      if (isLess) of.missingIsLess = true;
      else of.missingIsGreater = true;
      const members = isSet ? membersOf(sets, value) : [];
      for (const member of members.filter(Number.isFinite)) of.members.add(member);
      if (!isSet && Number.isFinite(value)) of.thresholds.set(`${value} ${isStrict}`, { value, isStrict });
      // No number does what it does: it is a member without being one, or is told from all numbers.
      const belowAll = !isSet && value === Number.NEGATIVE_INFINITY;
      const aboveAll = !isSet && !isLess && value >= FLOAT_MAX;
      const hasEnds = members.some((member) => Math.abs(member) >= FLOAT_MAX);
      if (aboveAll || hasEnds || (isLess && (belowAll || isSet))) of.missingIsApart = true;
      if (belowAll) of.belowAll = true;
    }
  }
  return asked;
}

/** `isMissing`: values may be. An integer of its own is kept for them where no number goes their way. */
function featuresOf(asked: readonly Asked[], rows: readonly Float32Array[], isMissing: boolean): Feature[] {
  return asked.map(({ thresholds, members, belowAll, ...missing }, i) => ({
    thresholds: [...thresholds.values()].sort((a, b) => a.value - b.value),
    members: sorted(members),
    samples: sorted(rows.map((row) => row[i]!).filter(Number.isFinite)),
    reserved: isMissing && (missing.missingIsApart || (missing.missingIsLess && missing.missingIsGreater)),
    belowAll: isMissing && belowAll,
  }));
}

/** The number that stands for a feature's missing value; null is an integer of its own. */
function missingValue({ feature }: Subject, asked: Asked, grid: Grid): number | null {
  if (feature.reserved) return null;
  if (grid.edges) return asked.missingIsLess ? -FLOAT_MAX : FLOAT_MAX;
  const integers = [...grid.thresholds.values(), ...feature.members.map((member) => integerOf(member, grid))];
  if (integers.length === 0) return 0;
  const integer = asked.missingIsLess ? Math.min(...integers) : Math.max(...integers) + 1;
  let value = Math.fround(grid.offset + integer / grid.factor);
  // Steps may be shorter than those of float32.
  if (asked.missingIsLess) while (integerOf(value, grid) > integer) value = floatBefore(value);
  else while (integerOf(value, grid) < integer) value = floatAfter(value);
  return value;
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
    // An infinite value is as good as the greatest finite one.
    const finite = membersOf(sets.data!, set!).filter(Number.isFinite);
    const members = finite.map((member) => integerOf(member, grids[feature!]!));
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

/** The scaler before the forest, then grids; a missing value is one of those that a grid is for. */
function scalingOf(
  inner: Scaling | undefined,
  grids: readonly Grid[],
  missing: readonly (number | null)[] | undefined,
): Scaling | undefined {
  const affine = affineOf(grids);
  const isIdentity = affine.offsets.every((o) => o === 0) && affine.factors.every((f) => f === 1);
  const hasBins = grids.some(({ edges }) => edges);
  if (!inner && !missing && isIdentity && !hasBins) return undefined;
  const before = missing?.map((x, i) =>
    x === null || !inner ? x : inner.offsets[i]! + x / inner.factors[i]!,
  );
  return {
    ...compose(inner, affine),
    ...(before && !inner?.missing && { missing: before }),
    ...(hasBins && { edges: grids.map(({ edges }) => edges ?? null) }),
  };
}

const affineOf = (grids: readonly Grid[]): Affine => ({
  offsets: grids.map(({ offset }) => offset),
  factors: grids.map(({ factor }) => factor),
});

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
  const found = others.length > 0 ? sharedGrids(subjects) : gridsOf(subjects, splitsOf(graph, trees));
  const { grids } = found;
  const adapted = adaptReaders(graph, input, affineOf(grids), others);
  if (!adapted) return from;
  const missing = subjects.map((subject, i) => missingValue(subject, asked[i]!, grids[i]!));
  const scaling = scalingOf(input.scaling, grids, isMissing ? missing : undefined);
  const tables = trees.flatMap((node) => scaleForest(graph, node, grids));
  const { scaling: _, ...rest } = input;
  return {
    graph: withTensors(adapted, [{ ...rest, ...(scaling && { scaling }) }, ...tables]),
    warnings: [...warnings, ...lossWarnings(input, found)],
  };
}

export interface Readers {
  readonly trees: readonly Node[];
  readonly others: readonly Node[];
}

/** The nodes that read a tensor: forests, which want integers of their own, and others. */
export function readersOf(graph: Graph, name: string): Readers {
  const all = readers(graph).get(name) ?? [];
  const isTree = ({ op, inputs }: Node): boolean => op === "tree_ensemble" && inputs[0] === name;
  return { trees: all.filter(isTree), others: all.filter((node) => !isTree(node)) };
}

/** The forests that read an input. */
export const treesOf = (graph: Graph, name: string): readonly Node[] => readersOf(graph, name).trees;

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
