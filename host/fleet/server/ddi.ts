/**
 * The server's side of hawkBit's Direct Device Integration API: what firmware/core/ddi.c, and any other client of
 * it, asks. firmware/SPEC.md, section 7, has the device's side.
 */

import { quoted } from "../../plain.ts";
import {
  markRetrieved,
  nextAction,
  noteDownload,
  openAction,
  readFeedback,
  takeCancelFeedback,
  takeFeedback,
} from "./actions.ts";
import type { Context } from "./context.ts";
import { number, type Row } from "./database.ts";
import {
  addDevice,
  type DeviceRow,
  findDevice,
  isDeviceName,
  putAttributes,
  type Sightings,
  wantsAttributes,
} from "./devices.ts";
import { fileName, imageBytes, imageOf, type StoredImage } from "./images.ts";
import { LIMITS, type Meter, peerOf } from "./limits.ts";
import {
  bodyBytes,
  Refused,
  readJson,
  respond,
  respondJson,
  type ServerRequest,
  type ServerResponse,
} from "./message.ts";
import { respondFile } from "./range.ts";
import { takeReport } from "./reports.ts";
import { idIn, type Parameters, router } from "./routes.ts";
import { samplesWanted, takeSample } from "./samples.ts";
import { holderOf, isTokenOf, type TokenHolder } from "./tokens.ts";

interface Call {
  readonly context: Context;
  readonly request: ServerRequest;
  readonly device: DeviceRow;
  readonly parameters: Parameters;
  /** The controller's address: every href begins with it. */
  readonly base: string;
  readonly take: Meter;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly answer: (call: Call) => ServerResponse;
  /** Bytes of a request's body; default LIMITS.deviceBytes. */
  readonly bytes?: number;
}

const ROOT = "/{tenant}/controller/v1/{device}";
const HAL = { type: "application/hal+json" };
const noImage = (found: string): Refused =>
  new Refused(404, `artifact: expected one that the device is to install, found ${quoted(found)}`);

const pad = (value: number): string => String(value).padStart(2, "0");

/** "HH:MM:SS". */
export const sleepTime = (seconds: number): string =>
  `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;

function lastInstalled({ store }: Context, device: DeviceRow): Row | undefined {
  return store.get("SELECT * FROM installed WHERE device = ? ORDER BY action DESC LIMIT 1", [device.id]);
}

function poll({ context, device, base }: Call): ServerResponse {
  const link = (path: string) => ({ href: `${base}/${path}` });
  const action = nextAction(context, device);
  const id = action && number(action, "id");
  const installed = lastInstalled(context, device);
  return respondJson(
    {
      config: { polling: { sleep: sleepTime(context.poll) } },
      _links: {
        ...(action?.["state"] === "cancelling" && { cancelAction: link(`cancelAction/${id}`) }),
        // As hawkBit's: rauc-hawkbit finds no deployment in an address without it.
        ...(action?.["state"] === "open" && {
          deploymentBase: link(`deploymentBase/${id}?c=${action["image"]}`),
        }),
        ...(installed && { installedBase: link(`installedBase/${installed["action"]}`) }),
        ...(wantsAttributes(context, device) && { configData: link("configData") }),
      },
    },
    HAL,
  );
}

/** Whether devices have to wait before they install a rollout's image: it runs beside the one in service. */
function isShadowing({ store }: Context, action: Row): boolean {
  const row = store.get("SELECT shadowing FROM rollouts WHERE id = ?", [number(action, "rollout")]);
  return row?.["shadowing"] === 1;
}

function deployment(
  id: number,
  image: StoredImage,
  { base, isHeld = false }: { readonly base: string; readonly isHeld?: boolean },
): unknown {
  const { sha1, md5, sha256, bytes } = image;
  const href = `${base}/softwaremodules/${image.id}/artifacts/${encodeURIComponent(fileName(image))}`;
  const artifact = {
    filename: fileName(image),
    hashes: { sha1, md5, sha256 },
    size: bytes,
    // Some clients look for the one, some for the other.
    _links: { download: { href }, "download-http": { href } },
  };
  const chunk = { part: "bApp", version: image.version, name: image.model, artifacts: [artifact] };
  return {
    id: String(id),
    deployment: { download: "forced", update: isHeld ? "skip" : "forced", chunks: [chunk] },
  };
}

function deploymentBase({ context, device, parameters, base }: Call): ServerResponse {
  const action = openAction(context, device, idIn(parameters, "action"));
  markRetrieved(context, action);
  const image = imageOf(context, number(action, "image"));
  const isHeld = isShadowing(context, action);
  return respondJson(deployment(number(action, "id"), image, { base, isHeld }), HAL);
}

function installedBase({ context, device, parameters, base }: Call): ServerResponse {
  const installed = lastInstalled(context, device);
  const id = idIn(parameters, "action");
  if (installed?.["action"] !== id)
    throw new Refused(404, `action: expected the one that ${device.name} installed last, found ${id}`);
  return respondJson(deployment(id, imageOf(context, number(installed, "image")), { base }), HAL);
}

function cancelAction({ context, device, parameters }: Call): ServerResponse {
  const id = idIn(parameters, "action");
  if (openAction(context, device, id)["state"] !== "cancelling")
    throw new Refused(404, `cancellation: expected one of ${device.name}, found ${id}`);
  return respondJson({ id: String(id), cancelAction: { stopId: String(id) } }, HAL);
}

function artifact({ context, request, device, parameters }: Call): ServerResponse {
  const id = idIn(parameters, "module");
  const order = context.store.get(
    `SELECT state FROM actions WHERE device = ? AND image = ? AND state <> 'closed' AND execution <> ''
       ORDER BY state DESC`,
    [device.id, id],
  );
  if (!order) throw noImage(`module ${id}`);
  // Not "gone", which a device would report as a failure: it asks again, and hears that it is called back.
  if (order["state"] !== "open") throw new Refused(409, "artifact: the order is being taken back");
  const image = imageOf(context, id);
  if (parameters["file"] !== fileName(image)) throw noImage(parameters["file"]!);
  const file = { bytes: imageBytes(context, image), etag: `"${image.sha256}"`, name: fileName(image) };
  const { response, isToEnd } = respondFile(file, request);
  if (isToEnd) noteDownload(context, device, id);
  return response;
}

const ROUTES: readonly Route[] = [
  { method: "GET", path: ROOT, answer: poll },
  {
    method: "PUT",
    path: `${ROOT}/configData`,
    answer({ context, request, device }) {
      putAttributes(context, device, readJson(request, LIMITS.deviceBytes));
      return respondJson({});
    },
  },
  { method: "GET", path: `${ROOT}/deploymentBase/{action}`, answer: deploymentBase },
  {
    method: "POST",
    path: `${ROOT}/deploymentBase/{action}/feedback`,
    answer({ context, request, device, parameters }) {
      const id = idIn(parameters, "action");
      takeFeedback(context, device, id, readFeedback(readJson(request, LIMITS.deviceBytes), id));
      return respondJson({});
    },
  },
  { method: "GET", path: `${ROOT}/cancelAction/{action}`, answer: cancelAction },
  {
    method: "POST",
    path: `${ROOT}/cancelAction/{action}/feedback`,
    answer({ context, request, device, parameters }) {
      const id = idIn(parameters, "action");
      takeCancelFeedback(context, device, id, readFeedback(readJson(request, LIMITS.deviceBytes), id));
      return respondJson({});
    },
  },
  {
    // Not of DDI: firmware/SPEC.md, section 8.
    method: "POST",
    path: `${ROOT}/reports`,
    bytes: LIMITS.reportBytes,
    answer({ context, request, device, take }) {
      take("report", device.name, context.now());
      const model = takeReport(context, device, bodyBytes(request));
      const wanted = samplesWanted(context, device.id, model);
      return respond(204, "", wanted > 0 ? { "thimble-samples": String(wanted) } : {});
    },
  },
  {
    method: "POST",
    path: `${ROOT}/samples`,
    bytes: LIMITS.sampleBytes,
    answer({ context, request, device }) {
      takeSample(context, device, bodyBytes(request));
      return respond(204, "");
    },
  },
  { method: "GET", path: `${ROOT}/installedBase/{action}`, answer: installedBase },
  { method: "GET", path: `${ROOT}/softwaremodules/{module}/artifacts/{file}`, answer: artifact },
  { method: "HEAD", path: `${ROOT}/softwaremodules/{module}/artifacts/{file}`, answer: artifact },
];

const UNAUTHORIZED = new Refused(
  401,
  "expected a TargetToken or GatewayToken of this server, found neither",
  {
    "www-authenticate": "TargetToken, GatewayToken",
  },
);

/** Whose token a request has: a device's own, or a gateway's, whose devices register by asking. */
interface Caller {
  readonly device: DeviceRow | undefined;
  readonly gateway: TokenHolder | undefined;
}

function identify(context: Context, name: string, { headers }: ServerRequest): Caller | undefined {
  const [, scheme, token = ""] =
    /^(TargetToken|GatewayToken) (\S+)$/.exec(headers["authorization"] ?? "") ?? [];
  if (scheme === undefined || !isDeviceName(name)) return undefined;
  if (scheme === "GatewayToken") {
    const gateway = holderOf(context, token, ["gateway"]);
    return gateway && { device: findDevice(context, name), gateway };
  }
  const device = findDevice(context, name);
  return device?.tokenHash && isTokenOf(token, device.tokenHash) ? { device, gateway: undefined } : undefined;
}

/** Who registers devices that speak over MQTT. */
const MQTT: TokenHolder = { name: "mqtt", role: "gateway" };

export const isDdiPath = (path: string): boolean => /^\/[^/]*\/controller\/v1\//.test(path);

export interface DdiSide {
  /** How long the body of a request may be, by its head. Throws Refused. */
  admit(request: ServerRequest, path: string): number;
  /** Answers a device. Throws Refused. */
  answer(request: ServerRequest, origin: string, path: string): ServerResponse;
  /** Takes a device's message over MQTT, whose broker says who it is. Throws Refused. */
  deliver(name: string, kind: "reports" | "samples", body: Uint8Array): ServerResponse;
}

export function ddi(context: Context, take: Meter, seen: Sightings): DdiSide {
  const find = router(ROUTES);
  /** The route of a request, and who asks. Throws Refused (401, 404, 405, 429). */
  const enter = (request: ServerRequest, path: string) => {
    const { route, parameters } = find(request.method, path);
    const name = parameters["device"]!;
    if (parameters["tenant"] !== context.tenant)
      throw new Refused(404, `tenant: expected ${context.tenant}, found ${quoted(parameters["tenant"]!)}`);
    const caller = identify(context, name, request);
    if (caller) return { route, parameters, name, caller };
    take("failure", peerOf(request.address ?? ""), context.now());
    throw UNAUTHORIZED;
  };
  const register = (name: string, gateway: TokenHolder, address: string): DeviceRow => {
    take("registration", gateway.name, context.now());
    return addDevice(context, name, { name: gateway.name, address });
  };
  return {
    deliver(name, kind, body) {
      if (!isDeviceName(name)) throw new Refused(400, `device: expected a name, found ${quoted(name)}`);
      const path = `/${context.tenant}/controller/v1/${encodeURIComponent(name)}/${kind}`;
      const request: ServerRequest = { method: "POST", url: path, headers: {}, body };
      const { route, parameters } = find("POST", path);
      if (body.length > (route.bytes ?? LIMITS.deviceBytes))
        throw new Refused(413, `${kind}: expected at most ${route.bytes} bytes, found ${body.length}`);
      take("device", name, context.now());
      const device = findDevice(context, name) ?? register(name, MQTT, "");
      seen.note(device, "");
      return route.answer({ context, request, device, parameters, base: "", take });
    },
    admit(request, path) {
      return enter(request, path).route.bytes ?? LIMITS.deviceBytes;
    },
    answer(request, origin, path) {
      const { route, parameters, name, caller } = enter(request, path);
      const address = request.address ?? "";
      take("device", name, context.now());
      const device = caller.device ?? register(name, caller.gateway!, address);
      seen.note(device, address);
      const base = `${origin}/${context.tenant}/controller/v1/${encodeURIComponent(name)}`;
      return route.answer({ context, request, device, parameters, base, take });
    },
  };
}
