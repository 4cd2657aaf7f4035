import type { Graph } from "../../ir/graph.ts";
import type { LayerInfo } from "../../module/metadata.ts";
import { type Choice, type Choices, SMALL } from "../../ops/lowering.ts";
import { exportName } from "../plan/kernels.ts";
import { lower } from "../plan/lower.ts";

/** Under any version, the kernels of weights of four bits. */
const PACKED = "kernel.conv2d_w4_";

/**
 * The choices that a module was built with, from its metadata, so that its layers can be built again with the same
 * kernels. Of two kernels with one contract it is the one whose name the module has.
 */
export function choicesOf(graph: Graph, layers: readonly LayerInfo[]): Choices {
  const fast: Choice = { ...SMALL, kernel: "fast" };
  const program = lower(graph, new Map(graph.nodes.map(({ name }) => [name, fast])));
  const kernels = new Map<string, Set<string>>();
  for (const { node, kernel } of program.calls)
    kernels.set(node, (kernels.get(node) ?? new Set()).add(exportName(kernel)));
  const choiceOf = ({ name, kernels: used, tile, inPlace }: LayerInfo): Choice => {
    const names = kernels.get(name) ?? new Set();
    const isFast = used.length === names.size && used.every((kernel) => names.has(kernel));
    return {
      kernel: isFast ? "fast" : "small",
      tile: tile ?? SMALL.tile,
      inPlace: inPlace ?? false,
      packed: used.some((kernel) => kernel.startsWith(PACKED)),
    };
  };
  return new Map(layers.map((layer) => [layer.name, choiceOf(layer)]));
}
