import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";

/**
 * x, means and variances [1, classes, features], logarithms of priors and of the densities' factors [1, classes]:
 * see patterns/gaussian.ts. A softmax follows, for which the greatest of the logarithms may be taken off.
 */
export const gaussian: Translation = {
  type: "thimble.Gaussian",
  translate(node) {
    const [means, variances, priors, factors] = [1, 2, 3, 4].map((i) => node.floats(i)) as [
      ReturnType<typeof node.floats>,
      ReturnType<typeof node.floats>,
      ReturnType<typeof node.floats>,
      ReturnType<typeof node.floats>,
    ];
    const [, classes, features] = means.shape;
    if (
      !classes ||
      !features ||
      variances.numbers.length !== classes * features ||
      priors.numbers.length !== classes ||
      factors.numbers.length !== classes
    )
      throw new ModelError(
        `expected means and variances of all classes, found [${means.shape}] and [${variances.shape}]`,
      );
    const inputs = [
      node.tensor(0),
      node.addConstant(means.name, [classes, features], means.numbers),
      node.addConstant(
        node.nameOf("weights"),
        [classes, features],
        variances.numbers.map((v) => -0.5 / v),
      ),
      node.addConstant(
        node.nameOf("constants"),
        [classes],
        priors.numbers.map((prior, i) => prior + factors.numbers[i]!),
      ),
    ];
    return [node.add("subtract_max", [node.add("quadratic", inputs, { root: false })], {})];
  },
};
