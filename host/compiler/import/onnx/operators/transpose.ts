import { identity, permute, permutedIndices } from "../../../../ir/axes.ts";
import { ModelError } from "../../../../ir/graph.ts";
import { isConstantValue, type Translation } from "../builder.ts";
import { pickElements } from "../fold.ts";

export const transpose: Translation = {
  type: "ai.onnx.Transpose",
  summary: "all; most cancel, or go into constants",
  translate(node) {
    const value = node.value(0);
    const { shape } = value;
    const given = node.attributes.ints("perm");
    const permutation = node.attributes.has("perm") ? given : identity(shape.length).reverse();
    if ([...permutation].sort((a, b) => a - b).join() !== identity(shape.length).join())
      throw new ModelError(`perm: expected an order of ${shape.length} axes, found ${permutation}`);
    if (!isConstantValue(value)) return [node.add("transpose", [value], { permutation })];
    const indices = permutedIndices(shape, permutation);
    const moved = pickElements(node.outputName(0), value, permute(shape, permutation), indices);
    const { quantization } = value;
    const axis = permutation.indexOf(quantization?.axis ?? 0);
    return [{ ...moved, ...(quantization && { quantization: { ...quantization, axis } }) }];
  },
};
