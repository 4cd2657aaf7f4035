/** Questions that patterns ask a model: who writes a value, who reads it, and whether it is a constant. */
import type { Constant } from "../constant.ts";
import type { OnnxModel, OnnxNode } from "../model.ts";

/** The name that patterns give to operators of their own, which no file can have. */
export const PRIVATE = "thimble";

export interface Matcher {
  readonly model: OnnxModel;
  /** The node of that type that writes a value, behind nodes that pass it on. */
  writer(value: string | undefined, type: string): OnnxNode | undefined;
  /** The first value that nodes which pass values on have made this one of. */
  source(value: string): string;
  readers(value: string): readonly OnnxNode[];
  constant(value: string | undefined): Constant | undefined;
  /** Whether a value is a constant of that number alone. */
  isNumber(value: string | undefined, number: number): boolean;
  isOutput(value: string): boolean;
}

/** They change a name or a type, no number that matters. */
const PASSING = ["ai.onnx.Identity", "ai.onnx.Cast"];

export function matcher(model: OnnxModel): Matcher {
  const writers = new Map(
    model.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const source = (value: string): string => {
    let name = value;
    // Nodes of a bad file may form a ring.
    for (let steps = 0; steps < model.nodes.length; steps++) {
      const node = writers.get(name);
      if (!node || !PASSING.includes(node.type)) break;
      name = node.inputs[0] ?? "";
    }
    return name;
  };
  const constant = (value: string | undefined): Constant | undefined => model.constants.get(value ?? "");
  return {
    model,
    source,
    constant,
    writer(value, type) {
      const node = writers.get(source(value ?? ""));
      return node?.type === type ? node : undefined;
    },
    readers: (value) => model.nodes.filter(({ inputs }) => inputs.includes(value)),
    isNumber(value, number) {
      const found = constant(value);
      return found !== undefined && found.numbers.length === 1 && found.numbers[0] === number;
    },
    isOutput: (value) => model.outputs.some(({ name }) => name === value),
  };
}

/** The other one of two inputs. */
export const otherInput = (node: OnnxNode, input: string): string | undefined =>
  node.inputs.find((name) => name !== input);

/** A node that does in one step what `node` and those before it do. */
export const inPlaceOf = (
  node: OnnxNode,
  type: string,
  inputs: readonly string[],
  outputs: readonly string[] = node.outputs.slice(0, 1),
): OnnxNode => ({
  ...node,
  type,
  opType: type.slice(type.lastIndexOf(".") + 1),
  inputs,
  outputs,
  attributes: [],
});

/** Replaces what `rewrite` recognises; nodes that nothing needs any more are left out later. */
export const rewriteNodes = (
  model: OnnxModel,
  rewrite: (node: OnnxNode, match: Matcher) => OnnxNode | undefined,
): OnnxModel => {
  const match = matcher(model);
  return { ...model, nodes: model.nodes.map((node) => rewrite(node, match) ?? node) };
};
