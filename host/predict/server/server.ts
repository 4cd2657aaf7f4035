/**
 * A server of predictions as a function from requests to responses, by the Open Inference Protocol, version 2 (REST, with
 * its binary tensors). It knows no sockets: host/fleet/server/http.ts has them. A request is answered in one go, so that
 * a model that is loaded anew takes the place of the old one between two requests, and none is lost.
 */
import { randomUUID } from "node:crypto";
import type { Answering } from "../../fleet/server/http.ts";
import {
  Refused,
  respond,
  respondJson,
  type ServerRequest,
  type ServerResponse,
  shown,
} from "../../fleet/server/message.ts";
import { version as ownVersion } from "../../root.ts";
import { type Gauge, type Metrics, metrics } from "./metrics.ts";
import type { Models } from "./models.ts";
import { openApi } from "./openapi.ts";
import { answerTarget, type RequestLimits, targetOf } from "./protocol.ts";

export interface PredictionServerOptions {
  readonly models: Models;
  /** Most bytes of a body, and most rows in it. */
  readonly bodyBytes?: number;
  readonly rows?: number;
  /** Takes a JSON text for each request, and for each file that is loaded again. */
  readonly log?: (line: string) => void;
  /** Milliseconds, of any beginning; default performance.now. */
  readonly now?: () => number;
}

export interface PredictionServer extends Required<Answering> {
  /** Loads what files have become; called by a timer, or by a test. */
  readonly refresh: () => Promise<void>;
}

export const BODY_BYTES: number = 2 ** 24;
export const ROWS = 65_536;
const REQUEST_ID = "x-request-id";

const refusal = ({ status, message, headers }: Refused): ServerResponse => {
  const { body, headers: own } = respondJson({ error: message });
  return { status, body, headers: { ...own, ...headers } };
};

const ID = /^[\x21-\x7e]{1,128}$/;

/** Of the caller, where it is fit for a header and a log. */
const requestId = ({ headers }: ServerRequest): string => {
  const given = headers[REQUEST_ID];
  return given !== undefined && ID.test(given) ? given : randomUUID();
};

function gauges(models: Models): Gauge[] {
  const { user, system } = process.cpuUsage();
  const infos = models.all().map(({ name, version, model }): Gauge => {
    const labels = { model: name, version, module: model.hash };
    return { name: "thimble_model_info", help: "Models that are served.", labels, value: 1 };
  });
  const cpu = (user + system) / 1e6;
  const memory = process.memoryUsage.rss();
  return [
    ...infos,
    { name: "process_cpu_seconds_total", help: "Processor time.", type: "counter", value: cpu },
    { name: "process_resident_memory_bytes", help: "Memory.", value: memory },
  ];
}

/** Pages that are about no model, by their paths. */
function pagesOf(models: Models, counts: Metrics): Readonly<Record<string, () => ServerResponse>> {
  const document = JSON.stringify(openApi());
  return {
    "/v2/health/live": () => respondJson({ live: true }),
    "/v2/health/ready": () => respondJson({ ready: true }),
    "/v2": () => respondJson({ name: "thimble", version: ownVersion, extensions: ["binary_tensor_data"] }),
    "/metrics": () =>
      respond(200, counts.text(gauges(models)), {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
      }),
    "/openapi.json": () => respond(200, document, { "content-type": "application/json" }),
  };
}

/** The path of a URL, without its query. */
const pathOf = ({ url }: ServerRequest): string => url.replace(/^https?:\/\/[^/]*/, "").replace(/\?.*$/, "");

/** Answers requests. Throws Refused. */
function answering(
  models: Models,
  limits: RequestLimits,
  counts: Metrics,
): (request: ServerRequest) => ServerResponse {
  const pages = pagesOf(models, counts);
  return (request) => {
    const path = pathOf(request);
    const target = targetOf(models, path);
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (!target && !page) throw new Refused(404, `path: expected one of /openapi.json, found ${shown(path)}`);
    const method = target?.what === "infer" ? "POST" : "GET";
    if (request.method !== method)
      throw new Refused(405, `method: expected ${method}, found ${request.method}`, { allow: method });
    if (!target) return page!();
    const { response, rows } = answerTarget(target, request, models, limits);
    const { name, version } = target.served;
    if (rows > 0) counts.count("thimble_rows_total", { model: name, version }, rows);
    return response;
  };
}

/** Loads files that have changed, and says so. */
const refreshing = (models: Models, counts: Metrics, say: (entry: object) => void) => (): Promise<void> =>
  models.refresh((path, change) => {
    const isGood = !(change instanceof Error);
    counts.count("thimble_reloads_total", { file: path, result: isGood ? "loaded" : "refused" });
    const told = isGood
      ? { message: "loaded", model: change.name, version: change.version, module: change.model.hash }
      : { message: change.message.split("\n")[0] };
    say({ level: isGood ? "info" : "error", file: path, ...told });
  });

/** A server of these models. Its functions never throw. */
export function predictionServer(options: PredictionServerOptions): PredictionServer {
  const { models, log, now = () => performance.now() } = options;
  const counts = metrics();
  const limits = { bodyBytes: options.bodyBytes ?? BODY_BYTES, rows: options.rows ?? ROWS };
  const answer = answering(models, limits, counts);
  const say = (entry: object): void => log?.(JSON.stringify({ time: new Date().toISOString(), ...entry }));

  function refusalOf(error: unknown): ServerResponse {
    if (error instanceof Refused) return refusal(error);
    say({ level: "error", message: `internal error: ${(error as Error).message}` });
    return refusal(new Refused(500, "internal error"));
  }

  function handle(request: ServerRequest): ServerResponse {
    const began = now();
    let response: ServerResponse;
    try {
      response = answer(request);
    } catch (error) {
      response = refusalOf(error);
    }
    const seconds = (now() - began) / 1000;
    const id = requestId(request);
    const path = pathOf(request);
    const { status } = response;
    counts.count("thimble_requests_total", {
      what: path.endsWith("/infer") ? "infer" : "other",
      status: String(status),
    });
    counts.observe(seconds);
    say({
      level: status < 500 ? "info" : "error",
      id,
      method: request.method,
      path,
      status,
      seconds,
      address: request.address,
    });
    return { ...response, headers: { ...response.headers, [REQUEST_ID]: id } };
  }

  return {
    handle,
    refusal,
    admit(head) {
      try {
        if (targetOf(models, pathOf(head))?.what === "infer") return limits.bodyBytes;
        return refusal(new Refused(413, "body: expected none, found one"));
      } catch (error) {
        return refusalOf(error);
      }
    },
    refresh: refreshing(models, counts, say),
  };
}
