import { ModelError } from "../../../../ir/graph.ts";
import { isConstantValue, type Translation } from "../builder.ts";
import { type Constant, isFloat, typeName } from "../constant.ts";
import { stored } from "../fold.ts";
import { keepsValues } from "../integers.ts";

const TYPES = new Set(
  "FLOAT DOUBLE FLOAT16 BFLOAT16 INT64 INT32 INT16 INT8 UINT64 UINT32 UINT16 UINT8 BOOL".split(" "),
);

function castConstant(constant: Constant, to: string): Constant {
  if (constant.type === "STRING" || !TYPES.has(to))
    throw new ModelError(`constant ${constant.name}: cast from ${constant.type} to ${to} is not supported`);
  const { quantization: _, ...rest } = constant;
  return { ...rest, type: to, numbers: constant.numbers.map((x) => stored(to, x)) };
}

/** Where values stay what they are nothing is to be done: all computed tensors are float32 here. */
export const cast: Translation = {
  type: "ai.onnx.Cast",
  summary: "of constants, between float types, and of integers to types that hold them",
  translate(node) {
    const to = typeName(node.attributes.int("to"));
    node.attributes.ignore("saturate", "round_mode");
    const value = node.value(0);
    if (isConstantValue(value)) return [castConstant(value, to)];
    const from = node.integerType(0);
    if (!(isFloat(to) || (from !== undefined && keepsValues(from, to))))
      throw new ModelError(
        from === undefined
          ? `cast to ${to}: expected FLOAT or DOUBLE`
          : `cast from ${from} to ${to}: expected a type that holds the same numbers`,
      );
    if (value.dtype !== "float32") throw new ModelError(`cast from ${value.dtype}: expected FLOAT or DOUBLE`);
    if (!isFloat(to)) node.setIntegerType(0, to);
    return [value];
  },
};
