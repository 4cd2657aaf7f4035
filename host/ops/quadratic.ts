import { allocate, ModelError, perTensor, quantized, type Tensor, type TensorData } from "../ir/graph.ts";
import { roundHalfAway } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import {
  checkNarrow,
  checkShape,
  elementBytes,
  featuresOf,
  greatestInput,
  rowsOf,
  withFeatures,
} from "./rows.ts";
import { atScale32, integerRoot, shiftRight, sumScale, sumShift, symmetricInt16 } from "./wide.ts";

type Quadratic = Bound<{ readonly root: boolean }>;
type Four = readonly [Tensor, Tensor, Tensor, Tensor];

/** Centres lie between the steps of an int8 input: so many bits finer. */
const CENTRE_BITS = 6;

function quantizeCentres(centres: Tensor, input: Tensor): Tensor {
  const { scale } = perTensor(input);
  let step = input.dtype === "int8" ? scale / 2 ** CENTRE_BITS : scale;
  const at = (): number[] => Array.from(centres.data!, (x) => roundHalfAway(x / step));
  while (at().some((x) => Math.abs(x) > 32767)) step *= 2;
  return { ...centres, dtype: "int16", data: Int16Array.from(at()), quantization: quantized(step, 0) };
}

/** By how many bits the input is shifted to the left for the steps of the centres; to the right where negative. */
const inputShift = (input: Tensor, centres: Tensor): number =>
  Math.round(Math.log2(perTensor(input).scale / perTensor(centres).scale));

/** Weights of one are left out of the sum. */
const isPlain = (weights: Tensor): boolean =>
  weights.data!.every((w) => w === weights.data![0]) && weights.data![0]! > 0;

function quantizeWeights(weights: Tensor): Tensor {
  if (!isPlain(weights)) return symmetricInt16(weights);
  const data = new Int16Array(weights.data!.length).fill(1);
  return { ...weights, dtype: "int16", data, quantization: quantized(weights.data![0]!, 0) };
}

/** The real value of a weighted sum of one. */
const unitOf = (centres: Tensor, weights: Tensor): number =>
  perTensor(weights).scale * perTensor(centres).scale ** 2;

const shifted = (x: number, shift: number): number =>
  shift >= 0 ? x * 2 ** shift : Number(shiftRight(BigInt(x), -shift));

function quantizeAll({ attributes, inputs }: Pick<Quadratic, "attributes" | "inputs">) {
  const [input, floatCentres, floatWeights, bias] = inputs as unknown as Four;
  const centres = quantizeCentres(floatCentres, input);
  const weights = quantizeWeights(floatWeights);
  const features = featuresOf(input);
  const unit = unitOf(centres, weights);
  if (attributes.root) return { centres, weights, bias, scale: quantized(Math.fround(Math.sqrt(unit)), 0) };
  const greatest = Math.ceil(greatestInput(input) * 2 ** inputShift(input, centres));
  const bounds = Array.from(bias.data!, (constant, row) => {
    let sum = Math.abs(constant);
    for (let i = row * features; i < (row + 1) * features; i++)
      sum += Math.abs(weights.data![i]!) * (greatest + Math.abs(centres.data![i]!)) ** 2 * unit;
    return sum;
  });
  return { centres, weights, bias, scale: sumScale(unit, Math.max(...bounds)) };
}

function evaluateFloat(
  { attributes, inputs, outputs }: Quadratic,
  values: readonly TensorData[],
): TensorData {
  const [x, centres, weights, bias] = values as [TensorData, TensorData, TensorData, TensorData];
  const features = featuresOf(inputs[0]!);
  const result = allocate("float32", rowsOf(outputs[0]!) * bias.length);
  for (let next = 0; next < result.length; next++) {
    const [row, output] = [Math.floor(next / bias.length) * features, (next % bias.length) * features];
    let sum = bias[next % bias.length]!;
    for (let i = 0; i < features; i++)
      sum += weights[output + i]! * (x[row + i]! - centres[output + i]!) ** 2;
    result[next] = attributes.root ? Math.sqrt(sum) : sum;
  }
  return result;
}

function evaluateFixed(
  { attributes, inputs, outputs }: Quadratic,
  values: readonly TensorData[],
): TensorData {
  const [input, centres, weights] = inputs as unknown as Four;
  const [x, c, w, bias] = values as [TensorData, TensorData, TensorData, TensorData];
  const features = featuresOf(input);
  const before = inputShift(input, centres);
  const { zeroPoint } = perTensor(input);
  const shift = attributes.root ? 0 : sumShift(unitOf(centres, weights), outputs[0]!);
  const result = allocate("int32", rowsOf(outputs[0]!) * bias.length);
  for (let next = 0; next < result.length; next++) {
    const [row, output] = [Math.floor(next / bias.length) * features, (next % bias.length) * features];
    let sum = 0n;
    for (let i = 0; i < features; i++) {
      const difference = shifted(x[row + i]! - zeroPoint, before) - c[output + i]!;
      sum += BigInt(w[output + i]! * difference ** 2);
    }
    result[next] = attributes.root
      ? integerRoot(sum)
      : Number(shiftRight(sum, shift)) + bias[next % bias.length]!;
  }
  return result;
}

/**
 * Inputs: x [..., features], centres and weights [outputs, features], constants [outputs]. Output [..., outputs]:
 * the constant plus the sum over features of weight * (x - centre)^2, or with `root` its square root.
 */
export const quadratic = defineOperator({
  name: "quadratic",
  summary: "weighted sums of squared distances, or distances: Gaussian naive Bayes, k-means",
  arity: [4, 4],
  attributes: { root: "boolean" },
  quantization: { output: { kind: "own" } },
  types: ["int32"],

  infer({ name, attributes, inputs }) {
    const [input, centres, weights, bias] = inputs as unknown as Four;
    const expected = [bias.shape[0]!, featuresOf(input)];
    checkShape(name, "centres", centres, expected);
    checkShape(name, "weights", weights, expected);
    if (attributes.root && weights.data && !(isPlain(weights) && bias.data!.every((x) => x === 0)))
      throw new ModelError(
        `node ${name}: expected roots of plain distances only, found weights or constants`,
      );
    return [withFeatures(input, bias.shape[0]!)];
  },

  evaluate: (node, values) => [
    node.outputs[0]!.dtype === "float32"
      ? evaluateFloat(node, values as TensorData[])
      : evaluateFixed(node, values as TensorData[]),
  ],

  checkTypes: checkNarrow,
  outputType: (node) => ({ dtype: "int32", quantization: quantizeAll(node).scale }),
  quantizeConstants(node) {
    const { centres, weights, bias } = quantizeAll(node);
    return new Map([
      [1, centres],
      [2, weights],
      [3, atScale32(bias, node.outputs[0]!.quantization!)],
    ]);
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, centres, weights, bias] = inputs as unknown as Four;
    const output = outputs[0]!;
    const isWeighted = !weights.data!.every((w) => w === 1);
    const shift = inputShift(input, centres);
    to.call("quadratic", {
      input,
      centres,
      weights: isWeighted ? weights : 0,
      bias,
      output,
      rows: rowsOf(input),
      features: featuresOf(input),
      outputs: bias.shape[0]!,
      inputBytes: elementBytes(input),
      inputZeroPoint: perTensor(input).zeroPoint,
      leftShift: Math.max(shift, 0),
      rightShift: Math.max(-shift, 0),
      root: attributes.root ? 1 : 0,
      outputShift: attributes.root ? 0 : sumShift(unitOf(centres, weights), output),
    });
  },

  macs: ({ inputs }) => rowsOf(inputs[0]!) * inputs[1]!.data!.length,
});
