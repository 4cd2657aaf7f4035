/** The table of operators: to add one, write its file after TEMPLATE.md and list it here. */
import { add, sub } from "./add.ts";
import { averagePool2d } from "./average_pool2d.ts";
import { concatenation } from "./concatenation.ts";
import { conv2d } from "./conv2d.ts";
import { depthwiseConv2d } from "./depthwise_conv2d.ts";
import { dequantize } from "./dequantize.ts";
import { fullyConnected } from "./fully_connected.ts";
import { hardSwish } from "./hard_swish.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { logistic } from "./logistic.ts";
import { maxPool2d } from "./max_pool2d.ts";
import { mean } from "./mean.ts";
import { mul } from "./mul.ts";
import type { Operator } from "./operator.ts";
import { pad } from "./pad.ts";
import { quantize } from "./quantize.ts";
import { relu } from "./relu.ts";
import { reshape } from "./reshape.ts";
import { softmax } from "./softmax.ts";
import { tanh } from "./tanh.ts";
import { treeEnsemble } from "./tree_ensemble.ts";

const list: readonly Operator[] = [
  add,
  averagePool2d,
  concatenation,
  conv2d,
  depthwiseConv2d,
  dequantize,
  fullyConnected,
  hardSwish,
  leakyRelu,
  logistic,
  maxPool2d,
  mean,
  mul,
  pad,
  quantize,
  relu,
  reshape,
  softmax,
  sub,
  tanh,
  treeEnsemble,
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
