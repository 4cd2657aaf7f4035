import type { Management } from "../ota/management.ts";
import { thimbleManagement } from "../ota/thimble_management.ts";
import { UsageError } from "./options.ts";

/** What every command says that drives a server. */
export const SERVER_OPTIONS = {
  server: { type: "string" },
  token: { type: "string" },
  json: { type: "boolean" },
} as const;

export const SERVER_USAGE = `  --server  default: the environment's THIMBLE_SERVER
  --token   of an operator; default: the environment's THIMBLE_TOKEN, which does not show in a list of processes`;

/** The server that the options, or else the environment, name. */
export function managementOf(values: { readonly server?: string; readonly token?: string }): Management {
  const url = values.server ?? process.env["THIMBLE_SERVER"];
  const token = values.token ?? process.env["THIMBLE_TOKEN"];
  if (!url) throw new UsageError("expected --server URL, found none");
  if (!/^https?:\/\/[^\s]+$/.test(url))
    throw new UsageError(`--server: expected http:// or https://, found "${url}"`);
  if (!token) throw new UsageError("expected --token TOKEN, found none");
  return thimbleManagement({ url, token });
}
