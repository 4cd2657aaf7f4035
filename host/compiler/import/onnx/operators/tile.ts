import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { joined } from "./slicing.ts";

/** A concatenation takes as many. */
const MOST_COPIES = 64;

export const tile: Translation = {
  type: "ai.onnx.Tile",
  summary: "up to 64 times along each axis",
  translate(node) {
    const input = node.tensor(0);
    const repeats = node.integers(1);
    if (repeats.length !== input.shape.length || repeats.some((n) => n < 1 || n > MOST_COPIES))
      throw new ModelError(`repeats: expected 1 to ${MOST_COPIES} for each axis, found ${repeats}`);
    return [
      repeats.reduce(
        (tensor, count, axis) => joined(node, Array<typeof tensor>(count).fill(tensor), axis),
        input,
      ),
    ];
  },
};
