import { elements, ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { Dataset } from "../hdf5.ts";
import { channelsOf, checkShape, type LayerView, type Translate } from "../layer.ts";
import { activate } from "./activation.ts";

/** Element (i, j) of the result is element (j, i) of `values`, a matrix of `columns` columns. */
export function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}

export function biasOf(layer: LayerView, bias: Dataset | undefined, outputs: number): Tensor | undefined {
  if (!bias) return undefined;
  checkShape(bias, [outputs], "bias");
  return layer.constant("bias", [outputs], bias.data);
}

/** Weights: kernel [inputs, units], bias [units]. */
export const dense: Translate = (layer) => {
  const { input, options } = layer;
  const units = options.int("units");
  const [kernel, bias] = layer.takeWeights(options.boolean("use_bias", true) ? 2 : 1);
  if (input.shape.length < 2 || units < 1)
    throw new ModelError(
      `expected at least one unit and an input of 2 axes, found ${units} and [${input.shape}]`,
    );
  const depth = channelsOf(input);
  checkShape(kernel!, [depth, units], "kernel");
  const weights = layer.constant("kernel", [units, depth], transposed(kernel!.data, units));
  const output = layer.add("fully_connected", [input, weights, biasOf(layer, bias, units)], {
    keepDims: elements(input.shape) > depth,
    activation: "none",
  });
  return activate(layer, output, options.raw("activation"));
};
