import { type Limits, ModelError, type Shape } from "../../../../ir/graph.ts";
import type { Options } from "../options.ts";

/** Types of whole numbers, and what they are within. */
const INTEGERS: Readonly<Record<string, Limits>> = {
  bool: { min: 0, max: 1 },
  uint8: { min: 0, max: 255 },
  int8: { min: -128, max: 127 },
  int32: { min: -(2 ** 31), max: 2 ** 31 - 1 },
  int64: { min: -(2 ** 31), max: 2 ** 31 - 1 },
};

const typeOf = (options: Options): string => options.text("dtype", "float32");

/** The limits of an input layer's values where these are whole numbers. */
export const inputLimits = (options: Options): Limits | undefined => INTEGERS[typeOf(options)];

/** The shape that an input layer declares, with a batch of 1; images are [1, height, width, channels]. */
export function inputShape(options: Options): Shape {
  const type = typeOf(options);
  if (type !== "float32" && !INTEGERS[type])
    throw new ModelError(`dtype: expected float32 or ${Object.keys(INTEGERS).join(", ")}, found ${type}`);
  const shape = options.raw("batch_shape") ?? options.raw("batch_input_shape");
  const [batch, ...rest] = Array.isArray(shape) ? (shape as unknown[]) : [undefined];
  const sizes = [batch ?? 1, ...rest];
  if (rest.length === 0 || !sizes.every((n) => Number.isSafeInteger(n) && Number(n) > 0)) {
    throw new ModelError(
      `expected an input of fixed size (only the batch may be open), found ${JSON.stringify(shape)?.slice(0, 100)}`,
    );
  }
  return sizes as number[];
}
