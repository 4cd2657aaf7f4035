/** Where the instructions of an inference go: every layer measured as a module of its own. */

import { layerSubject, measureBoth, splitLayers } from "../../host/compiler/tune/measure.ts";
import type { Graph } from "../../host/ir/graph.ts";
import { type Build, compileGraph } from "../../host/pipeline.ts";
import { table } from "../../host/table.ts";
import { measureBuild } from "./inference_figures.ts";

interface LayerFigures {
  readonly name: string;
  readonly op: string;
  readonly kernels: string;
  readonly macs: number;
  readonly native: number;
  readonly portable: number;
}

export const perMac = (instructions: number, macs: number): string =>
  macs === 0 ? "" : (instructions / macs).toFixed(2);

async function measureLayers({ graph, metadata, choices }: Build): Promise<LayerFigures[]> {
  const figures: LayerFigures[] = [];
  // With what `build` chose for the layer in the whole model.
  const compileLayer = (layer: Graph): Promise<Uint8Array> => compileGraph(layer, "release", choices);
  for (const [i, layer] of splitLayers(graph).entries()) {
    const { name, op, kernels, macs } = metadata.layers[i]!;
    const { native, portable } = await measureBoth(await layerSubject(layer, compileLayer));
    figures.push({
      name,
      op,
      kernels: kernels.map((kernel) => kernel.replace(/^kernel\./, "")).join(", ") || "(view)",
      macs,
      native: native.instructions[0]!,
      portable: portable.instructions[0]!,
    });
  }
  return figures;
}

/** A table of the layers of one model, with their sum and the figures of the model in one piece. */
export async function layerTable(built: Build, name: string): Promise<string> {
  const layers = await measureLayers(built);
  const [native, portable] = await measureBuild(built, name);
  const total = (key: "macs" | "native" | "portable"): number =>
    layers.reduce((sum, layer) => sum + layer[key], 0);
  const sums = { macs: total("macs"), native: total("native"), portable: total("portable") };
  const share = (n: number, all: number): string => `${((100 * n) / all).toFixed(1)} %`;
  const counts = ({ macs, native, portable }: typeof sums) => [
    macs,
    native,
    perMac(native, macs),
    share(native, sums.native),
    portable,
    perMac(portable, macs),
    share(portable, sums.portable),
  ];
  const whole = { macs: sums.macs, native: native!.instructions, portable: portable!.instructions };
  const rows = [
    ...layers.map((layer) => [layer.name, layer.op, layer.kernels, ...counts(layer)]),
    ["sum of the layers", "", "", ...counts(sums)],
    ["whole model", "", "", ...counts(whole)],
  ];
  const head = [name, "operator", "kernel", "MACs"];
  return table(rows, {
    head: [...head, "native", "per MAC", "share", "portable", "per MAC", "share"],
    align: ["l", "l", "l", "r", "r", "r", "r", "r", "r", "r"],
  });
}
