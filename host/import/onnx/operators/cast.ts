import { ModelError } from "../../../ir/graph.ts";
import { isConstantValue, type Translation } from "../builder.ts";
import { type Constant, isFloat, typeName } from "../constant.ts";

function castConstant(constant: Constant, to: string): Constant {
  const isInteger = to === "INT64" || to === "INT32";
  if (constant.type === "STRING" || !(isFloat(to) || isInteger)) {
    throw new ModelError(`constant ${constant.name}: cast from ${constant.type} to ${to} is not supported`);
  }
  return { ...constant, type: to, numbers: isInteger ? constant.numbers.map(Math.trunc) : constant.numbers };
}

/** Between float types nothing is to be done: all computed tensors are float32 here. */
export const cast: Translation = {
  type: "ai.onnx.Cast",
  translate(node) {
    const to = typeName(node.attributes.int("to"));
    node.attributes.ignore("saturate", "round_mode");
    const value = node.value(0);
    if (isConstantValue(value)) return [castConstant(value, to)];
    if (!isFloat(to)) throw new ModelError(`cast to ${to}: expected FLOAT or DOUBLE`);
    return [value];
  },
};
