import { ModelError, type Shape, type Tensor } from "../../../../ir/graph.ts";
import { samePadding } from "../../importer.ts";
import type { Context } from "../builder.ts";

/**
 * ONNX keeps the channels of an image before its pixels, operators here after them. Each operator on images
 * is put between two transpositions, of which `sinkTransposes` leaves one at the input of a whole network.
 */

/** Sizes of the pixels' axes of [N, C, H, W]; [N, C, L] is an image of one row. */
export function spatialSizes({ name, shape }: Tensor): [number, number] {
  if (shape.length === 3) return [1, shape[2]!];
  if (shape.length === 4) return [shape[2]!, shape[3]!];
  throw new ModelError(
    `input ${name}: expected [N, C, H, W] or [N, C, L], found [${shape}]: operators of other dimensions are not supported`,
  );
}

/** [N, C, H, W] or [N, C, L] as [N, H, W, C]. */
export function channelsLast(node: Context, tensor: Tensor): Tensor {
  const [height, width] = spatialSizes(tensor);
  const [batches, channels] = tensor.shape as [number, number];
  const shape = [batches, channels, height, width];
  const image = tensor.shape.length === 4 ? tensor : node.add("reshape", [tensor], { shape });
  return node.add("transpose", [image], { permutation: [0, 2, 3, 1] });
}

/** [N, H, W, C] as [N, C, H, W], or as [N, C, W] where rank is 3. */
export function channelsFirst(node: Context, tensor: Tensor, rank: number): Tensor {
  const image = node.add("transpose", [tensor], { permutation: [0, 3, 1, 2] });
  const [batches, channels, , width] = image.shape;
  return rank === 4 ? image : node.add("reshape", [image], { shape: [batches!, channels!, width!] });
}

export interface WindowOptions {
  readonly kernel: [number, number];
  readonly stride: [number, number];
  readonly dilation: [number, number];
  /** Whether the output has a size of ceil(input / stride), and where the odd pixel of padding goes. */
  readonly same: "upper" | "lower" | undefined;
  /** top, left, bottom, right; 0 where `same` decides. */
  readonly padding: [number, number, number, number];
}

const isPositive = (list: readonly number[]): boolean => list.every((n) => Number.isSafeInteger(n) && n > 0);

/** A list of one number for each spatial axis, as one for rows and one for columns. */
function pair(node: Context, name: string, given: readonly number[], rank: number): [number, number] {
  const spatial = rank - 2;
  const list = node.attributes.has(name) ? given : Array<number>(spatial).fill(1);
  if (list.length !== spatial || !isPositive(list))
    throw new ModelError(`attribute ${name}: expected ${spatial} positive numbers, found ${list}`);
  return spatial === 1 ? [1, list[0]!] : [list[0]!, list[1]!];
}

function readPads(node: Context, rank: number): [number, number, number, number] {
  const spatial = rank - 2;
  const pads = node.attributes.ints("pads");
  const list = node.attributes.has("pads") ? pads : Array<number>(2 * spatial).fill(0);
  if (list.length !== 2 * spatial || !list.every((n) => Number.isSafeInteger(n) && n >= 0))
    throw new ModelError(`attribute pads: expected ${2 * spatial} numbers from 0 on, found ${list}`);
  return spatial === 1 ? [0, list[0]!, 0, list[1]!] : (list as [number, number, number, number]);
}

/** The attributes that convolutions and poolings share. `weights` gives the window where the file does not. */
export function readWindow(node: Context, input: Tensor, weights?: Shape): WindowOptions {
  const rank = input.shape.length;
  spatialSizes(input);
  const given = node.attributes.ints("kernel_shape");
  if (weights && given.length > 0 && given.join() !== weights.slice(2).join())
    throw new ModelError(`attribute kernel_shape: expected ${weights.slice(2)}, found ${given}`);
  const sizes = weights ? weights.slice(2) : given;
  if (sizes.length !== rank - 2 || !isPositive(sizes))
    throw new ModelError(`expected a window of ${rank - 2} positive sizes, found ${sizes}`);
  const automatic = node.attributes.string("auto_pad", "NOTSET");
  if (!["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].includes(automatic))
    throw new ModelError(`auto_pad ${automatic}: expected NOTSET, VALID, SAME_UPPER or SAME_LOWER`);
  const pads = readPads(node, rank);
  return {
    kernel: rank === 3 ? [1, sizes[0]!] : [sizes[0]!, sizes[1]!],
    stride: pair(node, "strides", node.attributes.ints("strides"), rank),
    dilation: pair(node, "dilations", node.attributes.ints("dilations"), rank),
    same: automatic === "SAME_UPPER" ? "upper" : automatic === "SAME_LOWER" ? "lower" : undefined,
    padding: automatic === "NOTSET" ? pads : [0, 0, 0, 0],
  };
}

/** Padding of a window that moves over an image of these sizes. */
export function windowPadding(
  { kernel, stride, dilation, same, padding }: WindowOptions,
  sizes: readonly [number, number],
): [number, number, number, number] {
  if (!same) return padding;
  const ends = sizes.map((size, i) => samePadding(size, kernel[i]!, stride[i]!, dilation[i]!));
  const [[top, bottom], [left, right]] = (
    same === "upper" ? ends : ends.map(([before, after]) => [after, before])
  ) as [[number, number], [number, number]];
  return [top, left, bottom, right];
}
