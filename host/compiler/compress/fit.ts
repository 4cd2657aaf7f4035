/**
 * The search of `build --fit`: which layers have weights of four bits, and which become two of a lower rank, so that the
 * module fits with the least loss.
 */
import { elements, type Graph, ModelError, tensorOf } from "../../ir/graph.ts";
import type { Sample } from "../../ops/border.ts";
import { operatorOf } from "../../ops/index.ts";
import { bind } from "../../ops/operator.ts";
import { LEAST_SAVED, packedBytes } from "../../ops/packed.ts";
import type { LayerRows } from "../quantize/layer_rows.ts";
import { scoresOf, withinBudget } from "../quantize/score.ts";
import { type Coding, type Codings, codableRows, narrow } from "./narrow.ts";
import { withNoisyCopies } from "./noisy_copies.ts";
import { realValues, type Teacher, teacherOf, traceSample } from "./teacher.ts";

/** Bits of weights that are not 8. */
const PACKED_BITS = 4;
/** Ranks that are tried: sixteen channels share a word, and beyond the last most layers are smaller whole. */
const RANKS = [16, 32, 48, 64] as const;
/** Layers that four bits make smaller by less are not worth their place in the search. */
const LEAST_OF_LAYER = 128;
/** Smaller layers are not worth the search for a rank. */
const LEAST_FOR_RANK = 4096;
/** Bytes of a channel beside its weights: bias, multiplier, shift. */
const CHANNEL_BYTES = 9;
/** Bytes of one more layer: its arguments, its place in the metadata. */
const LAYER_BYTES = 200;

/** Figures of a network's module, all of it; RAM and instructions of one inference by the kernels that its board runs. */
export interface ModuleCost {
  readonly bytes: number;
  readonly ramBytes: number;
  readonly instructions: number;
}

export interface FitOptions<Cost extends ModuleCost> {
  /** The most that the module may take; what is missing may be anything. */
  readonly limits: Partial<ModuleCost>;
  readonly costOf: (network: Graph) => Promise<Cost>;
  /** Bits that the user chose, 4 or 8, by name of the layer. */
  readonly bits: ReadonlyMap<string, number>;
}

/** One way to store a layer's weights. */
export interface Choice extends Coding {
  /** Bytes of the weights, and of what else depends on the way. */
  readonly bytes: number;
  /** Noise to signal that it alone brings to the scores. */
  readonly noise: number;
}

/** A layer whose weights could take less room. */
export interface LayerFit {
  readonly layer: string;
  /** Their number. */
  readonly weights: number;
  readonly chosen: Choice;
  /** The ways that were measured, as they are now first. */
  readonly choices: readonly Choice[];
}

/** One step of the search: the estimated module, and the sum of what its layers lose, each alone. */
export interface CurvePoint {
  readonly moduleBytes: number;
  readonly noise: number;
}

export interface Fit {
  readonly network: Graph;
  readonly maxBytes?: number;
  /** Bytes of the module before, and after. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly layers: readonly LayerFit[];
  /** From the module as it was to the smallest that the search saw. */
  readonly curve: readonly CurvePoint[];
  /** Samples that weights were fitted to; 0 where all of them stayed as they were. */
  readonly samples: number;
}

/** With what `costOf` gave for the network. */
export interface Fitted<Cost extends ModuleCost> extends Fit {
  readonly cost: Cost;
}

/** A layer, and the ways to store it. */
interface Layer {
  readonly layer: string;
  readonly weights: number;
  readonly rows: LayerRows;
  readonly choices: readonly Choice[];
}

/** Layers whose weights take less room in four bits, in the order of the network, as they are; none where that is too little. */
function layersOf(network: Graph): Layer[] {
  const layers = network.nodes.flatMap((node): Layer[] => {
    const bound = bind(network, node);
    const rows = codableRows(node, bound);
    if (!rows) return [];
    const weights = elements(bound.inputs[operatorOf(node.op).quantization.weights!.input]!.shape);
    if (weights - packedSize(rows) < LEAST_OF_LAYER) return [];
    return [{ layer: node.name, weights, rows, choices: [{ bits: 8, bytes: weights, noise: 0 }] }];
  });
  const saved = layers.reduce((sum, { rows, weights }) => sum + weights - packedSize(rows), 0);
  return saved < LEAST_SAVED ? [] : layers;
}

/** Names of the layers that `--fit` and `--bits` can change. */
export const fittableLayers = (network: Graph): string[] => layersOf(network).map(({ layer }) => layer);

/** Bytes of a layer of four bits, in one part or in two. */
function packedSize({ channels, terms }: LayerRows, rank?: number): number {
  if (rank === undefined) return packedBytes(channels, terms);
  return packedBytes(rank, terms) + packedBytes(channels, rank) + CHANNEL_BYTES * rank + LAYER_BYTES;
}

/** Ranks at which a layer takes less room than whole. */
function ranksOf({ rows, weights }: Layer): number[] {
  if (weights < LEAST_FOR_RANK) return [];
  const most = Math.min(rows.channels, rows.terms);
  return RANKS.filter((rank) => rank < most && packedSize(rows, rank) < packedSize(rows));
}

/** Noise to signal of a network's scores: mean square of the differences by the variance of the teacher's. */
function noiseOf(teacher: Teacher, network: Graph): number {
  const names = scoresOf(teacher.graph);
  const expected = names.map((name) => teacher.valuesOf(name));
  const [sum, squares, errors, counts] = [0, 1, 2, 3].map(() => new Float64Array(names.length)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  teacher.samples.forEach((sample, s) => {
    const trace = traceSample(network, sample);
    scoresOf(network).forEach((name, n) => {
      const found = realValues(tensorOf(network, name), trace.get(name)!);
      expected[n]![s]!.forEach((value, i) => {
        sum[n]! += value;
        squares[n]! += value * value;
        errors[n]! += (value - found[i]!) ** 2;
        counts[n]!++;
      });
    });
  });
  const ratios = Array.from(errors, (error, n) => {
    const variance = squares[n]! - sum[n]! ** 2 / counts[n]!;
    return error / (variance > 0 ? variance : 1);
  });
  return ratios.reduce((a, b) => a + b, 0) / ratios.length;
}

/** Samples for one layer's sensitivity, and for the weights themselves: multiples of the quantiser's budget. */
const SENSITIVITY_BUDGET = 1 / 4;
const CODING_BUDGET = 1 / 64;

/** The layers with more ways to store them, each measured alone: by what it does to the scores beyond what integers did. */
function measure(
  teacher: Teacher,
  network: Graph,
  layers: readonly Layer[],
  codingsOf: (layer: Layer) => readonly Coding[],
): Layer[] {
  const before = noiseOf(teacher, network);
  return layers.map((each) => {
    const more = codingsOf(each).map((coding) => {
      const alone = narrow(teacher, network, new Map([[each.layer, coding]]));
      const noise = Math.max(0, noiseOf(teacher, alone) - before);
      return { ...coding, bytes: packedSize(each.rows, coding.rank), noise };
    });
    return { ...each, choices: [...each.choices, ...more] };
  });
}

/** The choices of a search by layer, and the steps that led to them. */
interface Found {
  readonly chosen: ReadonlyMap<string, Choice>;
  readonly saved: number;
  readonly curve: readonly { readonly saved: number; readonly noise: number }[];
}

/** One layer's choice that takes less room than the present one, for the least noise a byte. */
function cheapest(layers: readonly Layer[], chosen: ReadonlyMap<string, Choice>) {
  const moves = layers.flatMap(({ layer, choices }) => {
    const now = chosen.get(layer)!;
    return choices
      .filter(({ bytes }) => bytes < now.bytes)
      .map((to) => ({ layer, now, to, cost: (to.noise - now.noise) / (now.bytes - to.bytes) }));
  });
  return moves.length === 0 ? undefined : moves.reduce((a, b) => (b.cost < a.cost ? b : a));
}

/** Choices that save so many bytes, the cheapest first; fewer where that is not possible. */
function choose(layers: readonly Layer[], needed: number): Found {
  const chosen = new Map(layers.map(({ layer, choices }) => [layer, choices[0]!]));
  let saved = layers.reduce((sum, { weights, choices }) => sum + weights - choices[0]!.bytes, 0);
  let noise = 0;
  const curve = [{ saved, noise }];
  while (saved < needed) {
    const move = cheapest(layers, chosen);
    if (!move) break;
    chosen.set(move.layer, move.to);
    saved += move.now.bytes - move.to.bytes;
    noise += move.to.noise - move.now.noise;
    curve.push({ saved, noise });
  }
  // The last step may have saved far more than was missing: an earlier one may not be needed then.
  const steps = layers.map(({ layer, choices }) => ({ layer, first: choices[0]!, to: chosen.get(layer)! }));
  for (const { layer, first, to } of steps.toSorted((a, b) => b.to.noise - a.to.noise)) {
    const back = first.bytes - to.bytes;
    if (back === 0 || saved - back < needed) continue;
    chosen.set(layer, first);
    saved -= back;
  }
  return { chosen, saved, curve };
}

function checkBits(bits: ReadonlyMap<string, number>, layers: readonly Layer[]): void {
  const known = layers.map(({ layer }) => layer);
  for (const layer of bits.keys())
    if (!known.includes(layer))
      throw new ModelError(
        `--bits: expected one of the layers ${known.join(", ") || "(none has enough weights)"}, found ${layer}`,
      );
}

const LIMIT_NAMES: Readonly<Record<keyof ModuleCost, string>> = {
  bytes: "--fit: expected a module of at most",
  ramBytes: "--ram: expected at most",
  instructions: "--instructions: expected at most",
};
const UNITS: Readonly<Record<keyof ModuleCost, string>> = {
  bytes: " bytes",
  ramBytes: " bytes",
  instructions: "",
};

/** The first limit that is exceeded. */
function exceeded(cost: ModuleCost, limits: Partial<ModuleCost>): keyof ModuleCost | undefined {
  const names = ["bytes", "ramBytes", "instructions"] as const;
  return names.find((name) => cost[name] > (limits[name] ?? Number.POSITIVE_INFINITY));
}

function tooLarge(
  name: keyof ModuleCost,
  cost: ModuleCost,
  limits: Partial<ModuleCost>,
  layers: readonly Layer[],
): ModelError {
  const why =
    layers.length === 0
      ? `, and no weights that four bits would make ${LEAST_SAVED} bytes smaller`
      : " with every layer at four bits and the lowest rank";
  return new ModelError(`${LIMIT_NAMES[name]} ${limits[name]}${UNITS[name]}, found ${cost[name]}${why}`);
}

/** Bytes of the kernel of four bits, about. */
const KERNEL_BYTES = 1500;

/** The search's state: ways to store the layers are measured only when they are needed. */
interface Search {
  readonly reference: Graph;
  readonly network: Graph;
  readonly samples: readonly Sample[];
  readonly bits: ReadonlyMap<string, number>;
}

/** Layers with the ways that the user allows: all, or the one that was chosen. */
function allowed(layers: readonly Layer[], bits: ReadonlyMap<string, number>): Layer[] {
  return layers.map((each) => {
    const chosen = bits.get(each.layer);
    return chosen === undefined
      ? each
      : {
          ...each,
          choices: each.choices.filter((choice) => choice.bits === chosen && choice.rank === undefined),
        };
  });
}

/** Every layer in four bits, and in ranks too where those do not save enough. */
function measured({ reference, network, samples, bits }: Search, needed: number): Layer[] {
  const teacher = teacherOf(reference, withinBudget(network, samples, SENSITIVITY_BUDGET));
  const packed = measure(teacher, network, layersOf(network), () => [{ bits: PACKED_BITS }]);
  const most = allowed(packed, bits).reduce(
    (sum, { weights, choices }) => sum + weights - Math.min(...choices.map(({ bytes }) => bytes)),
    0,
  );
  const whole =
    most >= needed
      ? packed
      : measure(teacher, network, packed, (layer) =>
          ranksOf(layer).map((rank) => ({ bits: PACKED_BITS, rank })),
        );
  return allowed(whole, bits);
}

const codingsOf = (chosen: ReadonlyMap<string, Choice>): Codings =>
  new Map([...chosen].filter(([, { bits }]) => bits === PACKED_BITS));

const asItIs = <Cost extends ModuleCost>(
  network: Graph,
  cost: Cost,
  { bytes: maxBytes }: Partial<ModuleCost>,
): Fitted<Cost> => ({
  network,
  ...(maxBytes !== undefined && { maxBytes }),
  bytesBefore: cost.bytes,
  bytesAfter: cost.bytes,
  cost,
  layers: [],
  curve: [{ moduleBytes: cost.bytes, noise: 0 }],
  samples: 0,
});

/**
 * The network with weights of four bits, and of lower rank, in the layers where that costs least, so that its module
 * fits. `reference` is the float graph, or the network itself where a file had integers already.
 * It stays as it is where it fits without samples, or no layer has weights to spare.
 * @throws ModelError where it can't be made to fit, weights are to be fitted and there is no sample, or `bits` names a
 *   layer that has none to spare
 */
export async function fit<Cost extends ModuleCost>(
  reference: Graph,
  network: Graph,
  samples: readonly Sample[],
  { limits, costOf, bits }: FitOptions<Cost>,
): Promise<Fitted<Cost>> {
  const candidates = layersOf(network);
  checkBits(bits, candidates);
  const before = await costOf(network);
  const tooMuch = exceeded(before, limits);
  if (bits.size === 0 && (candidates.length === 0 || (samples.length === 0 && !tooMuch))) {
    if (tooMuch) throw tooLarge(tooMuch, before, limits, candidates);
    return asItIs(network, before, limits);
  }
  if (samples.length === 0) throw new ModelError("--fit and --bits: expected --calibration, found none");
  const limit = limits.bytes ?? Number.POSITIVE_INFINITY;
  let needed = before.bytes <= limit ? 0 : before.bytes + KERNEL_BYTES - limit;
  const seen = withNoisyCopies(network, samples);
  const layers = measured({ reference, network, samples: seen, bits }, needed);
  const teacher = teacherOf(reference, withinBudget(network, seen, CODING_BUDGET));
  for (;;) {
    const { chosen, saved } = choose(layers, needed);
    const codings = codingsOf(chosen);
    const found = codings.size === 0 ? network : narrow(teacher, network, codings);
    const cost = codings.size === 0 ? before : await costOf(found);
    const over = exceeded(cost, limits);
    if (over) {
      if (saved < needed) throw tooLarge(over, cost, limits, layers);
      // Fewer instructions or less RAM by a step of the search at a time: what it brings is known only then.
      needed = Math.max(saved + 1, over === "bytes" ? needed + cost.bytes - limit : 0);
      continue;
    }
    return {
      network: found,
      ...(limits.bytes !== undefined && { maxBytes: limits.bytes }),
      bytesBefore: before.bytes,
      bytesAfter: cost.bytes,
      cost,
      layers: layers.map(({ layer, weights, choices }) => ({
        layer,
        weights,
        choices,
        chosen: chosen.get(layer)!,
      })),
      curve: curveOf(layers, before.bytes),
      samples: codings.size === 0 ? 0 : samples.length,
    };
  }
}

const curveOf = (layers: readonly Layer[], bytesBefore: number): CurvePoint[] =>
  choose(layers, Number.POSITIVE_INFINITY).curve.map(({ saved, noise }) => ({
    moduleBytes: bytesBefore + (saved > 0 ? KERNEL_BYTES : 0) - saved,
    noise,
  }));
