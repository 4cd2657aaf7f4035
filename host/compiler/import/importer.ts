import { MAX_RANK, ModelError, oneLine, type Shape } from "../../ir/graph.ts";

/** A node that the importer can't translate, and why. */
export interface Unsupported {
  readonly node: string;
  readonly reason: string;
}

/**
 * Translates every node and reports all that could not be translated in one error, so that nobody
 * has to fix a model one operator at a time.
 */
export function translateAll<T, R>(
  nodes: readonly T[],
  nameOf: (node: T) => string,
  translate: (node: T) => R,
): R[] {
  const unsupported: Unsupported[] = [];
  const results: R[] = [];
  for (const node of nodes) {
    try {
      results.push(translate(node));
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      unsupported.push({ node: nameOf(node), reason: error.message });
    }
  }
  if (unsupported.length > 0) {
    const list = unsupported.map(({ node, reason }) => oneLine(`${node}: ${reason}`));
    const line = `${unsupported.length} of ${nodes.length} nodes are not supported: ${list.join("; ")}`;
    // Where the line must be cut, all of them still follow it.
    throw new ModelError(line, line === oneLine(line) ? undefined : list.join("\n"));
  }
  return results;
}

/** No tensor of a model for microcontrollers comes near this; a malformed one may claim anything. */
export const MAX_ELEMENTS = 2 ** 24;

/** Throws ModelError for a shape of more axes than a tensor has here. */
export function checkRank(shape: Shape, where = ""): void {
  if (shape.length > MAX_RANK)
    throw new ModelError(`${where}expected a shape of at most ${MAX_RANK} axes, found ${shape.length}`);
}

/** Padding that makes ceil(input / stride) outputs, the odd pixel at the end (TensorFlow's SAME). */
export function samePadding(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
): [number, number] {
  const outputs = Math.ceil(input / stride);
  const total = Math.max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - input, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}
