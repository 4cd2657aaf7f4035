import type { Vector } from "../../ir/graph.ts";
import { byteSize, type Graph, tensorOf } from "../../ir/graph.ts";

/** A vector and where it came from, for messages. */
export interface NamedVector {
  readonly name: string;
  readonly inputs: Vector;
}

/**
 * `length` bytes from a linear congruential generator, the top byte of each state; the same as
 * `fill` in assembly/self_test.ts and as the golden vectors use. Returns the next state too.
 */
export function lcgBytes(seed: number, length: number): { bytes: Uint8Array; state: number } {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return { bytes, state };
}

const inputSizes = (graph: Graph): number[] => graph.inputs.map((name) => byteSize(tensorOf(graph, name)));

/** All inputs of a graph from one seed: each input continues the sequence of the one before. */
export function seededInputs(graph: Graph, seed: number): Vector {
  let state = seed;
  return inputSizes(graph).map((length) => {
    const next = lcgBytes(state, length);
    state = next.state;
    return next.bytes;
  });
}

const EDGES: readonly (readonly [string, (i: number) => number])[] = [
  ["all -128", () => 0x80],
  ["all 127", () => 0x7f],
  ["all 0", () => 0],
  ["-128 and 127 in turn", (i) => (i % 2 === 0 ? 0x80 : 0x7f)],
  ["127 and -128 in turn", (i) => (i % 2 === 0 ? 0x7f : 0x80)],
];

/** Vectors that `build` proves a module on: `random` seeded vectors and the edges of the number range. */
export function standardVectors(graph: Graph, random: number): NamedVector[] {
  const edges = EDGES.map(([name, value]) => ({
    name,
    inputs: inputSizes(graph).map((length) => Uint8Array.from({ length }, (_, i) => value(i))),
  }));
  const seeded = Array.from({ length: random }, (_, i) => ({
    name: `random, seed ${i + 1}`,
    inputs: seededInputs(graph, i + 1),
  }));
  return [...edges, ...seeded];
}
