import {
  allocate,
  elements,
  ModelError,
  perTensor,
  type Shape,
  type Tensor,
  type TensorData,
} from "../ir/graph.ts";
import { clampTo, typeRange } from "./activation.ts";
import { broadcastShape, broadcastStrides, type Loops, mergeLoops } from "./broadcast.ts";
import {
  kernelMultiplier,
  type Multiplier,
  requantize,
  requantizeWide,
  wideMultiplier,
} from "./fixed_point.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { elementBytes } from "./rows.ts";

interface ProductAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

type Node = Pick<Bound<ProductAttributes>, "name" | "attributes" | "inputs">;

/** Axes in front of the matrices that remain after neighbours have merged. */
const BATCH_LOOPS = 2;

/** A matrix of a batch: its sizes as it is multiplied, and its element strides. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

function matrixOf({ shape }: Tensor, transposed: boolean): Matrix {
  const [height, width] = shape.slice(-2) as [number, number];
  return transposed
    ? { rows: width, columns: height, rowStride: 1, columnStride: width }
    : { rows: height, columns: width, rowStride: width, columnStride: 1 };
}

interface Product {
  readonly batch: Shape;
  readonly a: Matrix;
  readonly b: Matrix;
  /** Loops over the batch with element strides of both operands. */
  readonly loops: Loops | undefined;
}

function productOf({ name, attributes, inputs }: Node): Product {
  const [left, right] = inputs as [Tensor, Tensor];
  const [a, b] = [matrixOf(left, attributes.transposeA), matrixOf(right, attributes.transposeB)];
  const batch = broadcastShape(name, left.shape.slice(0, -2), right.shape.slice(0, -2));
  const strides = [left, right].map(({ shape }) => {
    const matrix = elements(shape.slice(-2));
    return broadcastStrides(shape.slice(0, -2), batch).map((stride) => stride * matrix);
  });
  return { batch, a, b, loops: mergeLoops(batch, strides, BATCH_LOOPS) };
}

type Rescale = (sum: number) => number;

/** TensorFlow Lite Micro: sums of int8 are rounded twice, those of int16 have 64 bits and are rounded once. */
function factorOf(a: Tensor, b: Tensor, output: Tensor): Multiplier {
  const real = (perTensor(a).scale * perTensor(b).scale) / perTensor(output).scale;
  return output.dtype === "int16" ? wideMultiplier(real) : kernelMultiplier(real);
}

function rescaler(a: Tensor, b: Tensor, output: Tensor): Rescale {
  if (output.dtype === "float32") return (sum) => sum;
  const factor = factorOf(a, b, output);
  const range = typeRange(output);
  const { zeroPoint } = perTensor(output);
  const rescale = output.dtype === "int16" ? requantizeWide : requantize;
  return (sum) => clampTo(rescale(sum, factor) + zeroPoint, range);
}

function evaluate(node: Bound<ProductAttributes>, values: readonly (TensorData | undefined)[]): TensorData {
  const [left, right] = node.inputs as [Tensor, Tensor];
  const output = node.outputs[0]!;
  const { a, b, loops } = productOf(node);
  const zeroPoint = (tensor: Tensor): number =>
    tensor.dtype === "float32" ? 0 : perTensor(tensor).zeroPoint;
  const x = Float64Array.from(values[0]!, (value) => value - zeroPoint(left));
  const y = Float64Array.from(values[1]!, (value) => value - zeroPoint(right));
  const rescale = rescaler(left, right, output);
  const result = allocate(output.dtype, elements(output.shape));
  const { sizes, strides } = loops!;
  let next = 0;
  for (let batch = 0; batch < sizes[0]! * sizes[1]!; batch++) {
    const [i, j] = [Math.floor(batch / sizes[1]!), batch % sizes[1]!];
    const [atA, atB] = strides.map((stride) => i * stride[0]! + j * stride[1]!) as [number, number];
    for (let row = 0; row < a.rows; row++) {
      for (let column = 0; column < b.columns; column++) {
        let sum = 0;
        for (let k = 0; k < a.columns; k++)
          sum +=
            x[atA + row * a.rowStride + k * a.columnStride]! *
            y[atB + k * b.rowStride + column * b.columnStride]!;
        result[next++] = rescale(sum);
      }
    }
  }
  return result;
}

/** Inputs: a [..., rows, depth], b [..., depth, columns], either transposed; axes in front broadcast. Output: a b. */
export const batchMatmul = defineOperator({
  name: "batch_matmul",
  summary: "products of computed matrices, either transposed, with broadcasting: attention",
  arity: [2, 2],
  attributes: { transposeA: "boolean", transposeB: "boolean" },
  quantization: { output: { kind: "range" } },
  types: ["int8", "int16"],

  infer(node) {
    const [left, right] = node.inputs as [Tensor, Tensor];
    if (left.shape.length < 2 || right.shape.length < 2)
      throw new ModelError(
        `node ${node.name}: expected matrices, found [${left.shape}] and [${right.shape}]`,
      );
    const { batch, a, b, loops } = productOf(node);
    if (a.columns !== b.rows)
      throw new ModelError(
        `node ${node.name}: expected a second matrix of ${a.columns} rows, found ${b.rows} in [${right.shape}]`,
      );
    if (!loops)
      throw new ModelError(
        `node ${node.name}: expected at most ${BATCH_LOOPS} alternating axes in front, found [${left.shape}] with [${right.shape}]`,
      );
    return [[...batch, a.rows, b.columns]];
  },

  evaluate: (node, values) => [evaluate(node, values)],

  lower(node, to) {
    const [left, right] = node.inputs as [Tensor, Tensor];
    const output = node.outputs[0]!;
    const { a, b, loops } = productOf(node);
    const bytes = elementBytes(output);
    const { sizes, strides } = loops!;
    const [strideA, strideB] = strides as [readonly number[], readonly number[]];
    to.call(`batch_matmul_s${8 * bytes}`, {
      a: left,
      b: right,
      output,
      batch0: sizes[0]!,
      batch1: sizes[1]!,
      aBatchStride0: bytes * strideA[0]!,
      aBatchStride1: bytes * strideA[1]!,
      bBatchStride0: bytes * strideB[0]!,
      bBatchStride1: bytes * strideB[1]!,
      rows: a.rows,
      depth: a.columns,
      columns: b.columns,
      aRowStride: bytes * a.rowStride,
      aDepthStride: bytes * a.columnStride,
      bDepthStride: bytes * b.rowStride,
      bColumnStride: bytes * b.columnStride,
      ...factorOf(left, right, output),
      aZeroPoint: perTensor(left).zeroPoint,
      bZeroPoint: perTensor(right).zeroPoint,
      outputZeroPoint: perTensor(output).zeroPoint,
    });
  },

  macs: (node) => elements(node.outputs[0]!.shape) * productOf(node).a.columns,
});
