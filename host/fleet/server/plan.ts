/** A rollout's plan as it comes in a request: every member is checked, none that is unknown is passed over. */
import { checkName, onlyMembers } from "./context.ts";
import { LIMITS } from "./limits.ts";
import type { AccuracyPlan, RolloutPlan, ShadowPlan, StageSize } from "./management.ts";
import { isObject, type Json, type JsonObject, Refused, shown } from "./message.ts";
import { parseQuery } from "./query.ts";
import { parseVersion } from "./version.ts";

export const DEFAULTS = { success: 90, errors: 10, retries: 1 } as const;
const MAX_RETRIES = 10;

function within(name: string, value: Json | undefined, low: number, high: number, isWhole: boolean): number {
  const isGood =
    typeof value === "number" && value >= low && value <= high && (!isWhole || Number.isSafeInteger(value));
  if (isGood) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw new Refused(400, `${name}: expected ${kind} from ${low} to ${high}, found ${shown(value)}`);
}

function stageSize(value: Json, i: number): StageSize {
  const names = isObject(value) ? Object.keys(value) : [];
  if (!isObject(value) || names.length !== 1)
    throw new Refused(
      400,
      `stages[${i}]: expected {"count": N}, {"percent": P} or {"rest": true}, found ${shown(value)}`,
    );
  if (names[0] === "count")
    return { count: within(`stages[${i}].count`, value["count"], 1, LIMITS.devices, true) };
  // No per cent at all would be a stage that passes without a device.
  if (names[0] === "percent")
    return { percent: within(`stages[${i}].percent`, value["percent"], 0.001, 100, false) };
  if (value["rest"] === true) return { rest: true };
  throw new Refused(
    400,
    `stages[${i}]: expected {"count": N}, {"percent": P} or {"rest": true}, found "${names[0]?.slice(0, 32)}"`,
  );
}

function stageSizes(value: Json | undefined): StageSize[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > LIMITS.stages)
    throw new Refused(400, `stages: expected 1 to ${LIMITS.stages} stages, found ${shown(value)}`);
  return value.map(stageSize);
}

export const SHADOW = { agreement: 90, least: 1000 } as const;
const MOST_COMPARED = 1e9;

function readShadow(value: Json): ShadowPlan {
  if (!isObject(value))
    throw new Refused(400, `shadow: expected {"agreement": PERCENT, "least": N}, found ${shown(value)}`);
  onlyMembers(value, ["agreement", "least"]);
  return {
    agreement: within("shadow.agreement", value["agreement"] ?? SHADOW.agreement, 0, 100, false),
    least: within("shadow.least", value["least"] ?? SHADOW.least, 1, MOST_COMPARED, true),
  };
}

/** Fewer labels than that are hardly ever sure of anything. */
export const ACCURACY = { least: 100 } as const;

function readAccuracy(value: Json): AccuracyPlan {
  if (!isObject(value))
    throw new Refused(400, `accuracy: expected {"percent": PERCENT, "least": N}, found ${shown(value)}`);
  onlyMembers(value, ["percent", "least"]);
  return {
    percent: within("accuracy.percent", value["percent"], 0.001, 100, false),
    least: within("accuracy.least", value["least"] ?? ACCURACY.least, 1, LIMITS.labels, true),
  };
}

/** Throws Refused (400). */
export function readPlan(body: JsonObject): RolloutPlan {
  onlyMembers(body, [
    "name",
    "image",
    "query",
    "stages",
    "success",
    "errors",
    "minVersion",
    "retries",
    "allowDowngrade",
    "shadow",
    "accuracy",
  ]);
  const { name, query = "", minVersion, allowDowngrade = false } = body;
  if (typeof query !== "string") throw new Refused(400, `query: expected a text, found ${shown(query)}`);
  if (typeof allowDowngrade !== "boolean")
    throw new Refused(400, `allowDowngrade: expected true or false, found ${shown(allowDowngrade)}`);
  parseQuery(query);
  if (minVersion !== undefined && (typeof minVersion !== "string" || !parseVersion(minVersion)))
    throw new Refused(400, `minVersion: expected X.Y.Z, found ${shown(minVersion)}`);
  return {
    ...(name !== undefined && { name: checkName("name", name) }),
    image: within("image", body["image"], 1, Number.MAX_SAFE_INTEGER, true),
    query,
    stages: stageSizes(body["stages"]),
    success: within("success", body["success"] ?? DEFAULTS.success, 0, 100, false),
    errors: within("errors", body["errors"] ?? DEFAULTS.errors, 0, 100, false),
    ...(minVersion !== undefined && { minVersion }),
    retries: within("retries", body["retries"] ?? DEFAULTS.retries, 0, MAX_RETRIES, true),
    ...(allowDowngrade && { allowDowngrade }),
    ...(body["shadow"] !== undefined && { shadow: readShadow(body["shadow"]) }),
    ...(body["accuracy"] !== undefined && { accuracy: readAccuracy(body["accuracy"]) }),
  };
}
