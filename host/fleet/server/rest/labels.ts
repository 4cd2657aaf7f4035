/** Labels as they come in a request: every member is checked. */
import { onlyMembers } from "../context.ts";
import type { PredictionLabel, SampleLabel } from "../labels.ts";
import { LIMITS } from "../limits.ts";
import { isObject, type Json, type JsonObject, Refused, shown } from "../message.ts";

function textIn(body: JsonObject, name: string, where: string, least: number): string {
  const found = body[name];
  const most = LIMITS.labelChars;
  const isGood = typeof found === "string" && found.length >= least && found.length <= most;
  if (isGood && !/\p{Cc}/u.test(found)) return found;
  throw new Refused(
    400,
    `${where}.${name}: expected a text of ${least} to ${most} characters in one line, found ${shown(found)}`,
  );
}

function labelIn(value: Json, i: number): SampleLabel | PredictionLabel {
  const where = `labels[${i}]`;
  if (!isObject(value))
    throw new Refused(
      400,
      `${where}: expected {"sample": N, "label": TEXT} or {"prediction": SHA256, "decided": TEXT, "label": TEXT}, found ${shown(value)}`,
    );
  const label = textIn(value, "label", where, 0);
  const { sample, prediction } = value;
  if (sample !== undefined) {
    onlyMembers(value, ["sample", "label"]);
    if (Number.isSafeInteger(sample) && (sample as number) > 0) return { sample: sample as number, label };
    throw new Refused(400, `${where}.sample: expected the number of a sample, found ${shown(sample)}`);
  }
  onlyMembers(value, ["prediction", "decided", "label"]);
  if (typeof prediction !== "string" || !/^[0-9a-f]{64}$/.test(prediction))
    throw new Refused(
      400,
      `${where}.prediction: expected the SHA-256 of a log's line, found ${shown(prediction)}`,
    );
  return { prediction, decided: textIn(value, "decided", where, 1), label };
}

/** Throws Refused (400). */
export function readLabels(body: JsonObject): (SampleLabel | PredictionLabel)[] {
  onlyMembers(body, ["labels"]);
  const { labels } = body;
  if (!Array.isArray(labels) || labels.length === 0 || labels.length > LIMITS.labelsAtOnce)
    throw new Refused(
      400,
      `labels: expected 1 to ${LIMITS.labelsAtOnce} labels, found ${Array.isArray(labels) ? labels.length : shown(labels)}`,
    );
  return labels.map(labelIn);
}
