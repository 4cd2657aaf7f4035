import type { Graph } from "../../ir/graph.ts";
import { checkGraph } from "../../ops/spec.ts";
import { absorbSelect } from "./absorb_select.ts";
import { chooseInTrees } from "./choose_in_trees.ts";
import { columnsAtBorder } from "./columns.ts";
import { dropChannels } from "./drop_channels.ts";
import { dropFraming } from "./drop_framing.ts";
import { foldAffine } from "./fold_affine.ts";
import { foldConstants } from "./fold_constants.ts";
import { foldScale } from "./fold_scale.ts";
import { fuseActivation } from "./fuse_activation.ts";
import { fuseBias } from "./fuse_bias.ts";
import { fuseDense } from "./fuse_dense.ts";
import { fuseIntegers } from "./fuse_integers.ts";
import { fusePad } from "./fuse_pad.ts";
import { fuseTables } from "./fuse_tables.ts";
import { labelProbabilities } from "./label_probabilities.ts";
import { mergeIntervals } from "./merge_intervals.ts";
import { recogniseNorm } from "./recognise_norm.ts";
import { removeIdentity } from "./remove_identity.ts";
import { removeUnused } from "./remove_unused.ts";
import { sinkScale } from "./sink_scale.ts";
import { sinkTransposes } from "./sink_transposes.ts";
import { stripBorders } from "./strip_borders.ts";
import { useIntegers } from "./use_integers.ts";

/** A rewrite that leaves every output byte for byte what it was; only fused float factors and biases round otherwise. */
export interface Pass {
  readonly name: string;
  readonly run: (graph: Graph) => Graph;
}

/** In this order: each prepares the ground for the next. */
export const passes: readonly Pass[] = [
  { name: "fold constants", run: foldConstants },
  { name: "recognise normalisation", run: recogniseNorm },
  { name: "sink transposes", run: sinkTransposes },
  { name: "fuse tables", run: fuseTables },
  { name: "strip borders", run: stripBorders },
  { name: "columns at the border", run: columnsAtBorder },
  { name: "absorb select", run: absorbSelect },
  { name: "choose in trees", run: chooseInTrees },
  { name: "merge intervals", run: mergeIntervals },
  { name: "remove identity", run: removeIdentity },
  { name: "fold scale", run: foldScale },
  { name: "fuse bias", run: fuseBias },
  { name: "sink scale", run: sinkScale },
  { name: "fold affine", run: foldAffine },
  { name: "fuse dense", run: fuseDense },
  { name: "fuse activation", run: fuseActivation },
  { name: "use integers", run: useIntegers },
  { name: "drop framing", run: dropFraming },
  { name: "fuse integers", run: fuseIntegers },
  { name: "fuse pad", run: fusePad },
  { name: "drop channels", run: dropChannels },
  { name: "remove unused", run: removeUnused },
  { name: "label probabilities", run: labelProbabilities },
];

/** Runs all passes, the specification checked after each. */
export function simplify(graph: Graph): Graph {
  return passes.reduce((current, pass) => checkGraph(pass.run(current), pass.name), graph);
}
