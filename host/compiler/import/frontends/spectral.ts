/**
 * Statistics and the greatest power of each frequency over a window's segments, channel by channel, as people know them from
 * Edge Impulse's block of spectral features. A channel is scaled up to all of int16, and the power of two leaves the logarithms
 * again: weak vibration is as exact as strong.
 */
import { quantized, type Tensor } from "../../../ir/graph.ts";
import { channelsOf } from "../../../ops/center.ts";
import { type Definition, type Frontend, powersOf } from "./definition.ts";
import { type Draft, draftGraph } from "./draft.ts";
import type { Fields } from "./fields.ts";
import { arithmetic, LOG_SCALE, logsAbove, logsOf, toSteps } from "./logs.ts";
import { WINDOWS, windowValues } from "./mel.ts";
import {
  definedFeatures,
  MOST,
  type Motion,
  motionGraph,
  motionInput,
  readMotion,
  statisticsOf,
  within,
} from "./statistics.ts";

/** The weight of a frequency in its band: roots of sums keep 7 bits behind the point. */
const WEIGHT = 2 ** 14;
const WINDOW_BITS = 15;

/** Bands of frequencies [first, end) of one transform, and how the window is cut into segments. */
interface Spectrum {
  readonly fftLength: number;
  readonly bands: readonly (readonly [first: number, end: number])[];
  /** Where each segment begins. */
  readonly starts: readonly number[];
  readonly segment: number;
  readonly shape: readonly number[] | undefined;
  readonly floor: number;
}

/** Bins between edges in Hz, each of which begins a band; or all but that of 0 Hz alone, where there are no edges. */
function readBands(fields: Fields, rate: number, fftLength: number): Spectrum["bands"] {
  const half = fftLength / 2;
  if (!fields.has("edges")) return Array.from({ length: half }, (_, i) => [i + 1, i + 2] as const);
  const edges = fields.rising("edges", { min: 0, max: rate });
  const bins = edges.map((hertz) => Math.min(Math.max(Math.ceil((hertz * fftLength) / rate), 1), half + 1));
  const bands = bins.slice(1).map((end, i) => [bins[i]!, end] as const);
  const empty = bands.findIndex(([first, end]) => first >= end);
  if (empty >= 0)
    fields.fail(
      "edges",
      `bands that each hold a multiple of ${rate / fftLength} Hz up to ${rate / 2} (band ${empty} has none)`,
    );
  return bands;
}

function readSpectrum(fields: Fields, { rate, window, range }: Motion): Spectrum {
  const fftLength = fields.whole("fft_length", { min: 16, max: 8192 }, 64);
  if (!Number.isInteger(Math.log2(fftLength)))
    fields.fail("fft_length", "a power of two of 16 to 8192", fftLength);
  const segment = Math.min(fftLength, window);
  const count = Math.floor((window - segment) / (fftLength / 2)) + 1;
  if (count > 32)
    fields.fail("fft_length", `a length of which at most 32 segments lie in ${window} samples`, fftLength);
  const kind = fields.oneOf("window", WINDOWS, "rectangular");
  const floor = fields.number("floor", { min: 1e-30, max: 1e12 }, 10 ** -Math.min(range, 8));
  if (Math.abs(Math.log10(floor)) > range)
    fields.fail("floor", `a power whose logarithm lies within ${range}`, floor);
  return {
    fftLength,
    bands: readBands(fields, rate, fftLength),
    starts: Array.from({ length: count }, (_, i) => (i * fftLength) / 2),
    segment,
    shape: kind === "rectangular" ? undefined : windowValues(kind, segment, true),
    floor,
  };
}

/** Constants that all channels and segments share. */
interface Tables {
  readonly bank: readonly Tensor[];
  readonly window: Tensor | undefined;
  readonly noShift: Tensor;
}

function tablesOf(draft: Draft, { bands, shape }: Spectrum): Tables {
  const widths = bands.map(([first, end]) => end - first);
  const total = widths.reduce((sum, x) => sum + x, 0);
  const offsets = widths.map((_, i) => widths.slice(0, i).reduce((sum, x) => sum + x, 0));
  const weights = new Array<number>(total).fill(WEIGHT);
  const tables: readonly [string, readonly number[]][] = [
    ["weights", weights],
    ["unweights", weights.map(() => 0)],
    // The operator's first band is one that is left out.
    ["frequencies", [0, ...bands.map(([first]) => first)]],
    ["offsets", [0, ...offsets]],
    ["widths", [0, ...widths]],
  ];
  const table = (x: number): number => Math.min(Math.round(x * 2 ** WINDOW_BITS), 32767);
  return {
    bank: tables.map(([name, values]) => draft.constant(name, Int16Array.from(values))),
    window: shape && draft.constant("window", Int16Array.from(shape, table)),
    noShift: draft.constant("no_shift", Int32Array.of(0), []),
  };
}

/** Logarithms of bands of one segment of a channel, in 1/1024. */
function segmentLogs(draft: Draft, channel: Tensor, start: number, spectrum: Spectrum, tables: Tables) {
  const { segment, fftLength, bands } = spectrum;
  const slice = { begin: [start], end: [start + segment], strides: [1] };
  const [part] =
    channel.shape[0] === segment ? [channel] : draft.node("strided_slice", [channel], slice, ["int16"]);
  const [shaped] = tables.window
    ? draft.node("signal_window", [part!, tables.window], { shift: WINDOW_BITS }, ["int16"])
    : [part];
  const [frequencies] = draft.node("rfft", [shaped!], { fftLength }, ["int16"]);
  const range = { start: Math.min(...bands.map(([first]) => first)), end: bands.at(-1)![1] };
  const [energies] = draft.node("energy", [frequencies!], range, ["uint32"]);
  const [sums] = draft.node("filter_bank", [energies!, ...tables.bank], { channels: bands.length }, [
    "uint32",
  ]);
  const [roots] = draft.node("filter_bank_square_root", [sums!, tables.noShift], {}, ["uint32"]);
  return logsOf(draft, roots!);
}

/** The worth of a root of 1 in the unit of powers, and the power of the loudest samples. */
function unitsOf({ fftLength, bands, segment }: Spectrum, { factor }: Motion) {
  const width = Math.max(...bands.map(([first, end]) => end - first));
  return {
    power: (fftLength * factor ** 2) / WEIGHT,
    most: (width * (segment * 65536 * factor) ** 2) / fftLength,
  };
}

/** log10 of the greatest powers of one channel's bands: int16 [bands]. */
function bandLogs(
  draft: Draft,
  samples: Tensor,
  channel: number,
  motion: Motion,
  spectrum: Spectrum,
  tables: Tables,
) {
  const [centered, bits] = draft.node("center", [samples], { channel }, ["int16", "int32"]);
  const logs = spectrum.starts
    .map((start) => segmentLogs(draft, centered!, start, spectrum, tables))
    .reduce((most, each) => arithmetic(draft, "maximum", most, each));
  const { power, most } = unitsOf(spectrum, motion);
  const { floor } = spectrum;
  const above = logsAbove(draft, logs, { bits: bits!, power }, floor);
  const scale = motion.range / MOST;
  const low = Math.log10(floor);
  // Logarithms lie between those of the greatest power, and of 1 after all shifts.
  const lowest = LOG_SCALE * (18 * Math.LN2 + 0.5 * Math.max(0, Math.log(floor / power)));
  const highest = Math.max(LOG_SCALE * (0.5 * Math.log(most / floor) + 1), lowest);
  const bounds = { type: "int16", scale, zeroPoint: 0, min: Math.round(low / scale), max: MOST } as const;
  return toSteps(draft, above, bounds, { low, step: 2 / Math.LN10 / LOG_SCALE, highest });
}

function definedBands(samples: readonly number[], motion: Motion, spectrum: Spectrum): number[] {
  const { bands, fftLength, starts, segment, shape, floor } = spectrum;
  const mean = samples.reduce((sum, x) => sum + x, 0) / samples.length;
  const values = samples.map((x) => (x - mean) * motion.factor);
  const all = starts.map((start) => {
    const part = values.slice(start, start + segment).map((x, i) => x * (shape?.[i] ?? 1));
    const powers = powersOf(part, fftLength);
    return bands.map(([first, end]) => powers.slice(first, end).reduce((sum, x) => sum + x, 0) / fftLength);
  });
  return bands.map((_, band) =>
    within(Math.log10(Math.max(floor, ...all.map((list) => list[band]!))), motion.range),
  );
}

/** Statistics and powers of each channel: samples [window, channels] in, [channels, count + bands] out. */
export function spectralFrontend(fields: Fields): Frontend {
  const draft = draftGraph();
  const motion = readMotion(fields, ["rms", "skewness", "kurtosis"], true);
  const spectrum = readSpectrum(fields, motion);
  fields.finish();
  const samples = motionInput(draft, motion);
  const shapes = statisticsOf(draft, samples, motion);
  const tables = tablesOf(draft, spectrum);
  const { channels, range } = motion;
  const rows = Array.from({ length: channels }, (_, c) =>
    bandLogs(draft, samples, c, motion, spectrum, tables),
  );
  const scaled = (tensor: Tensor): Tensor => draft.scale(tensor, quantized(range / MOST, 0));
  const [joined] = draft.node("concatenation", rows, { axis: 0 }, ["int16"]);
  const shape = [channels, spectrum.bands.length];
  const [powers] = draft.node("reshape", [scaled(joined!)], { shape }, ["int16"]);
  const [features] = draft.node("concatenation", [shapes, scaled(powers!)], { axis: 1 }, ["int16"]);
  const definition: Definition = (input) => {
    const statistics = definedFeatures(input, motion);
    return channelsOf(input, channels).flatMap((channel, c) => [
      ...statistics[c]!,
      ...definedBands(channel, motion, spectrum),
    ]);
  };
  return { graph: motionGraph(draft, "spectral", scaled(features!), motion), definition };
}
