/**
 * Right answers that come later, by the number of a sample or the SHA-256 of a line of a log. They are joined with what the
 * model decided then, and stay when samples go.
 */
import { decodeSample } from "../telemetry/sample.ts";
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { LIMITS } from "./limits.ts";
import { type Accuracy, accuracyOf } from "./measured.ts";
import { Refused } from "./message.ts";
import { findModel, noteModel } from "./model_rows.ts";
import { lookAgain } from "./rollouts.ts";
import { factsOf } from "./watched_models.ts";

export interface SampleLabel {
  /** The server's number of it. */
  readonly sample: number;
  /** Empty: takes the label away. */
  readonly label: string;
}

export interface PredictionLabel {
  /** SHA-256 of the log's line, in hex. */
  readonly prediction: string;
  /** The label that the model decided for. */
  readonly decided: string;
  readonly label: string;
}

export interface LabelsNoted {
  readonly taken: number;
  readonly accuracy: Accuracy;
  /** Labels among them that are none of the model's classes: decisions beside them count as wrong. */
  readonly unknown: readonly string[];
}

interface Noted {
  readonly name: string;
  readonly kind: string;
  readonly decided: string | null;
  readonly label: string;
}

const LOG = "log";

/** Names of a model's classes; undefined where it has none, or was not published here. */
export function classesOf(context: Context, hash: string): readonly string[] | undefined {
  const facts = factsOf(context, hash);
  return facts?.borders.outputs[facts.watch?.output ?? 0]?.labels;
}

/** The number of a model that devices told of, or that was published here. Throws Refused (404). */
function modelOf(context: Context, hash: string): number {
  const model = findModel(context, hash) ?? (factsOf(context, hash) && noteModel(context, hash));
  if (model !== undefined) return model;
  throw new Refused(
    404,
    `model: expected the hash of one that devices told of or that was published, found "${hash.slice(0, 64)}"`,
  );
}

/** Throws Refused (404) where the model has no such sample. */
function ofSample(
  { store }: Context,
  model: number,
  { sample, label }: SampleLabel,
  classes: readonly string[] | undefined,
): Noted {
  const row = store.get("SELECT body FROM samples WHERE id = ? AND model = ?", [sample, model]);
  // A label may still be changed once its sample has been deleted.
  const before = store.get("SELECT * FROM labels WHERE model = ? AND name = ?", [model, String(sample)]);
  if (!row && !before) throw new Refused(404, `sample: expected one of the model, found ${sample}`);
  if (!row)
    return {
      name: String(sample),
      kind: text(before!, "kind"),
      decided: before!["decided"] as string | null,
      label,
    };
  const { kind, decided } = decodeSample(row["body"] as Uint8Array);
  return {
    name: String(sample),
    kind,
    decided: decided === undefined ? null : (classes?.[decided] ?? String(decided)),
    label,
  };
}

function count({ store }: Context, model: number, { kind, decided, label }: Row | Noted, sign: 1 | -1): void {
  if (decided === null) return;
  const right = decided === label ? sign : 0;
  store.run(
    `INSERT INTO tallies (model, kind, labelled, right) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET labelled = labelled + excluded.labelled, right = right + excluded.right`,
    [model, String(kind), sign, right],
  );
}

function note(context: Context, model: number, noted: Noted): void {
  const { store, now } = context;
  const place = [model, noted.name];
  const before = store.get("SELECT * FROM labels WHERE model = ? AND name = ?", place);
  if (before) {
    count(context, model, before, -1);
    store.run("DELETE FROM labels WHERE model = ? AND name = ?", place);
  }
  if (noted.label === "") return;
  count(context, model, noted, 1);
  store.run("INSERT INTO labels (model, name, kind, decided, label, at) VALUES (?, ?, ?, ?, ?, ?)", [
    ...place,
    noted.kind,
    noted.decided,
    noted.label,
    now(),
  ]);
}

/**
 * Takes labels of one model; of one that has a label already, the new one counts. Rollouts of it go on or stop by what they
 * show. Throws Refused: 404 for a model or sample that is not known, 507 where there are too many.
 */
export function takeLabels(
  context: Context,
  hash: string,
  labels: readonly (SampleLabel | PredictionLabel)[],
  actor: Actor,
): LabelsNoted {
  const { store } = context;
  return store.transaction(() => {
    const model = modelOf(context, hash);
    const classes = classesOf(context, hash);
    if (number(store.get("SELECT count(*) AS n FROM labels")!, "n") + labels.length > LIMITS.labels)
      throw new Refused(507, `labels: expected at most ${LIMITS.labels}, found more`);
    for (const each of labels) {
      if ("sample" in each) note(context, model, ofSample(context, model, each, classes));
      else note(context, model, { ...each, name: each.prediction, kind: LOG });
    }
    audit(context, actor, "label", hash, String(labels.length));
    const rollouts = store.all(
      `SELECT rollouts.id AS id FROM rollouts JOIN images ON images.id = rollouts.image
         WHERE images.digest = ? AND rollouts.accuracy IS NOT NULL`,
      [hash],
    );
    lookAgain(
      context,
      rollouts.map((row) => number(row, "id")),
    );
    const unknown = new Set(labels.map(({ label }) => label).filter((label) => label !== ""));
    for (const known of classes ?? unknown) unknown.delete(known);
    return {
      taken: labels.length,
      accuracy: accuracyOf(context, model),
      unknown: [...unknown].slice(0, 20),
    };
  });
}
