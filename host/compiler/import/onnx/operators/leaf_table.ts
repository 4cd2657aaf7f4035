import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { leafMapper } from "./tree.ts";
import { readForest } from "./tree_attributes.ts";
import { sumTrees } from "./tree_sums.ts";

/**
 * x and a table [outputs, classes, leaves], and a tree each leaf of which has one class of weight 1: the column of the
 * table by that class's label. See patterns/leaf_table.ts.
 */
export const leafTable: Translation = {
  type: "thimble.LeafTable",
  translate(node) {
    const labels = node.attributes.ints("classlabels_int64s");
    if (node.attributes.string("post_transform", "NONE") !== "NONE")
      throw new ModelError("post_transform: expected NONE");
    const { shape, numbers } = node.floats(1);
    const [outputs, classes, leaves] = shape as unknown as [number, number, number];
    const { trees } = readForest(node, "class");
    const column = (values: ReadonlyMap<number, number>): ReadonlyMap<number, number> => {
      const [[id, weight] = [-1, 0]] = values;
      const leaf = labels[id] ?? -1;
      if (values.size !== 1 || !(weight > 0) || !(leaf >= 0 && leaf < leaves))
        throw new ModelError(`expected leaves with one of ${leaves} numbers, found ${leaf}`);
      return new Map(
        Array.from({ length: outputs * classes }, (_, i) => [i, numbers[i * leaves + leaf]!] as const),
      );
    };
    if (trees.length !== 1) throw new ModelError(`expected one tree, found ${trees.length}`);
    const base = Array<number>(outputs * classes).fill(0);
    const sums = sumTrees(node, trees.map(leafMapper(column)), base);
    return [node.add("reshape", [sums], { shape: [outputs, classes, 1] })];
  },
};
