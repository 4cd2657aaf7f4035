/** Operators that work out the shape for a RESHAPE, which the file states too, come to nothing here. */
import type { TfliteModel, TfliteOperator } from "./schema.ts";

/** Inputs that only say what shape the output has. */
const SHAPES: Readonly<Record<string, number>> = { RESHAPE: 1, TRANSPOSE_CONV: 0 };

/** The model without the operators that no output depends on, by values. */
export function keepUsed(model: TfliteModel): TfliteModel {
  const used = new Set(model.outputs);
  const kept: TfliteOperator[] = [];
  for (const operator of model.operators.toReversed()) {
    // One without outputs is malformed, and refused where it is translated.
    if (operator.outputs.length > 0 && !operator.outputs.some((output) => used.has(output))) continue;
    kept.push(operator);
    operator.inputs.forEach((input, i) => {
      if (SHAPES[operator.type] !== i) used.add(input);
    });
  }
  return { ...model, operators: kept.reverse() };
}
