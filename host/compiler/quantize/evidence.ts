/** Whether a difference of errors is one, or what another choice of samples would have turned round. */

/**
 * Whether errors `a` are lower than `b` of the same samples, in order: by more than one standard error of the mean
 * difference. That is the one-standard-error rule (Breiman, Friedman, Olshen and Stone, "Classification and
 * Regression Trees", 1984, section 3.4.3) for pairs: the simpler of two models, `b`, unless the other is clearly
 * better. One standard error is the book's; it was not fitted to any model here. Fewer than two samples say nothing.
 */
export function isLower(a: readonly number[], b: readonly number[]): boolean {
  const { length } = a;
  if (length < 2) return false;
  const gains = a.map((error, i) => b[i]! - error);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / length;
  const squares = gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0);
  return mean > Math.sqrt(squares / (length - 1) / length);
}
