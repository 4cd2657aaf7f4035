/** The table of ONNX operators: to add one, write its file and list it here. */
import type { Translation } from "../builder.ts";
import { argMax, argMin } from "./arg_max.ts";
import { arithmetic } from "./arithmetic.ts";
import { batchNormalization } from "./batch_normalization.ts";
import { cast } from "./cast.ts";
import { classic } from "./classic.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { conv } from "./conv.ts";
import { convTranspose } from "./conv_transpose.ts";
import { depthToSpace, spaceToDepth } from "./depth_to_space.ts";
import { dropout } from "./dropout.ts";
import { einsum } from "./einsum.ts";
import { activations } from "./elementwise.ts";
import { flatten } from "./flatten.ts";
import { functions } from "./functions.ts";
import { gather } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { gru, rnn } from "./gru.ts";
import { identity } from "./identity.ts";
import { layerNormalizations } from "./layer_normalization.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { lstm } from "./lstm.ts";
import { matmul } from "./matmul.ts";
import { pad } from "./pad.ts";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./pool.ts";
import { prelu } from "./prelu.ts";
import { dequantizeLinear, quantizeLinear } from "./quantization.ts";
import { reductions } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { resize, upsample } from "./resize.ts";
import { shapeArithmetic } from "./shape_arithmetic.ts";
import { slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { split } from "./split.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { tile } from "./tile.ts";
import { transpose } from "./transpose.ts";
import { treeEnsemble } from "./tree_ensemble.ts";
import { treeEnsembleClassifier } from "./tree_ensemble_classifier.ts";
import { treeEnsembleRegressor } from "./tree_ensemble_regressor.ts";

const list: readonly Translation[] = [
  ...activations,
  argMax,
  argMin,
  ...arithmetic,
  averagePool,
  batchNormalization,
  cast,
  ...classic,
  clip,
  concat,
  constant,
  conv,
  convTranspose,
  depthToSpace,
  dequantizeLinear,
  dropout,
  einsum,
  flatten,
  ...functions,
  gather,
  gemm,
  globalAveragePool,
  globalMaxPool,
  gru,
  identity,
  ...layerNormalizations,
  leakyRelu,
  logSoftmax,
  lstm,
  matmul,
  maxPool,
  pad,
  prelu,
  quantizeLinear,
  ...reductions,
  reshape,
  resize,
  rnn,
  ...shapeArithmetic,
  slice,
  softmax,
  spaceToDepth,
  split,
  squeeze,
  tile,
  transpose,
  treeEnsemble,
  treeEnsembleClassifier,
  treeEnsembleRegressor,
  unsqueeze,
  upsample,
];

/** By domain and operator, as in "ai.onnx.Relu". */
export const operators: ReadonlyMap<string, Translation> = new Map(
  list.map((translation) => [translation.type, translation]),
);
