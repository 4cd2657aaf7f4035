/** Actions: what one device is asked to do, and what it says of that. The vocabulary is DDI's. */
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import type { DeviceRow } from "./devices.ts";
import { LIMITS } from "./limits.ts";
import { isObject, type JsonObject, Refused } from "./message.ts";
import { closeAction } from "./rollouts.ts";

const EXECUTIONS = [
  "closed",
  "proceeding",
  "canceled",
  "scheduled",
  "rejected",
  "resumed",
  "downloaded",
  "download",
] as const;
const FINISHED = ["success", "failure", "none"] as const;

export interface Feedback {
  readonly execution: (typeof EXECUTIONS)[number];
  readonly finished: (typeof FINISHED)[number];
  /** Per cent of the download; undefined where the device does not say. */
  readonly progress: number | undefined;
  readonly details: readonly string[];
}

function word<const T extends string>(name: string, value: unknown, words: readonly T[]): T {
  const found = words.find((each) => each === value);
  if (found === undefined)
    throw new Refused(400, `${name}: expected ${words.join(" or ")}, found something else`);
  return found;
}

function progressOf(result: JsonObject): number | undefined {
  const progress = result["progress"];
  if (!isObject(progress)) return undefined;
  const { cnt, of } = progress;
  const isGood = typeof cnt === "number" && typeof of === "number" && cnt >= 0 && cnt <= of && of > 0;
  return isGood ? Math.round((100 * cnt) / of) : undefined;
}

function readDetails(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.length > LIMITS.details)
    throw new Refused(400, `details: expected at most ${LIMITS.details} texts, found something else`);
  return value.map((detail) => {
    if (typeof detail === "string" && detail.length <= LIMITS.detailChars)
      return detail.replace(/\p{Cc}/gu, " ");
    throw new Refused(400, `details: expected texts of at most ${LIMITS.detailChars} characters`);
  });
}

/** Throws Refused (400). `action` is that of the path: a body for another one is not meant for it. */
export function readFeedback(body: JsonObject, action: number): Feedback {
  if (body["id"] !== undefined && String(body["id"]) !== String(action))
    throw new Refused(400, `id: expected ${action} as in the path, found another`);
  const status = body["status"];
  const result = isObject(status) ? status["result"] : undefined;
  if (!isObject(status) || !isObject(result))
    throw new Refused(400, "status: expected an object with a result, found something else");
  const execution = word("status.execution", status["execution"], EXECUTIONS);
  const finished = word("status.result.finished", result["finished"], FINISHED);
  if (execution === "closed" && finished === "none")
    throw new Refused(
      400,
      "status.result.finished: expected success or failure of what is closed, found none",
    );
  if (finished === "success" && execution !== "closed" && execution !== "canceled")
    throw new Refused(400, `status.execution: expected closed with a success, found ${execution}`);
  return { execution, finished, progress: progressOf(result), details: readDetails(status["details"]) };
}

/** What a device is to do next: give up an action, or go on with the oldest. Undefined where there is nothing. */
export function nextAction({ store }: Context, device: DeviceRow): Row | undefined {
  const open = store.all(
    `SELECT actions.*, rollouts.state AS rollout_state FROM actions JOIN rollouts ON rollouts.id = actions.rollout
       WHERE actions.device = ? AND actions.state <> 'closed' ORDER BY actions.id`,
    [device.id],
  );
  return open.find((action) => action["state"] === "cancelling") ?? open.find(isOffered);
}

/** A paused rollout keeps from devices what they do not know of yet. */
const isOffered = (action: Row): boolean =>
  action["state"] === "open" && (action["rollout_state"] === "running" || action["execution"] !== "");

/** An action of this very device. Throws Refused: 404 for another's, 410 for one that is over. */
export function openAction({ store }: Context, device: DeviceRow, id: number): Row {
  const action = store.get(
    `SELECT actions.*, rollouts.state AS rollout_state FROM actions JOIN rollouts ON rollouts.id = actions.rollout
       WHERE actions.id = ? AND actions.device = ?`,
    [id, device.id],
  );
  if (!action) throw new Refused(404, `action: expected one of ${device.name}, found ${id}`);
  if (action["state"] === "closed")
    throw new Refused(410, `action ${id}: expected an open one, found it closed`);
  if (action["state"] === "open" && !isOffered(action))
    throw new Refused(404, `action: expected one of ${device.name}, found ${id}`);
  return action;
}

/** Notes that a device has read its order: from now on it is asked before anything is taken back. */
export function markRetrieved({ store, now }: Context, action: Row): void {
  if (action["execution"] !== "") return;
  store.run("UPDATE actions SET execution = 'retrieved', changed = ? WHERE id = ?", [
    now(),
    number(action, "id"),
  ]);
}

function note(
  { store, now }: Context,
  action: Row,
  { execution, finished, progress, details }: Feedback,
): void {
  const id = number(action, "id");
  const kept = number(store.get("SELECT count(*) AS n FROM feedback WHERE action = ?", [id])!, "n");
  // The last word of a device is kept always.
  if (kept < LIMITS.feedbackPerAction || finished !== "none")
    store.run("INSERT INTO feedback (action, at, execution, finished, details) VALUES (?, ?, ?, ?, ?)", [
      id,
      now(),
      execution,
      finished,
      JSON.stringify(details),
    ]);
  store.run("UPDATE actions SET execution = ?, progress = ?, changed = ? WHERE id = ?", [
    execution,
    progress ?? number(action, "progress"),
    now(),
    id,
  ]);
}

/** What a device says of a deployment. */
export function takeFeedback(context: Context, device: DeviceRow, id: number, feedback: Feedback): void {
  context.store.transaction(() => {
    const action = openAction(context, device, id);
    // Who has not read an order can't have carried it out.
    if (text(action, "execution") === "")
      throw new Refused(404, `action: expected one of ${device.name}, found ${id}`);
    note(context, action, feedback);
    const { execution, finished, details } = feedback;
    if (execution === "closed" && finished === "success") closeAction(context, action, { kind: "succeeded" });
    else if (finished === "failure" || execution === "rejected")
      closeAction(context, action, {
        kind: "failed",
        reason: details.join("; ") || "the device gave no reason",
      });
  });
}

/** What a device says of a cancellation: done, or that it is too late. */
export function takeCancelFeedback(
  context: Context,
  device: DeviceRow,
  id: number,
  feedback: Feedback,
): void {
  const { store } = context;
  store.transaction(() => {
    const action = openAction(context, device, id);
    if (action["state"] !== "cancelling")
      throw new Refused(404, `cancellation: expected one of ${device.name}, found ${id}`);
    note(context, action, feedback);
    const { execution, finished } = feedback;
    if (finished === "success") closeAction(context, action, { kind: "cancelled" });
    // What is on trial already ends by itself.
    else if (finished === "failure" || execution === "rejected")
      store.run("UPDATE actions SET state = 'open' WHERE id = ?", [id]);
  });
}
