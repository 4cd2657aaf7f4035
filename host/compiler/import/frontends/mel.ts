/** Windows and mel bands in the conventions of librosa, torchaudio and kaldi: real numbers, and as tables of `filter_bank`. */

export const WINDOWS = ["hann", "hamming", "povey", "rectangular"] as const;
export const SCALES = ["slaney", "htk"] as const;
export const TRIANGLES = ["hertz", "mel"] as const;

/** Factors of `size` samples, at most 1; a periodic window is the first `size` of a symmetric one of one more. */
export function windowValues(kind: (typeof WINDOWS)[number], size: number, isPeriodic: boolean): number[] {
  const length = Math.max(isPeriodic ? size : size - 1, 1);
  const values = {
    hann: (c: number) => 0.5 - 0.5 * c,
    hamming: (c: number) => 0.54 - 0.46 * c,
    povey: (c: number) => (0.5 - 0.5 * c) ** 0.85,
    rectangular: () => 1,
  };
  return Array.from({ length: size }, (_, i) => values[kind](Math.cos((2 * Math.PI * i) / length)));
}

export interface MelBands {
  readonly rate: number;
  readonly fftLength: number;
  readonly bands: number;
  readonly low: number;
  readonly high: number;
  readonly scale: (typeof SCALES)[number];
  /** Whether the triangles' sides are straight over hertz (librosa, torchaudio) or over mel (kaldi, TensorFlow). */
  readonly triangles: (typeof TRIANGLES)[number];
  /** Whether each triangle has the area 2 over hertz, instead of the height 1. */
  readonly hasUnitArea: boolean;
}

/** Slaney's scale: straight up to 1000 Hz, which is 15 mel, and logarithmic above: 27 mel for a factor of 6.4. */
const SLANEY = { hertzPerMel: 200 / 3, knee: 1000, kneeMel: 15, step: Math.log(6.4) / 27 } as const;

const toMel: Record<MelBands["scale"], (hertz: number) => number> = {
  htk: (hertz) => 2595 * Math.log10(1 + hertz / 700),
  slaney: (hertz) =>
    hertz < SLANEY.knee
      ? hertz / SLANEY.hertzPerMel
      : SLANEY.kneeMel + Math.log(hertz / SLANEY.knee) / SLANEY.step,
};

const toHertz: Record<MelBands["scale"], (mel: number) => number> = {
  htk: (mel) => 700 * (10 ** (mel / 2595) - 1),
  slaney: (mel) =>
    mel < SLANEY.kneeMel
      ? mel * SLANEY.hertzPerMel
      : SLANEY.knee * Math.exp((mel - SLANEY.kneeMel) * SLANEY.step),
};

/** Weights of the powers of frequencies, and on which side of the triangles these lie. */
export interface MelWeights {
  /** [bands][fftLength / 2 + 1] */
  readonly weights: readonly (readonly number[])[];
  /** For each frequency how many bands have their middle at or below it. */
  readonly passed: readonly number[];
}

export function melWeights(mel: MelBands): MelWeights {
  const { rate, fftLength, bands, low, high, scale, triangles, hasUnitArea } = mel;
  const [from, to] = [toMel[scale](low), toMel[scale](high)];
  const edges = Array.from({ length: bands + 2 }, (_, i) => from + ((to - from) * i) / (bands + 1));
  const hertz = edges.map(toHertz[scale]);
  const [places, placeOf] = triangles === "mel" ? [edges, toMel[scale]] : [hertz, (x: number) => x];
  const frequencies = Array.from({ length: fftLength / 2 + 1 }, (_, k) => placeOf((k * rate) / fftLength));
  const weights = Array.from({ length: bands }, (_, band) => {
    const [left, middle, right] = places.slice(band, band + 3) as [number, number, number];
    const height = hasUnitArea ? 2 / (hertz[band + 2]! - hertz[band]!) : 1;
    return frequencies.map(
      (x) => height * Math.max(0, Math.min((x - left) / (middle - left), (right - x) / (right - middle))),
    );
  });
  const passed = frequencies.map((x) => places.slice(1, -1).filter((middle) => middle <= x).length);
  return { weights, passed };
}

/** The greatest weight of a table. */
const MOST = 32767;

/**
 * The tables of `filter_bank` for triangles of which each overlaps only its neighbours: falling sides are weights and
 * rising ones unweights. The greatest weight of all fills 16 bits; `height` says what a weight of 1 stands for.
 */
export function bankTables({ weights, passed }: MelWeights) {
  const height = Math.max(...weights.flat()) / MOST;
  const coded = (band: number, k: number): number =>
    weights[band] ? Math.round(weights[band][k]! / height) : 0;
  const [falling, rising, frequencies, offsets, widths]: number[][] = [[], [], [], [], []];
  for (let band = -1; band < weights.length; band++) {
    const used = passed.flatMap((count, k) =>
      count === band + 1 && (coded(band, k) > 0 || coded(band + 1, k) > 0) ? [k] : [],
    );
    frequencies!.push(used[0] ?? 0);
    offsets!.push(falling!.length);
    widths!.push(used.length);
    falling!.push(...used.map((k) => coded(band, k)));
    rising!.push(...used.map((k) => coded(band + 1, k)));
  }
  const tables = [falling!, rising!, frequencies!, offsets!, widths!];
  const read = frequencies!.flatMap((first, i) => (widths![i]! > 0 ? [first, first + widths![i]!] : []));
  return { tables, height, start: Math.min(...read), end: Math.max(...read) };
}
