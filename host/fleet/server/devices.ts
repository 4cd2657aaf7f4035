/** The fleet: who has registered, what it says of itself, and when it was seen. */
import { type Actor, audit, type Context } from "./context.ts";
import { number, type Row, text } from "./database.ts";
import { LIMITS } from "./limits.ts";
import { isObject, type Json, type JsonObject, Refused, shown } from "./message.ts";
import type { Attributes } from "./query.ts";
import { hashToken, newToken } from "./tokens.ts";

export interface DeviceRow {
  readonly id: number;
  readonly name: string;
  readonly tokenHash: Uint8Array | undefined;
  /** Undefined until the device has told. */
  readonly attributes: Attributes | undefined;
  /** When it told them last, and whether it has been asked to tell them again. */
  readonly said: number;
  readonly asked: boolean;
  readonly created: number;
  readonly seen: number;
  readonly address: string;
}

/**
 * Ids of devices, as hawkBit takes them, and with spaces within: any characters that are seen. Others would deceive
 * people, or paths.
 */
export const isDeviceName = (name: string): boolean =>
  name.length <= LIMITS.deviceNameChars &&
  /^(?!\.{1,2}$)[^\p{C}\p{Zl}\p{Zp}/\\]+$/u.test(name) &&
  name.trim() === name;

/** Throws Refused (400) where the text is no device's name. */
export function checkDeviceName(name: Json | undefined): string {
  if (typeof name === "string" && isDeviceName(name)) return name;
  throw new Refused(
    400,
    `name: expected 1 to ${LIMITS.deviceNameChars} visible characters without slashes, found ${shown(name)}`,
  );
}

export function deviceRow(row: Row): DeviceRow {
  const hash = row["token_hash"];
  const attributes = row["attributes"];
  return {
    id: number(row, "id"),
    name: text(row, "name"),
    tokenHash: hash instanceof Uint8Array ? hash : undefined,
    attributes: typeof attributes === "string" ? (JSON.parse(attributes) as Attributes) : undefined,
    said: number(row, "said"),
    asked: row["asked"] === 1,
    created: number(row, "created"),
    seen: number(row, "seen"),
    address: text(row, "address"),
  };
}

export function findDevice({ store }: Context, name: string): DeviceRow | undefined {
  const row = store.get("SELECT * FROM devices WHERE name = ?", [name]);
  return row && deviceRow(row);
}

/** Adds a device that was not there. Throws Refused (403) where the fleet has as many as it may. */
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

/** Texts, numbers and truth values by name, all as texts; what is null is left out. Throws Refused (400). */
export function readAttributes(value: Json | undefined): Attributes {
  if (!isObject(value)) throw new Refused(400, `data: expected an object, found ${shown(value)}`);
  const { attributeKeyChars, attributeValueChars } = LIMITS;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(
    entries.map(([key, entry]) => {
      if (key === "" || key.length > attributeKeyChars || key === "__proto__")
        throw new Refused(
          400,
          `data: expected names of 1 to ${attributeKeyChars} characters, found ${shown(key)}`,
        );
      const text = typeof entry === "number" || typeof entry === "boolean" ? String(entry) : entry;
      if (typeof text !== "string" || text.length > attributeValueChars)
        throw new Refused(
          400,
          `data.${key}: expected a text of at most ${attributeValueChars} characters, a number or a truth value, found ${shown(entry)}`,
        );
      return [key, text];
    }),
  );
}

const MODES = ["merge", "replace", "remove"] as const;
const DAY = 24 * 3600 * 1000;

function changed(before: Attributes, mode: (typeof MODES)[number], data: Attributes): Attributes {
  if (mode === "replace") return data;
  if (mode === "merge") return { ...before, ...data };
  return Object.fromEntries(Object.entries(before).filter(([key]) => !Object.hasOwn(data, key)));
}

/** Whether the attributes may be out of date: never told, an order has ended or an operator asks, or a day ago. */
export const wantsAttributes = ({ now }: Context, { attributes, asked, said }: DeviceRow): boolean =>
  attributes === undefined || asked || now() - said >= DAY;

/** Asks a device for its attributes with its next poll. */
export function askForAttributes(context: Context, device: DeviceRow, actor: Actor): void {
  context.store.transaction(() => {
    context.store.run("UPDATE devices SET asked = 1 WHERE id = ?", [device.id]);
    audit(context, actor, "ask for attributes", device.name);
  });
}

/** DDI's configData: {"mode": "merge", "data": {...}}. What a device says of its versions is newer than what it confirmed. */
export function putAttributes(context: Context, device: DeviceRow, body: JsonObject): void {
  const { store, now } = context;
  const mode = MODES.find((each) => each === (body["mode"] ?? "merge"));
  if (!mode) throw new Refused(400, `mode: expected ${MODES.join(" or ")}, found ${shown(body["mode"])}`);
  const attributes = changed(device.attributes ?? {}, mode, readAttributes(body["data"]));
  const count = Object.keys(attributes).length;
  if (count > LIMITS.attributes)
    throw new Refused(400, `data: expected at most ${LIMITS.attributes} attributes, found ${count}`);
  const json = JSON.stringify(attributes);
  const bytes = Buffer.byteLength(json);
  if (bytes > LIMITS.attributeBytes)
    throw new Refused(400, `data: expected at most ${LIMITS.attributeBytes} bytes, found ${bytes}`);
  const confirmed = store.get("SELECT model FROM installed WHERE device = ? AND overruled = 0", [device.id]);
  const isNews = json !== JSON.stringify(device.attributes) || wantsAttributes(context, device);
  // A client that says the same with every poll must not cost a write to the disk each time.
  if (!isNews && !confirmed) return;
  store.transaction(() => {
    store.run("UPDATE devices SET attributes = ?, said = ?, asked = 0 WHERE id = ?", [
      json,
      now(),
      device.id,
    ]);
    store.run("UPDATE installed SET overruled = 1 WHERE device = ?", [device.id]);
  });
}

/** Notes of when devices were seen. */
export interface Sightings {
  note(device: DeviceRow, address: string): void;
  /** A device as the database has it, with what is not written there yet. */
  latest(device: DeviceRow): DeviceRow;
  /** Writes what is not in the database yet; where it can't be written, it is kept for the next time. */
  flush(): void;
}

const FLUSH_INTERVAL = 60_000;

/** A poll that changes nothing must not cost a write to the disk: sightings are written together, now and then. */
export function sightings({ store, now }: Context, log: (line: string) => void): Sightings {
  const seen = new Map<number, { at: number; address: string }>();
  let flushed = now();
  const write = (): void => {
    store.transaction(() => {
      for (const [id, { at, address }] of seen)
        store.run("UPDATE devices SET seen = ?, address = ? WHERE id = ?", [at, address, id]);
    });
    seen.clear();
  };
  const flush = (): void => {
    flushed = now();
    if (seen.size === 0) return;
    try {
      write();
    } catch (error) {
      log(`when devices were seen is not written: ${(error as Error).message}`);
    }
  };
  return {
    note(device, address) {
      seen.set(device.id, { at: now(), address });
      if (now() - flushed >= FLUSH_INTERVAL) flush();
    },
    latest(device) {
      const { at = device.seen, address = device.address } = seen.get(device.id) ?? {};
      return { ...device, seen: at, address };
    },
    flush,
  };
}
