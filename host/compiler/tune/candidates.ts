/** All ways to compute each layer that are worth a look, with their cost and what they need in the arena. */
import { byteSize, type Graph, type Node, tensorOf } from "../../ir/graph.ts";
import { type Choice, SMALL } from "../../ops/lowering.ts";
import type { Kernel } from "../plan/kernels.ts";
import { type KernelCall, lower, type Program } from "../plan/lower.ts";
import { lifetimes } from "../plan/memory.ts";
import { type ByKernels, predictInstructions } from "./cost.ts";
import { callShape } from "./features.ts";

export interface Candidate {
  readonly choice: Choice;
  readonly kernels: readonly Kernel[];
  /** Instructions of one inference. */
  readonly instructions: ByKernels;
  readonly scratchBytes: number;
}

export interface LayerCandidates {
  readonly node: Node;
  readonly calls: readonly KernelCall[];
  /** At least one, the first by the small kernel and not in place. */
  readonly candidates: readonly Candidate[];
  /** Bytes of the output, or of the larger input whose place it takes. */
  readonly outputBytes: number;
  /** The tensor whose place the output can take; undefined where it can't. */
  readonly replaces?: string;
}

/** The planner aligns all buffers to this. */
const ALIGNMENT = 8;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** A program lowered twice, with tiles of different sizes: scratch grows with the tile by the same for each pixel. */
interface Lowered {
  readonly kernel: Choice["kernel"];
  readonly inPlace: boolean;
  readonly programs: readonly [Program, Program];
}

const TILES = [4, 5] as const;

function lowerAll(graph: Graph, kernel: Choice["kernel"], inPlace: boolean): Lowered {
  const by = (tile: number): Program =>
    lower(graph, new Map(graph.nodes.map(({ name }) => [name, { kernel, tile, inPlace }])));
  return { kernel, inPlace, programs: [by(TILES[0]), by(TILES[1])] };
}

/** The calls of a node with everything that was made for them. */
function callsOf(program: Program, node: Node) {
  const calls = program.calls.filter((call) => call.node === node.name);
  const scratch = new Set<string>();
  for (const argument of calls.flatMap((call) => call.arguments))
    if (argument.kind === "tensor" && program.scratch.has(argument.name)) scratch.add(argument.name);
  const bytes = [...scratch].reduce((sum, name) => sum + aligned(program.scratch.get(name)!), 0);
  return { calls, scratchBytes: bytes };
}

/** Sizes of tiles that make a number of passes, and are no larger than that needs: from all pixels down to four. */
export function tileSizes(pixels: number, most = 24): number[] {
  const sizes = new Set<number>();
  for (let passes = 1; passes < pixels && Math.ceil(pixels / passes) > SMALL.tile; ) {
    sizes.add(Math.ceil(pixels / passes));
    passes = Math.max(passes + 1, Math.ceil(passes * (1 + 4 / most)));
  }
  return [...sizes, Math.min(SMALL.tile, pixels)];
}

const pixelsOf = (graph: Graph, node: Node): number => {
  const { shape } = tensorOf(graph, node.outputs[0]!);
  return shape.slice(0, -1).reduce((product, n) => product * n, 1);
};

function candidatesOf(graph: Graph, node: Node, { kernel, inPlace, programs }: Lowered): Candidate[] {
  const [first, second] = programs.map((program) => callsOf(program, node)) as [
    ReturnType<typeof callsOf>,
    ReturnType<typeof callsOf>,
  ];
  const kernels = [...new Set(first.calls.map((call) => call.kernel))];
  const shapes = first.calls.map((call) => callShape(call, programs[0]));
  const tiled = kernel === "fast" && shapes.some(({ numbers }) => numbers["tile"] !== undefined);
  const growth = second.scratchBytes - first.scratchBytes;
  return (tiled ? tileSizes(pixelsOf(graph, node)) : [SMALL.tile]).map((tile) => ({
    choice: { kernel, tile, inPlace },
    kernels,
    instructions: predictInstructions(
      shapes.map((shape) => (tiled ? { ...shape, numbers: { ...shape.numbers, tile } } : shape)),
    ),
    // Sizes were rounded up before they were compared: the growth of one pixel may be rounded down.
    scratchBytes: tiled ? first.scratchBytes + (tile - TILES[0]) * (growth + 7) : first.scratchBytes,
  }));
}

/** Candidates of every node, in the order of the graph. Views have one, which costs nothing. */
export function listCandidates(graph: Graph): LayerCandidates[] {
  const lowered = (["small", "fast"] as const).flatMap((kernel) =>
    [false, true].map((inPlace) => lowerAll(graph, kernel, inPlace)),
  );
  const plain = lowered[0]!.programs[0];
  return graph.nodes.map((node) => {
    const [output] = node.outputs as readonly [string];
    const replaces = lowered[1]!.programs[0].aliases.get(output);
    const canReplace = replaces !== undefined && !plain.aliases.has(output);
    const seen = new Set<string>();
    const useful = lowered.filter(({ kernel, inPlace, programs }) => {
      const kernels = programs[0].calls
        .filter((call) => call.node === node.name)
        .map((call) => call.kernel.name);
      // Candidates with one kernel in one place are one, whatever was asked for.
      const key = `${kernels} ${canReplace && inPlace}`;
      const isNew = !seen.has(key);
      seen.add(key);
      return isNew && (kernel === "small" || kernels.length > 0);
    });
    return {
      node,
      calls: callsOf(plain, node).calls,
      candidates: useful.flatMap((each) => candidatesOf(graph, node, each)),
      outputBytes: aligned(byteSize(tensorOf(graph, output))),
      ...(canReplace && { replaces }),
    };
  });
}

/**
 * Bytes of the tensors that live while each node is computed, its own output included, scratch left out; nodes of
 * `inPlace` have their outputs in the place of their inputs.
 */
export function liveBytes(
  graph: Graph,
  layers: readonly LayerCandidates[],
  inPlace: ReadonlySet<string>,
): Map<string, number> {
  const plain = lower(graph);
  const replaced = layers.filter(({ node }) => inPlace.has(node.name));
  const aliases = new Map([
    ...plain.aliases,
    ...replaced.map(({ node, replaces }) => [node.outputs[0]!, replaces!] as const),
  ]);
  const live = new Array<number>(plain.calls.length + 2).fill(0);
  for (const { name, bytes, start, end } of lifetimes({ ...plain, aliases })) {
    if (plain.scratch.has(name)) continue;
    for (let step = start; step <= end; step++) live[step]! += aligned(bytes);
  }
  const byNode = new Map<string, number>();
  plain.calls.forEach(({ node }, i) => {
    byNode.set(node, Math.max(byNode.get(node) ?? 0, live[i + 1]!));
  });
  return byNode;
}
