/** Parts that the routes of the management API share. */
import type { Actor, Context } from "../context.ts";
import { type DeviceRow, findDevice, type Sightings } from "../devices.ts";
import { LIMITS } from "../limits.ts";
import { type JsonObject, Refused, readJson, type ServerRequest } from "../message.ts";
import type { Parameters } from "../routes.ts";
import type { Role } from "../tokens.ts";

export interface Call {
  readonly context: Context;
  readonly request: ServerRequest;
  readonly actor: Actor;
  readonly parameters: Parameters;
  readonly query: URLSearchParams;
  readonly seen: Sightings;
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
  /** The status of success. */
  readonly status: number;
  readonly answer: (call: Call) => unknown;
}

export const API = "/rest/v1";
export const MANAGE: readonly Role[] = ["manage"];
export const READ: readonly Role[] = ["manage", "read"];
export const PAGE = ["limit", "after"] as const;

export const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Throws Refused (400) where a number of the query is none. */
function numberIn(query: URLSearchParams, name: string, fallback: number, most: number): number {
  const found = query.get(name);
  if (found === null) return fallback;
  if (!/^\d{1,15}$/.test(found) || Number(found) > most)
    throw new Refused(
      400,
      `${name}: expected a whole number of at most ${most}, found "${found.slice(0, 32)}"`,
    );
  return Number(found);
}

/** Rows at most, and the id behind which a page begins. Throws Refused (400). */
export const limitOf = (query: URLSearchParams): number =>
  numberIn(query, "limit", LIMITS.pageRows, LIMITS.pageRows);
export const afterOf = (query: URLSearchParams): number =>
  numberIn(query, "after", 0, Number.MAX_SAFE_INTEGER);

/** Throws Refused (400) where a yes or no of the query is neither. */
export function flagIn(query: URLSearchParams, name: string): boolean {
  const found = query.get(name);
  if (found !== null && found !== "true" && found !== "false")
    throw new Refused(400, `${name}: expected true or false, found "${found.slice(0, 32)}"`);
  return found === "true";
}

export const jsonOf = ({ request }: Call): JsonObject => readJson(request, LIMITS.managementBytes);

/** Throws Refused (404). */
export function deviceIn({ context, parameters, seen }: Call): DeviceRow {
  const device = findDevice(context, parameters["device"]!);
  if (!device) throw new Refused(404, `device: expected one of the server, found "${parameters["device"]}"`);
  return seen.latest(device);
}
