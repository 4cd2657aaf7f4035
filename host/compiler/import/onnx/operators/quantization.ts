import { elements, ModelError, type Quantization, type Shape, type Tensor } from "../../../../ir/graph.ts";
import { clamp } from "../../../../ops/fixed_point.ts";
import { type Context, isConstantValue, type Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { makeConstant } from "../fold.ts";
import { axisWithin } from "./axis.ts";

/**
 * Models that are quantised already: each tensor goes through QuantizeLinear and DequantizeLinear, and what
 * stands between two of them is computed in integers (see `useIntegers`). Activations of uint8 become int8
 * here, which is to subtract 128 from the values and the zero point. ONNX Runtime multiplies an accumulated
 * sum by a float and rounds halves to even, thimble by a fixed-point number as TensorFlow Lite does: after
 * each layer a value may be one step apart, the integers that go in being the same.
 */

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  INT8: [-128, 127],
  UINT8: [0, 255],
  INT16: [-32768, 32767],
  UINT16: [0, 65535],
  INT32: [-2147483648, 2147483647],
};

/** Types whose values can be those of an int8 tensor. */
const isNarrow = (type: string): boolean => type === "INT8" || type === "UINT8";

/** The distance of an unsigned type from its signed twin. */
const offsetOf = (type: string): number => (type === "UINT8" ? 128 : 0);

interface Parameters {
  readonly type: string;
  readonly scales: readonly number[];
  /** As in the file. */
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

/** Scale and zero point, inputs 1 and 2. The type of the integers is that of the zero point. */
function readParameters(node: Context, shape: Shape, fallbackType: string): Parameters {
  if (node.attributes.int("block_size", 0) !== 0) throw new ModelError("blocks of scales are not supported");
  node.attributes.ignore("saturate", "precision", "output_dtype");
  const scales = node.floats(1);
  const zero = node.has(2) ? node.constant(2) : undefined;
  const type = zero?.type ?? fallbackType;
  const given = node.attributes.int("axis", 1);
  const isOne = elements(scales.shape) === 1;
  const axis = isOne ? 0 : axisWithin(given, shape.length);
  if (!RANGES[type]) throw new ModelError(`integers of ${type}: expected ${Object.keys(RANGES).join(", ")}`);
  if (!isOne && scales.numbers.length !== shape[axis])
    throw new ModelError(
      `input ${scales.name}: expected 1 or ${shape[axis]} scales, found ${scales.numbers.length}`,
    );
  const zeroPoints = [...scales.numbers].map((_, i) => zero?.numbers[zero.numbers.length === 1 ? 0 : i] ?? 0);
  return { type, scales: [...scales.numbers], zeroPoints, axis };
}

/** As tensors of int8 have it. */
const asQuantization = ({ type, scales, zeroPoints, axis }: Parameters): Quantization => ({
  scales,
  zeroPoints: zeroPoints.map((zero) => zero - offsetOf(type)),
  axis,
});

/** Which scale each element of a constant has. */
function sliceOf(shape: Shape, { scales, axis }: Parameters): (i: number) => number {
  const stride = elements(shape.slice(axis + 1));
  return scales.length === 1 ? () => 0 : (i) => Math.floor(i / stride) % shape[axis]!;
}

/** ONNX divides in float32 and rounds halves to even. */
function roundHalfEven(x: number): number {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function quantizeConstant(name: string, { shape, numbers }: Constant, parameters: Parameters): Constant {
  const { type, scales, zeroPoints } = parameters;
  const [slice, [min, max]] = [sliceOf(shape, parameters), RANGES[type]!];
  const values = numbers.map((x, i) => {
    const at = slice(i);
    return clamp(roundHalfEven(Math.fround(x / scales[at]!)) + zeroPoints[at]!, min, max);
  });
  return makeConstant(name, type, shape, values);
}

export const quantizeLinear: Translation = {
  type: "ai.onnx.QuantizeLinear",
  summary: "to int8 and uint8; of constants per axis as well",
  translate(node) {
    const value = node.value(0);
    const parameters = readParameters(node, value.shape, "UINT8");
    if (isConstantValue(value)) return [quantizeConstant(node.outputName(0), value, parameters)];
    if (parameters.scales.length !== 1 || !isNarrow(parameters.type))
      throw new ModelError("expected one scale and INT8 or UINT8 for a computed tensor");
    return [node.add("quantize", [value], {}, { dtype: "int8", quantization: asQuantization(parameters) })];
  },
};

/** A constant keeps its scales, so that what computes with it can have its integers. */
function dequantizeConstant(name: string, { shape, numbers }: Constant, parameters: Parameters): Constant {
  const { type, scales, zeroPoints } = parameters;
  const slice = sliceOf(shape, parameters);
  const values = numbers.map((x, i) => (x - zeroPoints[slice(i)]!) * scales[slice(i)]!);
  const constant = makeConstant(name, "FLOAT", shape, values);
  return isNarrow(type) ? { ...constant, quantization: asQuantization(parameters) } : constant;
}

/** An input of integers: the caller says what they stand for, and they come in as they are. */
function dequantizeInput(node: Context, input: Tensor, parameters: Parameters): Tensor {
  const { type, scales, zeroPoints } = parameters;
  if (!isNarrow(type) || scales.length !== 1)
    throw new ModelError(`input ${input.name}: expected INT8 or UINT8 and one scale, found ${type}`);
  if (!node.isInputOf(0, "DequantizeLinear"))
    throw new ModelError(`input ${input.name}: expected an input that is only dequantised`);
  const features = input.shape.at(-1) ?? 1;
  const scaling = {
    offsets: Array<number>(features).fill(zeroPoints[0]!),
    factors: Array<number>(features).fill(Math.fround(scales[0]!)),
  };
  if (input.scaling && JSON.stringify(input.scaling) !== JSON.stringify(scaling))
    throw new ModelError(`input ${input.name}: expected one scale for all that read it`);
  const scaled = node.scaleInput(input, scaling);
  const quantized = { dtype: "int8", quantization: asQuantization(parameters) } as const;
  return node.add("dequantize", [node.add("quantize", [scaled], {}, quantized)], {});
}

export const dequantizeLinear: Translation = {
  type: "ai.onnx.DequantizeLinear",
  summary: "of int8 and uint8; of constants per axis and of int32 as well",
  translate(node) {
    const value = node.value(0);
    const integers = node.integerType(0);
    const fallback = isConstantValue(value) ? value.type : (integers ?? "INT8");
    const parameters = readParameters(node, value.shape, fallback);
    if (isConstantValue(value)) return [dequantizeConstant(node.outputName(0), value, parameters)];
    if (integers !== undefined) return [dequantizeInput(node, value, parameters)];
    const { quantization } = value;
    const own = asQuantization({ ...parameters, type: node.has(2) ? parameters.type : "INT8" });
    if (
      quantization?.scales.join() !== own.scales.join() ||
      quantization.zeroPoints.join() !== own.zeroPoints.join()
    )
      throw new ModelError(`input ${value.name}: expected the scale that it was quantised with`);
    return [node.add("dequantize", [value], {})];
  },
};
