/** More samples where there are too few to say what a layer's inputs are: copies with noise. */
import { type Graph, tensorOf } from "../../ir/graph.ts";
import type { Sample } from "../../ops/border.ts";
import { bind } from "../../ops/operator.ts";
import { normalNumbers } from "../quantize/data_free.ts";
import { codableRows } from "./narrow.ts";

const SEED = 0xc0de;
/** Rows of inputs, in multiples of their length, above which samples speak for themselves. */
const ENOUGH = 2;
/** Samples in all where there are too few. */
const MOST = 768;

/** Samples that give every layer enough rows. */
function wanted(network: Graph): number {
  return network.nodes.reduce((most, node) => {
    const rows = codableRows(node, bind(network, node));
    return rows ? Math.max(most, Math.ceil((ENOUGH * rows.terms) / rows.positions)) : most;
  }, 0);
}

/** The deviation of every number of an input over samples. */
function deviationsOf(samples: readonly Sample[], input: number): Float64Array {
  const { length } = samples[0]![input]!;
  const [sums, squares] = [new Float64Array(length), new Float64Array(length)];
  for (const sample of samples)
    sample[input]!.forEach((value, i) => {
      sums[i]! += value;
      squares[i]! += value * value;
    });
  return sums.map((sum, i) =>
    Math.sqrt(Math.max(0, squares[i]! / samples.length - (sum / samples.length) ** 2)),
  );
}

/**
 * The samples, and of fewer than the layers have inputs also copies, each number with normal noise of its own deviation:
 * a network that was fitted to a minute of one machine's sound alone would lose what it does not hear there. Inputs that
 * are whole numbers take no noise, and there are no copies then.
 */
export function withNoisyCopies(network: Graph, samples: readonly Sample[]): readonly Sample[] {
  const count = Math.min(MOST, wanted(network));
  const isWhole = network.inputs.some((name) => tensorOf(network, name).integers);
  if (isWhole || samples.length < 2 || samples.length >= count) return samples;
  const deviations = network.inputs.map((_, i) => deviationsOf(samples, i));
  const next = normalNumbers(SEED);
  const copies = Array.from({ length: count - samples.length }, (_, n) =>
    samples[n % samples.length]!.map((values, input) =>
      values.map((value, i) => value + deviations[input]![i]! * next()),
    ),
  );
  return [...samples, ...copies];
}
