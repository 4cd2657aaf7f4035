/** Areas in proportion to values, as square as may be: Bruls, Huizing, van Wijk 2000, "Squarified Treemaps". */

export interface Area<T> {
  readonly item: T;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Weighted<T> {
  readonly item: T;
  readonly area: number;
}

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const sumOf = (row: readonly Weighted<unknown>[]): number => row.reduce((sum, { area }) => sum + area, 0);

/** The worst ratio of sides in a row along a side of this length. */
function worstRatio(row: readonly Weighted<unknown>[], side: number): number {
  const thickness = sumOf(row) / side;
  return Math.max(...row.map(({ area }) => Math.max(thickness ** 2 / area, area / thickness ** 2)));
}

/** As many as make the first row along the shorter side less elongated. */
function firstRow<T>(items: readonly Weighted<T>[], side: number): Weighted<T>[] {
  let row = items.slice(0, 1);
  for (let n = 2; n <= items.length; n++) {
    const longer = items.slice(0, n);
    if (worstRatio(longer, side) > worstRatio(row, side)) break;
    row = longer;
  }
  return row;
}

/**
 * Divides a frame of `width` by `height` among the items, in proportion to what `weightOf` says; items of no value
 * get no area. The result is in shares of the frame's sides.
 */
export function treemap<T>(
  items: readonly T[],
  weightOf: (item: T) => number,
  width: number,
  height: number,
): Area<T>[] {
  const positive = items.filter((item) => weightOf(item) > 0).sort((a, b) => weightOf(b) - weightOf(a));
  const total = positive.reduce((sum, item) => sum + weightOf(item), 0);
  let rest = positive.map((item) => ({ item, area: (weightOf(item) / total) * width * height }));
  let frame: Frame = { x: 0, y: 0, width, height };
  const areas: Area<T>[] = [];
  while (rest.length > 0) {
    const row = firstRow(rest, Math.min(frame.width, frame.height));
    const isColumn = frame.width >= frame.height;
    const thickness = sumOf(row) / (isColumn ? frame.height : frame.width);
    let { x, y } = frame;
    for (const { item, area } of row) {
      const [w, h] = isColumn ? [thickness, area / thickness] : [area / thickness, thickness];
      areas.push({ item, x: x / width, y: y / height, width: w / width, height: h / height });
      if (isColumn) y += h;
      else x += w;
    }
    frame = isColumn
      ? { ...frame, x: frame.x + thickness, width: frame.width - thickness }
      : { ...frame, y: frame.y + thickness, height: frame.height - thickness };
    rest = rest.slice(row.length);
  }
  return areas;
}
