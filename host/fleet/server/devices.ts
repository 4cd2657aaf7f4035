/** The fleet: who has registered, what it says of itself, and when it was seen. */
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { LIMITS } from "./limits.ts";
import { isObject, type Json, type JsonObject, Refused } from "./message.ts";
import type { Attributes } from "./query.ts";
import { hashToken, newToken } from "./tokens.ts";

export interface DeviceRow {
  readonly id: number;
  readonly name: string;
  readonly tokenHash: Uint8Array | undefined;
  /** Undefined until the device has told. */
  readonly attributes: Attributes | undefined;
  readonly created: number;
  readonly seen: number;
  readonly address: string;
}

export function deviceRow(row: Row): DeviceRow {
  const hash = row["token_hash"];
  const attributes = row["attributes"];
  return {
    id: number(row, "id"),
    name: text(row, "name"),
    tokenHash: hash instanceof Uint8Array ? hash : undefined,
    attributes: typeof attributes === "string" ? (JSON.parse(attributes) as Attributes) : undefined,
    created: number(row, "created"),
    seen: number(row, "seen"),
    address: text(row, "address"),
  };
}

export function findDevice({ store }: Context, name: string): DeviceRow | undefined {
  const row = store.get("SELECT * FROM devices WHERE name = ?", [name]);
  return row && deviceRow(row);
}

/** Adds a device that was not there. Throws Refused (403) where the fleet is full. */
export function addDevice(context: Context, name: string, actor: Actor): DeviceRow {
  const { store, now } = context;
  return store.transaction(() => {
    // Counting reads the whole table: only where the last number says that it may be full.
    const { last } = store.get("SELECT coalesce(max(id), 0) AS last FROM devices")!;
    const isFull = (): boolean =>
      number(store.get("SELECT count(*) AS n FROM devices")!, "n") >= LIMITS.devices;
    if (Number(last) >= LIMITS.devices && isFull())
      throw new Refused(403, `expected at most ${LIMITS.devices} devices, found more`);
    store.run("INSERT INTO devices (name, created, seen, address) VALUES (?, ?, 0, ?)", [
      name,
      now(),
      actor.address,
    ]);
    audit(context, actor, "register device", name);
    return findDevice(context, name)!;
  });
}

/** Gives a device a token of its own; one that it had is worth nothing from now on. */
export function renewToken(context: Context, device: DeviceRow, actor: Actor): string {
  const token = newToken();
  context.store.transaction(() => {
    context.store.run("UPDATE devices SET token_hash = ? WHERE id = ?", [hashToken(token), device.id]);
    audit(context, actor, "renew token", device.name);
  });
  return token;
}

/** Texts by name, each within bounds. Throws Refused (400). */
export function readAttributes(value: Json | undefined): Attributes {
  if (!isObject(value)) throw new Refused(400, "data: expected an object of texts, found something else");
  for (const [key, entry] of Object.entries(value)) {
    if (key === "" || key.length > LIMITS.attributeKeyChars || key === "__proto__")
      throw new Refused(
        400,
        `data: expected names of 1 to ${LIMITS.attributeKeyChars} characters, found another`,
      );
    if (typeof entry !== "string" || entry.length > LIMITS.attributeValueChars)
      throw new Refused(
        400,
        `data.${key}: expected a text of at most ${LIMITS.attributeValueChars} characters`,
      );
  }
  return value as Attributes;
}

const MODES = ["merge", "replace", "remove"] as const;

function changed(before: Attributes, mode: (typeof MODES)[number], data: Attributes): Attributes {
  if (mode === "replace") return data;
  if (mode === "merge") return { ...before, ...data };
  return Object.fromEntries(Object.entries(before).filter(([key]) => !Object.hasOwn(data, key)));
}

/** DDI's configData: {"mode": "merge", "data": {...}}. */
export function putAttributes({ store }: Context, device: DeviceRow, body: JsonObject): void {
  const mode = MODES.find((each) => each === (body["mode"] ?? "merge"));
  if (!mode) throw new Refused(400, `mode: expected ${MODES.join(" or ")}, found something else`);
  const attributes = changed(device.attributes ?? {}, mode, readAttributes(body["data"]));
  const count = Object.keys(attributes).length;
  if (count > LIMITS.attributes)
    throw new Refused(400, `data: expected at most ${LIMITS.attributes} attributes, found ${count}`);
  const json = JSON.stringify(attributes);
  if (device.attributes && json === JSON.stringify(device.attributes)) return;
  store.run("UPDATE devices SET attributes = ? WHERE id = ?", [json, device.id]);
}

/** Notes of when devices were seen. */
export interface Sightings {
  note(device: DeviceRow, address: string): void;
  /** Writes what is not in the database yet. */
  flush(): void;
}

const FLUSH_INTERVAL = 60_000;

/** A poll that changes nothing must not cost a write to the disk: sightings are written together, now and then. */
export function sightings({ store, now }: Context): Sightings {
  const seen = new Map<number, { at: number; address: string }>();
  let flushed = now();
  const flush = (): void => {
    flushed = now();
    if (seen.size === 0) return;
    store.transaction(() => {
      for (const [id, { at, address }] of seen)
        store.run("UPDATE devices SET seen = ?, address = ? WHERE id = ?", [at, address, id]);
    });
    seen.clear();
  };
  return {
    note(device, address) {
      seen.set(device.id, { at: now(), address });
      if (now() - flushed >= FLUSH_INTERVAL) flush();
    },
    flush,
  };
}
