import { ModelError } from "../../../../ir/graph.ts";
import { placesOf } from "../../importer.ts";
import { checkShape, type Translate } from "../layer.ts";
import { transposed } from "./dense.ts";

/** Rows of a table, weights [rows, width], by whole numbers, as a sum that one row alone counts in. */
export const embedding: Translate = (layer) => {
  const { input, options } = layer;
  const [rows, width] = [options.int("input_dim"), options.int("output_dim")];
  if (options.boolean("mask_zero", false))
    throw new ModelError("mask_zero: expected false: layers behind would have to leave places out");
  const [table] = layer.takeWeights(1);
  checkShape(table!, [rows, width], "embeddings");
  const { low, high, attributes } = placesOf(rows);
  if (!layer.limitInput({ min: 0, max: rows - 1 }))
    throw new ModelError(
      `expected an input of whole numbers, found ${input.name}, which is computed or read by others`,
    );
  const single = layer.add("reshape", [input], { shape: [...input.shape, 1] });
  const ends = [layer.constant("low", [rows], low), layer.constant("high", [rows], high)];
  const places = layer.add("intervals", [single, ...ends], attributes);
  const weights = layer.constant("embeddings", [width, rows], transposed(table!.data, width));
  return layer.add("fully_connected", [places, weights, undefined], { keepDims: true, activation: "none" });
};
