/**
 * Versions that run beside the one in service: what devices count of both decides whether a rollout goes on. Devices of its first
 * stage have the image and must not install it, until enough inferences were compared.
 */
import type { Finding } from "../telemetry/verdict.ts";
import { audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { findingText, fleetFindings } from "./fleet_findings.ts";
import type { ShadowPlan } from "./management.ts";
import { SERVER, stopRollout } from "./rollouts.ts";

export interface ShadowCounts {
  /** Inferences of both versions, and of these such with one decision. */
  readonly compared: number;
  readonly agreed: number;
  /** Inferences that the new version failed, or could not take. */
  readonly failed: number;
}

/** Adds what a report of a shadow has counted. */
export function noteShadow(
  { store }: Context,
  { model, device }: { readonly model: number; readonly device: number },
  [compared = 0, agreed = 0, failed = 0]: readonly number[],
): void {
  store.run(
    `INSERT INTO shadows (model, device, compared, agreed, failed) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
       SET compared = compared + excluded.compared, agreed = agreed + excluded.agreed, failed = failed + excluded.failed`,
    [model, device, compared, agreed, failed],
  );
}

/** The sums of all devices of a model. */
export function shadowCounts({ store }: Context, model: number): ShadowCounts {
  const row = store.get(
    `SELECT coalesce(sum(compared), 0) AS compared, coalesce(sum(agreed), 0) AS agreed,
       coalesce(sum(failed), 0) AS failed FROM shadows WHERE model = ?`,
    [model],
  )!;
  return {
    compared: number(row, "compared"),
    agreed: number(row, "agreed"),
    failed: number(row, "failed"),
  };
}

const percent = (part: number, all: number): string => `${Number(((100 * part) / all).toFixed(1))} %`;

export type ShadowVerdict =
  | { readonly kind: "wait" }
  | { readonly kind: "pass"; readonly text: string }
  | { readonly kind: "stop"; readonly reason: string };

/** Whether a version may take over: by how often it fails and agrees, and by what is wrong with what it sees and says. */
export function judgeShadow(
  { compared, agreed, failed }: ShadowCounts,
  { agreement, least }: ShadowPlan,
  { errors, findings }: { readonly errors: number; readonly findings: readonly Finding[] },
): ShadowVerdict {
  const all = compared + failed;
  if (all < least) return { kind: "wait" };
  if (failed > 0 && 100 * failed >= errors * all)
    return {
      kind: "stop",
      reason: `shadow: ${failed} of ${all} inferences failed (${percent(failed, all)}), the limit is ${errors} %`,
    };
  if (100 * agreed < agreement * compared)
    return {
      kind: "stop",
      reason: `shadow: ${agreed} of ${compared} decisions agree (${percent(agreed, compared)}), expected ${agreement} %`,
    };
  const [found] = findings;
  if (found) return { kind: "stop", reason: `shadow: ${findingText(found)}` };
  return { kind: "pass", text: `${agreed} of ${compared} decisions agree (${percent(agreed, compared)})` };
}

/** Rollouts whose image runs as a shadow go on or stop, once enough was compared. */
export function judgeShadows(
  context: Context,
  { model, hash }: { readonly model: number; readonly hash: string },
): void {
  const rows: Row[] = context.store.all(
    `SELECT rollouts.* FROM rollouts JOIN images ON images.id = rollouts.image
       WHERE images.digest = ? AND shadowing = 1 AND state = 'running'`,
    [hash],
  );
  for (const row of rows) {
    const plan = JSON.parse(text(row, "shadow")) as ShadowPlan;
    const findings = fleetFindings(context, hash);
    const limits = { errors: number(row, "errors"), findings };
    const verdict = judgeShadow(shadowCounts(context, model), plan, limits);
    if (verdict.kind === "wait") continue;
    const id = number(row, "id");
    context.store.run("UPDATE rollouts SET shadowing = 0 WHERE id = ?", [id]);
    if (verdict.kind === "stop") stopRollout(context, id, verdict.reason);
    else audit(context, SERVER, "end shadow", text(row, "name"), verdict.text);
  }
}
