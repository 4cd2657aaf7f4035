import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
import { placesOf } from "../../importer.ts";
import type { Context, Value } from "../builder.ts";
import type { Constant } from "../constant.ts";
import { dense, transpose } from "./dense.ts";
import { reshaped } from "./shaping.ts";

/**
 * Rows of a constant table by computed numbers, as a sum that one row alone counts in. Numbers are from 0 on: others
 * give zeros, where ONNX counts negative ones from the end.
 */
export function embedding(node: Context, table: Constant, ids: Tensor): Value {
  const [rows, ...rest] = table.shape;
  if (node.integerType(1) === undefined)
    throw new ModelError(`input ${ids.name}: expected integers, found numbers that are computed`);
  const width = elements(rest);
  const { low, high, attributes } = placesOf(rows ?? 0);
  const single = reshaped(node, ids, [...ids.shape, 1]) as Tensor;
  const ends = [
    node.addConstant(node.nameOf("low"), [low.length], low),
    node.addConstant(node.nameOf("high"), [high.length], high),
  ];
  const places = node.add("intervals", [single, ...ends], attributes);
  const weights = { name: table.name, values: transpose(table.numbers, low.length, width) };
  return reshaped(node, dense(node, places, width, weights), [...ids.shape, ...rest]);
}
