import { ModelError } from "../../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import type { Constant } from "../constant.ts";

/** A factor and an addend for each channel, which a pass folds into the layer before. */
export const batchNormalization: Translation = {
  type: "ai.onnx.BatchNormalization",
  summary: "of inference, folded into the layer before it",
  translate(node) {
    const input = node.tensor(0);
    const epsilon = node.attributes.float("epsilon", 1e-5);
    node.attributes.ignore("momentum", "spatial");
    if (node.attributes.int("training_mode", 0) !== 0) throw new ModelError("training mode is not supported");
    const channels = input.shape[1] ?? 0;
    const [scale, shift, mean, variance] = [1, 2, 3, 4].map((i) => node.floats(i)) as [
      Constant,
      Constant,
      Constant,
      Constant,
    ];
    const wrong = [scale, shift, mean, variance].find(({ numbers }) => numbers.length !== channels);
    if (wrong || channels === 0)
      throw new ModelError(`input ${wrong?.name}: expected ${channels} values, found [${wrong?.shape}]`);
    const factors = scale.numbers.map((x, i) => x / Math.sqrt(variance.numbers[i]! + epsilon));
    const addends = shift.numbers.map((x, i) => x - mean.numbers[i]! * factors[i]!);
    const shape = [channels, ...input.shape.slice(2).map(() => 1)];
    const scaled = node.add("mul", [input, node.addConstant(scale.name, shape, factors)], {
      activation: "none",
    });
    return [node.add("add", [scaled, node.addConstant(shift.name, shape, addends)], { activation: "none" })];
  },
};
