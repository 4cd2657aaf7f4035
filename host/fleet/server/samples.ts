/**
 * Samples of what models see. None is taken unless an operator has asked for those of the model, for a time, and no more of
 * a device than were asked for.
 */
import { createHash } from "node:crypto";
import { ReportError } from "../telemetry/report.ts";
import { type DeviceSample, decodeSample } from "../telemetry/sample.ts";
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import type { DeviceRow } from "./devices.ts";
import { LIMITS } from "./limits.ts";
import { Refused } from "./message.ts";
import { findModel } from "./model_rows.ts";

const HOUR = 3_600_000;

export interface Wish {
  /** Samples of each device. */
  readonly perDevice: number;
  readonly until: string;
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** The model that devices have told of by that hash. Throws Refused (404). */
function modelOf(context: Context, hash: string): number {
  const model = findModel(context, hash);
  if (model !== undefined) return model;
  throw new Refused(
    404,
    `model: expected the hash of one that devices told of, found "${hash.slice(0, 64)}"`,
  );
}

/** Asks devices for samples of a model, `perDevice` 0 for no more. Throws Refused (404). */
export function wantSamples(
  context: Context,
  hash: string,
  { perDevice, hours }: { readonly perDevice: number; readonly hours: number },
  actor: Actor,
): Wish {
  const { store, now } = context;
  const model = modelOf(context, hash);
  const until = now() + hours * HOUR;
  store.transaction(() => {
    store.run(
      `INSERT INTO wishes (model, per_device, since, until) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET per_device = excluded.per_device, since = excluded.since, until = excluded.until`,
      [model, perDevice, now(), until],
    );
    audit(context, actor, "ask for samples", hash, `${perDevice} of each device, until ${iso(until)}`);
  });
  return { perDevice, until: iso(until) };
}

/** How many samples of a model a device is still to send. */
export function samplesWanted({ store, now }: Context, device: number, hash: string): number {
  const wish = store.get(
    "SELECT wishes.* FROM wishes JOIN models ON models.id = wishes.model WHERE models.hash = ? AND until > ?",
    [hash, now()],
  );
  if (!wish) return 0;
  const has = store.get("SELECT count(*) AS n FROM samples WHERE device = ? AND model = ? AND at >= ?", [
    device,
    number(wish, "model"),
    number(wish, "since"),
  ])!;
  return Math.max(0, number(wish, "per_device") - number(has, "n"));
}

/** Throws Refused (400). */
function read(body: Uint8Array): DeviceSample {
  try {
    return decodeSample(body);
  } catch (error) {
    throw error instanceof ReportError ? new Refused(400, error.message) : error;
  }
}

/**
 * Takes a sample; one that is known changes nothing. Throws Refused: 400 where it is none, 403 where nobody has asked for it, 507
 * where there are too many.
 */
export function takeSample(context: Context, device: DeviceRow, body: Uint8Array): void {
  const { store, now } = context;
  const { model: hash } = read(body);
  const sha256 = createHash("sha256").update(body).digest("hex");
  store.transaction(() => {
    const model = findModel(context, hash) ?? 0;
    const known = store.get("SELECT id FROM samples WHERE device = ? AND model = ? AND sha256 = ?", [
      device.id,
      model,
      sha256,
    ]);
    if (known) return;
    if (samplesWanted(context, device.id, hash) === 0)
      throw new Refused(403, "sample: expected one that was asked for, found another");
    if (number(store.get("SELECT count(*) AS n FROM samples")!, "n") >= LIMITS.samples)
      throw new Refused(507, `samples: expected at most ${LIMITS.samples}, found more`);
    store.run("INSERT INTO samples (device, model, at, sha256, body) VALUES (?, ?, ?, ?, ?)", [
      device.id,
      model,
      now(),
      sha256,
      body,
    ]);
  });
}

function described(row: Row) {
  const { kind, decided, time, rank, values } = decodeSample(row["body"] as Uint8Array);
  return {
    id: number(row, "id"),
    device: text(row, "name"),
    at: iso(number(row, "at")),
    kind,
    decided: decided ?? null,
    label: row["label"] === null ? null : text(row, "label"),
    time,
    rank,
    // JSON has no missing number.
    values: Array.from(values, (value) => (Number.isFinite(value) ? value : null)),
  };
}

export type StoredSample = ReturnType<typeof described>;

/** Samples of a model behind `after`, the oldest first. Throws Refused (404). */
export function samplesOf(context: Context, hash: string, after: number, limit: number): StoredSample[] {
  return context.store
    .all(
      `SELECT samples.*, devices.name AS name, labels.label AS label FROM samples JOIN devices ON devices.id = samples.device
         LEFT JOIN labels ON labels.model = samples.model AND labels.name = CAST(samples.id AS TEXT)
         WHERE samples.model = ? AND samples.id > ? ORDER BY samples.id LIMIT ?`,
      [modelOf(context, hash), after, limit],
    )
    .map(described);
}

/** Deletes all samples of a model, and asks for no more. Throws Refused (404). */
export function deleteSamples(context: Context, hash: string, actor: Actor): void {
  const model = modelOf(context, hash);
  context.store.transaction(() => {
    context.store.run("DELETE FROM wishes WHERE model = ?", [model]);
    const { changes } = context.store.run("DELETE FROM samples WHERE model = ?", [model]);
    audit(context, actor, "delete samples", hash, String(changes));
  });
}
