/** The table of ONNX operators: to add one, write its file and list it here. */
import type { Translation } from "../builder.ts";
import { binarizer, greaterThan } from "./above.ts";
import { add } from "./add.ts";
import { arrayFeatureExtractor } from "./array_feature_extractor.ts";
import { bins, digitize } from "./bins.ts";
import { argMax, argMin } from "./arg_max.ts";
import { arithmetic } from "./arithmetic.ts";
import { batchNormalization } from "./batch_normalization.ts";
import { cast } from "./cast.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { constant } from "./constant.ts";
import { rootedDistances, squaredDistances } from "./distances.ts";
import { dropout } from "./dropout.ts";
import { featureVectorizer } from "./feature_vectorizer.ts";
import { flatten } from "./flatten.ts";
import { gaussian } from "./gaussian.ts";
import { gemm } from "./gemm.ts";
import { identity } from "./identity.ts";
import { imputer } from "./imputer.ts";
import { labelEncoder } from "./label_encoder.ts";
import { linearClassifier } from "./linear_classifier.ts";
import { linearRegressor } from "./linear_regressor.ts";
import { matmul } from "./matmul.ts";
import { mul } from "./mul.ts";
import { normalizer, shares } from "./normalizer.ts";
import { oneHotEncoder } from "./one_hot_encoder.ts";
import { relu } from "./relu.ts";
import { conv } from "./conv.ts";
import { convTranspose } from "./conv_transpose.ts";
import { depthToSpace, spaceToDepth } from "./depth_to_space.ts";
import { dropout } from "./dropout.ts";
import { activations } from "./elementwise.ts";
import { flatten } from "./flatten.ts";
import { functions } from "./functions.ts";
import { gather } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { identity } from "./identity.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { linearClassifier } from "./linear_classifier.ts";
import { linearRegressor } from "./linear_regressor.ts";
import { matmul } from "./matmul.ts";
import { normalizer } from "./normalizer.ts";
import { pad } from "./pad.ts";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./pool.ts";
import { prelu } from "./prelu.ts";
import { reductions } from "./reduce.ts";
import { reshape } from "./reshape.ts";
import { resize, upsample } from "./resize.ts";
import { scaler } from "./scaler.ts";
import { sigmoid } from "./sigmoid.ts";
import { softmax } from "./softmax.ts";
import { sub } from "./sub.ts";
import { svmClassifier } from "./svm_classifier.ts";
import { svmRegressor } from "./svm_regressor.ts";
import { tanh } from "./tanh.ts";
import { shapeArithmetic } from "./shape_arithmetic.ts";
import { slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { split } from "./split.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { tile } from "./tile.ts";
import { transpose } from "./transpose.ts";
import { treeEnsembleClassifier } from "./tree_ensemble_classifier.ts";
import { treeEnsembleRegressor } from "./tree_ensemble_regressor.ts";
import { zipmap } from "./zipmap.ts";

const list: readonly Translation[] = [
  ...activations,
  argMax,
  argMin,
  ...arithmetic,
  averagePool,
  batchNormalization,
  cast,
  clip,
  concat,
  constant,
  conv,
  convTranspose,
  depthToSpace,
  dropout,
  flatten,
  ...functions,
  gather,
  gemm,
  globalAveragePool,
  globalMaxPool,
  identity,
  leakyRelu,
  linearClassifier,
  linearRegressor,
  logSoftmax,
  matmul,
  maxPool,
  normalizer,
  pad,
  prelu,
  ...reductions,
  reshape,
  resize,
  scaler,
  ...shapeArithmetic,
  slice,
  softmax,
  sub,
  tanh,
  binarizer,
  greaterThan,
  bins,
  digitize,
  oneHotEncoder,
  labelEncoder,
  arrayFeatureExtractor,
  featureVectorizer,
  imputer,
  rootedDistances,
  squaredDistances,
  gaussian,
  svmRegressor,
  svmClassifier,
  shares,
  spaceToDepth,
  split,
  squeeze,
  tile,
  transpose,
  unsqueeze,
  upsample,
  treeEnsembleClassifier,
  treeEnsembleRegressor,
  zipmap,
];

/** By domain and operator, as in "ai.onnx.Relu". */
export const operators: ReadonlyMap<string, Translation> = new Map(
  list.map((translation) => [translation.type, translation]),
);
