/** New rollouts: which devices, in which stage. */
import { createHash } from "node:crypto";
import { type Actor, audit, type Context } from "./context.ts";
import { number } from "./database.ts";
import { deviceRow } from "./devices.ts";
import { presentImage } from "./images.ts";
import type { RolloutPlan, StageSize } from "./management.ts";
import { Refused } from "./message.ts";
import { parseQuery } from "./query.ts";
import { stageSizes } from "./stages.ts";

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

/** Creates a rollout that waits for its start. Throws Refused (404; 409 for a name in use, no device). */
export function createRollout(context: Context, plan: RolloutPlan, actor: Actor): number {
  const { store, now } = context;
  const { model, version } = presentImage(context, plan.image);
  return store.transaction(() => {
    const next = number(store.get("SELECT coalesce(max(id), 0) + 1 AS next FROM rollouts")!, "next");
    const name = plan.name ?? `${model}-${version}-${next}`.slice(0, 64);
    if (store.get("SELECT id FROM rollouts WHERE name = ?", [name]))
      throw new Refused(409, `name: expected one of its own, found "${name}" in use`);
    const { id } = store.run(
      `INSERT INTO rollouts (name, image, query, stage_sizes, success, errors, min_version, retries, allow_downgrade,
         shadow, shadowing, accuracy, state, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ready', ?)`,
      [
        name,
        plan.image,
        plan.query ?? "",
        JSON.stringify(plan.stages satisfies readonly StageSize[]),
        plan.success,
        plan.errors,
        plan.minVersion ?? null,
        plan.retries,
        plan.allowDowngrade ? 1 : 0,
        plan.shadow ? JSON.stringify(plan.shadow) : null,
        plan.shadow ? 1 : 0,
        plan.accuracy ? JSON.stringify(plan.accuracy) : null,
        now(),
      ],
    );
    assign(context, id, plan, name);
    audit(context, actor, "create rollout", name, JSON.stringify(plan));
    return id;
  });
}
