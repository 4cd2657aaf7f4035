/**
 * TensorFlow Lite's microfrontend: its parameters by the names that its operator in Python has
 * (tensorflow/lite/experimental/microfrontend), and its tables, computed in float as its C code does. TensorFlow Lite Micro's
 * preprocessor cuts the fractions of the filter bank's weights off where the C code rounds them.
 */
import { type Graph, quantized, type Tensor } from "../../../ir/graph.ts";
import { type Draft, draftGraph } from "./draft.ts";
import type { Fields } from "./fields.ts";
import { readTiming, type Timing } from "./timing.ts";

const WINDOW_BITS = 12;
const FILTER_BITS = 12;
const REDUCTION_BITS = 14;
const SNR_BITS = 12;
/** Scaling of the "micro_speech" example: to bytes of the range that its network was trained on. */
const BYTES = { factor: 256, addend: 333, divisor: 666, offset: -128, min: -128, max: 127 } as const;

const LIBRARIES = ["microfrontend", "tflite-micro"] as const;

const single = Math.fround;

const melOf = (frequency: number): number => single(1127 * Math.log1p(frequency / 700));

export function windowTable(size: number): Int16Array {
  const step = single((Math.PI * 2) / size);
  return Int16Array.from({ length: size }, (_, i) =>
    Math.floor(single(0.5 - 0.5 * Math.cos(step * (i + 0.5))) * 2 ** WINDOW_BITS + 0.5),
  );
}

interface Bands {
  readonly rate: number;
  readonly fftLength: number;
  readonly channels: number;
  readonly low: number;
  readonly high: number;
  /** Added to a weight before its fraction is left out. */
  readonly rounding: number;
}

/** Tables of `filter_bank`, and the frequencies that they read: `channels` + 1 bands, of which the first is left out. */
function bandTables({ rate, fftLength, channels, low, high, rounding }: Bands) {
  const hertz = single((0.5 * rate) / (fftLength / 2));
  const [lowest, highest] = [melOf(low), melOf(high)];
  const spacing = single(single(highest - lowest) / (channels + 1));
  const centers = Array.from({ length: channels + 1 }, (_, i) => single(lowest + single(spacing * (i + 1))));
  const start = Math.trunc(1.5 + single(low / hertz));
  const [weights, unweights, frequencies, offsets, widths]: number[][] = [[], [], [], [], []];
  let frequency = start;
  centers.forEach((center, band) => {
    const before = band === 0 ? lowest : centers[band - 1]!;
    frequencies!.push(frequency);
    offsets!.push(weights!.length);
    for (; melOf(single(frequency * hertz)) <= center; frequency++) {
      const part = single(single(center - melOf(single(frequency * hertz))) / single(center - before));
      weights!.push(Math.floor(part * 2 ** FILTER_BITS + rounding));
      unweights!.push(Math.floor((1 - part) * 2 ** FILTER_BITS + rounding));
    }
    widths!.push(frequency - frequencies!.at(-1)!);
  });
  return { tables: [weights!, unweights!, frequencies!, offsets!, widths!], start, end: frequency };
}

interface Gain {
  readonly strength: number;
  readonly offset: number;
  readonly bits: number;
  readonly inputBits: number;
}

/** The table of `pcan`: a parabola for each bit length of the noise. */
export function gainTable({ strength, offset, bits, inputBits }: Gain): Int16Array {
  const gain = (x: number): number => {
    const base = single(single(single(x) / 2 ** inputBits) + single(offset));
    const value = single(2 ** bits * single(base ** -single(strength)));
    return value > 32767 ? 32767 : Math.trunc(single(value + 0.5));
  };
  const table = new Int16Array(125);
  table.set([gain(0), gain(1)]);
  for (let length = 2; length <= 32; length++) {
    const x = 2 ** (length - 1);
    const [first, middle, last] = [gain(x), gain(1.5 * x), gain(length === 32 ? 2 * x - 1 : 2 * x)];
    const slope = 4 * (middle - first) - (last - first);
    table.set([first, slope, last - first - slope], 4 * length - 6);
  }
  return table;
}

/** Energies of the channels, as whole numbers without a sign. */
function channelEnergies(fields: Fields, draft: Draft, samples: Tensor, { window, rate }: Timing) {
  const fftLength = 2 ** Math.ceil(Math.log2(window));
  if (fftLength < 64) fields.fail("window_size", "at least 33 samples", window);
  const channels = fields.whole("num_channels", { min: 1, max: 256 }, 32);
  const high = fields.number("upper_band_limit", { min: 1, max: rate / 2 }, 7500);
  const low = fields.number("lower_band_limit", { min: 0, max: high - 1 }, 125);
  const isMicro = fields.oneOf("library", LIBRARIES, "microfrontend") === "tflite-micro";
  const rounding = isMicro ? 0 : 0.5;
  const { tables, start, end } = bandTables({ rate, fftLength, channels, low, high, rounding });
  if (end > fftLength / 2)
    fields.fail("upper_band_limit", `a frequency below that of the last of ${fftLength / 2} bins`, high);
  const names = ["weights", "unweights", "frequencies", "offsets", "widths"];
  const table = draft.constant("window", windowTable(window));
  const [windowed] = draft.node("signal_window", [samples, table], { shift: WINDOW_BITS }, ["int16"]);
  const [scaled, bits] = draft.node("fft_auto_scale", [windowed!], {}, ["int16", "int32"]);
  const [spectrum] = draft.node("rfft", [scaled!], { fftLength }, ["int16"]);
  const [energies] = draft.node("energy", [spectrum!], { start, end }, ["uint32"]);
  const bands = tables.map((values, i) => draft.constant(names[i]!, Int16Array.from(values)));
  const [sums] = draft.node("filter_bank", [energies!, ...bands], { channels }, ["uint32"]);
  const [roots] = draft.node("filter_bank_square_root", [sums!, bits!], {}, ["uint32"]);
  return { roots: roots!, channels, correction: Math.log2(fftLength) - FILTER_BITS / 2 };
}

/** Signals without their noise, and the estimate of that. */
function reduceNoise(fields: Fields, draft: Draft, signals: Tensor, channels: number) {
  const share = (name: string, otherwise: number): number =>
    Math.trunc(single(single(fields.number(name, { min: 0, max: 1 }, otherwise)) * 2 ** REDUCTION_BITS));
  const smoothingBits = fields.whole("smoothing_bits", { min: 0, max: 20 }, 10);
  const [even, odd] = [share("even_smoothing", 0.025), share("odd_smoothing", 0.06)];
  const attributes = {
    smoothing: even,
    oneMinusSmoothing: 2 ** REDUCTION_BITS - even,
    alternateSmoothing: odd,
    alternateOneMinusSmoothing: 2 ** REDUCTION_BITS - odd,
    smoothingBits,
    minSignalRemaining: share("min_signal_remaining", 0.05),
    bits: REDUCTION_BITS,
    clamping: false,
  };
  const state = draft.state("noise", "uint32", [channels]);
  const made = draft.node("spectral_subtraction", [signals, state], attributes, ["uint32", "uint32"]);
  return { signals: made[0]!, noise: made[1]!, smoothingBits };
}

function control(
  fields: Fields,
  draft: Draft,
  reduced: ReturnType<typeof reduceNoise>,
  correction: number,
): Tensor {
  const bits = fields.whole("gain_bits", { min: SNR_BITS, max: 31 }, 21);
  const strength = fields.number("pcan_strength", { min: 0, max: 10 }, 0.95);
  const offset = fields.number("pcan_offset", { min: 0.001, max: 1e6 }, 80);
  if (!fields.flag("enable_pcan", false)) return reduced.signals;
  if (bits < correction + SNR_BITS) fields.fail("gain_bits", `at least ${correction + SNR_BITS}`, bits);
  const inputBits = reduced.smoothingBits - correction;
  if (inputBits < 0) fields.fail("smoothing_bits", `at least ${correction}`, reduced.smoothingBits);
  const table = draft.constant("gain", gainTable({ strength, offset, bits, inputBits }));
  const snrShift = bits - correction - SNR_BITS;
  return draft.node("pcan", [reduced.signals, reduced.noise, table], { snrShift }, ["uint32"])[0]!;
}

/** The microfrontend with these parameters: samples of one window in, the channels' logarithms out. */
export function tflmFrontend(fields: Fields): Graph {
  const draft = draftGraph();
  const timing = readTiming(fields, { window: 25, step: 10 });
  const { rate, window, hop } = timing;
  const stream = { sampleRate: rate, channels: 1, hop };
  const samples = draft.input("samples", "int16", [window], { stream });
  const { roots, channels, correction } = channelEnergies(fields, draft, samples, timing);
  const reduced = reduceNoise(fields, draft, roots, channels);
  const controlled = control(fields, draft, reduced, correction);
  const outputScale = 2 ** fields.whole("scale_shift", { min: 0, max: 10 }, 6);
  const log = { outputScale, inputCorrectionBits: correction };
  const [logs] = draft.node("filter_bank_log", [controlled], log, ["int16"]);
  const type = fields.oneOf("out_type", ["int16", "int8"], "int16");
  fields.finish();
  if (type === "int16") return draft.graph("tflm", draft.scale(logs!, quantized(1, 0)));
  return draft.graph("tflm", draft.node("scale_integers", [logs!], BYTES, ["int8"])[0]!);
}
