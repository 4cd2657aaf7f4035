import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import { POSITION_UNIT } from "../../../../ops/resize_bilinear.ts";
import type { Context, Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";
import { channelsFirst, channelsLast, spatialSizes } from "./image.ts";

/** Where in the input the centre of output pixel `i` lies, by ONNX's names of coordinate_transformation_mode. */
type Transform = (i: number, scale: number, input: number, output: number) => number;

const halfPixel: Transform = (i, scale) => (i + 0.5) / scale - 0.5;

const TRANSFORMS: Readonly<Record<string, Transform>> = {
  half_pixel: halfPixel,
  half_pixel_symmetric(i, scale, input, output) {
    const offset = (input / 2) * (1 - output / (scale * input));
    return offset + halfPixel(i, scale, input, output);
  },
  pytorch_half_pixel: (i, scale, input, output) => (output > 1 ? halfPixel(i, scale, input, output) : 0),
  align_corners: (i, _, input, output) => (output > 1 ? (i * (input - 1)) / (output - 1) : 0),
  asymmetric: (i, scale) => i / scale,
  tf_half_pixel_for_nn: (i, scale) => (i + 0.5) / scale,
};

const ROUNDINGS: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function choose<T>(table: Readonly<Record<string, T>>, name: string, attribute: string): T {
  const found = Object.hasOwn(table, name) ? table[name] : undefined;
  if (found === undefined)
    throw new ModelError(`${attribute} ${name}: expected ${Object.keys(table).join(", ")}`);
  return found;
}

interface Axis {
  readonly size: number;
  readonly scale: number;
}

/** Rounding errors of a size that a scale of float32 gives. */
const SLIGHT = 1e-4;

const isUsable = ({ size, scale }: Axis): boolean => size >= 1 && size <= 2 ** 15 && scale > 0;

/** The new size of every axis, from a list of scales or of sizes for `axes`. */
function newAxes(node: Context, input: Tensor, scales: readonly number[], sizes: readonly number[]): Axis[] {
  const { shape } = input;
  const given = node.attributes.ints("axes");
  const axes = (given.length > 0 ? given : shape.map((_, i) => i)).map((axis) =>
    axisWithin(axis, shape.length),
  );
  const list = scales.length > 0 ? scales : sizes;
  if (list.length !== axes.length)
    throw new ModelError(`expected scales or sizes of ${axes.length} axes, found ${list.length}`);
  const policy = node.attributes.string("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") throw new ModelError(`keep_aspect_ratio_policy ${policy}: expected stretch`);
  const result = shape.map((size): Axis => ({ size, scale: 1 }));
  axes.forEach((axis, i) => {
    const size = scales.length > 0 ? Math.floor(shape[axis]! * scales[i]!) : sizes[i]!;
    result[axis] = { size, scale: scales.length > 0 ? scales[i]! : size / shape[axis]! };
  });
  if (!result.every(isUsable))
    throw new ModelError(`expected sizes from 1 to 32768, found ${result.map(({ size }) => size)}`);
  return result;
}

/** Rounding errors of the scale would take a position that is exactly between two pixels to the other one. */
const settled = (x: number): number => Math.round(x * 2 ** 20) / 2 ** 20;

function sources(
  input: number,
  { size, scale }: Axis,
  transform: Transform,
  round: (x: number) => number,
): number[] {
  return Array.from({ length: size }, (_, i) => {
    const position = settled(transform(i, scale, input, size));
    return Math.min(Math.max(round(position), 0), input - 1);
  });
}

/** Places between the first and the last pixel, in the operator's unit. */
const places = (input: number, { size, scale }: Axis, transform: Transform): number[] =>
  Array.from({ length: size }, (_, i) => {
    const position = Math.min(Math.max(transform(i, scale, input, size), 0), input - 1);
    return Math.round(position * POSITION_UNIT);
  });

/** The rules by which rows and columns of an image of another size are made. */
interface Rules {
  /** Name of coordinate_transformation_mode. */
  readonly coordinates: string;
  /** Name of nearest_mode; none where pixels are interpolated. */
  readonly rounding: string | undefined;
}

function resized(
  node: Context,
  input: Tensor,
  axes: readonly Axis[],
  { coordinates, rounding }: Rules,
): Tensor {
  const transform = choose(TRANSFORMS, coordinates, "coordinate_transformation_mode");
  const round = rounding === undefined ? undefined : choose(ROUNDINGS, rounding, "nearest_mode");
  const [height, width] = spatialSizes(input);
  if (axes.slice(0, 2).some(({ size }, i) => size !== input.shape[i]))
    throw new ModelError("expected a change of the image's rows and columns only");
  const [y, x] = axes.length === 3 ? [{ size: 1, scale: 1 }, axes[2]!] : [axes[2]!, axes[3]!];
  const along = (size: number, axis: Axis): number[] =>
    round ? sources(size, axis, transform, round) : places(size, axis, transform);
  const image = node.add(round ? "resize_nearest" : "resize_bilinear", [channelsLast(node, input)], {
    rows: along(height, y),
    columns: along(width, x),
  });
  return channelsFirst(node, image, input.shape.length);
}

/** Whether pixels are interpolated. */
function isLinear(node: Context): boolean {
  const mode = node.attributes.string("mode", "nearest");
  if (mode !== "nearest" && mode !== "linear")
    throw new ModelError(`mode ${mode}: expected nearest or linear`);
  return mode === "linear";
}

export const resize: Translation = {
  type: "ai.onnx.Resize",
  summary: "nearest and linear, of rows and columns, all coordinate modes but tf_crop_and_resize",
  translate(node) {
    const linear = isLinear(node);
    const { attributes } = node;
    if (linear && attributes.int("antialias", 0) !== 0)
      throw new ModelError("antialias = 1 is not supported");
    // They concern other modes.
    attributes.ignore("antialias", "cubic_coeff_a", "exclude_outside", "extrapolation_value");
    const isOld = node.opset < 11;
    const input = node.tensor(0);
    const scaleInput = isOld ? 1 : 2;
    const scales = node.has(scaleInput) ? [...node.floats(scaleInput).numbers] : [];
    const sizes = node.has(3) ? node.integers(3) : [];
    const axes = newAxes(node, input, scales, sizes);
    const coordinates = attributes.string(
      "coordinate_transformation_mode",
      isOld ? "asymmetric" : "half_pixel",
    );
    const isWhole = axes.every(({ size, scale }, i) => Math.abs(size - scale * input.shape[i]!) < SLIGHT);
    if (linear && coordinates === "align_corners" && !isWhole)
      throw new ModelError(
        "align_corners by scales: expected whole sizes, as the standard and ONNX Runtime differ for others",
      );
    const nearest = attributes.string("nearest_mode", isOld ? "floor" : "round_prefer_floor");
    return [resized(node, input, axes, { coordinates, rounding: linear ? undefined : nearest })];
  },
};

/** The name of Resize before version 10. */
export const upsample: Translation = {
  type: "ai.onnx.Upsample",
  summary: "nearest and linear, of rows and columns",
  translate(node) {
    const rounding = isLinear(node) ? undefined : "floor";
    const input = node.tensor(0);
    const axes = newAxes(node, input, [...node.floats(1).numbers], []);
    return [resized(node, input, axes, { coordinates: "asymmetric", rounding })];
  },
};
