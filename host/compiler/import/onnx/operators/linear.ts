import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Context } from "../builder.ts";

/** The layer behind LinearClassifier and LinearRegressor: one row of coefficients for each output. */
export interface Linear {
  /** [1, features] for the one sample of a rank 1 input. */
  readonly input: Tensor;
  readonly rows: number;
  readonly coefficients: readonly number[];
  readonly intercepts: readonly number[];
}

export function readLinear(node: Context): Linear {
  const tensor = node.tensor(0);
  const features = tensor.shape.at(-1) ?? 0;
  if (features === 0 || tensor.shape.length > 2) {
    throw new ModelError(`input ${tensor.name}: expected [batch, features], found [${tensor.shape}]`);
  }
  const coefficients = node.attributes.floats("coefficients");
  const rows = coefficients.length / features;
  if (rows < 1 || !Number.isInteger(rows)) {
    throw new ModelError(`expected rows of ${features} coefficients, found ${coefficients.length} in all`);
  }
  const given = node.attributes.floats("intercepts");
  const intercepts = given.length === 0 ? Array<number>(rows).fill(0) : given;
  if (intercepts.length !== rows)
    throw new ModelError(`expected ${rows} intercepts, found ${intercepts.length}`);
  const input = tensor.shape.length === 2 ? tensor : node.add("reshape", [tensor], { shape: [1, features] });
  return { input, rows, coefficients, intercepts };
}
