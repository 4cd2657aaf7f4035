/**
 * Rollouts: an image for some devices, in stages. Counts of a stage are kept beside its devices, so the answer of one
 * device costs the same in a fleet of ten and of 100 000. When to go on and when to stop is in stages.ts.
 */
import { createHash } from "node:crypto";
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, type Store, text } from "./database.ts";
import { deviceRow } from "./devices.ts";
import { imageOf } from "./images.ts";
import {
  DEVICE_STATES,
  type DeviceState,
  type RolloutPlan,
  type RolloutState,
  type RolloutStatus,
  type StageSize,
} from "./management.ts";
import { Refused } from "./message.ts";
import { parseQuery } from "./query.ts";
import { decide, type StageCounts, stageSizes } from "./stages.ts";
import { isOlder } from "./version.ts";

const SERVER: Actor = { name: "server", address: "" };
/** Reasons shown with a rollout. */
const MOST_REASONS = 20;

function rolloutRow({ store }: Context, id: number): Row {
  const row = store.get("SELECT * FROM rollouts WHERE id = ?", [id]);
  if (!row) throw new Refused(404, `rollout: expected one of the server, found ${id}`);
  return row;
}

// What a rollout is

function stagesOf(store: Store, rollout: number): StageCounts[] {
  return store.all("SELECT * FROM stages WHERE rollout = ? ORDER BY number", [rollout]).map((row) => ({
    started: row["started"] === 1,
    counts: Object.fromEntries(DEVICE_STATES.map((state) => [state, number(row, state)])) as Record<
      DeviceState,
      number
    >,
  }));
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
    refusals: refusals.map((each) => ({ reason: text(each, "reason"), devices: number(each, "devices") })),
  };
}

export const allRollouts = (context: Context): RolloutStatus[] =>
  context.store
    .all("SELECT id FROM rollouts ORDER BY id DESC")
    .map((row) => rolloutStatus(context, number(row, "id")));

// Making one

/** Whose turn it is: another order in each rollout, so that it is not always the same devices that go first. */
function shuffled<T extends { readonly name: string }>(devices: readonly T[], salt: string): T[] {
  const rank = ({ name }: T): string => createHash("sha256").update(`${salt}\0${name}`).digest("hex");
  return devices
    .map((device) => ({ device, rank: rank(device) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ device }) => device);
}

function assign(context: Context, rollout: number, { query = "", stages }: RolloutPlan, salt: string): void {
  const { store, now } = context;
  const isWanted = parseQuery(query);
  const devices = store
    .all("SELECT * FROM devices")
    .map(deviceRow)
    .filter(({ name, attributes = {} }) => isWanted(name, attributes));
  if (devices.length === 0)
    throw new Refused(409, `query: expected at least one device, found none for "${query}"`);
  const queue = shuffled(devices, salt);
  stageSizes(stages, devices.length).forEach((size, stage) => {
    store.run("INSERT INTO stages (rollout, number, devices, waiting) VALUES (?, ?, ?, ?)", [
      rollout,
      stage,
      size,
      size,
    ]);
    for (const { id } of queue.splice(0, size))
      store.run(
        "INSERT INTO members (rollout, device, stage, state, changed) VALUES (?, ?, ?, 'waiting', ?)",
        [rollout, id, stage, now()],
      );
  });
}

/** Creates a rollout that waits for its start. Throws Refused (404, 409). */
export function createRollout(context: Context, plan: RolloutPlan, actor: Actor): number {
  const { store, now } = context;
  const { model, version } = imageOf(context, plan.image);
  return store.transaction(() => {
    const next = number(store.get("SELECT coalesce(max(id), 0) + 1 AS next FROM rollouts")!, "next");
    const name = plan.name ?? `${model}-${version}-${next}`.slice(0, 64);
    if (store.get("SELECT id FROM rollouts WHERE name = ?", [name]))
      throw new Refused(409, `name: expected one of its own, found "${name}" in use`);
    const { id } = store.run(
      `INSERT INTO rollouts (name, image, query, stage_sizes, success, errors, min_version, retries, state, created)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'ready', ?)`,
      [
        name,
        plan.image,
        plan.query ?? "",
        JSON.stringify(plan.stages satisfies readonly StageSize[]),
        plan.success,
        plan.errors,
        plan.minVersion ?? null,
        plan.retries,
        now(),
      ],
    );
    assign(context, id, plan, name);
    audit(context, actor, "create rollout", name, JSON.stringify(plan));
    return id;
  });
}

// Devices within one

interface Member {
  readonly rollout: number;
  readonly device: number;
  readonly stage: number;
  readonly state: DeviceState;
  readonly attempts: number;
}

const member = (row: Row): Member => ({
  rollout: number(row, "rollout"),
  device: number(row, "device"),
  stage: number(row, "stage"),
  state: text(row, "state") as DeviceState,
  attempts: number(row, "attempts"),
});

function move(
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

function order({ store, now }: Context, { rollout, device }: Member, image: number): void {
  store.run(
    "INSERT INTO actions (device, rollout, image, state, created, changed) VALUES (?, ?, ?, 'open', ?, ?)",
    [device, rollout, image, now(), now()],
  );
  store.run("UPDATE members SET attempts = attempts + 1 WHERE rollout = ? AND device = ?", [rollout, device]);
}

/** The version of a model that a device runs: what it confirmed, or else what it says of itself. */
function runningVersion({ store }: Context, device: number, model: string): string | undefined {
  const installed = store.get(
    "SELECT version FROM installed JOIN images ON images.id = image WHERE device = ? AND installed.model = ?",
    [device, model],
  );
  if (installed) return text(installed, "version");
  const row = store.get("SELECT * FROM devices WHERE id = ?", [device]);
  const attributes = (row && deviceRow(row).attributes) ?? {};
  return attributes[`version.${model}`] ?? attributes["version"];
}

/** Why a device is left out of a rollout; undefined where it is not. */
function leftOut(context: Context, rollout: Row, device: number): string | undefined {
  const image = imageOf(context, number(rollout, "image"));
  const version = runningVersion(context, device, image.model);
  if (version === image.version) return `runs ${version} already`;
  const least = rollout["min_version"];
  if (typeof least !== "string") return undefined;
  if (version === undefined) return `expected at least version ${least}, found none that is known`;
  return isOlder(version, least) === false
    ? undefined
    : `expected at least version ${least}, found ${version}`;
}

function startStage(context: Context, rollout: Row, stage: number): void {
  const { store } = context;
  const id = number(rollout, "id");
  store.run("UPDATE stages SET started = 1 WHERE rollout = ? AND number = ?", [id, stage]);
  const waiting = store.all(
    "SELECT * FROM members WHERE rollout = ? AND stage = ? AND state = 'waiting' ORDER BY device",
    [id, stage],
  );
  for (const each of waiting.map(member)) {
    const reason = leftOut(context, rollout, each.device);
    move(context, each, reason === undefined ? "running" : "skipped", reason);
    if (reason === undefined) order(context, each, number(rollout, "image"));
  }
  audit(context, SERVER, "start stage", text(rollout, "name"), `stage ${stage + 1}`);
}

/** Calls every device back that has not begun yet, and asks those that have to give up. */
function callBack(context: Context, rollout: number): void {
  const { store, now } = context;
  const unfinished = store.all(
    "SELECT * FROM members WHERE rollout = ? AND state IN ('waiting', 'running')",
    [rollout],
  );
  for (const each of unfinished.map(member)) {
    const action = store.get(
      "SELECT id, execution FROM actions WHERE rollout = ? AND device = ? AND state = 'open'",
      [rollout, each.device],
    );
    const isKnown = action && text(action, "execution") !== "";
    if (!isKnown) move(context, each, "cancelled");
    if (action)
      store.run("UPDATE actions SET state = ?, changed = ? WHERE id = ?", [
        isKnown ? "cancelling" : "closed",
        now(),
        number(action, "id"),
      ]);
  }
}

// Going on

function become({ store }: Context, id: number, state: RolloutState, reason = ""): void {
  store.run("UPDATE rollouts SET state = ?, reason = ? WHERE id = ?", [state, reason, id]);
}

/** Does what is to be done after counts have changed: starts stages, stops, ends. */
function advance(context: Context, id: number): void {
  for (;;) {
    const row = rolloutRow(context, id);
    if (row["state"] !== "running") return;
    const thresholds = { success: number(row, "success"), errors: number(row, "errors") };
    const decision = decide(stagesOf(context.store, id), thresholds);
    if (decision.kind === "wait") return;
    if (decision.kind === "start") startStage(context, row, decision.stage);
    else {
      const isStop = decision.kind === "stop";
      const reason = isStop ? decision.reason : "";
      become(context, id, isStop ? "stopped" : "finished", reason);
      if (isStop) callBack(context, id);
      audit(context, SERVER, isStop ? "stop rollout" : "finish rollout", text(row, "name"), reason);
    }
  }
}

const TRANSITIONS = {
  start: { from: ["ready"], to: "running" },
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused"], to: "running" },
  abort: { from: ["ready", "running", "paused"], to: "aborted" },
} as const satisfies Readonly<Record<string, { from: readonly RolloutState[]; to: RolloutState }>>;

export type Command = keyof typeof TRANSITIONS;
export const COMMANDS = Object.keys(TRANSITIONS) as readonly Command[];

/** What an operator orders. Throws Refused (404; 409 where the rollout is in another state). */
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
    advance(context, id);
  });
}

/** How an action has ended, in the device's own words. */
export type Outcome =
  | { readonly kind: "succeeded" }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "cancelled" };

/** Closes an action, and does what follows from that; part of the transaction that notes the feedback. */
export function closeAction(context: Context, action: Row, outcome: Outcome): void {
  const { store, now } = context;
  const [id, rollout, device] = [number(action, "id"), number(action, "rollout"), number(action, "device")];
  store.run("UPDATE actions SET state = 'closed', changed = ? WHERE id = ?", [now(), id]);
  const image = imageOf(context, number(action, "image"));
  if (outcome.kind === "succeeded")
    store.run("INSERT OR REPLACE INTO installed (device, model, image, action) VALUES (?, ?, ?, ?)", [
      device,
      image.model,
      image.id,
      id,
    ]);
  const row = rolloutRow(context, rollout);
  const each = member(
    store.get("SELECT * FROM members WHERE rollout = ? AND device = ?", [rollout, device])!,
  );
  const goesOn = row["state"] === "running" || row["state"] === "paused";
  if (outcome.kind === "failed" && goesOn && each.attempts <= number(row, "retries")) {
    store.run("UPDATE members SET reason = ? WHERE rollout = ? AND device = ?", [
      outcome.reason,
      rollout,
      device,
    ]);
    order(context, each, image.id);
    return;
  }
  move(context, each, outcome.kind, outcome.kind === "failed" ? outcome.reason : "");
  advance(context, rollout);
}

/** Takes a device out of the rollouts that wait for it, and out of the fleet. */
export function removeDevice(
  context: Context,
  device: { readonly id: number; readonly name: string },
  actor: Actor,
): void {
  const { store } = context;
  store.transaction(() => {
    const open = store.all("SELECT * FROM members WHERE device = ? AND state IN ('waiting', 'running')", [
      device.id,
    ]);
    for (const each of open.map(member)) move(context, each, "cancelled");
    store.run("DELETE FROM devices WHERE id = ?", [device.id]);
    audit(context, actor, "delete device", device.name);
    for (const each of open.map(member)) advance(context, each.rollout);
  });
}
