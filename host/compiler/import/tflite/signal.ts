/** The custom operators of TensorFlow Lite Micro's signal library, and the arithmetic of whole numbers around them. */
import { elements, ModelError, type Shape } from "../../../ir/graph.ts";
import { delayQueue } from "../../../ops/delay.ts";
import { capacityOf, type Queue } from "../../../ops/fifo.ts";
import { framerQueue } from "../../../ops/framer.ts";
import { stackerQueue } from "../../../ops/stacker.ts";
import { activation, input, type NewState, type Source, type Translate } from "./source.ts";

/** A whole number of the custom options. */
function option({ options }: Source, name: string): number {
  const value = options.custom().get(name);
  if (value === undefined || !Number.isSafeInteger(value))
    throw new ModelError(`option ${name}: expected a whole number, found ${value ?? "none"}`);
  return value;
}

const flag = (source: Source, name: string): boolean => option(source, name) !== 0;

/** Options by our name and theirs. */
const custom =
  (op: string, names: Readonly<Record<string, string>> = {}): Translate =>
  (source) => ({
    op,
    attributes: Object.fromEntries(
      Object.entries(names).map(([ours, theirs]) => [ours, option(source, theirs)]),
    ),
  });

const INT16 = 7;

/** There are kernels for other types, with a rounding of their own. */
const int16Only =
  (translate: Translate): Translate =>
  (source) => {
    const type = option(source, "T");
    if (type !== INT16) throw new ModelError(`option T: expected INT16 (${INT16}), found ${type}`);
    return translate(source);
  };

const spectralSubtraction: Translate = (source) => ({
  op: "spectral_subtraction",
  attributes: {
    smoothing: option(source, "smoothing"),
    oneMinusSmoothing: option(source, "one_minus_smoothing"),
    alternateSmoothing: option(source, "alternate_smoothing"),
    alternateOneMinusSmoothing: option(source, "alternate_one_minus_smoothing"),
    smoothingBits: option(source, "smoothing_bits"),
    minSignalRemaining: option(source, "min_signal_remaining"),
    bits: option(source, "spectral_subtraction_bits"),
    clamping: flag(source, "clamping"),
  },
  newStates: [{ dtype: "uint32", shape: input(source, 0).shape }],
});

const queueStates = (queue: Queue, rows: number): NewState[] => [
  { dtype: "int16", shape: [rows, Math.max(capacityOf(queue), 1)] },
  { dtype: "int32", shape: [rows, 2] },
];

const rowsOf = (shape: Shape): number => elements(shape.slice(0, -1));

const framer: Translate = (source) => {
  const attributes = {
    frameSize: option(source, "frame_size"),
    frameStep: option(source, "frame_step"),
    prefill: flag(source, "prefill"),
  };
  const newStates = queueStates(framerQueue(attributes), rowsOf(input(source, 0).shape));
  return { op: "framer", attributes, newStates };
};

const stacker: Translate = (source) => {
  const attributes = {
    channels: option(source, "num_channels"),
    left: option(source, "stacker_left_context"),
    right: option(source, "stacker_right_context"),
    step: option(source, "stacker_step"),
  };
  return { op: "stacker", attributes, newStates: queueStates(stackerQueue(attributes), 1) };
};

const delay: Translate = (source) => {
  const delayLength = option(source, "delay_length");
  const { shape } = input(source, 0);
  const newStates = queueStates(delayQueue(shape.at(-1) ?? 1, delayLength), rowsOf(shape));
  return { op: "delay", attributes: { delayLength }, newStates };
};

const overlapAdd: Translate = (source) => {
  const { shape } = input(source, 0);
  return {
    op: "overlap_add",
    attributes: { frameStep: option(source, "frame_step") },
    newStates: [{ dtype: "int16", shape: [elements(shape.slice(0, -2)), shape.at(-1) ?? 1] }],
  };
};

/**
 * An operator of int32 where its tensors are of that type, else what it is for scaled values. TensorFlow Lite Micro's
 * kernel of ADD takes no notice of a fused activation there.
 */
export const integersOr =
  (operation: string, other: Translate, fuses: "none" | "refused" | "clamps" = "none"): Translate =>
  (source) => {
    if (source.outputs[0]!.dtype !== "int32") return other(source);
    const fused = fuses === "none" ? "none" : activation(source.options, 0);
    if (fuses === "refused" && fused !== "none")
      throw new ModelError(`fused activation: expected NONE beside int32, found ${fused}`);
    return { op: "integer_arithmetic", attributes: { operation, activation: fused } };
  };

/** By the name of the schema's BuiltinOperator, "CUSTOM(name)" for custom ones. */
export const signalTranslations: readonly (readonly [string, Translate])[] = [
  ["CAST", custom("cast")],
  ["CUSTOM(SignalDelay)", delay],
  ["CUSTOM(SignalEnergy)", custom("energy", { start: "start_index", end: "end_index" })],
  ["CUSTOM(SignalFftAutoScale)", custom("fft_auto_scale")],
  ["CUSTOM(SignalFilterBank)", custom("filter_bank", { channels: "num_channels" })],
  [
    "CUSTOM(SignalFilterBankLog)",
    custom("filter_bank_log", { outputScale: "output_scale", inputCorrectionBits: "input_correction_bits" }),
  ],
  ["CUSTOM(SignalFilterBankSpectralSubtraction)", spectralSubtraction],
  ["CUSTOM(SignalFilterBankSquareRoot)", custom("filter_bank_square_root")],
  ["CUSTOM(SignalFramer)", framer],
  ["CUSTOM(SignalIrfft)", int16Only(custom("irfft", { fftLength: "fft_length" }))],
  ["CUSTOM(SignalOverlapAdd)", int16Only(overlapAdd)],
  ["CUSTOM(SignalPCAN)", custom("pcan", { snrShift: "snr_shift" })],
  ["CUSTOM(SignalRfft)", int16Only(custom("rfft", { fftLength: "fft_length" }))],
  ["CUSTOM(SignalStacker)", stacker],
  ["CUSTOM(SignalWindow)", custom("signal_window", { shift: "shift" })],
];
