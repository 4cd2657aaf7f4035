import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

/** Products of one degree in a row, which are computed at once. */
interface Run {
  readonly degree: number;
  readonly products: readonly (readonly number[])[];
}

function readRuns(node: Context, features: number): Run[] {
  const columns = node.attributes.ints("columns");
  const runs: { degree: number; products: number[][] }[] = [];
  let next = 0;
  for (const degree of node.attributes.ints("degrees")) {
    const product = columns.slice(next, next + degree);
    next += degree;
    const wrong = product.find((column) => !(column >= 0 && column < features));
    if (wrong !== undefined) throw new ModelError(`expected columns below ${features}, found ${wrong}`);
    if (runs.at(-1)?.degree === degree) runs.at(-1)!.products.push(product);
    else runs.push({ degree, products: [product] });
  }
  return runs;
}

function compute(node: Context, input: Tensor, { degree, products }: Run, i: number): Tensor {
  if (degree === 0)
    return node.addConstant(
      node.nameOf(`ones${i}`),
      [1, products.length],
      products.map(() => 1),
    );
  const isAll = products.length === input.shape[1] && products.every(([column], at) => column === at);
  if (degree === 1 && isAll) return input;
  const factors = Array.from({ length: degree }, (_, at) =>
    node.add("select", [input], { indices: products.map((product) => product[at]!) }),
  );
  return factors.reduce((a, b) => node.add("mul", [a, b], { activation: "none" }));
}

/** x [1, features]: products of its columns; `degrees` says how many of `columns` each has. See patterns/polynomial.ts. */
export const polynomial: Translation = {
  type: "thimble.Polynomial",
  translate(node) {
    const input = node.tensor(0);
    if (input.shape.length !== 2)
      throw new ModelError(`input ${input.name}: expected [batch, features], found [${input.shape}]`);
    const runs = readRuns(node, input.shape[1]!);
    const parts = runs.map((run, i) => compute(node, input, run, i));
    return [parts.length === 1 ? parts[0]! : node.add("concatenation", parts, { axis: 1 })];
  },
};
