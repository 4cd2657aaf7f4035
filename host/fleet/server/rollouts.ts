/**
 * Rollouts: an image for some devices, in stages. Counts of a stage are kept beside its devices, so the answer of one
 * device costs the same in a fleet of ten and of 100 000. When to go on and when to stop is in stages.ts.
 */
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, type Store, text } from "./database.ts";
import { findingText, fleetFindings } from "./fleet_findings.ts";
import { imageOf } from "./images.ts";
import {
  DEVICE_STATES,
  type DeviceState,
  type RolloutState,
  type RolloutStatus,
  type ShadowPlan,
} from "./management.ts";
import { accuracyReason, lacksLabels, rolloutAccuracy } from "./measured.ts";
import {
  callBack,
  explain,
  memberOf,
  move,
  order,
  setAction,
  takeBack,
  unfinishedOf,
  waitingMembers,
  withdraw,
} from "./members.ts";
import { Refused } from "./message.ts";
import { leftOut } from "./running.ts";
import { type Decision, decide, type StageCounts } from "./stages.ts";

export const SERVER: Actor = { name: "server", address: "" };
/** Reasons shown with a rollout. */
const MOST_REASONS = 20;

function rolloutRow({ store }: Context, id: number): Row {
  const row = store.get("SELECT * FROM rollouts WHERE id = ?", [id]);
  if (!row) throw new Refused(404, `rollout: expected one of the server, found ${id}`);
  return row;
}

// Rollouts

function stagesOf(store: Store, rollout: number): StageCounts[] {
  return store.all("SELECT * FROM stages WHERE rollout = ? ORDER BY number", [rollout]).map((row) => ({
    started: row["started"] === 1,
    counts: Object.fromEntries(DEVICE_STATES.map((state) => [state, number(row, state)])) as Record<
      DeviceState,
      number
    >,
  }));
}

function shadowOf({ store }: Context, row: Row): Pick<RolloutStatus, "shadow"> {
  if (row["shadow"] === null) return {};
  const plan = JSON.parse(text(row, "shadow")) as ShadowPlan;
  const counts = store.get(
    `SELECT coalesce(sum(compared), 0) AS compared, coalesce(sum(agreed), 0) AS agreed, coalesce(sum(failed), 0) AS failed
       FROM shadows JOIN models ON models.id = shadows.model JOIN images ON images.digest = models.hash WHERE images.id = ?`,
    [number(row, "image")],
  )!;
  const [compared, agreed, failed] = (["compared", "agreed", "failed"] as const).map((name) =>
    number(counts, name),
  );
  const running = row["shadowing"] === 1;
  return { shadow: { ...plan, running, compared: compared!, agreed: agreed!, failed: failed! } };
}

function accuracyStatus(context: Context, row: Row): Pick<RolloutStatus, "accuracy"> {
  const { plan, tally } = rolloutAccuracy(context, row) ?? {};
  return plan && tally ? { accuracy: { ...plan, ...tally } } : {};
}

/** Throws Refused (404). */
export function rolloutStatus(context: Context, id: number): RolloutStatus {
  const { store } = context;
  const row = rolloutRow(context, id);
  const { model, version } = imageOf(context, number(row, "image"));
  const refusals = store.all(
    `SELECT reason, count(*) AS devices FROM members WHERE rollout = ? AND reason <> '' GROUP BY reason
       ORDER BY devices DESC, reason LIMIT ?`,
    [id, MOST_REASONS],
  );
  return {
    id,
    name: text(row, "name"),
    image: number(row, "image"),
    model,
    version,
    state: text(row, "state") as RolloutState,
    reason: text(row, "reason"),
    stages: stagesOf(store, id).map((stage) => ({
      ...stage,
      devices: Object.values(stage.counts).reduce((sum, count) => sum + count, 0),
    })),
    ...(number(row, "allow_downgrade") === 1 && { allowDowngrade: true }),
    ...shadowOf(context, row),
    ...accuracyStatus(context, row),
    refusals: refusals.map((each) => ({ reason: text(each, "reason"), devices: number(each, "devices") })),
  };
}

export const allRollouts = (context: Context): RolloutStatus[] =>
  context.store
    .all("SELECT id FROM rollouts ORDER BY id DESC")
    .map((row) => rolloutStatus(context, number(row, "id")));

// Going on

function become({ store }: Context, id: number, state: RolloutState, reason = ""): void {
  store.run("UPDATE rollouts SET state = ?, reason = ? WHERE id = ?", [state, reason, id]);
}

/** Starts a stage; the rollouts whose older orders it took back. */
function startStage(context: Context, rollout: Row, stage: number): number[] {
  const { store } = context;
  const [id, name] = [number(rollout, "id"), text(rollout, "name")];
  store.run("UPDATE stages SET started = 1 WHERE rollout = ? AND number = ?", [id, stage]);
  const others = new Set<number>();
  for (const each of waitingMembers(context, id, stage)) {
    const reason = leftOut(context, rollout, each.device);
    move(context, each, reason === undefined ? "running" : "skipped", reason);
    if (reason !== undefined) continue;
    for (const other of order(context, each, rollout)) others.add(other);
  }
  const goesBack = number(rollout, "allow_downgrade") === 1 ? ", going back is allowed" : "";
  audit(context, SERVER, "start stage", name, `stage ${stage + 1}${goesBack}`);
  return [...others];
}

/** Why a version that was watched as a shadow goes to no more devices; undefined where nothing is wrong with it. */
function unwellReason(context: Context, row: Row): string | undefined {
  if (row["shadow"] === null) return undefined;
  const image = context.store.get("SELECT digest FROM images WHERE id = ?", [number(row, "image")]);
  const [found] = image?.["digest"] ? fleetFindings(context, text(image, "digest")) : [];
  return found && `the image: ${findingText(found)}`;
}

/** One step of a rollout after its counts have changed: the rollouts to look at next. */
function step(context: Context, id: number): number[] {
  const row = rolloutRow(context, id);
  if (row["state"] !== "running") return [];
  const thresholds = { success: number(row, "success"), errors: number(row, "errors") };
  const inaccurate = accuracyReason(context, row);
  const decision: Decision =
    inaccurate === undefined
      ? decide(stagesOf(context.store, id), thresholds)
      : { kind: "stop", reason: inaccurate };
  if (decision.kind === "wait") return [];
  if (decision.kind === "start") {
    if (decision.stage > 0 && lacksLabels(context, row)) return [];
    const reason = decision.stage > 0 ? unwellReason(context, row) : undefined;
    if (reason === undefined) return [...startStage(context, row, decision.stage), id];
    stopRollout(context, id, reason);
    return [];
  }
  if (decision.kind === "stop") stopRollout(context, id, decision.reason);
  else {
    become(context, id, "finished");
    audit(context, SERVER, "finish rollout", text(row, "name"), "");
  }
  return [];
}

/** Stops a rollout that runs: devices that have not begun a trial are called back. */
export function stopRollout(context: Context, id: number, reason: string): void {
  become(context, id, "stopped", reason);
  callBack(context, id);
  audit(context, SERVER, "stop rollout", text(rolloutRow(context, id), "name"), reason);
}

/** Does what is to be done after counts have changed: starts stages, stops, ends. */
function advance(context: Context, ids: readonly number[]): void {
  const queue = [...ids];
  for (let id = queue.shift(); id !== undefined; id = queue.shift()) queue.push(...step(context, id));
}

/** Looks at rollouts after something else than their devices has changed, such as labels of their image. */
export const lookAgain = (context: Context, ids: readonly number[]): void => advance(context, ids);

const TRANSITIONS = {
  start: { from: ["ready"], to: "running" },
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused"], to: "running" },
  abort: { from: ["ready", "running", "paused"], to: "aborted" },
} as const satisfies Readonly<Record<string, { from: readonly RolloutState[]; to: RolloutState }>>;

export type Command = keyof typeof TRANSITIONS;
export const COMMANDS = Object.keys(TRANSITIONS) as readonly Command[];

/** Carries out an operator's order. Throws Refused (404; 409 where the rollout is in another state). */
export function commandRollout(context: Context, id: number, command: Command, actor: Actor): void {
  const { from, to } = TRANSITIONS[command];
  context.store.transaction(() => {
    const row = rolloutRow(context, id);
    if (!from.some((state) => state === row["state"]))
      throw new Refused(
        409,
        `${command}: expected a rollout that is ${from.join(" or ")}, found ${row["state"]}`,
      );
    audit(context, actor, `${command} rollout`, text(row, "name"));
    become(context, id, to);
    if (command === "abort") callBack(context, id);
    advance(context, [id]);
  });
}

/** How an action has ended, in the device's own words. */
export type Outcome =
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "cancelled"; readonly reason?: string };

function noteInstalled({ store }: Context, action: Row, model: string): void {
  const [id, image, device] = [number(action, "id"), number(action, "image"), number(action, "device")];
  store.run("INSERT OR REPLACE INTO installed (device, model, image, action) VALUES (?, ?, ?, ?)", [
    device,
    model,
    image,
    id,
  ]);
  // The next success of this image needs a download of its own; and what the device is may have changed with it.
  store.run("DELETE FROM downloads WHERE device = ? AND image = ?", [device, image]);
  store.run("UPDATE devices SET asked = 1 WHERE id = ?", [device]);
}

/** Closes an action, and does what follows from that; part of the transaction that notes the feedback. */
export function closeAction(context: Context, action: Row, outcome: Outcome): void {
  const [rollout, device] = [number(action, "rollout"), number(action, "device")];
  setAction(context, action, "closed");
  const { model } = imageOf(context, number(action, "image"));
  if (outcome.kind === "succeeded") noteInstalled(context, action, model);
  const row = rolloutRow(context, rollout);
  const each = memberOf(context, rollout, device);
  const goesOn = row["state"] === "running" || row["state"] === "paused";
  if (outcome.kind === "failed" && goesOn && each.attempts <= number(row, "retries")) {
    explain(context, each, outcome.reason);
    advance(context, order(context, each, row));
    return;
  }
  const kept = outcome.kind === "cancelled" ? (outcome.reason ?? each.reason) : "";
  move(context, each, outcome.kind, outcome.kind === "failed" ? outcome.reason : kept);
  advance(context, [rollout]);
}

/** Opens an order again that its device does not give up. */
export function reopenAction(context: Context, action: Row): void {
  explain(context, memberOf(context, number(action, "rollout"), number(action, "device")), "");
  setAction(context, action, "open");
}

/** Why an order that its device has not read is not for it any more; then it is closed. */
export function withdrawStale(context: Context, action: Row): string | undefined {
  const reason = leftOut(context, rolloutRow(context, number(action, "rollout")), number(action, "device"));
  if (reason === undefined) return undefined;
  context.store.transaction(() => {
    withdraw(context, action, reason);
    advance(context, [number(action, "rollout")]);
  });
  return reason;
}

/** An action as it ends without its device's word. */
function quit(context: Context, action: Row, actor: Actor): void {
  const each = memberOf(context, number(action, "rollout"), number(action, "device"));
  setAction(context, action, "closed");
  move(context, each, "cancelled", `quit by ${actor.name} without the device's word`);
}

/** Closes what devices have not answered, of a rollout that is over or is ended by this. */
export function quitRollout(context: Context, id: number, actor: Actor): void {
  const { store } = context;
  store.transaction(() => {
    const row = rolloutRow(context, id);
    if (TRANSITIONS.abort.from.some((state) => state === row["state"]))
      commandRollout(context, id, "abort", actor);
    const open = store.all("SELECT * FROM actions WHERE rollout = ? AND state <> 'closed'", [id]);
    for (const action of open) quit(context, action, actor);
    audit(
      context,
      actor,
      "quit rollout",
      text(row, "name"),
      `${open.length} orders without their devices' word`,
    );
  });
}

/** Takes one device's order back; `force`: without waiting for its word. Throws Refused (404, 409). */
export function cancelAction(
  context: Context,
  device: { readonly id: number; readonly name: string },
  id: number,
  { force, actor }: { readonly force: boolean; readonly actor: Actor },
): void {
  const { store } = context;
  store.transaction(() => {
    const action = store.get("SELECT * FROM actions WHERE id = ? AND device = ?", [id, device.id]);
    if (!action) throw new Refused(404, `action: expected one of ${device.name}, found ${id}`);
    if (action["state"] === "closed")
      throw new Refused(409, `action ${id}: expected an open one, found it closed`);
    if (action["state"] === "cancelling" && !force)
      throw new Refused(
        409,
        `action ${id}: expected one that is not being taken back, found one that is; force quits it`,
      );
    audit(context, actor, force ? "quit action" : "cancel action", device.name, `action ${id}`);
    if (force) quit(context, action, actor);
    else
      takeBack(context, memberOf(context, number(action, "rollout"), device.id), action, {
        as: "cancelled",
        reason: "",
      });
    advance(context, [number(action, "rollout")]);
  });
}

/** Takes a device out of the rollouts that wait for it, and out of the fleet. */
export function removeDevice(
  context: Context,
  device: { readonly id: number; readonly name: string },
  actor: Actor,
): void {
  context.store.transaction(() => {
    const open = unfinishedOf(context, device.id);
    for (const each of open) move(context, each, "cancelled");
    context.store.run("DELETE FROM devices WHERE id = ?", [device.id]);
    audit(context, actor, "delete device", device.name);
    advance(
      context,
      open.map(({ rollout }) => rollout),
    );
  });
}
