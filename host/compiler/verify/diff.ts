/** Where two computations of one model part: tensor by tensor, over all rows. */
import { elements, type Shape, type Tensor, type TensorData } from "../../ir/graph.ts";
import { borderOf } from "../../ops/border.ts";
import { decibels } from "../quantize/measure.ts";

/** The facts of a tensor that count when values are compared. */
export type TensorType = Pick<Tensor, "name" | "dtype" | "shape" | "quantization">;

/** One value that is not the same on both sides. */
export interface Place {
  /** From 1, as `--row` counts. */
  readonly row: number;
  readonly position: readonly number[];
  readonly a: number;
  readonly b: number;
}

export interface TensorDifference {
  readonly tensor: string;
  readonly layer: string;
  readonly shape: Shape;
  readonly types: readonly [a: string, b: string];
  /** Whether values are the integers themselves; else they are real values. */
  readonly integers: boolean;
  /** How many values have been compared, and how many of them differ. */
  readonly values: number;
  readonly differing: number;
  readonly maxDifference: number;
  /** Signal of A to the difference, in decibels; 160 where there is none. */
  readonly sqnr: number;
  readonly first: readonly Place[];
  /** Below the tolerance, but what reads it is not: a quantiser that scales channels leaves such tensors. */
  readonly undone?: true;
  /** Where the shapes differ, so that nothing can be compared. */
  readonly otherShape?: Shape;
}

const SHOWN = 5;

const sameScale = (a: TensorType, b: TensorType): boolean =>
  a.dtype === b.dtype && JSON.stringify(a.quantization) === JSON.stringify(b.quantization);

/** Values of a tensor as real ones; those of a float tensor and of an index are that already. */
function realOf(type: TensorType): (value: number) => number {
  if (!type.quantization) return (value) => value;
  const { scale, zeroPoint } = borderOf(type);
  return (value) => (value - zeroPoint) * scale;
}

function positionOf(index: number, shape: Shape): number[] {
  let rest = index;
  return shape
    .toReversed()
    .map((size) => {
      const at = rest % size;
      rest = Math.floor(rest / size);
      return at;
    })
    .toReversed();
}

/** Sums up what one tensor is on both sides, row by row. Two values that are no numbers are the same. */
export function differenceMeter(layer: string, a: TensorType, b: TensorType) {
  const integers = a.dtype !== "float32" && sameScale(a, b);
  const isSame = JSON.stringify(a.shape) === JSON.stringify(b.shape);
  const [realA, realB] = [realOf(a), realOf(b)];
  const first: Place[] = [];
  let [differing, maxDifference, signal, noise, values] = [0, 0, 0, 0, 0];

  const addValue = (row: number, index: number, p: number, q: number): void => {
    const [x, y] = [realA(p), realB(q)];
    if (Number.isFinite(x)) signal += x * x;
    const [shownA, shownB] = integers ? [p, q] : [x, y];
    if (Object.is(shownA + 0, shownB + 0)) return;
    differing++;
    noise += (x - y) ** 2;
    maxDifference = Math.max(maxDifference, Math.abs(shownA - shownB));
    if (first.length < SHOWN) first.push({ row, position: positionOf(index, a.shape), a: shownA, b: shownB });
  };
  return {
    /** Adds the tensor's values in one row. */
    add(row: number, dataA: TensorData, dataB: TensorData): void {
      if (!isSame) return;
      values += dataA.length;
      dataA.forEach((value, i) => {
        addValue(row, i, value, dataB[i]!);
      });
    },
    result: (): TensorDifference => ({
      tensor: a.name,
      layer,
      shape: a.shape,
      types: [a.dtype, b.dtype],
      integers,
      values,
      differing: isSame ? differing : elements(a.shape),
      maxDifference,
      sqnr: isSame ? decibels(signal, noise) : 0,
      first,
      ...(!isSame && { otherShape: b.shape }),
    }),
  };
}

/** Whether a tensor parts: by a single value, or, where a tolerance is given, by more noise than it allows. */
const parts = ({ differing, sqnr, otherShape }: TensorDifference, tolerance: number | undefined): boolean =>
  tolerance === undefined || otherShape ? differing > 0 : !(sqnr >= tolerance);

/**
 * Marks tensors that are below the tolerance while all that is computed from them is not. `readersOf` gives the
 * tensors of layers that read one; of an output there are none, and nothing undoes it.
 */
export function markUndone(
  list: readonly TensorDifference[],
  tolerance: number,
  readersOf: (tensor: string) => readonly string[],
): TensorDifference[] {
  const isFine = new Set(list.filter((each) => !parts(each, tolerance)).map(({ tensor }) => tensor));
  return list.map((each) => {
    const readers = readersOf(each.tensor);
    const undone =
      !isFine.has(each.tensor) && readers.length > 0 && readers.every((name) => isFine.has(name));
    return undone ? { ...each, undone } : each;
  });
}

/** The first that parts and is not undone. */
export const firstParting = (
  list: readonly TensorDifference[],
  tolerance: number | undefined,
): TensorDifference | undefined => list.find((each) => !each.undone && parts(each, tolerance));
