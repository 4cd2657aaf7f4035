/** The table of ONNX operators: to add one, write its file and list it here. */
import type { Translation } from "../builder.ts";
import { binarizer, greaterThan } from "./above.ts";
import { add } from "./add.ts";
import { arrayFeatureExtractor } from "./array_feature_extractor.ts";
import { bins, digitize } from "./bins.ts";
import { cast } from "./cast.ts";
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
import { reshape } from "./reshape.ts";
import { scaler } from "./scaler.ts";
import { sigmoid } from "./sigmoid.ts";
import { softmax } from "./softmax.ts";
import { sub } from "./sub.ts";
import { svmClassifier } from "./svm_classifier.ts";
import { svmRegressor } from "./svm_regressor.ts";
import { tanh } from "./tanh.ts";
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
  zipmap,
];

/** By domain and operator, as in "ai.onnx.Relu". */
export const operators: ReadonlyMap<string, Translation> = new Map(
  list.map((translation) => [translation.type, translation]),
);
