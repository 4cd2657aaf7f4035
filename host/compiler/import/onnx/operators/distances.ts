import { ModelError } from "../../../../ir/graph.ts";
import type { Context, Translation } from "../builder.ts";

/** x and centres [clusters, features]: see patterns/clusters.ts. */
function distances(node: Context, root: boolean) {
  const { name, shape, numbers } = node.floats(1);
  const [count, features] = shape;
  if (shape.length !== 2 || !count || !features)
    throw new ModelError(`input ${name}: expected a matrix, found [${shape}]`);
  const centres = node.addConstant(name, [count, features], numbers);
  const ones = node.addConstant(
    node.nameOf("weights"),
    [count, features],
    new Float64Array(count * features).fill(1),
  );
  const zeros = node.addConstant(node.nameOf("constants"), [count], new Float64Array(count));
  return node.add("quadratic", [node.tensor(0), centres, ones, zeros], { root });
}

export const rootedDistances: Translation = {
  type: "thimble.Distances",
  translate: (node) => [distances(node, true)],
};

export const squaredDistances: Translation = {
  type: "thimble.SquaredDistances",
  translate: (node) => [distances(node, false)],
};
