/**
 * Logarithms of mel bands' power, and their cosine transform, in integers by the operators of signals. A frame is scaled up
 * to all of int16 before its window, and the power of two leaves the logarithms again: quiet sound is as exact as loud.
 */
import { quantized, type Tensor } from "../../../ir/graph.ts";
import { type Definition, type Frontend, powersOf, products } from "./definition.ts";
import { type Draft, draftGraph } from "./draft.ts";
import type { Fields } from "./fields.ts";
import { arithmetic, LOG_SCALE, logsAbove, logsOf, type Steps, toSteps } from "./logs.ts";
import { bankTables, type MelBands, melWeights, SCALES, TRIANGLES, WINDOWS, windowValues } from "./mel.ts";
import { readTiming, type Timing } from "./timing.ts";

/** Values of fields that a file leaves out. */
export interface MelDefaults {
  readonly window: number;
  readonly step: number;
  readonly shape: (typeof WINDOWS)[number];
  readonly isPeriodic: boolean;
  readonly emphasis: number;
  readonly bands: number;
  readonly low: number;
  readonly scale: MelBands["scale"];
  readonly triangles: MelBands["triangles"];
  readonly norm: "slaney" | "none";
  readonly log: keyof typeof UNITS;
  readonly floor: number;
  /** Divisor of powers. */
  readonly divisor: number;
  readonly offset: number;
  readonly factor: number;
  readonly clip?: readonly [number, number];
}

export const LIBROSA: MelDefaults = {
  window: 25,
  step: 10,
  shape: "hann",
  isPeriodic: true,
  emphasis: 0,
  bands: 40,
  low: 0,
  scale: "slaney",
  triangles: "hertz",
  norm: "slaney",
  log: "ln",
  floor: 1e-10,
  divisor: 1,
  offset: 0,
  factor: 1,
};

/** The streaming wakeword's features (MLCommons Tiny): powers by the window's length, (10 log10 + 52) / 64 within 0 and 1. */
const WAKEWORD: MelDefaults = {
  ...LIBROSA,
  window: 64,
  step: 32,
  shape: "hamming",
  isPeriodic: false,
  emphasis: 1 - 2 ** -5,
  scale: "htk",
  triangles: "mel",
  norm: "none",
  log: "db",
  floor: 1e-30,
  divisor: 1024,
  offset: 52,
  factor: 1 / 64,
  clip: [0, 1],
};

/** Factor of a natural logarithm in each unit. */
const UNITS = { ln: 1, log10: 1 / Math.LN10, db: 10 / Math.LN10 } as const;
const WINDOW_BITS = 15;
/** Samples, and by how many bits they were shifted to the left. */
interface Scaled {
  readonly samples: Tensor;
  readonly bits: Tensor;
}

function scaleUp(draft: Draft, tensor: Tensor): Scaled {
  const [samples, bits] = draft.node("fft_auto_scale", [tensor], {}, ["int16", "int32"]);
  return { samples: samples!, bits: bits! };
}

/** Samples without a share of the one before: [window + 1] to [window], at half their size, and scaled up again. */
function emphasise(draft: Draft, { samples, bits }: Scaled, share: number): Scaled {
  const attributes = { share: Math.min(Math.round(share * 32768), 32767) };
  const again = scaleUp(draft, draft.node("emphasis", [samples], attributes, ["int16"])[0]!);
  return { samples: again.samples, bits: arithmetic(draft, "add", bits, again.bits) };
}

function readBands(fields: Fields, { rate, window }: Timing, otherwise: MelDefaults): MelBands {
  const least = Math.max(2 ** Math.ceil(Math.log2(window)), 64);
  const fftLength = fields.whole("fft_length", { min: 64, max: 8192 }, least);
  if (!Number.isInteger(Math.log2(fftLength)) || fftLength < window)
    fields.fail("fft_length", `a power of two of at least ${window} samples of a window`, fftLength);
  const bands = fields.whole("num_channels", { min: 1, max: 256 }, otherwise.bands);
  const high = fields.number("upper_band_limit", { min: 1, max: rate / 2 }, rate / 2);
  const low = fields.number("lower_band_limit", { min: 0, max: high - 1 }, otherwise.low);
  const scale = fields.oneOf("mel_scale", SCALES, otherwise.scale);
  const triangles = fields.oneOf("mel_triangles", TRIANGLES, otherwise.triangles);
  const hasUnitArea = fields.oneOf("mel_norm", ["slaney", "none"], otherwise.norm) === "slaney";
  return { rate, fftLength, bands, low, high, scale, triangles, hasUnitArea };
}

/** Powers of bands as roots of their sums, and what 1 of them stands for, where a sample's 1 is its lowest bit. */
function bandRoots(draft: Draft, scaled: Scaled, window: readonly number[], mel: MelBands, fields: Fields) {
  const made = melWeights(mel);
  const { weights } = made;
  const empty = weights.findIndex((row) => row.every((x) => x === 0));
  if (empty >= 0)
    fields.fail("num_channels", `bands that each hold a frequency (band ${empty} has none)`, mel.bands);
  const { tables, height, start, end } = bankTables(made);
  const names = ["weights", "unweights", "frequencies", "offsets", "widths"];
  const table = Int16Array.from(window, (x) => Math.min(Math.round(x * 2 ** WINDOW_BITS), 32767));
  const [windowed] = draft.node(
    "signal_window",
    [scaled.samples, draft.constant("window", table)],
    { shift: WINDOW_BITS },
    ["int16"],
  );
  const [spectrum] = draft.node("rfft", [windowed!], { fftLength: mel.fftLength }, ["int16"]);
  const [energies] = draft.node("energy", [spectrum!], { start, end }, ["uint32"]);
  const bands = tables.map((values, i) => draft.constant(names[i]!, Int16Array.from(values)));
  const [sums] = draft.node("filter_bank", [energies!, ...bands], { channels: mel.bands }, ["uint32"]);
  const none = draft.constant("no_shift", Int32Array.of(0), []);
  const [roots] = draft.node("filter_bank_square_root", [sums!, none], {}, ["uint32"]);
  const gain = window.reduce((sum, x) => sum + x, 0);
  const most = weights.map((row) => row.reduce((sum, x) => sum + x, 0) * gain ** 2);
  return {
    roots: roots!,
    bits: scaled.bits,
    power: height * mel.fftLength ** 2,
    most: Math.max(...most),
  };
}

/** Values of a feature's output: real bounds, and the integers that stand for them. */
interface Output {
  readonly low: number;
  readonly high: number;
  readonly type: "int16" | "int8";
}

function scaleOf({ low, high, type }: Output): Steps {
  if (type === "int16") {
    const scale = Math.max(Math.abs(low), Math.abs(high)) / 32767;
    return { type, scale, zeroPoint: 0, min: Math.round(low / scale), max: Math.round(high / scale) };
  }
  const scale = (high - low) / 255;
  return {
    type,
    scale,
    zeroPoint: Math.max(-128, Math.min(127, Math.round(-128 - low / scale))),
    min: -128,
    max: 127,
  };
}

/** Features of `draft` in the unit that the fields say, and their tensor. */
function logMel(fields: Fields, draft: Draft, otherwise: MelDefaults, isLast: boolean) {
  const timing = readTiming(fields, otherwise);
  const { rate, window, hop } = timing;
  const shape = fields.oneOf("window", WINDOWS, otherwise.shape);
  const isPeriodic = fields.flag("window_periodic", otherwise.isPeriodic);
  const emphasis = fields.number("pre_emphasis", { min: 0, max: 1 }, otherwise.emphasis);
  const mel = readBands(fields, timing, otherwise);
  const unit = fields.oneOf("sample_range", ["unit", "int16"], "unit") === "unit" ? 2 ** -15 : 1;
  const kind = fields.oneOf("log", ["ln", "log10", "db"], otherwise.log);
  const floor = fields.number("floor", { min: 1e-30, max: 1e12 }, otherwise.floor);
  const divisor = fields.number("power_divisor", { min: 1e-6, max: 1e9 }, otherwise.divisor);
  const offset = fields.number("offset", { min: -1e6, max: 1e6 }, otherwise.offset);
  const factor = fields.number("factor", { min: 1e-6, max: 1e6 }, otherwise.factor);
  const samples = draft.input("samples", "int16", [emphasis > 0 ? window + 1 : window], {
    stream: { sampleRate: rate, channels: 1, hop },
  });
  const scaled = scaleUp(draft, samples);
  const taken = emphasis > 0 ? emphasise(draft, scaled, emphasis) : scaled;
  const factors = windowValues(shape, window, isPeriodic);
  const made = bandRoots(draft, taken, factors, mel, fields);
  // Halves of samples where they are emphasised, and twice their size at most.
  const power = (unit * (emphasis > 0 ? 2 : 1)) ** 2 / divisor;
  const most = made.most * (32768 * power ** 0.5) ** 2;
  const featureOf = (x: number): number => (UNITS[kind] * Math.log(x) + offset) * factor;
  const [low, high] = [featureOf(floor), featureOf(Math.max(most, 2 * floor))];
  const clipLow = fields.number("clip_low", { min: -1e9, max: 1e9 }, otherwise.clip?.[0] ?? low);
  const clipHigh = fields.number("clip_high", { min: -1e9, max: 1e9 }, otherwise.clip?.[1] ?? high);
  if (clipHigh <= clipLow) fields.fail("clip_high", `a number above ${clipLow}`, clipHigh);
  // Where a logarithm is cut off, none below has to be told apart.
  const least = Math.exp((Math.max(clipLow, low) / factor - offset) / UNITS[kind]);
  const type = isLast ? fields.oneOf("out_type", ["int16", "int8"], "int16") : "int16";
  const bounds: Output = { low: Math.max(clipLow, low), high: Math.min(clipHigh, high), type };
  if (bounds.high <= bounds.low) fields.fail("clip_low", `a number below ${high}`, clipLow);
  const rootPower = made.power * power;
  const above = logsAbove(draft, logsOf(draft, made.roots), { bits: made.bits, power: rootPower }, least);
  // Logarithms lie between those of the greatest power, and of 1 after all shifts of two scalings.
  const lowest = LOG_SCALE * (30 * Math.LN2 + 0.5 * Math.max(0, Math.log(least / rootPower)));
  const highest = Math.max(LOG_SCALE * (0.5 * Math.log(most / least) + 1), lowest);
  const step = (2 * UNITS[kind] * factor) / LOG_SCALE;
  const features = toSteps(draft, above, scaleOf(bounds), { low: bounds.low, step, highest });
  const { weights } = melWeights(mel);
  const definition: Definition = (input) => {
    const emphasised = factors.map((x, i) =>
      emphasis > 0 ? x * (input[i + 1]! - emphasis * input[i]!) : x * input[i]!,
    );
    const powers = powersOf(emphasised, mel.fftLength).map((x) => (x * unit ** 2) / divisor);
    return products(weights, powers).map((x) =>
      Math.min(Math.max(featureOf(Math.max(x, floor)), bounds.low), bounds.high),
    );
  };
  return { features, mel, bounds, definition };
}

const frontend =
  (name: string, otherwise: MelDefaults) =>
  (fields: Fields): Frontend => {
    const draft = draftGraph();
    const { features, definition } = logMel(fields, draft, otherwise, true);
    fields.finish();
    return { graph: draft.graph(name, features), definition };
  };

/** Logarithms of mel bands: samples of one window in, a value of each band out. */
export const logMelFrontend = frontend("log_mel", LIBROSA);

/** The features of MLCommons Tiny's streaming wakeword. */
export const wakewordFrontend = frontend("mlperf_sww", WAKEWORD);

/** Rows [count][bands] of the second cosine transform, orthonormal or not, each row by its lift. */
export function cosineRows(
  count: number,
  bands: number,
  isOrtho: boolean,
  lift: (k: number) => number,
): number[][] {
  return Array.from({ length: count }, (_, k) => {
    const norm = isOrtho ? Math.sqrt((k === 0 ? 1 : 2) / bands) : 2;
    return Array.from(
      { length: bands },
      (__, n) => norm * lift(k) * Math.cos((Math.PI * k * (2 * n + 1)) / (2 * bands)),
    );
  });
}

/** Cepstral coefficients: the cosine transform of logarithms of mel bands. */
export function mfccFrontend(fields: Fields): Frontend {
  const draft = draftGraph();
  const { features, mel, bounds, definition } = logMel(fields, draft, { ...LIBROSA, log: "db" }, false);
  const count = fields.whole("num_coefficients", { min: 1, max: mel.bands }, Math.min(13, mel.bands));
  const isOrtho = fields.oneOf("dct_norm", ["ortho", "none"], "ortho") === "ortho";
  const lifter = fields.number("lifter", { min: 0, max: 1000 }, 0);
  const first = fields.whole("lifter_start", { min: 0, max: 1 }, 1);
  fields.finish();
  const lift = (k: number): number =>
    lifter > 0 ? 1 + (lifter / 2) * Math.sin((Math.PI * (k + first)) / lifter) : 1;
  const rows = cosineRows(count, mel.bands, isOrtho, lift);
  const weightScale = Math.max(...rows.flat().map(Math.abs)) / 32767;
  const weights = draft.constant(
    "cosines",
    Int16Array.from(rows.flat(), (x) => Math.round(x / weightScale)),
    [count, mel.bands],
    { quantization: quantized(weightScale, 0) },
  );
  // No sum is above the greatest value times the row's magnitudes.
  const most = Math.max(
    ...rows.map((row) => {
      const ends = row.map((x) => [x * bounds.low, x * bounds.high]);
      const sum = (pick: (...of: number[]) => number): number =>
        ends.reduce((total, pair) => total + pick(...pair), 0);
      return Math.max(Math.abs(sum(Math.min)), Math.abs(sum(Math.max)));
    }),
  );
  const attributes = { keepDims: false, activation: "none" };
  const [made] = draft.node("fully_connected", [features, weights], attributes, ["int16"]);
  return {
    graph: draft.graph("mfcc", draft.scale(made!, quantized(most / 32767, 0))),
    definition: (samples) => products(rows, definition(samples)),
  };
}
