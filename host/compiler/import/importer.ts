import { BUDGETS } from "../../budgets.ts";
import { MAX_RANK, ModelError, oneLine, type Shape } from "../../ir/graph.ts";

/** A node that the importer can't translate, and why. */
export interface Unsupported {
  readonly node: string;
  readonly reason: string;
}

/** Nodes refused for one reason that are named; of others there is a count. */
const MOST_NAMED = 3;

/** Reasons, each once with the nodes that share it: they are the same but for numbers and names of tensors. */
function grouped(unsupported: readonly Unsupported[]): string[] {
  const groups = new Map<string, Unsupported[]>();
  for (const each of unsupported) {
    const kind = /\(([^()]*)\)$/.exec(each.node)?.[1] ?? "";
    const key = `${kind}: ${each.reason.replace(/\b(input|output|tensor|attribute) \S+:/g, "$1").replace(/\d+/g, "#")}`;
    const list = groups.get(key);
    if (list) list.push(each);
    else groups.set(key, [each]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [Unsupported];
    const named = group.slice(0, MOST_NAMED).map(({ node }) => node);
    const isOne = group.every(({ reason }) => reason === first.reason);
    if (group.length <= MOST_NAMED && isOne) return [oneLine(`${named.join(", ")}: ${first.reason}`)];
    if (group.length <= MOST_NAMED) return group.map(({ node, reason }) => oneLine(`${node}: ${reason}`));
    return [oneLine(`${named.join(", ")} and ${group.length - MOST_NAMED} more alike: ${first.reason}`)];
  });
}

/** Faults of tensors, inputs and outputs, each reason once. */
const groupedFaults = (faults: readonly string[]): string[] =>
  faults.flatMap((fault, i) => {
    const [, , reason] = namedFault(fault);
    const alike = faults.filter((other) => reason !== undefined && namedFault(other)[2] === reason);
    if (reason === undefined) return [fault];
    if (alike[0] !== fault || faults.indexOf(fault) !== i) return [];
    return grouped(alike.map((other) => ({ node: namedFault(other)[1]!, reason })));
  });

/** A fault that begins with the name of a tensor, input or output, as that and the reason. */
const namedFault = (fault: string): readonly (string | undefined)[] =>
  /^((?:tensor|input|output) \S+): (.*)$/.exec(fault) ?? [];

/**
 * Translates every node and reports all that could not be translated in one error, so that nobody
 * has to fix a model one operator at a time. `faults` is what else is wrong with the model.
 */
export function translateAll<T, R>(
  nodes: readonly T[],
  nameOf: (node: T) => string,
  translate: (node: T) => R,
  faults: readonly string[] = [],
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
  if (unsupported.length + faults.length === 0) return results;
  const known = groupedFaults(faults);
  const list = [...known, ...grouped(unsupported)];
  const count = `${unsupported.length} of ${nodes.length} nodes are not supported: `;
  const nodeList = grouped(unsupported).join("; ");
  const line = [...known, ...(unsupported.length > 0 ? [count + nodeList] : [])].join("; ");
  // Where the line must be cut, all of them still follow it.
  throw new ModelError(line, line === oneLine(line) ? undefined : list.join("\n"));
}

/** No tensor of a model for microcontrollers comes near this; a malformed one may claim anything. */
export const MAX_ELEMENTS: number = BUDGETS.tensorElements;

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

/** Rows of a table that can be looked up: the numbers are compared with each, and one place is kept for it. */
const MAX_ROWS = 2048;

/** The attributes of `intervals`, and its ends, that make of a number of a last axis of 1 its place among `rows`, as 0 and 1. */
export function placesOf(rows: number): {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly attributes: { features: readonly number[]; openLow: boolean; openHigh: boolean };
} {
  if (rows < 1 || rows > MAX_ROWS)
    throw new ModelError(`expected a table of 1 to ${MAX_ROWS} rows, found ${rows}`);
  const numbers = Array.from({ length: rows }, (_, row) => row);
  return {
    low: numbers,
    high: numbers,
    attributes: { features: numbers.map(() => 0), openLow: false, openHigh: false },
  };
}
