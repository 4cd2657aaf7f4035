/**
 * The update server as a function from requests to responses: devices by DDI (ddi.ts), operators by the management
 * API (rest.ts). It knows no sockets (http.ts has them) and no timers: what time it is, it is told.
 */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { audit, type Context, isName } from "./context.ts";
import { openStore } from "./database.ts";
import { ddi, isDdiPath } from "./ddi.ts";
import { sightings } from "./devices.ts";
import { imageFiles } from "./image_files.ts";
import { LIMITS, meter, RATES, type Rate, type RateName } from "./limits.ts";
import { Refused, respondJson, respondRefusal, type ServerRequest, type ServerResponse } from "./message.ts";
import { openApi } from "./openapi.ts";
import { pageFile } from "./page.ts";
import { isRestPath, rest } from "./rest.ts";
import { addToken } from "./tokens.ts";

export interface UpdateServerOptions {
  /** Where the state is kept; in memory where absent. */
  readonly folder?: string;
  /** Ed25519 public keys of those whose images are taken. */
  readonly keys: readonly KeyObject[];
  /** Seconds between polls of a device; default 300. */
  readonly poll?: number;
  /** First part of every device's path; default DEFAULT. */
  readonly tenant?: string;
  /** What hrefs begin with, such as https://updates.example, where a proxy is in front; default: as it was asked. */
  readonly publicUrl?: string;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  readonly rates?: Readonly<Record<RateName, Rate>>;
  /** Replaces the first tokens, for whoever has lost them. */
  readonly renewTokens?: boolean;
}

export interface UpdateServer {
  /** Answers one request; never throws. What it changes is on the disk when it returns. */
  readonly handle: (request: ServerRequest) => ServerResponse;
  /** The first tokens, where they have just been made: shown this once. */
  readonly firstTokens: { readonly manage: string; readonly gateway: string } | undefined;
  readonly close: () => void;
}

const DEFAULT_POLL = 300;
/** DDI's time of sleep has two digits of hours. */
const MAX_POLL = 24 * 3600 - 1;
const HOST = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-fA-F:.]{2,45}\](?::\d{1,5})?$/;

/** Origin, path and query of a request. Throws Refused (400, 414). */
function locate({ url, headers }: ServerRequest, publicUrl: string | undefined) {
  if (url.length > LIMITS.urlChars)
    throw new Refused(414, `URL: expected at most ${LIMITS.urlChars} characters, found ${url.length}`);
  const [, origin = "", path = "", query = ""] =
    /^(https?:\/\/[^/?#]*)?(\/[^?#]*)(?:\?([^#]*))?$/.exec(url) ?? [];
  const host = headers["host"] ?? "localhost";
  if (path === "" || !HOST.test(host))
    throw new Refused(400, "expected a path and a host, found something else");
  return { origin: publicUrl ?? (origin || `http://${host}`), path, query: new URLSearchParams(query) };
}

function firstTokens(context: Context, renew: boolean): UpdateServer["firstTokens"] {
  const { store } = context;
  return store.transaction(() => {
    if (store.get("SELECT name FROM tokens") && !renew) return undefined;
    store.run("DELETE FROM tokens WHERE name IN ('admin', 'gateway')");
    audit(context, { name: "server", address: "" }, "make first tokens", "admin, gateway");
    return { manage: addToken(context, "admin", "manage"), gateway: addToken(context, "gateway", "gateway") };
  });
}

function checkOptions({ poll = DEFAULT_POLL, tenant = "DEFAULT" }: UpdateServerOptions): void {
  if (!Number.isInteger(poll) || poll < 1 || poll > MAX_POLL)
    throw new RangeError(`poll: expected 1 to ${MAX_POLL} seconds, found ${poll}`);
  if (!isName(tenant)) throw new RangeError(`tenant: expected a name, found "${tenant}"`);
}

/** Opens the state, or creates it. Throws StoreError where the folder cannot be used, RangeError for an option. */
export function updateServer(options: UpdateServerOptions): UpdateServer {
  checkOptions(options);
  const { folder, keys, poll = DEFAULT_POLL, tenant = "DEFAULT", publicUrl, now = Date.now } = options;
  const store = openStore(folder);
  const files = imageFiles(folder === undefined ? undefined : join(folder, "images"));
  const context: Context = { store, files, keys, now, tenant, poll };
  const take = meter(options.rates ?? RATES);
  const seen = sightings(context);
  const [forDevices, forOperators] = [ddi(context, take, seen), rest(context, take, seen)];

  function answer(request: ServerRequest): ServerResponse {
    const { origin, path, query } = locate(request, publicUrl);
    if (isDdiPath(path)) return forDevices(request, origin, path);
    if (isRestPath(path)) return forOperators(request, path, query);
    if (request.method === "GET" && path === "/openapi.json") return respondJson(openApi());
    return pageFile(request.method, path);
  }

  return {
    firstTokens: firstTokens(context, options.renewTokens ?? false),
    handle(request) {
      try {
        return answer(request);
      } catch (error) {
        if (error instanceof Refused) return respondRefusal(error);
        console.error(`thimble serve: internal error: ${(error as Error).message}`);
        return respondRefusal(new Refused(500, "internal error"));
      }
    },
    close() {
      seen.flush();
      store.close();
    },
  };
}
