/**
 * Has models trained again, by rules: once something is wrong with one, it is old, it has enough labels, or labels show that
 * it is wrong too often. Devices are asked for samples first, and the command is run when there are enough. A model that has
 * a newer version is left alone.
 */
import { readFileSync } from "node:fs";
import { isSurelyBelow, tallyText } from "../telemetry/accuracy.ts";
import { readSamples } from "../telemetry/sample_files.ts";
import type { RetrainRule } from "./alert_rules.ts";
import type { Actor, Context } from "./context.ts";
import { number } from "./database.ts";
import { allModels, type ModelHealth } from "./health.ts";
import { findModel } from "./model_rows.ts";
import { matches } from "./query.ts";
import { wantSamples } from "./samples.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Devices are asked for so long, and again while the reason lasts. */
const ASKED_HOURS = 24;

const ACTOR: Actor = { name: "retrain rule", address: "" };

/** Runs a command with this environment beside the server's own: its exit status, null where it was killed. */
export type Run = (
  command: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<number | null>;

export interface Retraining {
  /** Asks for samples, and starts what is due; resolves when that has ended. */
  round(): Promise<void>;
}

/** Labelled samples in a file; 0 where it is not there or is no such file, of which the log tells. */
function labelsIn(context: Context, file: string): number {
  try {
    return readSamples(readFileSync(file, "utf8"), file).filter(({ label }) => label !== undefined).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      context.log(`retrain: ${(error as Error).message}`);
    return 0;
  }
}

interface Reason {
  readonly text: string;
  /** Since when something is wrong; now where nothing is. */
  readonly since: string;
}

/** Why a model is to be trained again, by a rule; undefined where it is not. */
function reasonOf(context: Context, rule: RetrainRule, model: ModelHealth): Reason | undefined {
  const found = model.findings.find(({ kind }) => rule.kinds?.includes(kind));
  if (found) return { text: `${found.kind} of ${found.subject}: ${found.text}`, since: found.since };
  const text = reasonWithoutFault(context, rule, model);
  return text === undefined ? undefined : { text, since: new Date(context.now()).toISOString() };
}

function reasonWithoutFault(context: Context, rule: RetrainRule, model: ModelHealth): string | undefined {
  const image = context.store.get("SELECT uploaded FROM images WHERE digest = ?", [model.hash]);
  const days = image ? Math.floor((context.now() - number(image, "uploaded")) / DAY) : 0;
  if (rule.ageDays !== undefined && days >= rule.ageDays) return `age: ${days} days`;
  const wanted = rule.accuracy;
  if (wanted && isSurelyBelow(model.accuracy, wanted.below, wanted.least))
    return `accuracy: ${tallyText(model.accuracy)}, expected ${wanted.below} %`;
  if (rule.labels) {
    const labels = labelsIn(context, rule.labels.file);
    if (labels >= rule.labels.least) return `labels: ${labels}`;
  }
  return undefined;
}

const isNewest = ({ store }: Context, { model, hash }: ModelHealth): boolean =>
  store.get(
    `SELECT 1 FROM images AS own JOIN images AS newer ON newer.model = own.model AND newer.id > own.id
       WHERE own.digest = ? AND own.model = ? AND newer.deleted IS NULL`,
    [hash, model],
  ) === undefined;

/** Whether there are as many samples as the rule wants; where not, devices are asked. */
function hasSamples(context: Context, rule: RetrainRule, { hash }: ModelHealth): boolean {
  const { store, now } = context;
  const least = rule.leastSamples ?? 0;
  if (least === 0) return true;
  const model = findModel(context, hash)!;
  const wish = store.get("SELECT until FROM wishes WHERE model = ?", [model]);
  if (!wish || number(wish, "until") <= now())
    wantSamples(context, hash, { perDevice: rule.samplesPerDevice ?? 10, hours: ASKED_HOURS }, ACTOR);
  return number(store.get("SELECT count(*) AS n FROM samples WHERE model = ?", [model])!, "n") >= least;
}

/** Notes that it starts: its number; undefined where it was done a short while ago. */
function begin(context: Context, rule: number, hash: string, reason: string, again: number) {
  const { store, now } = context;
  const model = findModel(context, hash)!;
  const since = now() - again * HOUR;
  const recent = store.get("SELECT 1 FROM retrainings WHERE rule = ? AND model = ? AND started > ?", [
    rule,
    model,
    since,
  ]);
  if (recent) return undefined;
  return store.run("INSERT INTO retrainings (rule, model, reason, started) VALUES (?, ?, ?, ?)", [
    rule,
    model,
    reason,
    now(),
  ]).id;
}

export function retrainingOf(context: Context, rules: readonly RetrainRule[], run: Run): Retraining {
  const { store, now } = context;

  async function consider(rule: RetrainRule, index: number, model: ModelHealth): Promise<void> {
    if (!matches(model.model, rule.models) || model.model === "" || !isNewest(context, model)) return;
    const reason = reasonOf(context, rule, model);
    if (reason === undefined || !hasSamples(context, rule, model)) return;
    const id = begin(context, index, model.hash, reason.text, rule.againHours ?? 24);
    if (id === undefined) return;
    context.log(`retrain ${model.model} ${model.version}: ${reason.text}`);
    const status = await run(rule.run, {
      THIMBLE_MODEL: model.model,
      THIMBLE_MODEL_VERSION: model.version,
      THIMBLE_MODEL_HASH: model.hash,
      THIMBLE_REASON: reason.text,
      THIMBLE_SINCE: reason.since,
    });
    store.run("UPDATE retrainings SET ended = ?, status = ? WHERE id = ?", [now(), status, id]);
    if (status !== 0)
      context.log(
        `retrain ${model.model}: ${rule.run[0]}: expected exit status 0, found ${status ?? "a signal"}`,
      );
  }

  return {
    async round() {
      for (const model of allModels(context))
        for (const [index, rule] of rules.entries()) await consider(rule, index, model);
    },
  };
}
