/** The management API: one table of routes, from which openapi.ts makes its document. */
import type { Actor, Context } from "./context.ts";
import type { Sightings } from "./devices.ts";
import { LIMITS, type Meter, peerOf } from "./limits.ts";
import { Refused, respond, respondJson, type ServerRequest, type ServerResponse } from "./message.ts";
import { modelMetrics } from "./model_metrics.ts";
import { DEVICE_ROUTES } from "./rest/devices.ts";
import { IMAGE_ROUTES } from "./rest/images.ts";
import { MODEL_ROUTES } from "./rest/models.ts";
import { ROLLOUT_ROUTES } from "./rest/rollouts.ts";
import { API, type RestRoute } from "./rest/route.ts";
import { SERVER_ROUTES } from "./rest/server.ts";
import { router } from "./routes.ts";
import { holderOf, type Role } from "./tokens.ts";

export const REST_ROUTES: readonly RestRoute[] = [
  ...SERVER_ROUTES,
  ...IMAGE_ROUTES,
  ...DEVICE_ROUTES,
  ...ROLLOUT_ROUTES,
  ...MODEL_ROUTES,
];

interface Operator extends Actor {
  readonly role: Role;
}

/** Throws Refused (401) without a token of the server. */
function authenticate(context: Context, take: Meter, request: ServerRequest): Operator {
  const address = request.address ?? "";
  const token = /^Bearer (\S+)$/.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
  const holder = holderOf(context, token, ["manage", "read"]);
  if (holder) return { ...holder, address };
  take("failure", peerOf(address), context.now());
  throw new Refused(401, "expected the token of an operator, found none", { "www-authenticate": "Bearer" });
}

export const isRestPath = (path: string): boolean => path.startsWith(`${API}/`);

export interface RestSide {
  /** How long the body of a request may be, by its head. Throws Refused. */
  admit(request: ServerRequest, path: string): number;
  /** Answers an operator. Throws Refused. */
  answer(request: ServerRequest, path: string, query: URLSearchParams): ServerResponse;
  /** The page for Prometheus, to an operator's token. Throws Refused. */
  metrics(request: ServerRequest): ServerResponse;
}

export function rest(context: Context, take: Meter, seen: Sightings): RestSide {
  const find = router(REST_ROUTES);
  /** The route of a request, and who asks. Throws Refused (401, 403, 404, 405, 429). */
  const enter = (request: ServerRequest, path: string) => {
    // A stranger is not told what there is.
    const actor = authenticate(context, take, request);
    const { route, parameters } = find(request.method, path);
    if (route.roles.includes(actor.role)) return { actor, route, parameters };
    throw new Refused(403, `expected a token with the role ${route.roles.join(" or ")}, found ${actor.role}`);
  };
  return {
    metrics(request) {
      const { name } = authenticate(context, take, request);
      take("management", name, context.now());
      if (request.method !== "GET") throw new Refused(405, "expected GET", { allow: "GET" });
      return respond(200, modelMetrics(context), {
        "content-type": "text/plain; version=0.0.4; charset=utf-8",
      });
    },
    admit: (request, path) =>
      enter(request, path).route.takes === "image" ? LIMITS.imageBytes : LIMITS.managementBytes,
    answer(request, path, query) {
      const { actor, route, parameters } = enter(request, path);
      take("management", actor.name, context.now());
      const unknown = [...query.keys()].find((name) => !route.query?.includes(name));
      if (unknown !== undefined)
        throw new Refused(
          400,
          `query: expected ${route.query?.join(", ") || "none"}, found "${unknown.slice(0, 32)}"`,
        );
      const value = route.answer({ context, request, actor, parameters, query, seen });
      return route.status === 204 ? respond(204, "") : respondJson(value, { status: route.status });
    },
  };
}
