/** From here on the continued fraction is as good as the series. */
const LARGE = 2.5;
const SERIES_TERMS = 60;
const FRACTION_TERMS = 60;

/** Maclaurin series (DLMF 7.6.1). */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < SERIES_TERMS; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** erfc by its continued fraction (DLMF 7.9.1), from the inside out. */
function complement(x: number): number {
  let denominator = x;
  for (let n = FRACTION_TERMS; n > 0; n--) denominator = x + n / 2 / denominator;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * denominator);
}

/** The error function, to about 13 digits. */
export function erf(x: number): number {
  if (Math.abs(x) < LARGE) return series(x);
  return Math.sign(x) * (1 - complement(Math.abs(x)));
}
