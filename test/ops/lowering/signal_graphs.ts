/** Random graphs of one node of whole numbers: signals, casts and arithmetic in int32; some have states. */
import fc from "fast-check";
import { lcgBytes } from "../../../host/compiler/verify/vectors.ts";
import {
  type Attributes,
  byteSize,
  type DType,
  elements,
  fromBytes,
  type Graph,
  ModelError,
  quantized,
  type Shape,
  type Tensor,
  type TensorData,
} from "../../../host/ir/graph.ts";
import { ACTIVATIONS } from "../../../host/ops/activation.ts";
import { delayQueue } from "../../../host/ops/delay.ts";
import { type Queue, stateShapes } from "../../../host/ops/fifo.ts";
import { framerQueue } from "../../../host/ops/framer.ts";
import { operatorOf } from "../../../host/ops/index.ts";
import { stackerQueue } from "../../../host/ops/stacker.ts";

const seeds = fc.integer({ min: 0, max: 0xffff });
export const upTo = (greatest: number) => fc.integer({ min: 1, max: greatest });
export const between = (min: number, max: number) => fc.integer({ min, max });

export const tensor = (name: string, dtype: DType, shape: Shape): Tensor => ({
  name,
  dtype,
  shape,
  ...(!dtype.endsWith("32") && { quantization: quantized(1, 0) }),
});

const constant = (name: string, dtype: DType, shape: Shape, data: Iterable<number>): Tensor => ({
  ...tensor(name, dtype, shape),
  data: (dtype === "int16" ? Int16Array : Int32Array).from(data),
});

const numbers = (seed: number, count: number): TensorData =>
  fromBytes("int16", lcgBytes(seed, 2 * count).bytes);

const state = (name: string, dtype: DType, shape: Shape): Tensor => ({
  ...tensor(name, dtype, shape),
  next: `${name}_next`,
});

export interface SignalDraft {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  /** Types of the outputs before the next states. */
  readonly outputs: readonly DType[];
}

/** The graph of one node; undefined where the operator refuses it. */
export function signalGraph({ op, inputs, attributes, outputs }: SignalDraft): Graph | undefined {
  try {
    const shapes = operatorOf(op).infer({ name: "node", attributes, inputs });
    const results = outputs.map((dtype, i) => tensor(`output_${i}`, dtype, shapes[i]!));
    const next = inputs
      .filter((input) => input.next !== undefined)
      .map(({ next: name, dtype, shape }) => tensor(name!, dtype, shape));
    const all = [...inputs, ...results, ...next];
    return {
      name: op,
      tensors: new Map(all.map((each) => [each.name, each])),
      nodes: [
        {
          name: "node",
          op,
          inputs: inputs.map(({ name }) => name),
          outputs: [...results, ...next].map(({ name }) => name),
          attributes,
        },
      ],
      inputs: inputs.filter(({ data, next: isState }) => !data && !isState).map(({ name }) => name),
      outputs: results.map(({ name }) => name),
    };
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}

export const build = (drafts: fc.Arbitrary<SignalDraft>): fc.Arbitrary<Graph> =>
  drafts.map(signalGraph).filter((graph): graph is Graph => graph !== undefined);

const rowsOf = (rows: number, length: number): Shape => (rows === 1 ? [length] : [rows, length]);

export const windowDraft = (rows: number, length: number, shift: number, seed: number): SignalDraft => ({
  op: "signal_window",
  inputs: [
    tensor("input", "int16", rowsOf(rows, length)),
    constant(
      "window",
      "int16",
      [length],
      shift === 12 ? numbers(seed, length).map((x) => (x >>> 4) & 0xfff) : numbers(seed, length),
    ),
  ],
  attributes: { shift },
  outputs: ["int16"],
});

export const autoScaleDraft = (length: number): SignalDraft => ({
  op: "fft_auto_scale",
  inputs: [tensor("input", "int16", [length])],
  attributes: {},
  outputs: ["int16", "int32"],
});

export const fftDraft = (op: "rfft" | "irfft", bits: number, rows: number, length: number): SignalDraft => ({
  op,
  inputs: [
    tensor("input", "int16", rowsOf(rows, op === "rfft" ? Math.min(length, 2 ** bits) : 2 ** bits + 2)),
  ],
  attributes: { fftLength: 2 ** bits },
  outputs: ["int16"],
});

export const energyDraft = (length: number, start: number, end: number): SignalDraft => ({
  op: "energy",
  inputs: [tensor("input", "int16", [2 * length])],
  attributes: { start, end },
  outputs: ["uint32"],
});

/** Bands of up to `width` frequencies, one after the other. */
export function filterBankDraft(channels: number, width: number, seed: number): SignalDraft {
  const widths = Array.from(numbers(seed, channels + 1), (x) => (x & 0xff) % (width + 1));
  const ends = widths.map((_, i) => widths.slice(0, i).reduce((sum, n) => sum + n, 0));
  const total = Math.max(1, ends.at(-1)! + widths.at(-1)!);
  const list = (name: string, values: readonly number[]) => constant(name, "int16", [channels + 1], values);
  return {
    op: "filter_bank",
    inputs: [
      tensor("input", "uint32", [total + 2]),
      constant("weights", "int16", [total], numbers(seed + 1, total)),
      constant("unweights", "int16", [total], numbers(seed + 2, total)),
      list(
        "frequencies",
        ends.map((end, i) => end + (i % 2)),
      ),
      list("starts", ends),
      list("widths", widths),
    ],
    attributes: { channels },
    outputs: ["uint32"],
  };
}

export const squareRootDraft = (channels: number): SignalDraft => ({
  op: "filter_bank_square_root",
  inputs: [tensor("input", "uint32", [channels, 2]), tensor("bits", "int32", [])],
  attributes: {},
  outputs: ["uint32"],
});

export const subtractionDraft = (channels: number, bits: number, clamping: boolean): SignalDraft => ({
  op: "spectral_subtraction",
  inputs: [tensor("input", "uint32", [channels]), state("state", "uint32", [channels])],
  attributes: {
    smoothing: 409,
    oneMinusSmoothing: 15975,
    alternateSmoothing: 983,
    alternateOneMinusSmoothing: 15401,
    smoothingBits: bits,
    minSignalRemaining: 819,
    bits: 14,
    clamping,
  },
  outputs: ["uint32", "uint32"],
});

export const pcanDraft = (channels: number, snrShift: number, seed: number): SignalDraft => ({
  op: "pcan",
  inputs: [
    tensor("input", "uint32", [channels]),
    tensor("noise", "uint32", [channels]),
    constant("table", "int16", [125], numbers(seed, 125)),
  ],
  attributes: { snrShift },
  outputs: ["uint32"],
});

export const logDraft = (channels: number, outputScale: number, bits: number): SignalDraft => ({
  op: "filter_bank_log",
  inputs: [tensor("input", "uint32", [channels])],
  attributes: { outputScale, inputCorrectionBits: bits },
  outputs: ["int16"],
});

export const castDraft = (from: DType, to: DType, length: number): SignalDraft => ({
  op: "cast",
  inputs: [tensor("input", from, [length])],
  attributes: {},
  outputs: [to],
});

export const scaleDraft = (from: DType, to: DType, length: number, divisor: number): SignalDraft => ({
  op: "scale_integers",
  inputs: [tensor("input", from, [length])],
  attributes: { factor: 256, addend: 333, divisor, offset: -128, min: -128, max: to === "int8" ? 127 : 5000 },
  outputs: [to],
});

export const arithmeticDraft = (
  operation: string,
  activation: string,
  a: Shape,
  b: Shape,
  seed: number | undefined,
): SignalDraft => ({
  op: "integer_arithmetic",
  inputs: [
    tensor("a", "int32", a),
    seed === undefined
      ? tensor("b", "int32", b)
      : constant(
          "b",
          "int32",
          b,
          Array.from(numbers(seed, elements(b)), (x) => (x % 5 === 0 ? -1 : x)),
        ),
  ],
  attributes: { operation, activation },
  outputs: ["int32"],
});

const queueStates = (queue: Queue, rows: number): Tensor[] => {
  const [samples, level] = stateShapes(queue, rows);
  return [state("samples", "int16", samples), state("level", "int32", level)];
};

export function framerDraft(
  rows: number,
  chunks: number,
  frameSize: number,
  frameStep: number,
  prefill: boolean,
): SignalDraft {
  const attributes = { frameSize, frameStep, prefill };
  return {
    op: "framer",
    inputs: [
      tensor("input", "int16", rowsOf(rows, chunks * frameStep)),
      ...queueStates(framerQueue(attributes), rows),
    ],
    attributes,
    outputs: ["int16", "int8"],
  };
}

export function stackerDraft(channels: number, left: number, right: number, step: number): SignalDraft {
  const attributes = { channels, left, right, step };
  return {
    op: "stacker",
    inputs: [tensor("input", "int16", [channels]), ...queueStates(stackerQueue(attributes), 1)],
    attributes,
    outputs: ["int16", "int8"],
  };
}

export const delayDraft = (rows: number, length: number, delayLength: number): SignalDraft => ({
  op: "delay",
  inputs: [
    tensor("input", "int16", rowsOf(rows, length)),
    ...queueStates(delayQueue(length, delayLength), rows),
  ],
  attributes: { delayLength },
  outputs: ["int16"],
});

export const overlapDraft = (rows: number, frames: number, size: number, frameStep: number): SignalDraft => ({
  op: "overlap_add",
  inputs: [
    tensor("input", "int16", [...(rows === 1 ? [] : [rows]), frames, size]),
    state("sums", "int16", [rows, size]),
  ],
  attributes: { frameStep },
  outputs: ["int16"],
});

export const slideDraft = (count: number, window: number): SignalDraft => ({
  op: "slide",
  inputs: [tensor("input", "int8", [count]), state("window", "int8", [window])],
  attributes: {},
  outputs: ["int8"],
});

export const eventDraft = (
  dtype: "int8" | "int16",
  levels: readonly number[],
  [least, of]: readonly [number, number],
  hold: number,
  suppress: number,
): SignalDraft => ({
  op: "event",
  inputs: [tensor("scores", dtype, [levels.length]), state("events", "int32", [3 + levels.length])],
  attributes: { levels, least, of, hold, suppress },
  outputs: ["int32"],
});

const events = fc
  .record({
    dtype: fc.constantFrom("int8" as const, "int16" as const),
    levels: fc.array(between(-129, 127), { minLength: 1, maxLength: 9 }),
    of: between(1, 32),
    least: between(1, 3),
    hold: between(1, 3),
    suppress: between(0, 4),
  })
  .map(({ dtype, levels, of, least, hold, suppress }) =>
    eventDraft(dtype, levels, [least, of], hold, suppress),
  );

const TYPES: readonly DType[] = ["int8", "uint8", "int16", "int32", "uint32"];
const OPERATIONS = ["add", "sub", "mul", "div", "minimum", "maximum"];

/** By operator. */
export const signalGraphs: Readonly<Record<string, fc.Arbitrary<Graph>>> = {
  signal_window: build(
    fc.tuple(upTo(3), upTo(20), fc.constantFrom(12, 15, 3), seeds).map((d) => windowDraft(...d)),
  ),
  fft_auto_scale: build(upTo(30).map(autoScaleDraft)),
  rfft: build(
    fc.tuple(between(3, 8), upTo(2), upTo(300)).map(([bits, rows, n]) => fftDraft("rfft", bits, rows, n)),
  ),
  irfft: build(fc.tuple(between(3, 8), upTo(2)).map(([bits, rows]) => fftDraft("irfft", bits, rows, 0))),
  energy: build(fc.tuple(upTo(20), between(0, 20), between(0, 20)).map((d) => energyDraft(...d))),
  filter_bank: build(fc.tuple(upTo(6), upTo(7), seeds).map((d) => filterBankDraft(...d))),
  filter_bank_square_root: build(upTo(20).map(squareRootDraft)),
  spectral_subtraction: build(
    fc.tuple(upTo(9), between(0, 14), fc.boolean()).map((d) => subtractionDraft(...d)),
  ),
  pcan: build(fc.tuple(upTo(20), between(0, 20), seeds).map((d) => pcanDraft(...d))),
  filter_bank_log: build(fc.tuple(upTo(20), between(0, 2000), between(0, 20)).map((d) => logDraft(...d))),
  cast: build(
    fc
      .tuple(fc.constantFrom(...TYPES), fc.constantFrom(...TYPES), upTo(20))
      .filter(([from, to]) => byteSize(tensor("", from, [])) !== byteSize(tensor("", to, [])))
      .map((d) => castDraft(...d)),
  ),
  scale_integers: build(
    fc
      .tuple(fc.constantFrom(...TYPES), fc.constantFrom(...TYPES), upTo(20), fc.constantFrom(666, 1, -7))
      .map((d) => scaleDraft(...d)),
  ),
  integer_arithmetic: build(
    fc
      .tuple(
        fc.constantFrom(...OPERATIONS),
        fc.constantFrom(...ACTIVATIONS),
        fc.array(upTo(4), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 15 }),
        fc.option(seeds, { nil: undefined }),
      )
      .map(([operation, activation, shape, repeated, seed]) =>
        arithmeticDraft(
          operation,
          activation,
          shape,
          shape.map((n, i) => ((repeated >> i) & 1 ? 1 : n)),
          operation === "div" ? (seed ?? 1) : seed,
        ),
      ),
  ),
  framer: build(fc.tuple(upTo(2), upTo(3), upTo(20), upTo(9), fc.boolean()).map((d) => framerDraft(...d))),
  stacker: build(fc.tuple(upTo(5), between(0, 3), between(0, 3), upTo(4)).map((d) => stackerDraft(...d))),
  delay: build(fc.tuple(upTo(2), upTo(9), between(0, 20)).map((d) => delayDraft(...d))),
  event: build(events),
  slide: build(fc.tuple(upTo(9), upTo(30)).map((d) => slideDraft(...d))),
  overlap_add: build(fc.tuple(upTo(2), upTo(3), upTo(12), upTo(12)).map((d) => overlapDraft(...d))),
};
