import { elements, ModelError, type Shape } from "../../../../ir/graph.ts";
import { type Context, isConstantValue, type Value } from "../builder.ts";

/** Elements under another shape, which costs nothing where the shape stays. */
export function reshaped(node: Context, value: Value, shape: Shape): Value {
  if (shape.join() === value.shape.join()) return value;
  if (elements(shape) !== elements(value.shape)) {
    throw new ModelError(`[${value.shape}] does not reshape to [${shape}]`);
  }
  if (isConstantValue(value)) return { ...value, shape };
  return node.add("reshape", [value], { shape });
}
