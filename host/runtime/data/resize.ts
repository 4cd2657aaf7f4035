/** Images of another size: each output pixel the mean of what it covers, or a blend of its neighbours. */

/** Values in rows of pixels, `channels` of each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly values: Float64Array;
}

/** Which input pixels make an output pixel along one axis, with weights that add up to 1. */
type Taps = readonly (readonly [pixel: number, weight: number])[];

/** By area: the part of each input pixel that an output pixel covers. */
function shrinkTaps(from: number, to: number, i: number): Taps {
  const [start, end] = [(i * from) / to, ((i + 1) * from) / to];
  const taps: [number, number][] = [];
  for (let pixel = Math.floor(start); pixel < Math.min(Math.ceil(end), from); pixel++) {
    const covered = Math.min(end, pixel + 1) - Math.max(start, pixel);
    if (covered > 0) taps.push([pixel, covered / (end - start)]);
  }
  return taps;
}

/** Linear between the middles of pixels; beyond the outermost ones as they are. */
function growTaps(from: number, to: number, i: number): Taps {
  const middle = Math.max(0, Math.min(from - 1, ((i + 0.5) * from) / to - 0.5));
  const left = Math.floor(middle);
  const part = middle - left;
  return [[left, 1 - part], ...(part > 0 ? ([[left + 1, part]] as const) : [])];
}

const tapsOf = (from: number, to: number): Taps[] =>
  Array.from({ length: to }, (_, i) => (from > to ? shrinkTaps : growTaps)(from, to, i));

/** Area means where an axis shrinks, bilinear where it grows. */
export function resize(picture: Picture, height: number, width: number): Picture {
  const { channels, values } = picture;
  const [rows, columns] = [tapsOf(picture.height, height), tapsOf(picture.width, width)];
  const narrowed = new Float64Array(picture.height * width * channels);
  for (let y = 0; y < picture.height; y++) {
    columns.forEach((taps, x) => {
      for (const [pixel, weight] of taps) {
        const [to, from] = [(y * width + x) * channels, (y * picture.width + pixel) * channels];
        for (let c = 0; c < channels; c++) narrowed[to + c]! += weight * values[from + c]!;
      }
    });
  }
  const line = width * channels;
  const result = new Float64Array(height * line);
  rows.forEach((taps, y) => {
    for (const [pixel, weight] of taps)
      for (let i = 0; i < line; i++) result[y * line + i]! += weight * narrowed[pixel * line + i]!;
  });
  return { width, height, channels, values: result };
}
