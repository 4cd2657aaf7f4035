/** Symmetric positive definite systems of a few hundred unknowns; matrices are [n, n], row after row. */

/**
 * The upper triangular R of a = transpose(R) R (Cholesky). Throws RangeError where `a` is not positive definite, which
 * a large enough diagonal rules out.
 */
export function cholesky(a: Float64Array, n: number): Float64Array {
  const r = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = a.slice(i * n, (i + 1) * n);
    for (let k = 0; k < i; k++) {
      const factor = r[k * n + i]!;
      if (factor === 0) continue;
      for (let j = i; j < n; j++) row[j]! -= factor * r[k * n + j]!;
    }
    if (!(row[i]! > 0)) throw new RangeError(`cholesky: expected a positive pivot ${i}, found ${row[i]}`);
    const scale = 1 / Math.sqrt(row[i]!);
    for (let j = i; j < n; j++) r[i * n + j] = row[j]! * scale;
  }
  return r;
}

/** The solution x of transpose(R) R x = b. */
export function solve(r: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    const value = x[i]! / r[i * n + i]!;
    x[i] = value;
    for (let j = i + 1; j < n; j++) x[j]! -= r[i * n + j]! * value;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let j = i + 1; j < n; j++) sum -= r[i * n + j]! * x[j]!;
    x[i] = sum / r[i * n + i]!;
  }
  return x;
}

/** The matrix with rows and columns in another order: result[i][j] = a[order[i]][order[j]]. */
export function permuted(a: Float64Array, order: readonly number[]): Float64Array {
  const n = order.length;
  const result = new Float64Array(n * n);
  order.forEach((row, i) => {
    order.forEach((column, j) => {
      result[i * n + j] = a[row * n + column]!;
    });
  });
  return result;
}

/** transpose(x) a y of a symmetric `a`. */
export function bilinear(a: Float64Array, x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  let total = 0;
  for (let i = 0; i < n; i++) {
    if (x[i] === 0) continue;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[i * n + j]! * y[j]!;
    total += x[i]! * sum;
  }
  return total;
}

const MOST_SWEEPS = 30;

/** Columns p and q of a symmetric matrix, and of its vectors, turned so that their common element becomes 0. */
function turn(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const common = a[p * n + q]!;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * common);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[p * n + i]!, a[q * n + i]!];
    a[p * n + i] = c * x - s * y;
    a[q * n + i] = s * x + c * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i * n + p]!, a[i * n + q]!];
    a[i * n + p] = c * x - s * y;
    a[i * n + q] = s * x + c * y;
  }
  for (let i = 0; i < n; i++) {
    const [x, y] = [vectors[p * n + i]!, vectors[q * n + i]!];
    vectors[p * n + i] = c * x - s * y;
    vectors[q * n + i] = s * x + c * y;
  }
}

/** Eigenvalues, the greatest first, and eigenvectors, each a row, of a symmetric matrix (Jacobi's method). */
export function eigen(symmetric: Float64Array, n: number): { values: number[]; vectors: Float64Array[] } {
  const a = symmetric.slice();
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  let norm = 0;
  for (const value of a) norm += value * value;
  const small = 1e-11 * Math.sqrt(norm / (n * n));
  for (let sweep = 0, turned = true; turned && sweep < MOST_SWEEPS; sweep++) {
    turned = false;
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p * n + q]!) <= small) continue;
        turn(a, vectors, n, p, q);
        turned = true;
      }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  return {
    values: order.map((i) => a[i * n + i]!),
    vectors: order.map((i) => vectors.slice(i * n, (i + 1) * n)),
  };
}
