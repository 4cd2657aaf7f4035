/** Devices within rollouts: their orders, given and taken back. Counts of stages follow every move. */
import type { Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { imageOf } from "./images.ts";
import type { DeviceState } from "./management.ts";
import { isOlder } from "./version.ts";

export interface Member {
  readonly rollout: number;
  readonly device: number;
  readonly stage: number;
  readonly state: DeviceState;
  readonly attempts: number;
  readonly reason: string;
}

const member = (row: Row): Member => ({
  rollout: number(row, "rollout"),
  device: number(row, "device"),
  stage: number(row, "stage"),
  state: text(row, "state") as DeviceState,
  attempts: number(row, "attempts"),
  reason: text(row, "reason"),
});

export const memberOf = ({ store }: Context, rollout: number, device: number): Member =>
  member(store.get("SELECT * FROM members WHERE rollout = ? AND device = ?", [rollout, device])!);

/** Members of a stage that wait for it, in the order of their devices. */
export const waitingMembers = ({ store }: Context, rollout: number, stage: number): Member[] =>
  store
    .all("SELECT * FROM members WHERE rollout = ? AND stage = ? AND state = 'waiting' ORDER BY device", [
      rollout,
      stage,
    ])
    .map(member);

const unfinished = ({ store }: Context, column: "rollout" | "device", id: number): Member[] =>
  store
    .all(`SELECT * FROM members WHERE ${column} = ? AND state IN ('waiting', 'running')`, [id])
    .map(member);

/** Orders that a device has not finished, over all rollouts. */
export const unfinishedOf = (context: Context, device: number): Member[] =>
  unfinished(context, "device", device);

export function move(
  { store, now }: Context,
  { rollout, device, stage, state }: Member,
  to: DeviceState,
  reason = "",
): void {
  store.run("UPDATE members SET state = ?, reason = ?, changed = ? WHERE rollout = ? AND device = ?", [
    to,
    reason,
    now(),
    rollout,
    device,
  ]);
  store.run(`UPDATE stages SET ${state} = ${state} - 1, ${to} = ${to} + 1 WHERE rollout = ? AND number = ?`, [
    rollout,
    stage,
  ]);
}

/** Notes why, where the state stays as it is. */
export function explain({ store }: Context, { rollout, device }: Member, reason: string): void {
  store.run("UPDATE members SET reason = ? WHERE rollout = ? AND device = ?", [reason, rollout, device]);
}

export function setAction(
  { store, now }: Context,
  action: Row,
  state: "open" | "cancelling" | "closed",
): void {
  store.run("UPDATE actions SET state = ?, changed = ? WHERE id = ?", [state, now(), number(action, "id")]);
}

/** Takes an order back: at once where the device does not know of it, else the device is asked to give up. */
export function takeBack(
  context: Context,
  each: Member,
  action: Row | undefined,
  { as, reason }: { readonly as: DeviceState; readonly reason: string },
): void {
  const isKnown = action !== undefined && text(action, "execution") !== "";
  if (isKnown) explain(context, each, reason);
  else move(context, each, as, reason);
  if (action) setAction(context, action, isKnown ? "cancelling" : "closed");
}

/** Takes back older orders of the model: two images for one slot are not installed in turn. Their rollouts. */
function supersede(context: Context, rollout: Row, device: number): number[] {
  const { store } = context;
  const { id, model, version } = imageOf(context, number(rollout, "image"));
  const others = store.all(
    `SELECT actions.*, images.version FROM actions JOIN images ON images.id = actions.image
       WHERE device = ? AND actions.state = 'open' AND images.model = ? AND images.id <> ?`,
    [device, model, id],
  );
  const goesBack = number(rollout, "allow_downgrade") === 1;
  const reason = `superseded by ${version} of ${text(rollout, "name")}`;
  const old = others.filter((each) => goesBack || isOlder(text(each, "version"), version) === true);
  for (const action of old) {
    const each = memberOf(context, number(action, "rollout"), device);
    takeBack(context, each, action, { as: "skipped", reason });
  }
  return old.map((action) => number(action, "rollout"));
}

/** Orders a device to install the rollout's image; the rollouts whose older orders that took back. */
export function order(context: Context, { device }: Member, rollout: Row): number[] {
  const { store, now } = context;
  const id = number(rollout, "id");
  const others = supersede(context, rollout, device);
  store.run(
    "INSERT INTO actions (device, rollout, image, state, created, changed) VALUES (?, ?, ?, 'open', ?, ?)",
    [device, id, number(rollout, "image"), now(), now()],
  );
  store.run("UPDATE members SET attempts = attempts + 1 WHERE rollout = ? AND device = ?", [id, device]);
  return others;
}

const openAction = ({ store }: Context, { rollout, device }: Member): Row | undefined =>
  store.get("SELECT * FROM actions WHERE rollout = ? AND device = ? AND state = 'open'", [rollout, device]);

/** Calls every device back that has not begun yet, and asks those that have to give up. */
export function callBack(context: Context, rollout: number): void {
  for (const each of unfinished(context, "rollout", rollout))
    takeBack(context, each, openAction(context, each), { as: "cancelled", reason: "" });
}

/** Closes an order that its device has not read. */
export function withdraw(context: Context, action: Row, reason: string): void {
  const each = memberOf(context, number(action, "rollout"), number(action, "device"));
  setAction(context, action, "closed");
  move(context, each, "skipped", reason);
}
