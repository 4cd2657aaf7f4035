import { elements, ModelError, type Shape } from "../../../ir/graph.ts";
import { roundToBfloat, roundToHalf } from "../../../ir/half.ts";
import { broadcastIndices, broadcastShape } from "../../../ops/broadcast.ts";
import { checkRank, MAX_ELEMENTS } from "../importer.ts";
import type { Constant } from "./constant.ts";

/** Arithmetic of shapes and other constants, which is done at import. */

function checkSize(shape: Shape): void {
  checkRank(shape);
  if (!(elements(shape) <= MAX_ELEMENTS))
    throw new ModelError(`expected a constant of at most ${MAX_ELEMENTS} elements, found [${shape}]`);
}

/** A number as a tensor of that type holds it. */
export function stored(type: string, value: number): number {
  if (type === "FLOAT") return Math.fround(value);
  if (type === "FLOAT16") return roundToHalf(value);
  if (type === "BFLOAT16") return roundToBfloat(value);
  if (type === "BOOL") return value === 0 ? 0 : 1;
  return type === "DOUBLE" ? value : Math.trunc(value);
}

/** A constant of one node's own making. */
export function makeConstant(name: string, type: string, shape: Shape, numbers: Iterable<number>): Constant {
  checkSize(shape);
  return { name, type, shape, numbers: Float64Array.from(numbers), strings: [] };
}

/** Applies `f` to constants of numbers element by element, broadcast by the rules of NumPy. */
export function foldElementwise(
  name: string,
  type: string,
  constants: readonly Constant[],
  f: (...values: number[]) => number,
): Constant {
  const text = constants.find((constant) => constant.type === "STRING");
  if (text) throw new ModelError(`constant ${text.name}: expected numbers, found STRING`);
  const shape = constants.map((constant) => constant.shape).reduce((a, b) => broadcastShape(name, a, b));
  checkSize(shape);
  const columns = constants.map((constant) =>
    Array.from(broadcastIndices(constant.shape, shape), (i) => constant.numbers[i]!),
  );
  const values = Array.from({ length: elements(shape) }, (_, i) =>
    stored(type, f(...columns.map((column) => column[i]!))),
  );
  return makeConstant(name, type, shape, values);
}

/** The elements of a constant, of whatever type, that lie at `indices`. */
export function pickElements(
  name: string,
  constant: Constant,
  shape: Shape,
  indices: readonly number[],
): Constant {
  checkSize(shape);
  const isText = constant.type === "STRING";
  return {
    name,
    type: constant.type,
    shape,
    numbers: Float64Array.from(isText ? [] : indices, (i) => constant.numbers[i]!),
    strings: isText ? indices.map((i) => constant.strings[i]!) : [],
  };
}
