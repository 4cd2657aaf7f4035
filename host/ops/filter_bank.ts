import { elements, ModelError, type Tensor, type TensorData } from "../ir/graph.ts";
import { type Bound, defineOperator } from "./operator.ts";
import { constantData, exactTypes, OWN_TYPES, require } from "./signal.ts";

interface Band {
  readonly frequency: number;
  readonly weight: number;
  readonly width: number;
}

type Inputs = Pick<Bound<unknown>, "name" | "inputs">;

/** Which frequencies and weights each band begins with, and how many it has. */
function bandsOf({ name, inputs }: Inputs): Band[] {
  const [frequencies, weights, widths] = inputs.slice(3).map((tensor) => constantData(name, tensor!)) as [
    Int16Array,
    Int16Array,
    Int16Array,
  ];
  return Array.from(widths, (width, i) => ({
    frequency: frequencies[i]!,
    weight: weights[i]!,
    width: Math.max(width, 0),
  }));
}

/** Without the frequencies at either end that count for nothing: files fill bands up to multiples of four. */
function trimmed(band: Band, weights: TensorData, unweights: TensorData): Band {
  const { frequency, weight, width } = band;
  const counts = (i: number): boolean => weights[weight + i] !== 0 || unweights[weight + i] !== 0;
  const used = Array.from({ length: width }, (_, i) => i).filter(counts);
  const first = used[0] ?? 0;
  return { frequency: frequency + first, weight: weight + first, width: (used.at(-1) ?? -1) - first + 1 };
}

function checkBands(node: Inputs, channels: number): void {
  const { name, inputs } = node;
  const [input, weights, unweights] = inputs as [Tensor, Tensor, Tensor];
  for (const tensor of [weights, unweights]) constantData(name, tensor);
  const lengths = inputs.slice(3).map((tensor) => elements(tensor!.shape));
  require(name, lengths.every((n) => n === channels + 1), `lists of ${channels + 1} bands`, lengths);
  const most = Math.min(elements(weights.shape), elements(unweights.shape));
  const wrong = bandsOf(node).find(
    ({ frequency, weight, width }) =>
      frequency < 0 || weight < 0 || frequency + width > elements(input.shape) || weight + width > most,
  );
  if (wrong)
    throw new ModelError(
      `node ${name}: expected bands within ${elements(input.shape)} frequencies and ${most} weights, found one of ${wrong.width} at ${wrong.frequency} and ${wrong.weight}`,
    );
}

/**
 * Energies in overlapping bands: each frequency counts with its weight in one band and with its unweight in the next.
 * Inputs: energies [n], weights, unweights, and for each of channels + 1 bands its first frequency, its first weight
 * and its width. Output [channels, 2]: sums of 64 bits; the first band is left out
 * (TensorFlow Lite Micro, FilterbankAccumulateChannels).
 */
export const filterBank = defineOperator({
  name: "filter_bank",
  summary: "energies in overlapping bands",
  arity: [6, 6],
  attributes: { channels: "int" },
  quantization: OWN_TYPES,
  unscaled: true,
  checkTypes: exactTypes(["uint32", "int16", "int16", "int16", "int16", "int16"], ["uint32"]),

  infer(node) {
    const { channels } = node.attributes;
    require(node.name, channels > 0, "num_channels above 0", channels);
    checkBands(node, channels);
    return [[channels, 2]];
  },

  evaluate(node, values) {
    const [energies, weights, unweights] = values as readonly [Uint32Array, Int16Array, Int16Array];
    let carried = 0n;
    const sums = bandsOf(node).map(({ frequency, weight, width }) => {
      let sum = carried;
      carried = 0n;
      for (let i = 0; i < width; i++) {
        const value = BigInt(energies[frequency + i]!);
        sum += value * BigInt(weights[weight + i]!);
        carried += value * BigInt(unweights[weight + i]!);
      }
      return BigInt.asUintN(64, sum);
    });
    return [new Uint32Array(BigUint64Array.from(sums.slice(1)).buffer)];
  },

  lower(node, to) {
    const [weights, unweights] = node.inputs.slice(1, 3).map((tensor) => tensor!.data!) as [
      TensorData,
      TensorData,
    ];
    const bands = bandsOf(node).map((band) => trimmed(band, weights, unweights));
    const pairs = bands.flatMap(({ weight, width }) =>
      Array.from({ length: width }, (_, i) => [weights[weight + i]!, unweights[weight + i]!]),
    );
    to.call(
      "filter_bank_u32",
      {
        input: node.inputs[0]!,
        output: node.outputs[0]!,
        weights: to.constant("weights", Int16Array.from(pairs.length > 0 ? pairs.flat() : [0])),
        bands: to.constant(
          "bands",
          Int16Array.from(bands.flatMap(({ frequency, width }) => [frequency, width])),
        ),
        channels: node.attributes.channels,
      },
      { terms: pairs.length },
    );
  },

  macs: (node) => bandsOf(node).reduce((sum, { width }) => sum + 2 * width, 0),
});
