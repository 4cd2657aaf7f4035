import { elements, ModelError, perTensor, type Tensor, type TensorData } from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { kernelMultiplier, requantize } from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";

type Operands = [input: Tensor, feature: Tensor, time: Tensor, bias: Tensor, state: Tensor];
type Attributes = { readonly rank: number };

const operands = ({ inputs }: Pick<Bound<unknown>, "inputs">): Operands => inputs as unknown as Operands;

const scaleOf = (tensor: Tensor): number => perTensor(tensor).scale;

/** From products to the state's scale, and from sums of weighted states to the output's. */
function factors(node: Bound<Attributes>) {
  const [input, feature, time, , state] = operands(node);
  return {
    feature: kernelMultiplier((scaleOf(input) * scaleOf(feature)) / scaleOf(state)),
    output: kernelMultiplier((scaleOf(state) * scaleOf(time)) / scaleOf(node.outputs[0]!)),
  };
}

function checkTypes(node: Bound<Attributes>): string | undefined {
  const [input, feature, time, bias, state] = operands(node);
  const output = node.outputs[0]!;
  const found = [input, feature, bias, output].map(({ dtype }) => dtype).join(" ");
  if (found !== "int8 int8 int32 int8") return `expected types int8 int8 int32 int8, found ${found}`;
  if (state.dtype !== time.dtype || (time.dtype !== "int8" && time.dtype !== "int16"))
    return `expected a state and time weights of int8 or both of int16, found ${state.dtype} and ${time.dtype}`;
  const symmetric = [feature, time, state].every((tensor) => perTensor(tensor).zeroPoint === 0);
  if (!symmetric || !feature.data || !time.data || !bias.data)
    return "expected constant weights and a bias, and zero points of 0 of the weights and the state";
  return undefined;
}

/** The state after this step: each row moves by one, the newest product comes last. */
function evaluate(node: Bound<Attributes>, values: readonly (TensorData | undefined)[]): TensorData[] {
  const [input, , time, , state] = operands(node);
  const [x, feature, weights, bias, before] = values as readonly TensorData[];
  const output = node.outputs[0]!;
  const factor = factors(node);
  const [depth, memory] = [input.shape[1]!, time.shape[1]!];
  const zeroPoint = perTensor(input).zeroPoint;
  const after = before!.slice();
  const result = new Int8Array(elements(output.shape));
  for (let unit = 0; unit < result.length; unit++) {
    let sum = bias![unit]!;
    for (let filter = unit * node.attributes.rank; filter < (unit + 1) * node.attributes.rank; filter++) {
      let product = 0;
      for (let i = 0; i < depth; i++) product += (x![i]! - zeroPoint) * feature![filter * depth + i]!;
      const row = filter * memory;
      after.copyWithin(row, row + 1, row + memory);
      after[row + memory - 1] = clampTo(requantize(product, factor.feature), typeRange(state));
      // 32 bits, which overflow as the reference kernel's do.
      for (let i = 0; i < memory; i++) sum = (sum + Math.imul(after[row + i]!, weights![row + i]!)) | 0;
    }
    result[unit] = clampTo(requantize(sum, factor.output) + perTensor(output).zeroPoint, typeRange(output));
  }
  return [result, after];
}

/**
 * One step of a dense layer over time of low rank (singular value decomposition filter). Inputs: [1, depth], feature
 * weights [units * rank, depth], time weights [units * rank, memory], bias [units], state [1, units * rank * memory].
 * Outputs: [1, units], the next state. Int8 only, as in TFLite files.
 */
export const svdf = defineOperator({
  name: "svdf",
  summary: "one step of a dense layer over time of low rank, with a state between inferences (int8)",
  arity: [5, 5],
  attributes: { rank: "int" },
  quantization: { output: { kind: "range" }, bias: 3 },
  checkTypes,

  infer(node) {
    const [input, feature, time, bias, state] = operands(node);
    const [filters, memory] = time.shape;
    const units = elements(bias.shape);
    const [batch, depth] = input.shape;
    const fits =
      input.shape.length === 2 &&
      batch === 1 &&
      time.shape.length === 2 &&
      feature.shape.join() === [filters, depth].join() &&
      units * node.attributes.rank === filters &&
      elements(state.shape) === filters * memory!;
    if (!fits) {
      const found = [input, feature, time, bias, state].map(({ shape }) => `[${shape}]`).join(" ");
      throw new ModelError(
        `node ${node.name}: expected [1, depth], [units * rank, depth], [units * rank, memory], [units] and a state, found ${found}`,
      );
    }
    return [[1, units], state.shape];
  },

  evaluate,

  lower(node, to) {
    const [input, feature, time, bias, state] = operands(node);
    const [output, next] = node.outputs as [Tensor, Tensor];
    const factor = factors(node);
    to.call("svdf_s8", {
      input,
      output,
      feature,
      time: to.constant("time", Int16Array.from(time.data!)),
      bias,
      state,
      narrow: state.dtype === "int8" ? 1 : 0,
      depth: input.shape[1]!,
      units: output.shape[1]!,
      rank: node.attributes.rank,
      memory: time.shape[1]!,
      inputZeroPoint: perTensor(input).zeroPoint,
      featureMultiplier: factor.feature.multiplier,
      featureShift: factor.feature.shift,
      multiplier: factor.output.multiplier,
      shift: factor.output.shift,
      outputZeroPoint: perTensor(output).zeroPoint,
    });
    to.alias(next, state);
  },

  macs: (node) => elements(operands(node)[1].shape) + elements(operands(node)[2].shape),
});
