/**
 * Which candidate each layer takes. What couples layers is the code of kernels, which a module has once, and the
 * arena, which is as large as its fullest step needs. So both are fixed from outside: for each combination of
 * kernels, and each size of the arena at which anything changes, every layer takes its own cheapest candidate.
 */
import type { Graph } from "../../ir/graph.ts";
import { type Candidate, type LayerCandidates, liveBytes } from "./candidates.ts";

/** One candidate for each layer, in their order. */
export interface Selection {
  readonly candidates: readonly Candidate[];
  /** Bytes that the arena needs if the planner wastes nothing. */
  readonly arenaBytes: number;
}

interface Option {
  readonly candidate: Candidate;
  /** Bytes of the arena at this layer's step. */
  readonly bytes: number;
}

/** Either of two kernels for a kind of layer, or whatever is best for each. */
type Rule = "small" | "fast" | "any";
const RULES: readonly Rule[] = ["small", "fast", "any"];

export const workOf = ({ instructions }: Candidate): number => instructions.native + instructions.portable;

/** The name of the fast kernel of a layer; "" where it has none. */
const fastKernel = ({ candidates }: LayerCandidates): string =>
  candidates.find(({ choice }) => choice.kernel === "fast")?.kernels[0]?.name ?? "";

function combinations(names: readonly string[]): ReadonlyMap<string, Rule>[] {
  let all: ReadonlyMap<string, Rule>[] = [new Map()];
  for (const name of names)
    all = all.flatMap((rules) => RULES.map((rule) => new Map([...rules, [name, rule]])));
  return all;
}

/**
 * Outputs that are smaller than what they replace keep the larger buffer alive for longer: it is settled for all of
 * them whether they do. Others save their own bytes, at their own step, and nothing depends on it elsewhere.
 */
function shrinking(graph: Graph, layers: readonly LayerCandidates[]): ReadonlySet<string> {
  const sizes = new Map(layers.map(({ node, outputBytes }) => [node.outputs[0]!, outputBytes]));
  const isSmaller = ({ replaces, outputBytes }: LayerCandidates): boolean =>
    replaces !== undefined && outputBytes !== (sizes.get(replaces) ?? inputBytes(graph, replaces));
  return new Set(layers.filter(isSmaller).map(({ node }) => node.name));
}

const inputBytes = (graph: Graph, name: string): number =>
  Math.ceil(graph.tensors.get(name)!.shape.reduce((product, n) => product * n, 1) / 8) * 8;

/** By layer, where outputs of the layers `settled` are in place, and others that shrink are not. */
function optionsOf(
  graph: Graph,
  layers: readonly LayerCandidates[],
  shrinks: ReadonlySet<string>,
  settled: ReadonlySet<string>,
): Option[][] {
  const live = liveBytes(graph, layers, settled);
  return layers.map(({ node, candidates, outputBytes }) =>
    candidates
      .filter(({ choice }) => !shrinks.has(node.name) || choice.inPlace === settled.has(node.name))
      .map((candidate) => {
        const saved = candidate.choice.inPlace && !settled.has(node.name) ? outputBytes : 0;
        return { candidate, bytes: (live.get(node.name) ?? 0) - saved + candidate.scratchBytes };
      }),
  );
}

/** Options that need more bytes than another one without being cheaper are of no use. By rising bytes. */
function frontier(options: readonly Option[], work: (candidate: Candidate) => number): Option[] {
  const useful: Option[] = [];
  for (const option of [...options].sort(
    (a, b) => a.bytes - b.bytes || work(a.candidate) - work(b.candidate),
  )) {
    const last = useful.at(-1);
    if (!last || work(option.candidate) < work(last.candidate)) useful.push(option);
  }
  return useful;
}

/** Sizes of the arena times layers: graphs of thousands of layers are looked at in larger steps. */
const SWEEP_WORK = 20_000;

/** The selections at all sizes of the arena where one changes, from the smallest. */
function* sweep(lists: readonly (readonly Option[])[]): Generator<Selection> {
  if (lists.some((list) => list.length === 0)) return;
  const chosen = lists.map(() => 0);
  const least = Math.max(0, ...lists.map((list) => list[0]!.bytes));
  const sizes = [...new Set(lists.flat().map(({ bytes }) => Math.max(bytes, least)))].sort((a, b) => a - b);
  const step = Math.ceil((sizes.length * lists.length) / SWEEP_WORK);
  for (const [i, size] of sizes.entries()) {
    // The largest is among them; there is always a size where all is as fast as it gets.
    if ((sizes.length - 1 - i) % step !== 0 && i > 0) continue;
    lists.forEach((list, i) => {
      while ((list[chosen[i]! + 1]?.bytes ?? Number.POSITIVE_INFINITY) <= size) chosen[i]!++;
    });
    yield { candidates: lists.map((list, i) => list[chosen[i]!]!.candidate), arenaBytes: size };
  }
}

/** Every selection worth comparing. */
export function* selections(graph: Graph, layers: readonly LayerCandidates[]): Generator<Selection> {
  const shrinks = shrinking(graph, layers);
  const names = [...new Set(layers.map(fastKernel))].filter((name) => name !== "");
  const patterns = shrinks.size > 0 ? [new Set<string>(), shrinks] : [new Set<string>()];
  for (const settled of patterns) {
    const options = optionsOf(graph, layers, shrinks, settled);
    for (const rules of combinations(names)) {
      yield* sweep(
        options.map((list, i) => {
          const rule = rules.get(fastKernel(layers[i]!)) ?? "any";
          const allowed = list.filter(({ candidate }) => rule === "any" || candidate.choice.kernel === rule);
          return frontier(allowed, workOf);
        }),
      );
    }
  }
}
