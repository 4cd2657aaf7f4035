/** The management API: one table of routes, from which openapi.ts makes its document. */

import { version } from "../../root.ts";
import { type Actor, audit, type Context, checkName, onlyMembers } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import {
  addDevice,
  type DeviceRow,
  deviceRow,
  findDevice,
  putAttributes,
  renewToken,
  type Sightings,
} from "./devices.ts";
import { addImage, allImages, imageOf } from "./images.ts";
import { LIMITS, type Meter } from "./limits.ts";
import { DEVICE_STATES, type DeviceState } from "./management.ts";
import {
  bodyBytes,
  type JsonObject,
  Refused,
  readJson,
  respond,
  respondJson,
  type ServerRequest,
  type ServerResponse,
} from "./message.ts";
import { readPlan } from "./plan.ts";
import { parseQuery } from "./query.ts";
import {
  allRollouts,
  COMMANDS,
  type Command,
  commandRollout,
  createRollout,
  removeDevice,
  rolloutStatus,
} from "./rollouts.ts";
import { idIn, type Parameters, router } from "./routes.ts";
import { addToken, holderOf, ROLES, type Role } from "./tokens.ts";

interface Call {
  readonly context: Context;
  readonly request: ServerRequest;
  readonly actor: Actor;
  readonly parameters: Parameters;
  readonly query: URLSearchParams;
}

export interface RestRoute {
  readonly method: string;
  readonly path: string;
  /** Whose tokens are good for it. */
  readonly roles: readonly Role[];
  readonly summary: string;
  /** Parameters of the query. */
  readonly query?: readonly string[];
  /** Names of schemas in openapi.ts; `image` is bytes. */
  readonly takes?: string;
  readonly gives?: string;
  /** Of success. */
  readonly status: number;
  readonly answer: (call: Call) => unknown;
}

const MANAGE: readonly Role[] = ["manage"];
const READ: readonly Role[] = ["manage", "read"];
const API = "/rest/v1";
const PAGE = ["limit", "after"] as const;

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Throws Refused (400) where a number of the query is none. */
function numberIn(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const found = query.get(name);
  if (found === null) return fallback;
  if (!/^\d{1,15}$/.test(found) || Number(found) > most)
    throw new Refused(400, `${name}: expected a whole number of at most ${most}, found something else`);
  return Number(found);
}

const limitOf = (query: URLSearchParams): number =>
  numberIn(query, "limit", LIMITS.pageRows, LIMITS.pageRows);
const afterOf = (query: URLSearchParams): number => numberIn(query, "after", 0, Number.MAX_SAFE_INTEGER);

const jsonOf = ({ request }: Call): JsonObject => readJson(request, LIMITS.managementBytes);

function deviceIn({ context, parameters }: Call): DeviceRow {
  const device = findDevice(context, parameters["device"]!);
  if (!device) throw new Refused(404, "device: expected one of the server, found another");
  return device;
}

function describeDevice(
  { store }: Context,
  { id, name, attributes, created, seen, address, tokenHash }: DeviceRow,
) {
  const installed = store.all(
    "SELECT installed.model, version FROM installed JOIN images ON images.id = image WHERE device = ?",
    [id],
  );
  return {
    id,
    name,
    attributes: attributes ?? {},
    installed: Object.fromEntries(installed.map((row) => [text(row, "model"), text(row, "version")])),
    created: iso(created),
    // Null: it has been made by hand and never been heard of.
    seen: seen === 0 ? null : iso(seen),
    address,
    hasToken: tokenHash !== undefined,
  };
}

function listDevices({ context, query }: Call): unknown {
  const isWanted = parseQuery(query.get("query") ?? "");
  const devices = context.store
    .all("SELECT * FROM devices WHERE id > ? ORDER BY id", [afterOf(query)])
    .map(deviceRow)
    .filter(({ name, attributes = {} }) => isWanted(name, attributes))
    .slice(0, limitOf(query));
  return { devices: devices.map((device) => describeDevice(context, device)) };
}

function createDevice(call: Call): unknown {
  const { context, actor } = call;
  const body = jsonOf(call);
  onlyMembers(body, ["name", "attributes"]);
  const name = checkName("name", body["name"]);
  return context.store.transaction(() => {
    if (findDevice(context, name))
      throw new Refused(409, `name: expected one of its own, found "${name}" in use`);
    const device = addDevice(context, name, actor);
    if (body["attributes"] !== undefined) putAttributes(context, device, { data: body["attributes"] });
    return { name, token: renewToken(context, device, actor) };
  });
}

function describeAction({ store }: Context, row: Row) {
  const said = store.all("SELECT * FROM feedback WHERE action = ? ORDER BY id", [number(row, "id")]);
  return {
    id: number(row, "id"),
    rollout: number(row, "rollout"),
    image: number(row, "image"),
    state: text(row, "state"),
    execution: text(row, "execution"),
    progress: number(row, "progress"),
    created: iso(number(row, "created")),
    changed: iso(number(row, "changed")),
    feedback: said.map((each) => ({
      at: iso(number(each, "at")),
      execution: text(each, "execution"),
      finished: text(each, "finished"),
      details: JSON.parse(text(each, "details")) as string[],
    })),
  };
}

function stateOf(query: URLSearchParams): DeviceState | undefined {
  const found = query.get("state");
  const state = DEVICE_STATES.find((each) => each === found);
  if (found !== null && !state) throw new Refused(400, `state: expected ${DEVICE_STATES.join(" or ")}`);
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

function command(name: Command): RestRoute {
  const what = { start: "Start", pause: "Pause", resume: "Resume", abort: "Abort" }[name];
  return {
    method: "POST",
    path: `${API}/rollouts/{rollout}/${name}`,
    roles: MANAGE,
    summary: `${what} a rollout`,
    gives: "Rollout",
    status: 200,
    answer({ context, parameters, actor }) {
      const id = idIn(parameters, "rollout");
      commandRollout(context, id, name, actor);
      return rolloutStatus(context, id);
    },
  };
}

function makeRollout(call: Call): unknown {
  const { context, actor, query } = call;
  const plan = readPlan(jsonOf(call));
  const starts = query.get("start") === "true";
  return context.store.transaction(() => {
    const id = createRollout(context, plan, actor);
    if (starts) commandRollout(context, id, "start", actor);
    return rolloutStatus(context, id);
  });
}

function makeToken(call: Call): unknown {
  const { context, actor } = call;
  const body = jsonOf(call);
  onlyMembers(body, ["name", "role"]);
  const name = checkName("name", body["name"]);
  const role = ROLES.find((each) => each === body["role"]);
  if (!role) throw new Refused(400, `role: expected ${ROLES.join(" or ")}, found something else`);
  return context.store.transaction(() => {
    audit(context, actor, "add token", name, role);
    return { name, role, token: addToken(context, name, role) };
  });
}

function removeToken({ context, actor, parameters }: Call): unknown {
  const { store } = context;
  const name = parameters["token"]!;
  store.transaction(() => {
    const { changes } = store.run("DELETE FROM tokens WHERE name = ?", [name]);
    if (changes === 0) throw new Refused(404, "token: expected one of the server, found another");
    // Nobody could ever make another one.
    if (!store.get("SELECT name FROM tokens WHERE role = 'manage'"))
      throw new Refused(409, "token: expected another one with the role manage to be left, found none");
    audit(context, actor, "remove token", name);
  });
  return undefined;
}

function describeServer({ context }: Call): unknown {
  const count = (table: string): number =>
    number(context.store.get(`SELECT count(*) AS n FROM ${table}`)!, "n");
  return {
    name: "thimble",
    version,
    pollSeconds: context.poll,
    devices: count("devices"),
    images: count("images"),
    rollouts: count("rollouts"),
  };
}

function listAudit({ context, query }: Call): unknown {
  const rows = context.store.all("SELECT * FROM audit WHERE id > ? ORDER BY id LIMIT ?", [
    afterOf(query),
    limitOf(query),
  ]);
  return {
    entries: rows.map((row) => ({
      id: number(row, "id"),
      at: iso(number(row, "at")),
      who: text(row, "who"),
      address: text(row, "address"),
      what: text(row, "what"),
      subject: text(row, "subject"),
      detail: text(row, "detail"),
    })),
  };
}

export const REST_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: `${API}/server`,
    roles: READ,
    summary: "What this server is and holds",
    gives: "Server",
    status: 200,
    answer: describeServer,
  },
  {
    method: "GET",
    path: `${API}/images`,
    roles: READ,
    summary: "All images",
    gives: "Images",
    status: 200,
    answer: ({ context }) => ({ images: allImages(context) }),
  },
  {
    method: "POST",
    path: `${API}/images`,
    roles: MANAGE,
    summary: "Publish an image; the same one again is the same one",
    takes: "image",
    gives: "Image",
    status: 200,
    answer({ context, request, actor }) {
      const bytes = bodyBytes(request);
      if (bytes.length > LIMITS.imageBytes)
        throw new Refused(413, `image: expected at most ${LIMITS.imageBytes} bytes, found ${bytes.length}`);
      return addImage(context, bytes, actor);
    },
  },
  {
    method: "GET",
    path: `${API}/images/{image}`,
    roles: READ,
    summary: "One image",
    gives: "Image",
    status: 200,
    answer: ({ context, parameters }) => imageOf(context, idIn(parameters, "image")),
  },
  {
    method: "GET",
    path: `${API}/devices`,
    roles: READ,
    summary: "Devices, by their number",
    query: ["query", ...PAGE],
    gives: "Devices",
    status: 200,
    answer: listDevices,
  },
  {
    method: "POST",
    path: `${API}/devices`,
    roles: MANAGE,
    summary: "Register a device; its token is shown once",
    takes: "NewDevice",
    gives: "DeviceToken",
    status: 200,
    answer: createDevice,
  },
  {
    method: "GET",
    path: `${API}/devices/{device}`,
    roles: READ,
    summary: "One device",
    gives: "Device",
    status: 200,
    answer: (call) => describeDevice(call.context, deviceIn(call)),
  },
  {
    method: "DELETE",
    path: `${API}/devices/{device}`,
    roles: MANAGE,
    summary: "Remove a device and all that is known of it",
    status: 204,
    answer: (call) => removeDevice(call.context, deviceIn(call), call.actor),
  },
  {
    method: "POST",
    path: `${API}/devices/{device}/token`,
    roles: MANAGE,
    summary: "Give a device a new token; it is shown once",
    gives: "DeviceToken",
    status: 200,
    answer(call) {
      const device = deviceIn(call);
      return { name: device.name, token: renewToken(call.context, device, call.actor) };
    },
  },
  {
    method: "GET",
    path: `${API}/devices/{device}/actions`,
    roles: READ,
    summary: "What a device was asked, and what it answered",
    query: PAGE,
    gives: "Actions",
    status: 200,
    answer(call) {
      const rows = call.context.store.all(
        "SELECT * FROM actions WHERE device = ? AND id > ? ORDER BY id LIMIT ?",
        [deviceIn(call).id, afterOf(call.query), limitOf(call.query)],
      );
      return { actions: rows.map((row) => describeAction(call.context, row)) };
    },
  },
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
  {
    method: "GET",
    path: `${API}/audit`,
    roles: READ,
    summary: "Who did what, and when",
    query: PAGE,
    gives: "Audit",
    status: 200,
    answer: listAudit,
  },
  {
    method: "GET",
    path: `${API}/tokens`,
    roles: MANAGE,
    summary: "Names and roles of all tokens",
    gives: "Tokens",
    status: 200,
    answer: ({ context }) => ({
      tokens: context.store.all("SELECT name, role, created FROM tokens ORDER BY name").map((row) => ({
        name: text(row, "name"),
        role: text(row, "role"),
        created: iso(number(row, "created")),
      })),
    }),
  },
  {
    method: "POST",
    path: `${API}/tokens`,
    roles: MANAGE,
    summary: "Make a token; it is shown once",
    takes: "NewToken",
    gives: "Token",
    status: 200,
    answer: makeToken,
  },
  {
    method: "DELETE",
    path: `${API}/tokens/{token}`,
    roles: MANAGE,
    summary: "Withdraw a token",
    status: 204,
    answer: removeToken,
  },
];

interface Operator extends Actor {
  readonly role: Role;
}

/** Throws Refused (401) without a token of the server. */
function authenticate(context: Context, take: Meter, request: ServerRequest): Operator {
  const address = request.address ?? "";
  const token = /^Bearer (\S+)$/.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
  const holder = holderOf(context, token, ["manage", "read"]);
  if (!holder) {
    take("failure", address, context.now());
    throw new Refused(401, "expected the token of an operator, found none", { "www-authenticate": "Bearer" });
  }
  take("management", holder.name, context.now());
  return { ...holder, address };
}

export const isRestPath = (path: string): boolean => path.startsWith(`${API}/`);

/** Answers an operator. Throws Refused. */
export function rest(
  context: Context,
  take: Meter,
  seen: Sightings,
): (request: ServerRequest, path: string, query: URLSearchParams) => ServerResponse {
  const find = router(REST_ROUTES);
  return (request, path, query) => {
    // Who may not come in is not told what there is.
    const actor = authenticate(context, take, request);
    const { route, parameters } = find(request.method, path);
    if (!route.roles.includes(actor.role))
      throw new Refused(
        403,
        `expected a token with the role ${route.roles.join(" or ")}, found ${actor.role}`,
      );
    const unknown = [...query.keys()].find((name) => !route.query?.includes(name));
    if (unknown !== undefined)
      throw new Refused(400, `query: expected ${route.query?.join(", ") || "none"}, found another parameter`);
    seen.flush();
    const value = route.answer({ context, request, actor, parameters, query });
    return route.status === 204 ? respond(204, "") : respondJson(value, { status: route.status });
  };
}
