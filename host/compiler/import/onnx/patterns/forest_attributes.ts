import { create } from "@bufbuild/protobuf";
import { type AttributeProto, AttributeProtoSchema, AttributeProto_AttributeType as Type } from "onnx-buf";
import type { AttributeReader } from "../attributes.ts";

/** One tree of a file with other features and leaves than it has there. */
export interface PlantedTree {
  /** Attributes of the node that has this tree alone. */
  readonly attributes: AttributeReader;
  /** The feature that each node asks for. */
  readonly features: readonly number[];
  readonly leaves: readonly { readonly node: number; readonly target: number; readonly weight: number }[];
}

const floats = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: Type.FLOATS, floats: [...values] });
export const ints = (name: string, values: readonly number[]): AttributeProto =>
  create(AttributeProtoSchema, { name, type: Type.INTS, ints: values.map(BigInt) });
const strings = (name: string, values: readonly string[]): AttributeProto =>
  create(AttributeProtoSchema, {
    name,
    type: Type.STRINGS,
    strings: values.map((text) => Buffer.from(text)),
  });

/** Lists of nodes that are the same in the forest, one tree after the other. */
const NODE_INTS = ["nodeids", "truenodeids", "falsenodeids", "missing_value_tracks_true"] as const;

/** Attributes of the TreeEnsembleRegressor that adds up these trees. */
export function forestAttributes(trees: readonly PlantedTree[], targets: number): AttributeProto[] {
  const all = <T>(of: (tree: PlantedTree, i: number) => readonly T[]): T[] => trees.flatMap(of);
  const leaves = (of: (leaf: PlantedTree["leaves"][number], tree: number) => number): number[] =>
    all((tree, i) => tree.leaves.map((leaf) => of(leaf, i)));
  const target = create(AttributeProtoSchema, { name: "n_targets", type: Type.INT, i: BigInt(targets) });
  const nodeInts = NODE_INTS.map((name) =>
    ints(
      `nodes_${name}`,
      all(({ attributes }) => attributes.ints(`nodes_${name}`)),
    ),
  );
  return [
    target,
    ...nodeInts,
    ints(
      "nodes_treeids",
      all(({ attributes }, i) => attributes.ints("nodes_treeids").map(() => i)),
    ),
    ints(
      "nodes_featureids",
      all(({ features }) => features),
    ),
    floats(
      "nodes_values",
      all(({ attributes }) => attributes.floats("nodes_values")),
    ),
    strings(
      "nodes_modes",
      all(({ attributes }) => attributes.strings("nodes_modes")),
    ),
    ints(
      "target_treeids",
      leaves((_, i) => i),
    ),
    ints(
      "target_nodeids",
      leaves(({ node }) => node),
    ),
    ints(
      "target_ids",
      leaves((leaf) => leaf.target),
    ),
    floats(
      "target_weights",
      leaves(({ weight }) => weight),
    ),
  ];
}
