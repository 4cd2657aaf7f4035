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

/** How many of `total` devices are in each stage; the sizes may leave some in none. */
export function stageSizes(sizes: readonly StageSize[], total: number): number[] {
  let left = total;
  return sizes.map((size) => {
    const wanted =
      "rest" in size
        ? left
        : "count" in size
          ? size.count
          : Math.max(1, Math.ceil((size.percent / 100) * total));
    const taken = Math.min(wanted, left);
    left -= taken;
    return taken;
  });
}

const percent = (part: number, whole: number): string => `${Number(((100 * part) / whole).toFixed(1))} %`;

/** Devices that count: those that were left out say nothing about the image, nor do those that were called back. */
const counted = ({ counts }: StageCounts): number =>
  counts.waiting + counts.running + counts.succeeded + counts.failed;

const hasEnded = ({ started, counts }: StageCounts): boolean =>
  started && counts.waiting === 0 && counts.running === 0;

function stopReason(stage: StageCounts, number: number, { success, errors }: Thresholds): string | undefined {
  const { failed, succeeded } = stage.counts;
  const whole = counted(stage);
  if (failed > 0 && failed * 100 >= errors * whole)
    return `stage ${number}: ${failed} of ${whole} devices failed (${percent(failed, whole)}), the limit is ${errors} %`;
  if (hasEnded(stage) && succeeded * 100 < success * whole)
    return `stage ${number}: ${succeeded} of ${whole} devices succeeded (${percent(succeeded, whole)}), expected ${success} %`;
  return undefined;
}

/** What a running rollout has to do next; a late failure in a stage that was passed counts still. */
export function decide(stages: readonly StageCounts[], thresholds: Thresholds): Decision {
  for (const [i, stage] of stages.entries()) {
    const reason = stage.started ? stopReason(stage, i + 1, thresholds) : undefined;
    if (reason !== undefined) return { kind: "stop", reason };
  }
  const next = stages.findIndex(({ started }) => !started);
  if (next === -1) return stages.every(hasEnded) ? { kind: "finish" } : { kind: "wait" };
  const last = stages[next - 1];
  const goesOn = !last || last.counts.succeeded * 100 >= thresholds.success * counted(last);
  // A stage of devices that all were left out has nothing to wait for.
  return goesOn ? { kind: "start", stage: next } : { kind: "wait" };
}
