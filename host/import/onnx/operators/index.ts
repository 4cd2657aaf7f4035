/** The table of ONNX operators: to add one, write its file and list it here. */
import type { Translation } from "../builder.ts";
import { add } from "./add.ts";
import { cast } from "./cast.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { dropout } from "./dropout.ts";
import { flatten } from "./flatten.ts";
import { gemm } from "./gemm.ts";
import { identity } from "./identity.ts";
import { linearClassifier } from "./linear_classifier.ts";
import { linearRegressor } from "./linear_regressor.ts";
import { matmul } from "./matmul.ts";
import { mul } from "./mul.ts";
import { normalizer } from "./normalizer.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";
import { scaler } from "./scaler.ts";
import { sigmoid } from "./sigmoid.ts";
import { softmax } from "./softmax.ts";
import { sub } from "./sub.ts";
import { tanh } from "./tanh.ts";
import { treeEnsemble } from "./tree_ensemble.ts";
import { treeEnsembleClassifier } from "./tree_ensemble_classifier.ts";
import { treeEnsembleRegressor } from "./tree_ensemble_regressor.ts";
import { zipmap } from "./zipmap.ts";

const list: readonly Translation[] = [
  add,
  cast,
  concat,
  constant,
  dropout,
  flatten,
  gemm,
  identity,
  linearClassifier,
  linearRegressor,
  matmul,
  mul,
  normalizer,
  relu,
  reshape,
  scaler,
  sigmoid,
  softmax,
  sub,
  tanh,
  treeEnsemble,
  treeEnsembleClassifier,
  treeEnsembleRegressor,
  zipmap,
];

/** By domain and operator, as in "ai.onnx.Relu". */
export const operators: ReadonlyMap<string, Translation> = new Map(
  list.map((translation) => [translation.type, translation]),
);
