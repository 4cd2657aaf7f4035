import type { Vector } from "../../ir/graph.ts";
import { type Graph, ModelError, statesOf, toBytes, writers } from "../../ir/graph.ts";
import type { Availability, Engine, EngineName } from "../../module/engine.ts";
import { evaluateInOrder, fromVector, runReference } from "../../runtime/engines/reference.ts";
import { type BuildTrace, traceLayers } from "./trace.ts";
import type { NamedVector } from "./vectors.ts";

export interface EngineResult {
  readonly engine: EngineName;
  readonly availability: Availability;
}

export interface Verification {
  readonly vectors: number;
  readonly engines: readonly EngineResult[];
}

/** Where a module first left the reference. */
interface Difference {
  readonly vector: number;
  readonly output: number;
  readonly index: number;
  readonly expected: number;
  readonly found: number;
}

function firstDifference(expected: readonly Vector[], found: readonly Vector[]): Difference | undefined {
  for (const [vector, outputs] of expected.entries()) {
    const count = found[vector]?.length ?? 0;
    if (count !== outputs.length)
      return { vector, output: 0, index: 0, expected: outputs.length, found: count };
    for (const [output, bytes] of outputs.entries()) {
      const other = found[vector]?.[output];
      const index = bytes.findIndex((byte, i) => byte !== other?.[i]);
      if (index >= 0) return { vector, output, index, expected: bytes[index]!, found: other?.[index] ?? -1 };
    }
  }
  return undefined;
}

/**
 * Names the first layer whose result differs when each is an output, for the last of some vectors: those before
 * it are what states depend on. When none does, the layers are right and the fault is in how memory is shared.
 */
async function blame(
  graph: Graph,
  engine: Engine,
  vectors: readonly NamedVector[],
  buildTrace: BuildTrace,
): Promise<string> {
  const all = vectors.map(({ inputs }) => inputs);
  const trace = evaluateInOrder(
    graph,
    all.map((vector) => fromVector(graph, vector)),
  ).at(-1)!;
  for await (const { names, values } of traceLayers(graph, engine, all, buildTrace)) {
    const expected = [names.map((name) => toBytes(trace.get(name)!))];
    const difference = firstDifference(expected, values.slice(-1));
    if (!difference) continue;
    const name = names[difference.output]!;
    return `first in tensor ${name} of layer ${writers(graph).get(name)!.name}, byte ${difference.index}: expected ${difference.expected}, found ${difference.found}`;
  }
  return "no layer differs when each keeps its own memory: the memory plan is at fault";
}

/**
 * The verification ladder: the same vectors through the reference and every engine, byte for byte.
 * Throws ModelError naming the first layer that differs; an engine that can't run here is reported,
 * never counted as passed.
 */
export async function verify(
  graph: Graph,
  module: Uint8Array,
  vectors: readonly NamedVector[],
  engines: readonly Engine[],
  buildTrace: BuildTrace,
): Promise<Verification> {
  const inputs = vectors.map((vector) => vector.inputs);
  const expected = runReference(graph, inputs);
  const results: EngineResult[] = [];
  for (const engine of engines) {
    const availability = await engine.availability();
    results.push({ engine: engine.name, availability });
    if (!availability.available) continue;
    const difference = firstDifference(expected, await engine.run(module, inputs));
    if (!difference) continue;
    const vector = vectors[difference.vector]!;
    // Only a state remembers what came before.
    const history = statesOf(graph).length > 0 ? vectors.slice(0, difference.vector + 1) : [vector];
    throw new ModelError(
      `${engine.name} differs from the reference on vector "${vector.name}", output ${graph.outputs[difference.output]}: ${await blame(graph, engine, history, buildTrace)}`,
    );
  }
  return { vectors: vectors.length, engines: results };
}
