/**
 * Inputs of whole numbers. They come in exactly where their range allows that: one step of the quantised tensor is then
 * 1, or a whole part of 1 where the caller scales each feature.
 */
import {
  type Graph,
  type Limits,
  type Node,
  type Quantization,
  quantized,
  readers,
  type Tensor,
  tensorOf,
} from "../../ir/graph.ts";
import { clamp } from "../../ops/fixed_point.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import type { Precision } from "../../ops/scales.ts";

const NONE: Limits = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };

/** The greatest distance of limits that a tensor of int8 has an integer for each value of. */
const NARROW = 255;
const GREATEST: Readonly<Record<Precision, number>> = { int8: 127, int16: 32767 };

export const union = (a: Limits, b: Limits): Limits => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

const isNarrow = ({ min, max }: Limits): boolean => max - min <= NARROW;

/** Nodes that read a tensor's values, at other places perhaps. */
function readersThrough(graph: Graph, name: string): Node[] {
  const readBy = readers(graph);
  const seen = new Set<Node>();
  const visit = (tensor: string): Node[] =>
    (readBy.get(tensor) ?? []).flatMap((node) => {
      if (seen.has(node)) return [];
      seen.add(node);
      const { moves, quantization } = operatorOf(node.op);
      return moves || quantization.output.kind === "same" ? node.outputs.flatMap(visit) : [node];
    });
  return visit(name);
}

/** The numbers that nodes tell apart from all others, whatever samples show; none where they do not. */
export const told = (graph: Graph, nodes: readonly Node[], feature?: number): Limits =>
  nodes.map((node) => operatorOf(node.op).tells?.(bind(graph, node), feature) ?? NONE).reduce(union, NONE);

/** The range that an input of whole numbers has to hold: all of a narrow type, or what was seen and what its readers tell apart. */
export function integerRange(graph: Graph, input: Tensor, seen: Limits): Limits {
  if (!input.scaling && input.integers && isNarrow(input.integers)) return input.integers;
  const known = union(seen, told(graph, readersThrough(graph, input.name)));
  return input.scaling ? union(known, { min: -GREATEST.int8, max: GREATEST.int8 }) : known;
}

/** Steps of 1; undefined where the type has too few integers for that. Values beyond stay apart as far as there is room. */
export function integerSteps(precision: Precision, { min, max }: Limits): Quantization | undefined {
  const greatest = GREATEST[precision];
  if (precision === "int16") return Math.max(-min, max) <= greatest ? quantized(1, 0) : undefined;
  const [least, most] = [Math.max(-128, -128 - Math.floor(min)), Math.min(127, 127 - Math.ceil(max))];
  return least <= most ? quantized(1, clamp(0, least, most)) : undefined;
}

/** Whether an input comes in by steps of 1, after its scaling: where that has parts of 1, int16 has finer ones. */
export const hasIntegerSteps = ({ integers, scaling }: Tensor, precision: Precision): boolean =>
  integers !== undefined && (precision === "int8" || (scaling?.factors ?? []).every(Number.isInteger));

/** Inputs whose numbers are told apart are of int16 where int8 has too few integers. */
export function integerPrecision(
  graph: Graph,
  precision: ReadonlyMap<string, Precision>,
): ReadonlyMap<string, Precision> {
  const all = new Map(precision);
  for (const name of graph.inputs) {
    const input = tensorOf(graph, name);
    if (!input.integers) continue;
    const needed = told(graph, readersThrough(graph, name));
    const factors = input.scaling?.factors ?? [1];
    const isExact = factors.every((factor) => factor >= 1) && integerSteps("int8", needed) !== undefined;
    if (needed.min <= needed.max && !isExact) all.set(name, "int16");
  }
  return all;
}

/** How much further than seen other values of a feature may be. */
const HEADROOM = 1.25;

/** Features of whole numbers within +-127, each number a whole one again where there are enough. */
export function integerAffine(limits: readonly Limits[]): {
  readonly offsets: readonly number[];
  readonly factors: readonly number[];
} {
  const offsets = limits.map(({ min, max }) => (min <= max ? Math.round((min + max) / 2) : 0));
  const factors = limits.map(({ min, max }, i) => {
    const half = Math.max(max - offsets[i]!, offsets[i]! - min);
    if (!(half > 0)) return 1;
    const factor = GREATEST.int8 / (half * HEADROOM);
    if (half <= GREATEST.int8) return Math.max(1, Math.floor(factor));
    return Math.fround(factor);
  });
  return { offsets, factors };
}
