/**
 * Groups of ONNX nodes that together are one thing which has a name, and which a module computes better in
 * one step: most of them are what skl2onnx writes for a model that ONNX has no operator for.
 */
import type { OnnxModel } from "../model.ts";
import { bins, digitize } from "./bins.ts";
import { boosting, winners } from "./boosting.ts";
import { clippedIntegers } from "./clipped_integers.ts";
import { clusters } from "./clusters.ts";
import { distances } from "./distances.ts";
import { gaussian } from "./gaussian.ts";
import { greater } from "./greater.ts";
import { integers } from "./integers.ts";
import { isolationForest } from "./isolation_forest.ts";
import { leafTable } from "./leaf_table.ts";
import { neighbours } from "./neighbours.ts";
import { polynomial } from "./polynomial.ts";
import { shares } from "./shares.ts";
import { negatedSigmoid, sigmoid } from "./sigmoid.ts";
import { shiftedSoftmax, softmax } from "./softmax.ts";
import { steps } from "./steps.ts";
import { votes } from "./votes.ts";

type Pattern = (model: OnnxModel) => OnnxModel;

/** In this order: bins, and what a forest is made of, before their parts. */
const patterns: readonly Pattern[] = [
  isolationForest,
  boosting,
  winners,
  distances,
  neighbours,
  leafTable,
  votes,
  clusters,
  gaussian,
  softmax,
  shiftedSoftmax,
  sigmoid,
  negatedSigmoid,
  steps,
  shares,
  polynomial,
  greater,
  bins,
  digitize,
  integers,
  clippedIntegers,
];

export const recognise = (model: OnnxModel): OnnxModel =>
  patterns.reduce((current, pattern) => pattern(current), model);
