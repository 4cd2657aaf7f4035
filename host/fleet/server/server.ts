/**
 * The update server as a function from requests to responses: devices by DDI (ddi.ts), operators by the management
 * API (rest.ts). It knows no sockets (http.ts has them) and no timers: what time it is, it is told.
 */
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import type { AlertRules } from "./alert_rules.ts";
import { type Alerting, alertingOf, type Post } from "./alerts.ts";
import { audit, type Context, isName } from "./context.ts";
import { openStore, stateRefusal } from "./database.ts";
import { ddi, isDdiPath } from "./ddi.ts";
import { sightings } from "./devices.ts";
import { imageFiles } from "./image_files.ts";
import { removeLeftOver } from "./images.ts";
import { LIMITS, meter, RATES, type Rate, type RateName } from "./limits.ts";
import { logger } from "./log.ts";
import { Refused, respond, respondRefusal, type ServerRequest, type ServerResponse } from "./message.ts";
import { openApi } from "./openapi.ts";
import { pageFile } from "./page.ts";
import { isRestPath, rest } from "./rest.ts";
import { type Retraining, type Run, retrainingOf } from "./retraining.ts";
import { StoreError } from "./store_error.ts";
import { addToken } from "./tokens.ts";

export interface UpdateServerOptions {
  /** Where the state is kept; in memory where absent. */
  readonly folder?: string;
  /** Whether a state is made where `folder` holds none; default true. */
  readonly create?: boolean;
  /** Ed25519 public keys of those whose images are taken. */
  readonly keys: readonly KeyObject[];
  /** Seconds between polls of a device; default 300. */
  readonly poll?: number;
  /** First part of every device's path; default DEFAULT. */
  readonly tenant?: string;
  /** The start of every href, such as https://updates.example, where a proxy is in front; default: as it was asked. */
  readonly publicUrl?: string;
  /** Milliseconds since 1970; default Date.now. */
  readonly now?: () => number;
  /** Those that are absent are RATES'. */
  readonly rates?: Partial<Readonly<Record<RateName, Rate>>>;
  /** Replaces the first tokens, for whoever has lost them. */
  readonly renewTokens?: boolean;
  /** Takes lines for the operator of the machine; default: stderr. */
  readonly log?: (line: string) => void;
  /** Who is told of what is wrong with models, and how a message is sent. */
  readonly alerts?: { readonly rules: AlertRules; readonly post: Post; readonly run?: Run };
}

export interface UpdateServer {
  /** Answers one request; never throws. What it changes is on the disk when it returns. */
  readonly handle: (request: ServerRequest) => ServerResponse;
  /** By the head alone: how many bytes of a body are worth reading, or the refusal. Never throws. */
  readonly admit: (head: ServerRequest) => number | ServerResponse;
  /** Takes a report or a sample of a device that somebody else has authenticated, such as a broker. Never throws. */
  readonly deliver: (device: string, kind: "reports" | "samples", body: Uint8Array) => ServerResponse;
  /** The first tokens, where they have just been made: shown this once. */
  readonly firstTokens: { readonly manage: string; readonly gateway: string } | undefined;
  /** Undefined without rules. To be asked now and then: the server has no timers. */
  readonly alerting: Alerting | undefined;
  /** Undefined without rules of this kind. To be asked now and then, as `alerting`. */
  readonly retraining: Retraining | undefined;
  readonly close: () => void;
}

const DEFAULT_POLL = 300;
/** DDI's time of sleep has two digits of hours. */
export const MAX_POLL = 24 * 3600 - 1;
const HOST = /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?$|^\[[0-9a-fA-F:.]{2,45}\](?::\d{1,5})?$/;

/** Origin, path and query of a request. Throws Refused (400, 414). */
function locate({ url, headers }: ServerRequest, publicUrl: string | undefined) {
  if (url.length > LIMITS.urlChars)
    throw new Refused(414, `URL: expected at most ${LIMITS.urlChars} characters, found ${url.length}`);
  const [, origin = "", path = "", query = ""] =
    /^(https?:\/\/[^/?#]*)?(\/[^?#]*)(?:\?([^#]*))?$/.exec(url) ?? [];
  const host = headers["host"] ?? "localhost";
  if (path === "" || !HOST.test(host))
    throw new Refused(400, `expected a path and a host, found ${path === "" ? "no path" : "no host's name"}`);
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

function openContext(options: UpdateServerOptions): Context {
  const { folder, create, keys, poll = DEFAULT_POLL, tenant = "DEFAULT", now = Date.now } = options;
  const log = logger(now, options.log);
  const store = openStore({ folder, create });
  try {
    const files = imageFiles(folder === undefined ? undefined : join(folder, "images"));
    const context: Context = { store, files, keys, now, tenant, poll, log };
    removeLeftOver(context);
    return context;
  } catch (error) {
    store.close();
    throw new StoreError(`${folder}: expected a folder for images, found: ${(error as Error).message}`);
  }
}

/** Questions to be asked now and then, of the rules that there are. */
function watchersOf(
  context: Context,
  alerts: UpdateServerOptions["alerts"],
): Pick<UpdateServer, "alerting" | "retraining"> {
  return {
    alerting: alerts && alertingOf(context, alerts.rules, alerts.post),
    retraining: alerts?.run && retrainingOf(context, alerts.rules.retrain ?? [], alerts.run),
  };
}

/** Opens the state, or creates it. Throws StoreError where the folder cannot be used, RangeError for an option. */
export function updateServer(options: UpdateServerOptions): UpdateServer {
  checkOptions(options);
  const context = openContext(options);
  const { store, log } = context;
  const take = meter({ ...RATES, ...options.rates });
  const seen = sightings(context, log);
  const [devices, operators] = [ddi(context, take, seen), rest(context, take, seen)];
  // It is the same for everybody, and who asks for it has no token.
  const document = JSON.stringify(openApi());

  function answer(request: ServerRequest): ServerResponse {
    const { origin, path, query } = locate(request, options.publicUrl);
    if (isDdiPath(path)) return devices.answer(request, origin, path);
    if (isRestPath(path)) return operators.answer(request, path, query);
    if (path === "/metrics") return operators.metrics(request);
    if (request.method === "GET" && path === "/openapi.json")
      return respond(200, document, { "content-type": "application/json" });
    return pageFile(request.method, path);
  }

  function admit(request: ServerRequest): number {
    const { path } = locate(request, options.publicUrl);
    if (isDdiPath(path)) return devices.admit(request, path);
    if (isRestPath(path)) return operators.admit(request, path);
    throw new Refused(413, "body: expected none without a token, found one");
  }

  function refusalOf(error: unknown): ServerResponse {
    if (error instanceof Refused) return respondRefusal(error);
    const refusal = stateRefusal(error);
    log(
      refusal
        ? `${refusal.message} (${(error as Error).message})`
        : `internal error: ${(error as Error).message}`,
    );
    return respondRefusal(refusal ?? new Refused(500, "internal error"));
  }

  const guarded =
    <A extends readonly unknown[], T>(what: (...given: A) => T) =>
    (...given: A): T | ServerResponse => {
      try {
        return what(...given);
      } catch (error) {
        return refusalOf(error);
      }
    };

  return {
    firstTokens: firstTokens(context, options.renewTokens ?? false),
    handle: guarded(answer),
    admit: guarded(admit),
    deliver: guarded(devices.deliver),
    ...watchersOf(context, options.alerts),
    close() {
      seen.flush();
      store.close();
    },
  };
}
