/** Fits y = sum of coefficients times features with coefficients that are not negative. */

export interface Sample {
  readonly features: Readonly<Record<string, number>>;
  readonly value: number;
}

type Columns = readonly (readonly number[])[];

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Against columns that are multiples of each other, such as batches where there is always one. */
const RIDGE = 1e-9;

/** Least squares for columns of length 1: the normal equations by Gaussian elimination. */
function solve(columns: Columns, right: readonly number[]): number[] {
  const rows = columns.map((a, i) => [
    ...columns.map((b, j) => dot(a, b) + (i === j ? RIDGE : 0)),
    dot(a, right),
  ]);
  for (const [i, pivot] of rows.entries()) {
    for (const [j, row] of rows.entries()) {
      if (i === j) continue;
      const factor = row[i]! / pivot[i]!;
      for (let k = i; k < row.length; k++) row[k]! -= factor * pivot[k]!;
    }
  }
  return rows.map((row, i) => row[rows.length]! / row[i]!);
}

/** Lawson and Hanson, "Solving Least Squares Problems" (1974), chapter 23. */
function solveNonNegative(columns: Columns, right: readonly number[]): number[] {
  const found = columns.map(() => 0);
  let active: number[] = [];
  for (let round = 0; round < 10 * columns.length; round++) {
    const rest = right.map(
      (value, row) => value - columns.reduce((sum, c, i) => sum + c[row]! * found[i]!, 0),
    );
    const gains = columns.map((column, i) => (active.includes(i) ? 0 : dot(column, rest)));
    const best = gains.indexOf(Math.max(...gains));
    if (gains[best]! <= 1e-9) break;
    active.push(best);
    for (;;) {
      const next = solve(
        active.map((i) => columns[i]!),
        right,
      );
      if (next.every((value) => value > 0)) {
        for (const [k, i] of active.entries()) found[i] = next[k]!;
        break;
      }
      // As far towards the solution as nothing becomes negative; what becomes 0 leaves.
      const steps = active.map((i, k) => (next[k]! > 0 ? 1 : found[i]! / (found[i]! - next[k]!)));
      const step = Math.min(...steps);
      for (const [k, i] of active.entries()) found[i]! += step * (next[k]! - found[i]!);
      for (const [k, i] of active.entries()) if (steps[k] === step) found[i] = 0;
      active = active.filter((i) => found[i]! > 0);
    }
  }
  return found;
}

/**
 * Coefficients by feature, rounded to six digits; features that do not help are left out. `weight` says how much
 * a sample's error counts: by default as a share of its value.
 */
export function fit(
  samples: readonly Sample[],
  weight: (value: number) => number = (value) => 1 / value,
): Record<string, number> {
  const names = [...new Set(samples.flatMap(({ features }) => Object.keys(features)))];
  const weighted = names.map((name) =>
    samples.map(({ features, value }) => (features[name] ?? 0) * weight(value)),
  );
  const lengths = weighted.map((column) => Math.sqrt(dot(column, column)) || 1);
  const columns = weighted.map((column, i) => column.map((value) => value / lengths[i]!));
  const right = samples.map(({ value }) => value * weight(value));
  const scale = Math.sqrt(dot(right, right));
  const found = solveNonNegative(
    columns,
    right.map((value) => value / scale),
  );
  return Object.fromEntries(
    names.flatMap((name, i) =>
      found[i]! > 0 ? [[name, Number(((found[i]! * scale) / lengths[i]!).toPrecision(6))]] : [],
    ),
  );
}
