/** `--smooth` and `--event` of `thimble build`: fields of one text, each checked before any work. */
import type { Decisions, EventRule, Span } from "../compiler/import/decisions.ts";
import { LONGEST, MOST_LOOKED_BACK } from "../ops/event.ts";
import { UsageError } from "./options.ts";

const NONE: Span = { unit: "inferences", count: 0 };
const ONCE: Span = { unit: "inferences", count: 1 };

/** Inferences, or a time: "5", "800ms", "1.5s". */
function spanOf(option: string, text: string, least: number): Span {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(text) ?? [];
  const count = Number(digits) * (unit === "s" ? 1000 : 1);
  const isWhole = unit !== undefined || Number.isInteger(count);
  if (digits === undefined || !isWhole || count < least || count > LONGEST)
    throw new UsageError(
      `${option}: expected ${least} to ${LONGEST} inferences, or a time such as 800ms or 1.5s, found "${text}"`,
    );
  return { unit: unit === undefined ? "inferences" : "milliseconds", count };
}

function numberOf(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new UsageError(
    `--event: threshold: expected a number, or CLASS=NUMBER with "/" between several, found "${text}"`,
  );
}

function thresholdOf(text: string): EventRule["threshold"] {
  if (!text.includes("=")) return numberOf(text);
  const pairs = text.split("/").map((each): [string, number] => {
    const at = each.lastIndexOf("=");
    if (at <= 0) throw new UsageError(`--event: threshold: expected CLASS=NUMBER, found "${each}"`);
    return [each.slice(0, at).trim(), numberOf(each.slice(at + 1))];
  });
  const found = new Map(pairs);
  if (found.size < pairs.length)
    throw new UsageError(`--event: threshold: expected classes that differ, found "${text}"`);
  return found;
}

function shareOf(option: string, text: string): Pick<EventRule, "least" | "of"> {
  const [least, of] = (/^(\d+)\/(\d+)$/.exec(text)?.slice(1) ?? []).map(Number);
  if (least === undefined || of === undefined || least < 1 || least > of || of > MOST_LOOKED_BACK)
    throw new UsageError(
      `${option}: n-of-m: expected N/M, 1 to M of at most ${MOST_LOOKED_BACK}, found "${text}"`,
    );
  return { least, of };
}

/** When events begin, beside their thresholds. */
const TIMING = ["suppress", "n-of-m"];
const FIELDS = ["threshold", "hold", ...TIMING];

/** The fields of "name:value,name:value"; `option` and the names that it has. */
function fieldsOf(option: string, names: readonly string[], text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf(":");
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (!names.includes(name) || fields.has(name))
      throw new UsageError(
        `${option}: expected ${names.join(", ")}, each with ":" and once, found "${part}"`,
      );
    fields.set(name, part.slice(at + 1).trim());
  }
  return fields;
}

function eventOf(text: string): EventRule {
  const fields = fieldsOf("--event", FIELDS, text);
  const threshold = fields.get("threshold");
  if (threshold === undefined) throw new UsageError(`--event: expected a threshold, found "${text}"`);
  const [hold, suppress, share] = ["hold", "suppress", "n-of-m"].map((name) => fields.get(name));
  return {
    threshold: thresholdOf(threshold),
    ...shareOf("--event", share ?? "1/1"),
    hold: hold === undefined ? ONCE : spanOf("--event: hold", hold, 1),
    suppress: suppress === undefined ? NONE : spanOf("--event: suppress", suppress, 0),
  };
}

/** The fields of an event that are no threshold; `suppress` unless the text says it is a second. Throws UsageError. */
export function timingOption(option: string, text: string): Pick<EventRule, "least" | "of" | "suppress"> {
  const fields = text === "" ? new Map<string, string>() : fieldsOf(option, TIMING, text);
  return {
    ...shareOf(option, fields.get("n-of-m") ?? "1/1"),
    suppress: spanOf(`${option}: suppress`, fields.get("suppress") ?? "1s", 0),
  };
}

function smoothOf(text: string): Span {
  if (!text.startsWith("mean:")) throw new UsageError(`--smooth: expected mean:N, found "${text}"`);
  return spanOf("--smooth: mean", text.slice("mean:".length), 1);
}

/** Throws UsageError that names option and field. */
export function decisionOptions(values: {
  readonly smooth?: string | undefined;
  readonly event?: string | undefined;
}): Decisions | undefined {
  const { smooth, event } = values;
  if (smooth === undefined && event === undefined) return undefined;
  return {
    ...(smooth !== undefined && { smooth: smoothOf(smooth) }),
    ...(event !== undefined && { event: eventOf(event) }),
  };
}
