import { allocate, elements, ModelError, perTensor, type Shape, type Tensor } from "../ir/graph.ts";
import { ACTIVATIONS, type Activation, activationRange, clampTo } from "./activation.ts";
import { channelMultipliers, checkBias } from "./channel_scale.ts";
import { requantize } from "./fixed_point.ts";
import { defineOperator } from "./operator.ts";
import { filterMatrix } from "./traits.ts";
import { lowerAsConvolutions } from "./transpose_convolutions.ts";
import { lowerPhases, type PhaseGeometry } from "./transpose_phases.ts";

interface TransposeConvAttributes {
  readonly stride: readonly number[];
  /** top, left, bottom, right: what is cut off the sum of all windows. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly outputSize: readonly number[];
  readonly activation: Activation;
}

/** Output positions along one axis that get anything from input position `i`: with the tap that gives it. */
function* targets(
  i: number,
  axis: 0 | 1,
  kernel: number,
  { stride, padding, dilation, outputSize }: TransposeConvAttributes,
): Generator<readonly [position: number, tap: number]> {
  for (let tap = 0; tap < kernel; tap++) {
    const position = i * stride[axis]! - padding[axis]! + tap * dilation[axis]!;
    if (position >= 0 && position < outputSize[axis]!) yield [position, tap];
  }
}

const LISTS = { stride: 2, padding: 4, dilation: 2, outputSize: 2 } as const;

/** Each phase of a stride is a kernel call: nobody spreads pixels further apart. */
const MAX_STRIDE = 16;
/** Kernels compute positions in 32 bits; with this much on every side they can't overflow. */
const MAX_REACH = 2 ** 24;

function inferShape(name: string, attributes: TransposeConvAttributes, input: Shape, weights: Shape): Shape {
  for (const [key, length] of Object.entries(LISTS)) {
    const list = attributes[key as keyof typeof LISTS];
    const least = key === "padding" ? 0 : 1;
    const greatest = key === "stride" ? MAX_STRIDE : MAX_REACH;
    if (list.length !== length || list.some((n) => n < least || n > greatest)) {
      throw new ModelError(
        `node ${name}: ${key}: expected ${length} numbers from ${least} to ${greatest}, found ${list}`,
      );
    }
  }
  if (attributes.dilation.some((n, axis) => n * weights[axis + 1]! > MAX_REACH))
    throw new ModelError(
      `node ${name}: dilation ${attributes.dilation} is too much for filters [${weights}]`,
    );
  if (input.length !== 4 || weights.length !== 4 || weights[3] !== input[3]) {
    throw new ModelError(
      `node ${name}: expected an image [N, H, W, C] and filters [O, h, w, C], found [${input}] and [${weights}]`,
    );
  }
  const [height, width] = attributes.outputSize as [number, number];
  return [input[0]!, height, width, weights[0]!];
}

/**
 * Each input pixel is multiplied with the whole window and added to the outputs under it, `stride` pixels apart: the
 * transpose of a convolution. Inputs: image [N, H, W, C], filters [O, kernel height, kernel width, C], bias [O] or none.
 */
export const transposeConv2d = defineOperator({
  name: "transpose_conv2d",
  summary: "transposed 2-D convolution, dilated, per-channel or per-tensor weights, fused activation",
  arity: [2, 3],
  attributes: {
    stride: "ints",
    padding: "ints",
    dilation: "ints",
    outputSize: "ints",
    activation: ACTIVATIONS,
  },
  quantization: { output: { kind: "range" }, weights: { input: 1, axis: 0 }, bias: 2 },
  window: "transposed",
  matrix: ({ inputs }) => filterMatrix(inputs[1]!.shape),

  infer({ name, attributes, inputs }) {
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const shape = inferShape(name, attributes, input.shape, weights.shape);
    checkBias(name, bias, shape[3]!);
    return [shape];
  },

  evaluate({ attributes, inputs, outputs }, values) {
    const [input, weights] = inputs as [Tensor, Tensor];
    const output = outputs[0]!;
    const [batches, height, width, depth] = input.shape as [number, number, number, number];
    const [channels, kernelHeight, kernelWidth] = weights.shape as [number, number, number, number];
    const [outputHeight, outputWidth] = attributes.outputSize as [number, number];
    const quantized = output.dtype !== "float32";
    const zeroPoint = quantized ? perTensor(input).zeroPoint : 0;
    const [x, filters, bias] = [values[0]!, values[1]!, values[2]];
    const sums = new Float64Array(elements(output.shape)).map((_, i) => bias?.[i % channels] ?? 0);
    for (let batch = 0; batch < batches; batch++) {
      for (let iy = 0; iy < height; iy++) {
        for (let ix = 0; ix < width; ix++) {
          const pixel = ((batch * height + iy) * width + ix) * depth;
          for (const [y, ky] of targets(iy, 0, kernelHeight, attributes)) {
            for (const [column, kx] of targets(ix, 1, kernelWidth, attributes)) {
              const to = ((batch * outputHeight + y) * outputWidth + column) * channels;
              for (let channel = 0; channel < channels; channel++) {
                const filter = ((channel * kernelHeight + ky) * kernelWidth + kx) * depth;
                for (let i = 0; i < depth; i++)
                  sums[to + channel]! += (x[pixel + i]! - zeroPoint) * filters[filter + i]!;
              }
            }
          }
        }
      }
    }
    const range = activationRange(attributes.activation, output);
    const factors = quantized ? channelMultipliers(input, weights, output, channels) : [];
    const outputZeroPoint = quantized ? perTensor(output).zeroPoint : 0;
    const result = allocate(output.dtype, sums.length);
    sums.forEach((sum, i) => {
      const value = quantized ? (requantize(sum | 0, factors[i % channels]!) + outputZeroPoint) | 0 : sum;
      result[i] = clampTo(value, range);
    });
    return [result];
  },

  lower({ attributes, inputs, outputs }, to) {
    const [input, weights, bias] = inputs as [Tensor, Tensor, Tensor | undefined];
    const axis = (i: 0 | 1): PhaseGeometry => ({
      kernel: weights.shape[i + 1]!,
      stride: attributes.stride[i]!,
      dilation: attributes.dilation[i]!,
      padding: attributes.padding[i]!,
      outputSize: attributes.outputSize[i]!,
    });
    const tensors = { input, weights, bias, output: outputs[0]! };
    const geometry = [axis(0), axis(1)] as const;
    const { activation } = attributes;
    if (to.choice.kernel === "fast" && lowerAsConvolutions(tensors, geometry, activation, to)) return;
    lowerPhases(tensors, geometry, activationRange(activation, tensors.output), to);
  },

  macs: ({ inputs }) => {
    const [input, weights] = inputs as [Tensor, Tensor];
    return (elements(input.shape) / input.shape[3]!) * elements(weights.shape);
  },
});
