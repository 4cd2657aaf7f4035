import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";
import { dense } from "./dense.ts";
import { addIntervals, column } from "./intervals.ts";

const NUMBERS = ["int64s", "floats"] as const;

function numbers(node: Context, role: "keys" | "values"): readonly number[] {
  const [ints, floats] = NUMBERS.map((type) => `${role}_${type}`) as [string, string];
  const texts = role === "keys" ? node.attributes.strings("keys_strings") : [];
  if (texts.length > 0) return node.categoryNumbers(texts);
  const list = [...node.attributes.ints(ints), ...node.attributes.floats(floats)];
  if (list.length === 0) throw new ModelError(`expected ${ints} or ${floats}: other types are not supported`);
  return list;
}

/** A number for each key: what a key's number is above the default, where the input is that key. */
export const labelEncoder: Translation = {
  type: "ai.onnx.ml.LabelEncoder",
  summary: "of labels at an output, of integers and strings",
  translate(node) {
    const [keys, values] = [numbers(node, "keys"), numbers(node, "values")];
    if (keys.length !== values.length)
      throw new ModelError(`expected as many values as keys, found ${values.length} and ${keys.length}`);
    const isFloat = node.attributes.has("values_floats");
    const instead = isFloat
      ? node.attributes.float("default_float", 0)
      : node.attributes.int("default_int64", -1);
    node.attributes.ignore("default_float", "default_int64", "default_string");
    const input = column(node, 0);
    const list = keys.map((key) => ({ feature: 0, low: Math.fround(key), high: Math.fround(key) }));
    const found = addIntervals(node, input, list, { openLow: false, openHigh: false });
    const weights = { name: node.nameOf("values"), values: values.map((value) => value - instead) };
    return [dense(node, found, 1, weights, { name: node.nameOf("default"), values: [instead] })];
  },
};
