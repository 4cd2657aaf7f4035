/** Logarithms of powers in integers: of roots of sums, and as features of a scale. */
import { quantized, type Tensor } from "../../../ir/graph.ts";
import type { Draft } from "./draft.ts";

/** Scale of logarithms of amplitudes inside. */
export const LOG_SCALE = 1024;

type Operation = "add" | "sub" | "mul" | "maximum";

export const arithmetic = (draft: Draft, operation: Operation, a: Tensor, b: Tensor): Tensor =>
  draft.node("integer_arithmetic", [a, b], { operation, activation: "none" }, ["int32"])[0]!;

/** Natural logarithms of roots [n] in 1/1024, as int32. */
export function logsOf(draft: Draft, roots: Tensor): Tensor {
  const log = { outputScale: LOG_SCALE, inputCorrectionBits: 0 };
  const [logs] = draft.node("filter_bank_log", [roots], log, ["int16"]);
  // Scaling has a native kernel where a cast has none.
  const alone = { factor: 1, addend: 0, divisor: 1, offset: 0, min: -32768, max: 32767 };
  return draft.node("scale_integers", [logs!], alone, ["int32"])[0]!;
}

/**
 * Logarithms from that of the least power on, in 1/1024: [n] int32. The samples behind them were shifted to the left by `bits`,
 * and a root of 1 stands for `power`.
 */
export function logsAbove(
  draft: Draft,
  logs: Tensor,
  { bits, power }: { readonly bits: Tensor; readonly power: number },
  least: number,
): Tensor {
  // A bit's logarithm has a fraction, which is rounded once for all bits together.
  const bit = draft.constant(
    `${logs.name}_of_bit`,
    Int32Array.of(Math.round(Math.LN2 * LOG_SCALE * 2 ** 10)),
  );
  const unit = Math.round(LOG_SCALE * 0.5 * Math.log(power / least));
  const whole = { factor: 1, addend: 2 ** 9, divisor: 2 ** 10, min: -(2 ** 31), max: 2 ** 31 - 1 };
  const part = draft.node(
    "scale_integers",
    [arithmetic(draft, "mul", bits, bit)],
    { ...whole, offset: -unit },
    ["int32"],
  );
  return arithmetic(draft, "sub", logs, part[0]!);
}

/** Integers of features: their scale, and between which they lie. */
export interface Steps {
  readonly type: "int16" | "int8";
  readonly scale: number;
  readonly zeroPoint: number;
  readonly min: number;
  readonly max: number;
}

/** Values from `low` on as features; each of `above` counts `step`, and none is greater than `highest`. */
export function toSteps(
  draft: Draft,
  above: Tensor,
  { type, scale, zeroPoint, min, max }: Steps,
  { low, step, highest }: { readonly low: number; readonly step: number; readonly highest: number },
): Tensor {
  const ratio = step / scale;
  const bits = Math.max(0, Math.min(24, Math.floor(Math.log2(2 ** 30 / (ratio * highest)))));
  const by = 2 ** bits;
  const offset = Math.round(low / scale) + zeroPoint;
  const scaling = { factor: Math.round(ratio * by), addend: Math.floor(by / 2), divisor: by, offset };
  const [features] = draft.node("scale_integers", [above], { ...scaling, min, max }, [type]);
  return draft.scale(features!, quantized(scale, zeroPoint));
}
