/**
 * Inputs of strings. A module gets the number of a string in one table of all strings that the file's encoders know, -1
 * for any other; whoever gives it rows has the table from its metadata.
 */
import { AttributeReader } from "./attributes.ts";
import type { OnnxModel } from "./model.ts";

/** Attributes with the strings that an operator tells apart. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  "ai.onnx.ml.OneHotEncoder": ["cats_strings"],
  "ai.onnx.ml.LabelEncoder": ["keys_strings"],
  "ai.onnx.ml.CategoryMapper": ["cats_strings"],
};

/** All strings that encoders tell apart, in the order of the file; none where no input is of strings. */
export function categoriesOf({ inputs, nodes }: OnnxModel): readonly string[] {
  if (inputs.every(({ type }) => type !== "STRING")) return [];
  const found = nodes.flatMap((node) => {
    const reader = new AttributeReader(node.attributes);
    return (KNOWN[node.type] ?? []).flatMap((name) => reader.strings(name));
  });
  return [...new Set(found)];
}
