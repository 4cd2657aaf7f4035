import { ModelError, type Shape } from "../../../../ir/graph.ts";
import type { Options } from "../options.ts";

/** The shape that an input layer declares, with a batch of 1; images are [1, height, width, channels]. */
export function inputShape(options: Options): Shape {
  const type = options.text("dtype", "float32");
  if (type !== "float32") throw new ModelError(`dtype: expected float32, found ${type}`);
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
