/** A float model quantised and compiled by the later stages of the pipeline, without its tuner. */
import assert from "node:assert/strict";
import { calibrate } from "../../host/compiler/quantize/calibrate.ts";
import { type Agreement, compareWithFloat } from "../../host/compiler/quantize/compare.ts";
import { quantizeGraph } from "../../host/compiler/quantize/quantize.ts";
import { verify } from "../../host/compiler/verify/ladder.ts";
import { standardVectors } from "../../host/compiler/verify/vectors.ts";
import type { Graph } from "../../host/ir/graph.ts";
import { type Sample, toInputBytes } from "../../host/ops/border.ts";
import { checkQuantized } from "../../host/ops/spec.ts";
import { compileGraph } from "../../host/pipeline.ts";
import { v8 } from "../../host/runtime/engines/v8.ts";
import { wasm3 } from "../../host/runtime/engines/wasm3.ts";

/**
 * The int8 module of a float graph, calibrated with `samples`. Throws where V8 or wasm3 computes anything else than the
 * reference; a missing engine is a failure here.
 */
export async function buildAndVerify(
  float: Graph,
  samples: readonly Sample[],
): Promise<{ readonly graph: Graph; readonly module: Uint8Array; readonly agreement: Agreement }> {
  const graph = checkQuantized(quantizeGraph(float, calibrate(float, samples)), "quantize");
  const module = await compileGraph(graph);
  const rows = samples.map((sample, i) => ({ name: `row ${i}`, inputs: toInputBytes(graph, sample) }));
  const { engines } = await verify(
    graph,
    module,
    [...rows, ...standardVectors(graph, 2)],
    [v8, wasm3],
    (traced) => compileGraph(traced, "debug"),
  );
  assert.ok(engines.every(({ availability }) => availability.available));
  return { graph, module, agreement: compareWithFloat(float, graph, samples) };
}
