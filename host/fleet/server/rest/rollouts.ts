import { number, text } from "../database.ts";
import { DEVICE_STATES, type DeviceState } from "../management.ts";
import { Refused } from "../message.ts";
import { readPlan } from "../plan.ts";
import { createRollout } from "../rollout_plan.ts";
import {
  allRollouts,
  COMMANDS,
  type Command,
  commandRollout,
  quitRollout,
  rolloutStatus,
} from "../rollouts.ts";
import { idIn } from "../routes.ts";
import {
  API,
  afterOf,
  type Call,
  flagIn,
  iso,
  jsonOf,
  limitOf,
  MANAGE,
  PAGE,
  READ,
  type RestRoute,
} from "./route.ts";

function stateOf(query: URLSearchParams): DeviceState | undefined {
  const found = query.get("state");
  const state = DEVICE_STATES.find((each) => each === found);
  if (found !== null && !state)
    throw new Refused(400, `state: expected ${DEVICE_STATES.join(" or ")}, found "${found.slice(0, 32)}"`);
  return state;
}

function listMembers({ context, parameters, query }: Call): unknown {
  const rollout = rolloutStatus(context, idIn(parameters, "rollout")).id;
  const state = stateOf(query);
  const rows = context.store.all(
    `SELECT members.*, devices.name,
       (SELECT max(progress) FROM actions WHERE actions.rollout = members.rollout AND actions.device = devices.id
          AND actions.state <> 'closed') AS progress
       FROM members JOIN devices ON devices.id = device
       WHERE rollout = ? AND device > ? AND (? = '' OR state = ?) ORDER BY device LIMIT ?`,
    [rollout, afterOf(query), state ?? "", state ?? "", limitOf(query)],
  );
  return {
    devices: rows.map((row) => ({
      id: number(row, "device"),
      name: text(row, "name"),
      stage: number(row, "stage") + 1,
      state: text(row, "state"),
      attempts: number(row, "attempts"),
      reason: text(row, "reason"),
      progress: row["progress"] === null ? null : number(row, "progress"),
      changed: iso(number(row, "changed")),
    })),
  };
}

const SUMMARIES: Readonly<Record<Command, string>> = {
  start: "Start a rollout",
  pause: "Pause a rollout",
  resume: "Resume a rollout",
  abort: "Abort a rollout; with ?force=true also what devices have not given up yet",
};

function command(name: Command): RestRoute {
  return {
    method: "POST",
    path: `${API}/rollouts/{rollout}/${name}`,
    roles: MANAGE,
    summary: SUMMARIES[name],
    ...(name === "abort" && { query: ["force"] }),
    gives: "Rollout",
    status: 200,
    answer({ context, parameters, actor, query }) {
      const id = idIn(parameters, "rollout");
      if (name === "abort" && flagIn(query, "force")) quitRollout(context, id, actor);
      else commandRollout(context, id, name, actor);
      return rolloutStatus(context, id);
    },
  };
}

function makeRollout(call: Call): unknown {
  const { context, actor, query } = call;
  const plan = readPlan(jsonOf(call));
  const starts = flagIn(query, "start");
  return context.store.transaction(() => {
    const id = createRollout(context, plan, actor);
    if (starts) commandRollout(context, id, "start", actor);
    return rolloutStatus(context, id);
  });
}

export const ROLLOUT_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: `${API}/rollouts`,
    roles: READ,
    summary: "All rollouts, the newest first",
    gives: "Rollouts",
    status: 200,
    answer: ({ context }) => ({ rollouts: allRollouts(context) }),
  },
  {
    method: "POST",
    path: `${API}/rollouts`,
    roles: MANAGE,
    summary: "Create a rollout, and start it with ?start=true",
    query: ["start"],
    takes: "Plan",
    gives: "Rollout",
    status: 200,
    answer: makeRollout,
  },
  {
    method: "GET",
    path: `${API}/rollouts/{rollout}`,
    roles: READ,
    summary: "One rollout",
    gives: "Rollout",
    status: 200,
    answer: ({ context, parameters }) => rolloutStatus(context, idIn(parameters, "rollout")),
  },
  {
    method: "GET",
    path: `${API}/rollouts/{rollout}/devices`,
    roles: READ,
    summary: "How devices stand to a rollout, and why they refused",
    query: ["state", ...PAGE],
    gives: "Members",
    status: 200,
    answer: listMembers,
  },
  ...COMMANDS.map(command),
];
