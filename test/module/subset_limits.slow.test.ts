/** What the modules of all test vectors and of the repository's models take of the subset's limits. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { checkSubset, type Usage } from "../../host/module/subset.ts";
import { LIMITS } from "../../host/module/subset_table.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { root } from "../../host/root.ts";
import { simplifiedCase, simplifiedModel, vectorCases } from "../support/models.ts";

const files = readdirSync(join(root, "test", "vectors", "tflm")).map((file) => basename(file, ".json"));
const models = ["digits_int8.tflite"];

/** The most of each, over all functions. */
function most(usages: readonly Usage[]): Record<keyof Usage, number> {
  const of = (key: keyof Usage): number => Math.max(...usages.map((usage) => usage[key]));
  return {
    bodyBytes: of("bodyBytes"),
    parameters: of("parameters"),
    values: of("values"),
    nesting: of("nesting"),
    callChain: of("callChain"),
    slots: of("slots"),
  };
}

test("no module comes near the limits", async (context) => {
  const usages: Usage[] = [];
  const graphs = [
    ...files.flatMap((file) => vectorCases(file).map(simplifiedCase)),
    ...models.map(simplifiedModel),
  ];
  for (const graph of graphs) usages.push(...checkSubset(await compileGraph(graph)).bodies);
  const found = most(usages);
  context.diagnostic(`${graphs.length} modules, ${usages.length} functions: ${JSON.stringify(found)}`);
  for (const [name, value] of Object.entries(found) as [keyof Usage, number][])
    assert.ok(value <= LIMITS[name], `${name}: ${value} of ${LIMITS[name]}`);
});
