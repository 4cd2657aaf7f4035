/** The table of operators: to add one, write its file after TEMPLATE.md and list it here. */

import { add, sub } from "./add.ts";
import { argMax, argMin } from "./arg_max.ts";
import { averagePool2d } from "./average_pool2d.ts";
import { batchMatmul } from "./batch_matmul.ts";
import { cast } from "./cast.ts";
import { center } from "./center.ts";
import { clip } from "./clip.ts";
import { concatenation } from "./concatenation.ts";
import { conv2d } from "./conv2d.ts";
import { delay } from "./delay.ts";
import { depthwiseConv2d } from "./depthwise_conv2d.ts";
import { dequantize } from "./dequantize.ts";
import { div } from "./div.ts";
import { emphasis } from "./emphasis.ts";
import { energy } from "./energy.ts";
import { event } from "./event.ts";
import { fftAutoScale } from "./fft_auto_scale.ts";
import { filterBank } from "./filter_bank.ts";
import { filterBankLog } from "./filter_bank_log.ts";
import { filterBankSquareRoot } from "./filter_bank_square_root.ts";
import { framer } from "./framer.ts";
import { fullyConnected } from "./fully_connected.ts";
import { gruSequence } from "./gru_sequence.ts";
import { hardSwish } from "./hard_swish.ts";
import { impute } from "./impute.ts";
import { integerArithmetic } from "./integer_arithmetic.ts";
import { intervals } from "./intervals.ts";
import { layerNorm } from "./layer_norm.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { logSoftmax } from "./log_softmax.ts";
import { logistic } from "./logistic.ts";
import { lookup } from "./lookup.ts";
import { lstm } from "./lstm.ts";
import { lstmSequence } from "./lstm_sequence.ts";
import { maxPool2d } from "./max_pool2d.ts";
import { maximum, minimum } from "./maximum.ts";
import { mean, reduceSum } from "./mean.ts";
import { mul } from "./mul.ts";
import { neighbours } from "./neighbours.ts";
import { normalize } from "./normalize.ts";
import type { Operator } from "./operator.ts";
import { overlapAdd } from "./overlap_add.ts";
import { pad } from "./pad.ts";
import { pcan } from "./pcan.ts";
import { prelu } from "./prelu.ts";
import { quadratic } from "./quadratic.ts";
import { quantize } from "./quantize.ts";
import { reduceMax, reduceMin } from "./reduce_max.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";
import { resizeBilinear } from "./resize_bilinear.ts";
import { resizeNearest } from "./resize_nearest.ts";
import { irfft, rfft } from "./rfft.ts";
import { scaleIntegers } from "./scale_integers.ts";
import { select } from "./select.ts";
import { signalWindow } from "./signal_window.ts";
import { slide } from "./slide.ts";
import { softmax } from "./softmax.ts";
import { spectralSubtraction } from "./spectral_subtraction.ts";
import { stacker } from "./stacker.ts";
import { statistics } from "./statistics.ts";
import { stride } from "./stride.ts";
import { stridedSlice } from "./strided_slice.ts";
import { subtractMax } from "./subtract_max.ts";
import { svdf } from "./svdf.ts";
import { svm } from "./svm.ts";
import { svmVotes } from "./svm_votes.ts";
import { tanh } from "./tanh.ts";
import { transpose } from "./transpose.ts";
import { transposeConv2d } from "./transpose_conv2d.ts";
import { treeEnsemble } from "./tree_ensemble.ts";
import { unaryFunction } from "./unary_function.ts";

const list: readonly Operator[] = [
  add,
  argMax,
  argMin,
  averagePool2d,
  batchMatmul,
  clip,
  concatenation,
  conv2d,
  depthwiseConv2d,
  dequantize,
  div,
  fullyConnected,
  gruSequence,
  hardSwish,
  layerNorm,
  leakyRelu,
  logistic,
  logSoftmax,
  lookup,
  maximum,
  lstm,
  lstmSequence,
  maxPool2d,
  mean,
  minimum,
  mul,
  pad,
  prelu,
  quantize,
  reduceMax,
  reduceMin,
  reduceSum,
  relu,
  reshape,
  resizeBilinear,
  resizeNearest,
  softmax,
  stridedSlice,
  sub,
  impute,
  intervals,
  neighbours,
  normalize,
  quadratic,
  select,
  subtractMax,
  svm,
  svmVotes,
  svdf,
  tanh,
  transpose,
  transposeConv2d,
  unaryFunction,
  treeEnsemble,
  cast,
  center,
  delay,
  emphasis,
  energy,
  event,
  fftAutoScale,
  filterBank,
  filterBankLog,
  filterBankSquareRoot,
  framer,
  integerArithmetic,
  overlapAdd,
  pcan,
  scaleIntegers,
  signalWindow,
  slide,
  stride,
  spectralSubtraction,
  stacker,
  statistics,
  irfft,
  rfft,
];

export const operators: ReadonlyMap<string, Operator> = new Map(
  list.map((operator) => [operator.name, operator]),
);

/** The operator of that name; importers only write names that exist, `checkGraph` makes sure. */
export function operatorOf(name: string): Operator {
  const operator = operators.get(name);
  if (!operator) throw new Error(`no operator ${name}`);
  return operator;
}
