import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

/** A row of the table for each stored row: one of its values, or 1 for its class. */
function tableOf(node: Context, classes: readonly number[], column: number | undefined) {
  const { name, shape, numbers } = node.constant(1);
  const rows = shape.at(-1) ?? 0;
  const outputs = shape.length === 2 ? shape[0]! : 1;
  if (shape.length < 1 || shape.length > 2 || rows === 0 || (column ?? 0) >= outputs)
    throw new ModelError(`input ${name}: expected a value of each row, found [${shape}]`);
  const at = (row: number, output: number): number => numbers[output * rows + row]!;
  const width = classes.length || outputs;
  const table = Float64Array.from({ length: rows * width }, (_, i) => {
    const [row, output] = [Math.floor(i / width), i % width];
    if (classes.length === 0) return at(row, output);
    return at(row, column ?? 0) === classes[output] ? 1 : 0;
  });
  return { table, rows, width };
}

/** Distances [1, rows] and what belongs to each row: shares of classes, or means. See patterns/neighbours.ts. */
export const neighbours: Translation = {
  type: "thimble.Neighbours",
  translate(node) {
    const { attributes } = node;
    const [count = 0] = attributes.ints("count");
    const [column] = attributes.ints("column");
    const classes = attributes.ints("classes");
    const { table, rows, width } = tableOf(node, classes, column);
    const inputs = [node.tensor(0), node.addConstant(node.nameOf("table"), [rows, width], table)];
    const mean = node.add("neighbours", inputs, { count });
    if (classes.length > 0) node.markDistribution(mean);
    return [column === undefined ? mean : node.add("reshape", [mean], { shape: [1, width, 1] })];
  },
};
