/** Faults of a model now, by all that devices have told of it within a day. */
import { type Finding, judge, levelFor } from "../telemetry/verdict.ts";
import type { Context } from "./context.ts";
import { findModel } from "./model_rows.ts";
import { DAY, sumSince } from "./sums.ts";
import { factsOf } from "./watched_models.ts";

/** The gravest first; none where nobody has told of the model, or it was never published here. */
export function fleetFindings(context: Context, hash: string): readonly Finding[] {
  const model = findModel(context, hash);
  const facts = factsOf(context, hash);
  const counts = model !== undefined && sumSince(context, model, context.now() - DAY);
  return facts && counts ? judge(facts, counts, levelFor(counts.channels.length)) : [];
}

export const findingText = ({ kind, subject, text }: Finding): string =>
  `${kind} of ${subject || "the model"}: ${text}`;
