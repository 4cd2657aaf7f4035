/** Accuracy of models as labels that came later have measured it. */
import { isSurelyBelow, shareBounds, type Tally, tallyText } from "../telemetry/accuracy.ts";
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import type { AccuracyPlan } from "./management.ts";

/** Decisions that devices chose for being hard say nothing about the others. */
const CHOSEN = "('uncertain', 'outlying')";

export interface Accuracy extends Tally {
  /** Share that is right and the bounds of 95 % confidence, in per cent; null without labels. */
  readonly percent: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Labels of samples that were kept since they were uncertain or outlying, which count apart. */
  readonly chosen: Tally;
}

function tallyWhere({ store }: Context, model: number, condition: string): Tally {
  const row = store.get(
    `SELECT coalesce(sum(labelled), 0) AS labelled, coalesce(sum(right), 0) AS right FROM tallies
       WHERE model = ? AND kind ${condition} ${CHOSEN}`,
    [model],
  )!;
  return { labelled: number(row, "labelled"), right: number(row, "right") };
}

/** The tally of a model's decisions that nobody chose: random samples, and lines of logs. */
export const fairTally = (context: Context, model: number): Tally => tallyWhere(context, model, "NOT IN");

export function accuracyOf(context: Context, model: number): Accuracy {
  const tally = fairTally(context, model);
  const chosen = tallyWhere(context, model, "IN");
  if (tally.labelled === 0) return { ...tally, percent: null, low: null, high: null, chosen };
  const { low, high } = shareBounds(tally);
  return {
    ...tally,
    percent: (100 * tally.right) / tally.labelled,
    low: 100 * low,
    high: 100 * high,
    chosen,
  };
}

/** The plan of a rollout for accuracy and what was measured of its image; undefined where it has none. */
export function rolloutAccuracy(
  context: Context,
  row: Row,
): { readonly plan: AccuracyPlan; readonly tally: Tally } | undefined {
  if (row["accuracy"] === null) return undefined;
  const model = context.store.get(
    "SELECT models.id AS id FROM models JOIN images ON images.digest = models.hash WHERE images.id = ?",
    [number(row, "image")],
  );
  return {
    plan: JSON.parse(text(row, "accuracy")) as AccuracyPlan,
    tally: model ? fairTally(context, number(model, "id")) : { labelled: 0, right: 0 },
  };
}

/** Why a rollout goes to no more devices, by the accuracy of its image; undefined where nothing speaks against it. */
export function accuracyReason(context: Context, row: Row): string | undefined {
  const { plan, tally } = rolloutAccuracy(context, row) ?? {};
  if (!plan || !tally || !isSurelyBelow(tally, plan.percent, plan.least)) return undefined;
  return `the image: ${tallyText(tally)}, expected ${plan.percent} %`;
}

/** Whether later stages of a rollout still wait for labels. */
export function lacksLabels(context: Context, row: Row): boolean {
  const { plan, tally } = rolloutAccuracy(context, row) ?? {};
  return plan !== undefined && tally !== undefined && tally.labelled < plan.least;
}
