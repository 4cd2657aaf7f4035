/** Damaged models that are still understood, built like any other: modules compute what their graphs say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { standardVectors } from "../../host/compiler/verify/vectors.ts";
import { type Graph, ModelError } from "../../host/ir/graph.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { runReference } from "../../host/runtime/engines/reference.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { difference } from "../cases/table.ts";
import { modelCases } from "./model_cases.ts";
import { runStages } from "./outcome.ts";

const FIRST = 300_000;
const BUILDS = 400;

const { idOf, mutant } = modelCases();

function understood(id: string): Graph | undefined {
  const { bytes, format } = mutant(id);
  try {
    return runStages(bytes, format).graph;
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

test(`modules of ${BUILDS} damaged models compute what their graphs say`, async () => {
  for (let index = FIRST, built = 0; built < BUILDS; index += 11) {
    const id = idOf(index);
    const graph = understood(id);
    if (!graph) continue;
    built++;
    const inputs = standardVectors(graph, 4).map((vector) => vector.inputs);
    const expected = runReference(graph, inputs);
    const vectors = inputs.map((each, i) => ({ inputs: each, outputs: expected[i]! }));
    const found = await v8.run(await compileGraph(graph), inputs);
    assert.equal(difference(vectors, found), undefined, id);
  }
});
