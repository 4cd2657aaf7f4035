/** Random tables of trees, as `tree_ensemble` has them. */

import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import type { Tensor } from "../../host/ir/graph.ts";
import { IS_SET, LEAF, MISSING_IS_LESS, NODE_COLUMNS } from "../../host/ops/tree_nodes.ts";

export interface ForestDraft {
  readonly features: number;
  readonly trees: number;
  readonly depth: number;
  /** Whether every leaf lies at that depth: then each walk takes as many splits. */
  readonly full?: boolean;
  readonly targets: number;
  readonly leaves: number;
  readonly seed: number;
  /** With splits of sets, and some where a missing value goes on. */
  readonly long?: boolean;
}

/** Numbers up to 65535 in a fixed order, from the first again when they are used up. */
function numbers(seed: number): () => number {
  const { bytes } = lcgBytes(seed, 8192);
  let at = 0;
  return () => {
    at = (at + 2) % bytes.length;
    return bytes[at]! | (bytes[at + 1]! << 8);
  };
}

interface Grown {
  readonly nodes: number[];
  readonly sets: number[];
}

/** Rows of trees that end somewhere up to `depth`; thresholds are anywhere within a type of so many bits. */
function growNodes(draft: ForestDraft, bits: number): Grown {
  const { features, trees, depth, full, leaves, seed, long } = draft;
  const next = numbers(seed);
  const [nodes, sets]: [number[], number[]] = [[], []];
  const range = 2 ** bits;
  /** Up to five members that lie near each other, below the greatest integer. */
  const addSet = (): number => {
    const low = (next() % (range - 100)) - range / 2;
    const members = Array.from({ length: (next() % 5) + 1 }, () => low + (next() % 60));
    return sets.push(members.length, ...members) - members.length - 1;
  };
  const split = (): readonly [number, number] => {
    if (!long || next() % 2 === 0) return [(next() % (range + 1)) - range / 2 - 1, 0];
    const missing = next() % 2 === 0 ? MISSING_IS_LESS : 0;
    return next() % 2 === 0 ? [addSet(), IS_SET | missing] : [(next() % (range - 1)) - range / 2, missing];
  };
  const grow = (level: number): void => {
    const row = nodes.length;
    if (level === 0 || (!full && next() % 8 === 0)) {
      nodes.push(LEAF, next() % leaves, 0, 0);
      return;
    }
    const [threshold, flags] = split();
    nodes.push(next() % features, threshold, 0, flags);
    grow(level - 1);
    nodes[row + 2] = nodes.length / NODE_COLUMNS;
    grow(level - 1);
  };
  for (let tree = 0; tree < trees; tree++) grow(depth);
  return { nodes, sets };
}

const integers = (name: string, shape: readonly number[], data: readonly number[]): Tensor => ({
  name,
  dtype: "int32",
  shape,
  data: Int32Array.from(data),
});

/** Quantised constants nodes, leaves, base and, where the draft is long, sets; sums stay far within int16. */
export function forestTensors(draft: ForestDraft, dtype: "int8" | "int16"): readonly Tensor[] {
  const { targets, leaves, seed } = draft;
  const { nodes, sets } = growNodes(draft, dtype === "int8" ? 8 : 16);
  const next = numbers(seed + 1);
  const values = (count: number): Int16Array =>
    Int16Array.from({ length: count }, () => (next() % 3 === 0 ? 0 : (next() % 255) - 127));
  const quantization = { scales: [0.5], zeroPoints: [0], axis: 0 };
  return [
    integers("nodes", [nodes.length / NODE_COLUMNS, NODE_COLUMNS], nodes),
    {
      name: "leaves",
      dtype: "int16",
      shape: [leaves, targets],
      data: values(leaves * targets),
      quantization,
    },
    { name: "base", dtype: "int16", shape: [targets], data: values(targets), quantization },
    ...(sets.length > 0 ? [integers("sets", [sets.length], sets)] : []),
  ];
}
