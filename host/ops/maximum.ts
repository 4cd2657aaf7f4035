import { elementwiseArguments, evaluateElementwise, inferElementwise } from "./elementwise.ts";
import { type Bound, defineOperator } from "./operator.ts";

/** The element-wise helpers know operators with a fused activation; these two have none. */
const plain = <T extends Pick<Bound<unknown>, "attributes">>(node: T) => ({
  ...node,
  attributes: { activation: "none" as const },
});

/** All tensors share one quantisation, as TensorFlow Lite Micro requires: values are compared as they are. */
function extremum(name: "maximum" | "minimum", choose: (a: number, b: number) => number, summary: string) {
  return defineOperator({
    name,
    summary,
    arity: [2, 2],
    attributes: {},
    quantization: { output: { kind: "same" } },
    elementwise: "binary",
    infer: (node) => inferElementwise(plain(node)),
    evaluate: (node, values) => [evaluateElementwise(plain(node), values, choose)],
    lower(node, to) {
      const { activationMin: _, activationMax: __, ...operands } = elementwiseArguments(plain(node), to);
      // min(a, b) is ~max(~a, ~b): one kernel for both.
      to.call("maximum_s8", { ...operands, flip: name === "maximum" ? 0 : -1 });
    },
  });
}

export const maximum = extremum("maximum", Math.max, "the greater of two values, with broadcasting");
export const minimum = extremum("minimum", Math.min, "the smaller of two values, with broadcasting");
