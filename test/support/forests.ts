/** Random tables of trees, as `tree_ensemble` has them. */

import { lcgBytes } from "../../host/compiler/verify/vectors.ts";
import type { Tensor } from "../../host/ir/graph.ts";
import { LEAF, NODE_COLUMNS } from "../../host/ops/tree_nodes.ts";

export interface ForestDraft {
  readonly features: number;
  readonly trees: number;
  readonly depth: number;
  /** Whether every leaf lies at that depth: then each walk takes as many splits. */
  readonly full?: boolean;
  readonly targets: number;
  readonly leaves: number;
  readonly seed: number;
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

/** Rows of trees that end somewhere up to `depth`; thresholds are anywhere within a type of so many bits. */
function growNodes({ features, trees, depth, full, leaves, seed }: ForestDraft, bits: number): number[] {
  const next = numbers(seed);
  const rows: number[] = [];
  const grow = (level: number): void => {
    const row = rows.length;
    if (level === 0 || (!full && next() % 8 === 0)) {
      rows.push(LEAF, next() % leaves, 0, 0);
      return;
    }
    const range = 2 ** bits;
    rows.push(next() % features, (next() % (range + 1)) - range / 2 - 1, 0, next() % 2);
    grow(level - 1);
    rows[row + 2] = rows.length / NODE_COLUMNS;
    grow(level - 1);
  };
  for (let tree = 0; tree < trees; tree++) grow(depth);
  return rows;
}

/** Quantised constants nodes, leaves and base; sums stay far within int16. */
export function forestTensors(
  draft: ForestDraft,
  dtype: "int8" | "int16",
): readonly [Tensor, Tensor, Tensor] {
  const { targets, leaves, seed } = draft;
  const nodes = growNodes(draft, dtype === "int8" ? 8 : 16);
  const next = numbers(seed + 1);
  const values = (count: number): Int16Array =>
    Int16Array.from({ length: count }, () => (next() % 3 === 0 ? 0 : (next() % 255) - 127));
  const quantization = { scales: [0.5], zeroPoints: [0], axis: 0 };
  return [
    {
      name: "nodes",
      dtype: "int32",
      shape: [nodes.length / NODE_COLUMNS, NODE_COLUMNS],
      data: Int32Array.from(nodes),
    },
    {
      name: "leaves",
      dtype: "int16",
      shape: [leaves, targets],
      data: values(leaves * targets),
      quantization,
    },
    { name: "base", dtype: "int16", shape: [targets], data: values(targets), quantization },
  ];
}
