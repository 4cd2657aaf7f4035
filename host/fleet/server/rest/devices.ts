import { type Context, onlyMembers } from "../context.ts";
import { number, type Row, text } from "../database.ts";
import {
  addDevice,
  askForAttributes,
  checkDeviceName,
  type DeviceRow,
  deviceRow,
  findDevice,
  putAttributes,
  renewToken,
} from "../devices.ts";
import { LIMITS } from "../limits.ts";
import { Refused } from "../message.ts";
import { parseQuery } from "../query.ts";
import { cancelAction, removeDevice } from "../rollouts.ts";
import { idIn } from "../routes.ts";
import { runningVersions } from "../running.ts";
import {
  API,
  afterOf,
  type Call,
  deviceIn,
  flagIn,
  iso,
  jsonOf,
  limitOf,
  MANAGE,
  PAGE,
  READ,
  type RestRoute,
} from "./route.ts";

function describeDevice(context: Context, device: DeviceRow) {
  const { id, name, attributes, created, seen, address, tokenHash } = device;
  return {
    id,
    name,
    attributes: attributes ?? {},
    installed: runningVersions(context, device),
    created: iso(created),
    // Null: it has been made by hand and never been heard of.
    seen: seen === 0 ? null : iso(seen),
    address,
    hasToken: tokenHash !== undefined,
  };
}

/** Devices behind an id that a query finds: read in pieces, so that the first ones of a large fleet cost little. */
function findDevices({ context, query }: Call): DeviceRow[] {
  const isWanted = parseQuery(query.get("query") ?? "");
  const limit = limitOf(query);
  const found: DeviceRow[] = [];
  for (let after = afterOf(query); found.length < limit; ) {
    const rows = context.store
      .all("SELECT * FROM devices WHERE id > ? ORDER BY id LIMIT ?", [after, LIMITS.pageRows])
      .map(deviceRow);
    found.push(...rows.filter(({ name, attributes = {} }) => isWanted(name, attributes)));
    if (rows.length < LIMITS.pageRows) break;
    after = rows.at(-1)!.id;
  }
  return found.slice(0, limit);
}

const listDevices = (call: Call): unknown => ({
  devices: findDevices(call).map((device) => describeDevice(call.context, call.seen.latest(device))),
});

function createDevice(call: Call): unknown {
  const { context, actor } = call;
  const body = jsonOf(call);
  onlyMembers(body, ["name", "attributes"]);
  const name = checkDeviceName(body["name"]);
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

function listActions(call: Call): unknown {
  const rows = call.context.store.all(
    "SELECT * FROM actions WHERE device = ? AND id > ? ORDER BY id LIMIT ?",
    [deviceIn(call).id, afterOf(call.query), limitOf(call.query)],
  );
  return { actions: rows.map((row) => describeAction(call.context, row)) };
}

export const DEVICE_ROUTES: readonly RestRoute[] = [
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
    method: "POST",
    path: `${API}/devices/{device}/attributes`,
    roles: MANAGE,
    summary: "Ask a device for its attributes with its next poll",
    status: 204,
    answer: (call) => askForAttributes(call.context, deviceIn(call), call.actor),
  },
  {
    method: "GET",
    path: `${API}/devices/{device}/actions`,
    roles: READ,
    summary: "What a device was asked, and what it answered",
    query: PAGE,
    gives: "Actions",
    status: 200,
    answer: listActions,
  },
  {
    method: "DELETE",
    path: `${API}/devices/{device}/actions/{action}`,
    roles: MANAGE,
    summary: "Take an order back; with ?force=true without waiting for the device's word",
    query: ["force"],
    status: 204,
    answer(call) {
      const { context, actor, parameters, query } = call;
      const force = flagIn(query, "force");
      cancelAction(context, deviceIn(call), idIn(parameters, "action"), { force, actor });
    },
  },
];
