/** The context that every part of the server works on. */
import type { KeyObject } from "node:crypto";
import type { Store } from "./database.ts";
import type { ImageFiles } from "./image_files.ts";
import { LIMITS } from "./limits.ts";
import { type Json, type JsonObject, Refused, shown } from "./message.ts";

export interface Context {
  readonly store: Store;
  readonly files: ImageFiles;
  /** Public keys of those whose images are taken. */
  readonly keys: readonly KeyObject[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** DDI's tenant: the first part of every device's path. */
  readonly tenant: string;
  /** Seconds between polls of a device. */
  readonly poll: number;
  /** A line for the operator of the machine; the same one once in a while only. */
  readonly log: (line: string) => void;
}

/** The person or device that asks, for the audit. */
export interface Actor {
  readonly name: string;
  readonly address: string;
}

/** Notes who did what to what; part of the transaction that does it. The oldest row goes when there are too many. */
export function audit(
  { store, now }: Context,
  actor: Actor,
  what: string,
  subject: string,
  detail = "",
): void {
  const { id } = store.run(
    "INSERT INTO audit (at, who, address, what, subject, detail) VALUES (?, ?, ?, ?, ?, ?)",
    [now(), actor.name, actor.address, what, subject, detail.slice(0, LIMITS.auditDetailChars)],
  );
  store.run("DELETE FROM audit WHERE id <= ?", [id - LIMITS.auditRows]);
}

/** Names that stand in paths and are shown to people: nothing that a path or a terminal would take for more. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,64}$/;

export const isName = (name: string): boolean => NAME.test(name);

/** Throws Refused (400) where the text is no name. */
export function checkName(what: string, name: Json | undefined): string {
  if (typeof name === "string" && isName(name)) return name;
  throw new Refused(
    400,
    `${what}: expected 1 to 64 letters, digits, ".", "_", ":" or "-", found ${shown(name)}`,
  );
}

/** Refuses members that are not known: a misspelt threshold must not become a default. */
export function onlyMembers(body: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Refused(400, `body: expected ${known.join(", ")}, found "${unknown.slice(0, 32)}"`);
}
