/** Layers that make one tensor of several. */
import { ModelError, type Tensor } from "../../../../ir/graph.ts";
import type { LayerView, Translate } from "../layer.ts";

const NONE = { activation: "none" };

function several({ inputs }: LayerView): readonly Tensor[] {
  if (inputs.length < 2) throw new ModelError(`expected at least 2 inputs, found ${inputs.length}`);
  return inputs;
}

/** Keras adds the axes that a smaller input lacks behind the batch, not in front. */
function sameRank(layer: LayerView, tensors: readonly Tensor[]): readonly Tensor[] {
  const rank = Math.max(...tensors.map(({ shape }) => shape.length));
  return tensors.map((tensor) => {
    const [batch = 1, ...rest] = tensor.shape;
    if (tensor.shape.length === rank) return tensor;
    const ones = new Array<number>(rank - tensor.shape.length).fill(1);
    return layer.add("reshape", [tensor], { shape: [batch, ...ones, ...rest] });
  });
}

const fold =
  (op: string, attributes: { readonly activation?: string } = {}): Translate =>
  (layer) =>
    sameRank(layer, several(layer)).reduce((left, right) => layer.add(op, [left, right], attributes));

const subtract: Translate = (layer) => {
  if (layer.inputs.length !== 2) throw new ModelError(`expected 2 inputs, found ${layer.inputs.length}`);
  return fold("sub", NONE)(layer);
};

const average: Translate = (layer) => {
  const sum = fold("add", NONE)(layer);
  const share = layer.constant("share", [1], [1 / layer.inputs.length]);
  return layer.add("mul", [sum, share], NONE);
};

const concatenate: Translate = (layer) => {
  const tensors = several(layer);
  const axis = layer.options.int("axis", -1);
  return layer.add("concatenation", tensors, { axis: axis < 0 ? axis + tensors[0]!.shape.length : axis });
};

export const MERGES: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["Add", fold("add", NONE)],
  ["Average", average],
  ["Concatenate", concatenate],
  ["Maximum", fold("maximum")],
  ["Minimum", fold("minimum")],
  ["Multiply", fold("mul", NONE)],
  ["Subtract", subtract],
]);
