import { type Graph, statesOf, type Vector } from "../../ir/graph.ts";
import { type Engine, maxTensors } from "../../module/engine.ts";

/** A module in which every layer's result is an output, built by the same pipeline. */
export type BuildTrace = (graph: Graph) => Promise<Uint8Array>;

/** Some of the tensors that layers write, in order, and their bytes for each vector. */
export interface Traced {
  readonly names: readonly string[];
  readonly values: readonly Vector[];
}

/**
 * Runs vectors through modules that keep every layer's result, as many at a time as a module has outputs. Whoever
 * has seen enough stops: the next module is only built when it is asked for.
 */
export async function* traceLayers(
  graph: Graph,
  engine: Engine,
  vectors: readonly Vector[],
  buildTrace: BuildTrace,
): AsyncGenerator<Traced> {
  // A state's next value is no output of a module: it stays in its place.
  const kept = new Set(statesOf(graph).map(({ next }) => next));
  const written = graph.nodes.flatMap((node) => node.outputs).filter((name) => !kept.has(name));
  for (let first = 0; first < written.length; first += maxTensors) {
    const names = written.slice(first, first + maxTensors);
    yield { names, values: await engine.run(await buildTrace({ ...graph, outputs: names }), vectors) };
  }
}
