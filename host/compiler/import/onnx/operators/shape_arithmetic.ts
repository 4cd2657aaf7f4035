import { elements, ModelError } from "../../../../ir/graph.ts";
import { broadcastIndices, broadcastShape } from "../../../../ops/broadcast.ts";
import { isConstantValue, type Translation } from "../builder.ts";
import { makeConstant, pickElements } from "../fold.ts";

/** Sizes and what exporters compute of them: all constants, as every shape is known at import. */

const shape: Translation = {
  type: "ai.onnx.Shape",
  summary: "a constant",
  translate(node) {
    const sizes = node.value(0).shape;
    const [start, end] = [node.attributes.int("start", 0), node.attributes.int("end", sizes.length)];
    const part = sizes.slice(start, end);
    return [makeConstant(node.outputName(0), "INT64", [part.length], part)];
  },
};

const size: Translation = {
  type: "ai.onnx.Size",
  summary: "a constant",
  translate: (node) => [makeConstant(node.outputName(0), "INT64", [], [elements(node.value(0).shape)])],
};

/** The one number of a constant input. */
const scalar = (numbers: Float64Array): number => {
  if (numbers.length !== 1) throw new ModelError(`expected a single number, found ${numbers.length}`);
  return numbers[0]!;
};

const range: Translation = {
  type: "ai.onnx.Range",
  summary: "of constants",
  translate(node) {
    const [start, limit, delta] = [0, 1, 2].map((i) => scalar(node.constant(i).numbers)) as [
      number,
      number,
      number,
    ];
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    const sizes = [count];
    const values = function* (): Generator<number> {
      for (let i = 0; i < count; i++) yield start + i * delta;
    };
    if (!Number.isFinite(count)) throw new ModelError(`range ${start} to ${limit} by ${delta} never ends`);
    return [makeConstant(node.outputName(0), node.constant(0).type, sizes, values())];
  },
};

const constantOfShape: Translation = {
  type: "ai.onnx.ConstantOfShape",
  summary: "a constant",
  translate(node) {
    const value = node.attributes.tensor("value");
    const fill = value ? scalar(value.numbers) : 0;
    const sizes = node.integers(0);
    const numbers = {
      *[Symbol.iterator]() {
        for (let i = elements(sizes); i > 0; i--) yield fill;
      },
    };
    return [makeConstant(node.outputName(0), value?.type ?? "FLOAT", sizes, numbers)];
  },
};

/** For a computed tensor it is a sum with zeros, which broadcast it. */
const expand: Translation = {
  type: "ai.onnx.Expand",
  summary: "to a constant shape",
  translate(node) {
    const value = node.value(0);
    const sizes = broadcastShape(node.outputName(0), value.shape, node.integers(1));
    if (sizes.join() === value.shape.join()) return [value];
    if (isConstantValue(value))
      return [pickElements(node.outputName(0), value, sizes, [...broadcastIndices(value.shape, sizes)])];
    const missing = sizes.map((n, axis) =>
      n === value.shape[axis - sizes.length + value.shape.length] ? 1 : n,
    );
    const zeros = node.addConstant(node.nameOf("zeros"), missing, new Float64Array(elements(missing)));
    return [node.add("add", [value, zeros], { activation: "none" })];
  },
};

export const shapeArithmetic: readonly Translation[] = [constantOfShape, expand, range, shape, size];
