/** Actions: what one device is asked to do, and what it says of that. The vocabulary is DDI's. */
import { plain } from "../../plain.ts";
import type { Context } from "./context.ts";
import { number, type Row } from "./database.ts";
import type { DeviceRow } from "./devices.ts";
import { LIMITS } from "./limits.ts";
import { isObject, type Json, type JsonObject, Refused, shown } from "./message.ts";
import { closeAction, reopenAction, withdrawStale } from "./rollouts.ts";

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

function word<const T extends string>(name: string, value: Json | undefined, words: readonly T[]): T {
  const found = words.find((each) => typeof value === "string" && each === value.toLowerCase());
  if (found === undefined)
    throw new Refused(400, `${name}: expected ${words.join(" or ")}, found ${shown(value)}`);
  return found;
}

function progressOf(result: JsonObject): number | undefined {
  const progress = result["progress"];
  if (!isObject(progress)) return undefined;
  const [count, of] = [Number(progress["cnt"]), Number(progress["of"])];
  const isGood = count >= 0 && count <= of && of > 0;
  return isGood ? Math.round((100 * count) / of) : undefined;
}

/** Text as it is kept: without control characters, cut to a length between two characters. */
export const cut = (said: string, chars: number): string =>
  plain(said.slice(0, 4 * chars), " ")
    .slice(0, chars)
    .replace(/[\uD800-\uDBFF]$/, "");

/** The details that clients send: a list, one text, or nothing; texts, numbers, null. The last ones say how it ended. */
function readDetails(value: Json | undefined): string[] {
  const list = Array.isArray(value) ? (value as readonly Json[]) : [value ?? null];
  return list
    .filter((detail) => detail !== null)
    .slice(-LIMITS.details)
    .map((detail) => cut(typeof detail === "string" ? detail : JSON.stringify(detail), LIMITS.detailChars));
}

/** Throws Refused (400). `action` is that of the path: a body for another one is not meant for it. */
export function readFeedback(body: JsonObject, action: number): Feedback {
  const { id = null } = body;
  if (id !== null && id !== "" && String(id) !== String(action))
    throw new Refused(400, `id: expected ${action} as in the path, found ${shown(id)}`);
  const status = body["status"];
  const result = isObject(status) ? status["result"] : undefined;
  if (!isObject(status) || !isObject(result))
    throw new Refused(400, `status: expected an object with a result, found ${shown(status)}`);
  const execution = word("status.execution", status["execution"], EXECUTIONS);
  const finished = word("status.result.finished", result["finished"], FINISHED);
  return { execution, finished, progress: progressOf(result), details: readDetails(status["details"]) };
}

/**
 * The next order for a device: give up an action, or go on with the oldest. Undefined where there is nothing. An order
 * that would take it back, or change nothing, is closed before the device hears of it.
 */
export function nextAction(context: Context, device: DeviceRow): Row | undefined {
  const open = context.store.all(
    `SELECT actions.*, rollouts.state AS rollout_state FROM actions JOIN rollouts ON rollouts.id = actions.rollout
       WHERE actions.device = ? AND actions.state <> 'closed' ORDER BY actions.id`,
    [device.id],
  );
  const cancelling = open.find((action) => action["state"] === "cancelling");
  if (cancelling) return cancelling;
  return open.find(
    (action) => isOffered(action) && (isKnown(action) || withdrawStale(context, action) === undefined),
  );
}

const isKnown = (action: Row): boolean => action["execution"] !== "";

/** A paused rollout keeps from devices what they do not know of yet. */
const isOffered = (action: Row): boolean =>
  action["state"] === "open" && (action["rollout_state"] === "running" || isKnown(action));

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

/**
 * Notes that a device has read its order: from now on it is asked before anything is taken back. Throws Refused (404)
 * where the order is not for it any more.
 */
export function markRetrieved(context: Context, action: Row): void {
  const { store, now } = context;
  if (isKnown(action)) return;
  const stale = withdrawStale(context, action);
  if (stale !== undefined)
    throw new Refused(404, `action ${number(action, "id")}: not for this device: it ${stale}`);
  store.run("UPDATE actions SET execution = 'retrieved', changed = ? WHERE id = ?", [
    now(),
    number(action, "id"),
  ]);
}

/** Keeps what a device says, within bounds; its last word always. */
function note(
  { store, now }: Context,
  action: Row,
  { execution, finished, progress, details }: Feedback,
): void {
  const id = number(action, "id");
  const kept = store.get(
    "SELECT count(*) AS n, coalesce(sum(length(details)), 0) AS chars FROM feedback WHERE action = ?",
    [id],
  )!;
  const said = JSON.stringify(details);
  const fits =
    number(kept, "n") < LIMITS.feedbackPerAction &&
    number(kept, "chars") + said.length <= LIMITS.feedbackCharsPerAction;
  if (fits || finished !== "none")
    store.run("INSERT INTO feedback (action, at, execution, finished, details) VALUES (?, ?, ?, ?, ?)", [
      id,
      now(),
      execution,
      finished,
      said,
    ]);
  store.run("UPDATE actions SET execution = ?, progress = ?, changed = ? WHERE id = ?", [
    execution,
    progress ?? number(action, "progress"),
    now(),
    id,
  ]);
}

/** Notes that a device has asked for an image up to its last byte. */
export function noteDownload({ store, now }: Context, device: DeviceRow, image: number): void {
  const known = [device.id, image];
  if (store.get("SELECT at FROM downloads WHERE device = ? AND image = ?", known)) return;
  store.run("INSERT INTO downloads (device, image, at) VALUES (?, ?, ?)", [...known, now()]);
}

const hasDownloaded = ({ store }: Context, action: Row): boolean =>
  store.get("SELECT at FROM downloads WHERE device = ? AND image = ?", [
    number(action, "device"),
    number(action, "image"),
  ]) !== undefined;

function checkEnd({ execution, finished }: Feedback): void {
  if (execution === "closed" && finished === "none")
    throw new Refused(
      400,
      "status.result.finished: expected success or failure of what is closed, found none",
    );
  const ends = execution === "closed" || execution === "canceled" || execution === "rejected";
  if (finished === "success" && !ends)
    throw new Refused(400, `status.execution: expected closed with a success, found ${execution}`);
}

const reasonOf = ({ details }: Feedback): string =>
  cut(details.join("; "), LIMITS.detailChars) || "the device gave no reason";

/** A device's message about a deployment. */
export function takeFeedback(context: Context, device: DeviceRow, id: number, feedback: Feedback): void {
  checkEnd(feedback);
  context.store.transaction(() => {
    const action = openAction(context, device, id);
    // A device that has not read an order can't have carried it out.
    if (!isKnown(action)) throw new Refused(404, `action: expected one of ${device.name}, found ${id}`);
    note(context, action, feedback);
    const { execution, finished } = feedback;
    // An action that is not closed goes on: "rejected" is not now, and RAUC tells of an error before it closes.
    if (execution === "closed" && finished === "success")
      closeAction(
        context,
        action,
        hasDownloaded(context, action)
          ? { kind: "succeeded" }
          : { kind: "failed", reason: "said success without a download of the image" },
      );
    else if (finished === "failure" && (execution === "closed" || execution === "canceled"))
      closeAction(context, action, { kind: "failed", reason: reasonOf(feedback) });
    else if (execution === "canceled")
      closeAction(context, action, { kind: "cancelled", reason: `by the device: ${reasonOf(feedback)}` });
  });
}

/** A device's message about a cancellation: done, or that it is too late. */
export function takeCancelFeedback(
  context: Context,
  device: DeviceRow,
  id: number,
  feedback: Feedback,
): void {
  context.store.transaction(() => {
    const action = openAction(context, device, id);
    if (action["state"] !== "cancelling")
      throw new Refused(404, `cancellation: expected one of ${device.name}, found ${id}`);
    note(context, action, feedback);
    const { execution, finished } = feedback;
    // A trial that runs already ends by itself.
    if (execution === "rejected") reopenAction(context, action);
    else if (finished === "failure")
      closeAction(context, action, { kind: "failed", reason: reasonOf(feedback) });
    else if (execution === "closed" || execution === "canceled" || finished === "success")
      closeAction(context, action, { kind: "cancelled" });
  });
}
