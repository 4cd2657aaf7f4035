/** Bins at quantiles of calibration samples, by which devices watch a model (host/module/watch.ts). */
import { elements, fromBytes, ModelError } from "../../ir/graph.ts";
import { type Channel, COUNTS, EDGES, keyOf, placeOf, type Watch } from "../../module/watch.ts";
import { typeRange } from "../../ops/activation.ts";
import type { Borders, BorderTensor, Sample } from "../../ops/border.ts";
import { argmax, type Decision } from "../../ops/decision.ts";

/** An input of more features has one channel for all its values. */
export const FEATURES_MOST = 64;
/** The share of an inference's instructions that watching it may take. */
const SHARE = 0.02;
/** Instructions of looking at one value, and of what else an inference is watched for: of GCC's code for rv32 at -Os. */
export const COST = { channel: 170, inference: 300 } as const;

/** The results of one inference: the bytes of each output. */
type Outputs = readonly Uint8Array[];

export interface WatchOptions {
  /** Those of the module, as its descriptor has them. */
  readonly borders: Borders;
  /** Real values of the inputs; undefined where they are not known, as behind a front-end: then inputs are not watched. */
  readonly samples: readonly Sample[] | undefined;
  readonly outputs: readonly Outputs[];
  /** Predicted instructions of an inference. */
  readonly instructions: number;
  /** Values of one of so many inferences are looked at; default as many as cost 2 % of them. */
  readonly every?: number | undefined;
}

/** Edges at quantiles, and how many of the values lie between them. */
export function channelOf(keys: readonly number[], missing = 0): Channel {
  const sorted = Int32Array.from(keys).sort();
  const last = Math.max(sorted.length - 1, 0);
  const edges = Array.from({ length: EDGES }, (_, i) => {
    const place = Math.min(Math.floor((i * sorted.length) / (EDGES - 1)), last);
    return sorted[place] ?? 0;
  });
  const counts = new Array<number>(COUNTS).fill(0);
  for (const key of sorted) counts[placeOf(edges, key)]!++;
  counts[COUNTS - 1] = missing;
  return { edges, counts };
}

const channelsOf = ({ shape }: BorderTensor): number => {
  const features = shape.at(-1) ?? 1;
  return features <= FEATURES_MOST ? features : 1;
};

function featureChannel(values: Iterable<Float32Array>, width: number, feature: number): Channel {
  const keys: number[] = [];
  let missing = 0;
  for (const each of values)
    for (let i = feature; i < each.length; i += width)
      if (Number.isNaN(each[i])) missing++;
      else keys.push(keyOf(each[i]!));
  return channelOf(keys, missing);
}

/** The least raw value whose real one is above a threshold; one more than the type has where none is. */
function limitOf(output: BorderTensor): number {
  const { min, max } =
    output.dtype === "int32" ? { min: -(2 ** 31), max: 2 ** 31 - 1 } : typeRange({ dtype: output.dtype });
  const { threshold = 0.5 } = output;
  let [from, to] = [min, max + 1];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (Math.fround(Math.fround(middle - output.zeroPoint) * output.scale) > threshold) to = middle;
    else from = middle + 1;
  }
  return Math.min(from, 2 ** 31 - 1);
}

interface Found {
  readonly key: readonly number[];
  readonly classNumber?: number;
}

/** The raw values that are the result of an inference, and the class that it decides for. */
function resultOf(raw: ArrayLike<number>, decision: Decision, limit: number): Found {
  switch (decision) {
    case "greatest": {
      const best = argmax(raw);
      return { key: [raw[best]!], classNumber: best };
    }
    case "second":
      return { key: [raw[1]!], classNumber: Number(raw[1]! >= limit) };
    case "above":
      return { key: [raw[0]!], classNumber: Number(raw[0]! >= limit) };
    case "index":
      return { key: [raw[0]!], classNumber: raw[0]! >>> 0 };
    default:
      return { key: Array.from(raw) };
  }
}

function classesOf(output: BorderTensor, decision: Decision, found: readonly Found[]): number[] {
  if (decision === "none" || decision === "error") return [];
  const most = found.reduce((sum, { classNumber = 0 }) => Math.max(sum, classNumber + 1), 0);
  const count =
    decision === "greatest"
      ? elements(output.shape)
      : decision === "index"
        ? Math.max(output.labels?.length ?? 0, Math.min(most, 256))
        : 2;
  const classes = new Array<number>(count).fill(0);
  for (const { classNumber = 0 } of found) classes[Math.min(classNumber, count - 1)]!++;
  return classes;
}

/** How seldom values are looked at, so that it costs no more than its share. */
export const everyOf = (channels: number, instructions: number): number =>
  Math.min(Math.max(Math.ceil((COST.inference + COST.channel * channels) / (SHARE * instructions)), 1), 1000);

/** Throws ModelError where there are no samples. */
export function watchOf({ borders, samples, outputs, instructions, every }: WatchOptions): Watch {
  if (outputs.length === 0) throw new ModelError("--monitor: expected --calibration samples, found none");
  const inputs = borders.inputs.map((input) => (samples ? channelsOf(input) : 0));
  const features = inputs.flatMap((width, i) =>
    Array.from({ length: width }, (_, feature) =>
      featureChannel(
        samples!.map((sample) => sample[i]!),
        width,
        feature,
      ),
    ),
  );
  const deciding = borders.outputs.findIndex(({ decision = "none" }) => decision !== "none");
  const output = Math.max(deciding, 0);
  const tensor = borders.outputs[output]!;
  const { decision = "none" } = tensor;
  const limit = decision === "above" || decision === "second" ? limitOf(tensor) : 0;
  const found = outputs.map((each) => resultOf(fromBytes(tensor.dtype, each[output]!), decision, limit));
  const channels = [...features, channelOf(found.flatMap(({ key }) => key))];
  return {
    inputs,
    output,
    decision,
    type: tensor.dtype,
    every: every ?? everyOf(channels.length, instructions),
    limit,
    elements: elements(tensor.shape),
    classes: classesOf(tensor, decision, found),
    channels,
  };
}
