/** Measured accuracy: how many decisions of a model were right by labels that came later, and what chance leaves open. */

/** Decisions that have labels, and those of them that were right. */
export interface Tally {
  readonly labelled: number;
  readonly right: number;
}

/** Two-sided 95 %, which people are told. */
const TOLD = 1.959963984540054;
/** Two-sided 99.9 %, by which rules act: they look again with each label, and chance would find a day to be below 95 %. */
const SURE = 3.2905267314919255;

/**
 * Bounds of the share that is right, from 0 to 1, by Wilson (1927), which holds for few labels and for shares near 1 as well.
 * Without labels they are 0 and 1.
 */
export function shareBounds(
  { labelled: n, right }: Tally,
  z = TOLD,
): { readonly low: number; readonly high: number } {
  if (n === 0) return { low: 0, high: 1 };
  const p = right / n;
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // Rounding must not take what was seen out of it.
  return { low: right === 0 ? 0 : middle - half, high: right === n ? 1 : middle + half };
}

/** Whether the share that is right is below so many per cent beyond what chance explains, by so many labels at least. */
export const isSurelyBelow = (tally: Tally, percent: number, least = 1): boolean =>
  tally.labelled >= least && 100 * shareBounds(tally, SURE).high < percent;

const short = (share: number): string => (100 * share).toFixed(1);

/** A tally for people, such as "45 of 50 right: 90.0 % (78.6 to 95.7)". */
export function tallyText(tally: Tally): string {
  const { labelled, right } = tally;
  if (labelled === 0) return "no labels";
  const { low, high } = shareBounds(tally);
  return `${right} of ${labelled} right: ${short(right / labelled)} % (${short(low)} to ${short(high)})`;
}
