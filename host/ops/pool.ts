import { allocate, elements, ModelError, type Shape, type Tensor, type TensorData } from "../ir/graph.ts";
import { type Activation, activationRange, clampTo } from "./activation.ts";
import type { Lowering } from "./lowering.ts";
import type { Bound } from "./operator.ts";
import { eachOutput, eachTap, type Window, window, windowOutput } from "./window.ts";

/** Parts that average and max pooling share: everything but the reduction. */
interface PoolAttributes {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  /** top, left, bottom, right */
  readonly padding: readonly number[];
  readonly activation: Activation;
}

type Inputs = Pick<Bound<PoolAttributes>, "name" | "attributes" | "inputs">;

function geometry({ name, attributes, inputs }: Inputs): Window {
  const [height, width] = attributes.kernel;
  const w = window(name, inputs[0]!, [height ?? 0, width ?? 0], { ...attributes, dilation: [1, 1] });
  // A window that sees nothing but padding has no value.
  const [top, left, bottom, right] = attributes.padding as [number, number, number, number];
  if (Math.max(top, bottom) >= w.kernelHeight || Math.max(left, right) >= w.kernelWidth) {
    throw new ModelError(
      `node ${name}: expected a padding smaller than the ${w.kernelHeight}x${w.kernelWidth} window, found ${attributes.padding}`,
    );
  }
  return w;
}

export const inferPool = (node: Inputs): readonly Shape[] => [
  windowOutput(geometry(node), node.inputs[0]!.shape[3]!),
];

/** Positions that the windows visit. */
export const poolSteps = ({ attributes, outputs }: Bound<PoolAttributes>): number =>
  elements(outputs[0]!.shape) * elements(attributes.kernel);

export function evaluatePool(
  node: Bound<PoolAttributes>,
  x: TensorData,
  reduce: (values: readonly number[], quantized: boolean) => number,
): TensorData {
  const output = node.outputs[0]!;
  const w = geometry(node);
  const range = activationRange(node.attributes.activation, output);
  const result = allocate(output.dtype, elements(output.shape));
  let next = 0;
  eachOutput(w, (batch, y, column) => {
    for (let channel = 0; channel < w.inputChannels; channel++) {
      const values: number[] = [];
      eachTap(w, batch, y, column, (pixel) => values.push(x[pixel + channel]!));
      result[next++] = clampTo(reduce(values, output.dtype !== "float32"), range);
    }
  });
  return result;
}

export function lowerPool(
  node: Bound<PoolAttributes>,
  kernel: "average_pool2d" | "max_pool2d",
  to: Lowering,
): void {
  const { dilationHeight: _h, dilationWidth: _w, inputChannels, ...w } = geometry(node);
  const [input, output] = [node.inputs[0] as Tensor, node.outputs[0]!];
  const range = activationRange(node.attributes.activation, output);
  to.call(`${kernel}_${output.dtype === "int16" ? "s16" : "s8"}`, {
    ...w,
    input,
    output,
    channels: inputChannels,
    activationMin: range.min,
    activationMax: range.max,
  });
}
