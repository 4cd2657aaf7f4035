import type { LayerQuality } from "../compiler/quantize/measure.ts";
import { type Graph, writers } from "../ir/graph.ts";
import { adviceFor } from "./advice.ts";
import type { LayerQualityReport } from "./schema.ts";

/**
 * The share of a tensor's noise that arises in its own layer: noise of the worst input is taken to come through
 * in proportion to the signal. Inputs of the model have nothing before them.
 */
function ownShare(sqnr: number, inputs: readonly number[]): number {
  const before = Math.min(...inputs, Number.POSITIVE_INFINITY);
  return Math.max(1 - 10 ** ((sqnr - before) / 10), 0);
}

/** Every tensor with where its noise comes from, and what would help. */
export function qualityOf(layers: readonly LayerQuality[], graph: Graph): LayerQualityReport[] {
  const known = new Map(layers.map(({ tensor, sqnr }) => [tensor, sqnr]));
  const writer = writers(graph);
  return layers.map((layer) => {
    const inputs = (writer.get(layer.tensor)?.inputs ?? []).flatMap((name) => known.get(name) ?? []);
    const own = ownShare(layer.sqnr, inputs);
    return { ...layer, own, advice: adviceFor(layer, graph, own) };
  });
}
