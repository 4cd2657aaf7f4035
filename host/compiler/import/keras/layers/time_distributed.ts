/** A layer that is applied to each step of a sequence. */
import { ModelError } from "../../../../ir/graph.ts";
import type { Translate } from "../layer.ts";
import { isObject, optionsOf } from "../options.ts";
import { ACTIVATION_LAYERS } from "./activation.ts";
import { dense } from "./dense.ts";

/** Layers that compute along the last axis, whatever the axes before it are. */
const STEPWISE: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Dense", dense],
  ["Dropout", ({ input }) => input],
  ...ACTIVATION_LAYERS,
]);

export const timeDistributed: Translate = (layer) => {
  const inner = layer.options.raw("layer");
  const type = isObject(inner) ? String(inner["class_name"]) : "none";
  const translate = STEPWISE.get(type);
  const config = isObject(inner) ? inner["config"] : undefined;
  if (!translate || !isObject(config))
    throw new ModelError(`layer: expected one of ${[...STEPWISE.keys()].join(", ")}, found ${type}`);
  return translate({ ...layer, input: layer.input, options: optionsOf(config) });
};
