/** Cross-validation: what fits some samples is judged by others (Stone 1974; k = 4 as `isHeldOut` of refinements). */
import type { Graph } from "../../ir/graph.ts";
import type { Sample } from "../../ops/border.ts";
import { withinBudget } from "./score.ts";

export interface Fold {
  /** Samples that ranges and factors are found on. */
  readonly fitting: readonly Sample[];
  /** Samples that they are judged by; no sample is in both, where there is more than one. */
  readonly judging: readonly Sample[];
}

const FOLDS = 4;

/**
 * Four folds, each judged by every fourth sample. Of a large model only so many samples can be judged as fit the
 * budget: where those are few of all they make one fold, and what is left is for fitting.
 */
export function foldsOf(graph: Graph, samples: readonly Sample[]): Fold[] {
  if (samples.length < 2) return [{ fitting: samples, judging: samples }];
  const judges = withinBudget(graph, samples);
  if (judges.length * FOLDS <= samples.length) {
    const judged = new Set(judges);
    return [{ fitting: samples.filter((sample) => !judged.has(sample)), judging: judges }];
  }
  return Array.from({ length: Math.min(FOLDS, judges.length) }, (_, fold) => {
    const judging = judges.filter((_, i) => i % FOLDS === fold);
    const judged = new Set(judging);
    return { fitting: judges.filter((sample) => !judged.has(sample)), judging };
  });
}
