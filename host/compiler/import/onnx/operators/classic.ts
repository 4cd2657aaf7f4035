/** Operators of ai.onnx.ml but for trees, and what patterns make of groups of nodes (patterns/index.ts). */
import type { Translation } from "../builder.ts";
import { binarizer, greaterThan } from "./above.ts";
import { arrayFeatureExtractor } from "./array_feature_extractor.ts";
import { bins, digitize } from "./bins.ts";
import { rootedDistances, squaredDistances } from "./distances.ts";
import { featureVectorizer } from "./feature_vectorizer.ts";
import { gaussian } from "./gaussian.ts";
import { imputer } from "./imputer.ts";
import { labelEncoder } from "./label_encoder.ts";
import { leafTable } from "./leaf_table.ts";
import { linearClassifier } from "./linear_classifier.ts";
import { linearRegressor } from "./linear_regressor.ts";
import { neighbours } from "./neighbours.ts";
import { guardedShares, negatedSigmoid, normalizer, shares, sigmoidShares } from "./normalizer.ts";
import { oneHotEncoder } from "./one_hot_encoder.ts";
import { polynomial } from "./polynomial.ts";
import { scaler } from "./scaler.ts";
import { steps } from "./steps.ts";
import { svmClassifier } from "./svm_classifier.ts";
import { svmRegressor } from "./svm_regressor.ts";
import { winner } from "./winner.ts";
import { zipmap } from "./zipmap.ts";

export const classic: readonly Translation[] = [
  binarizer,
  greaterThan,
  arrayFeatureExtractor,
  bins,
  digitize,
  rootedDistances,
  squaredDistances,
  featureVectorizer,
  gaussian,
  imputer,
  labelEncoder,
  leafTable,
  linearClassifier,
  linearRegressor,
  neighbours,
  normalizer,
  shares,
  guardedShares,
  negatedSigmoid,
  sigmoidShares,
  oneHotEncoder,
  polynomial,
  scaler,
  steps,
  svmClassifier,
  svmRegressor,
  winner,
  zipmap,
];
