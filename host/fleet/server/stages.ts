/** When a staged rollout goes on, stops or ends: arithmetic on counts, without a database or a clock. */
import type { DeviceState, StageSize } from "./management.ts";

export interface Thresholds {
  /** Per cent of a stage that have to succeed before the next one starts. */
  readonly success: number;
  /** Per cent of a stage whose failure stops the rollout. */
  readonly errors: number;
}

export interface StageCounts {
  readonly started: boolean;
  readonly counts: Readonly<Record<DeviceState, number>>;
}

export type Decision =
  | { readonly kind: "wait" }
  | { readonly kind: "start"; readonly stage: number }
  | { readonly kind: "stop"; readonly reason: string }
  | { readonly kind: "finish" };

/** Per cent in units that are whole numbers: 7 % of 100 is 7, which a product of floating-point numbers is not. */
const UNITS = 1_000_000_000;
const units = (percent: number): bigint => BigInt(Math.round(percent * UNITS));
const whole = BigInt(100 * UNITS);

/** A percentage of a number, rounded up to a whole number. */
export const shareOf = (percent: number, total: number): number =>
  Number((units(percent) * BigInt(total) + whole - 1n) / whole);

/** Whether `part` is at least so many per cent of `all`. */
const isShare = (part: number, percent: number, all: number): boolean =>
  BigInt(part) * whole >= units(percent) * BigInt(all);

/** How many of `total` devices are in each stage; the sizes may leave some in none. */
export function stageSizes(sizes: readonly StageSize[], total: number): number[] {
  let left = total;
  return sizes.map((size) => {
    const wanted =
      "rest" in size ? left : "count" in size ? size.count : Math.max(1, shareOf(size.percent, total));
    const taken = Math.min(wanted, left);
    left -= taken;
    return taken;
  });
}

const percent = (part: number, all: number): string => `${Number(((100 * part) / all).toFixed(1))} %`;

/** Devices that count: those that were left out say nothing about the image, nor do those that were called back. */
const counted = ({ counts }: StageCounts): number =>
  counts.waiting + counts.running + counts.succeeded + counts.failed;

const hasEnded = ({ started, counts }: StageCounts): boolean =>
  started && counts.waiting === 0 && counts.running === 0;

function stopReason(stage: StageCounts, number: number, { success, errors }: Thresholds): string | undefined {
  const { failed, succeeded } = stage.counts;
  const all = counted(stage);
  if (failed > 0 && isShare(failed, errors, all))
    return `stage ${number}: ${failed} of ${all} devices failed (${percent(failed, all)}), the limit is ${errors} %`;
  if (hasEnded(stage) && !isShare(succeeded, success, all))
    return `stage ${number}: ${succeeded} of ${all} devices succeeded (${percent(succeeded, all)}), expected ${success} %`;
  return undefined;
}

/** The next step of a running rollout; a late failure in a stage that was passed counts still. */
export function decide(stages: readonly StageCounts[], thresholds: Thresholds): Decision {
  for (const [i, stage] of stages.entries()) {
    const reason = stage.started ? stopReason(stage, i + 1, thresholds) : undefined;
    if (reason !== undefined) return { kind: "stop", reason };
  }
  const next = stages.findIndex(({ started }) => !started);
  if (next === -1) return stages.every(hasEnded) ? { kind: "finish" } : { kind: "wait" };
  const last = stages[next - 1];
  const goesOn = !last || isShare(last.counts.succeeded, thresholds.success, counted(last));
  // A stage of devices that all were left out has nothing to wait for.
  return goesOn ? { kind: "start", stage: next } : { kind: "wait" };
}
