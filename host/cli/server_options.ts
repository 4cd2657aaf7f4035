import { withoutSecrets } from "../fleet/server/ask.ts";
import { hawkbitManagement } from "../fleet/server/hawkbit.ts";
import type { Management } from "../fleet/server/management.ts";
import { type ServerAddress, thimbleManagement } from "../fleet/server/thimble_management.ts";
import { UsageError } from "./options.ts";

/** Options of every command that drives a server. */
export const SERVER_OPTIONS = {
  server: { type: "string" },
  token: { type: "string" },
  hawkbit: { type: "boolean" },
  json: { type: "boolean" },
} as const;

export const SERVER_USAGE = `  --server   default: the environment's THIMBLE_SERVER; hawkbit+https://HOST is a hawkBit's, as with --hawkbit
  --token    of an operator; default: the environment's THIMBLE_TOKEN, which does not show in a list of processes
  --hawkbit  the server is a hawkBit, not thimble serve: its token is USER:PASSWORD, and its rollouts have no
             --min-version and need --retries 0`;

interface ServerValues {
  readonly server?: string;
  readonly token?: string;
  readonly hawkbit?: boolean;
}

function hawkbit(url: string, token: string): Management {
  if (!token.includes(":"))
    throw new UsageError("--token: expected USER:PASSWORD for a hawkBit, found no colon");
  const authorization = `Basic ${Buffer.from(token).toString("base64")}`;
  return hawkbitManagement({ url: url.replace(/\/+$/, ""), authorization });
}

/** Address and token that the options, or else the environment, name. Throws UsageError. */
export function addressOf(values: ServerValues): ServerAddress & { readonly isHawkbit: boolean } {
  const url = values.server ?? process.env["THIMBLE_SERVER"];
  const token = values.token ?? process.env["THIMBLE_TOKEN"];
  if (!url) throw new UsageError("expected --server URL, found none");
  const [, kind, address] = /^(hawkbit\+)?(https?:\/\/[^\s]+)$/.exec(url) ?? [];
  if (address === undefined || !URL.canParse(address))
    throw new UsageError(
      `--server: expected http://, https:// or hawkbit+https://, found "${withoutSecrets(url)}"`,
    );
  const { username, password, search, hash } = new URL(address);
  if (username !== "" || password !== "")
    throw new UsageError(
      "--server: expected an address without user and password, found them: --token takes those",
    );
  if (search !== "" || hash !== "")
    throw new UsageError(
      `--server: expected an address alone, found more behind "${withoutSecrets(address)}"`,
    );
  if (!token) throw new UsageError("expected --token TOKEN, found none");
  return { url: address, token, isHawkbit: values.hawkbit === true || kind !== undefined };
}

/** The server that the options, or else the environment, name. */
export function managementOf(values: ServerValues): Management {
  const { isHawkbit, ...address } = addressOf(values);
  return isHawkbit ? hawkbit(address.url, address.token) : thimbleManagement(address);
}
