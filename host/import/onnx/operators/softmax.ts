import { elements, ModelError } from "../../../ir/graph.ts";
import type { Translation } from "../builder.ts";
import { axisWithin } from "./axis.ts";

/** Since version 13 over one axis; before, over all axes from `axis` on as if they were one. */
export const softmax: Translation = {
  type: "ai.onnx.Softmax",
  translate(node) {
    const input = node.tensor(0);
    const { shape } = input;
    const joins = node.opset < 13;
    const axis = axisWithin(node.attributes.int("axis", joins ? 1 : -1), shape.length);
    const isLast = joins ? elements(shape.slice(axis)) === shape.at(-1) : axis === shape.length - 1;
    if (!isLast) throw new ModelError(`axis ${axis} of [${shape}]: expected the last axis`);
    const output = node.add("softmax", [input], { beta: 1 });
    node.markDistribution(output);
    return [node.label(output, input.labels)];
  },
};
